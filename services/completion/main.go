// Command completion is the completion service: pet questions over gRPC.
package main

import (
	"context"
	"os"

	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/lifecycle"
	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/services/completion/server"
)

func main() {
	var flags struct {
		Listen string `default:"127.0.0.1:50051" help:"Address of the gRPC API (host:port)."`
		config.Commands
		CheckConfig server.CheckConfig `cmd:"" help:"Check a models file and tell what it offers."`
		Explain     server.Explain     `cmd:"" help:"Show what the embedded advisor makes of a question."`
		config.Process
		server.Access
		server.Options
	}
	os.Exit(lifecycle.Run(lifecycle.Program{
		Program: config.Program{
			Name:        "completion",
			Description: "Answers pet questions over gRPC (petstore.completion.v1).",
			AdminListen: "127.0.0.1:9091",
		},
		Flags:   &flags,
		Process: &flags.Process,
		Start: func(ctx context.Context, reports *telemetry.Telemetry) ([]lifecycle.Part, error) {
			service, err := server.New(ctx, server.Config{
				Listen: flags.Listen, DrainTimeout: flags.DrainTimeout, Access: flags.Access, Options: flags.Options,
			}, reports)
			if err != nil {
				return nil, err
			}
			return []lifecycle.Part{{Name: "grpc", Server: service}}, nil
		},
	}))
}
