// Command edge is the public face of Pawstream: it turns the completion service's
// gRPC streams into Server-Sent Events under OpenAI's HTTP API.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/pawstream/pawstream/edge/server"
	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/lifecycle"
)

func main() {
	var flags struct {
		Listen         string `default:"127.0.0.1:8080" help:"Address of the public HTTP API (host:port)."`
		CompletionAddr string `default:"127.0.0.1:50051" help:"Where the completion service is: host:port, several separated by commas, or a gRPC target such as dns:///name:port."`
		config.Process
		server.Options
	}
	os.Exit(lifecycle.Run(lifecycle.Program{
		Program: config.Program{
			Name:        "edge",
			Description: "Serves the completion service over OpenAI's HTTP API and Server-Sent Events.",
			AdminListen: "127.0.0.1:9090",
		},
		Flags:   &flags,
		Process: &flags.Process,
		Start: func(ctx context.Context, logger *slog.Logger) ([]lifecycle.Part, error) {
			edge, err := server.New(ctx, server.Config{
				Listen: flags.Listen, CompletionAddr: flags.CompletionAddr, DrainTimeout: flags.DrainTimeout, Options: flags.Options,
			}, logger)
			if err != nil {
				return nil, err
			}
			return []lifecycle.Part{{Name: "http", Server: edge}}, nil
		},
	}))
}
