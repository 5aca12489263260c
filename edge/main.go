// Command edge is the public face of Pawstream: it turns the completion service's
// gRPC streams into Server-Sent Events under OpenAI's HTTP API.
package main

import (
	"context"
	"os"

	"github.com/pawstream/pawstream/edge/ask"
	"github.com/pawstream/pawstream/edge/server"
	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/lifecycle"
	"github.com/pawstream/pawstream/internal/telemetry"
)

func main() {
	var flags struct {
		Listen         string               `default:"127.0.0.1:8080" help:"Address of the public HTTP API (host:port)."`
		CompletionAddr string               `default:"127.0.0.1:50051" help:"Where the completion service is: host:port, several separated by commas, or a gRPC target such as dns:///name:port."`
		CompletionTLS  server.CompletionTLS `embed:"" prefix:"completion-"`
		NATS           server.NATS          `embed:"" prefix:"nats-"`
		config.Commands
		Keys  server.KeysCommand `cmd:"" help:"API keys."`
		Ask   ask.Ask            `cmd:"" help:"Ask a running edge, and write the answer as it comes. Ctrl-C stops it."`
		Watch ask.Watch          `cmd:"" help:"Follow a completion that was asked for elsewhere."`
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
		Start: func(ctx context.Context, reports *telemetry.Telemetry) ([]lifecycle.Part, error) {
			edge, err := server.New(ctx, server.Config{
				Listen: flags.Listen, CompletionAddr: flags.CompletionAddr, CompletionTLS: flags.CompletionTLS,
				NATS: flags.NATS, DrainTimeout: flags.DrainTimeout, Options: flags.Options,
			}, reports)
			if err != nil {
				return nil, err
			}
			return []lifecycle.Part{{Name: "http", Server: edge}}, nil
		},
	}))
}
