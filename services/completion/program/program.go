// Package program is the command completion, for every executable that contains it.
package program

import (
	"context"

	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/lifecycle"
	"github.com/pawstream/pawstream/internal/listen"
	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/services/completion/server"
)

// Run runs the command with the process's arguments and streams, and returns its exit code.
func Run() int {
	var flags struct {
		Listen string `default:"${grpc}" help:"Address of the gRPC API (host:port)." group:"grpc"`
		config.Commands
		CheckConfig server.CheckConfig `cmd:"" help:"Check a models file and list its models."`
		Explain     server.Explain     `cmd:"" help:"Show how the embedded advisor understands a question."`
		config.Process
		server.Access
		server.Options
	}
	return lifecycle.Run(lifecycle.Program{
		Program: config.Program{
			Name:        "completion",
			Description: "Answers pet questions over gRPC (petstore.completion.v1).",
			AdminListen: listen.AdminCompletion,
		},
		Flags:   &flags,
		Process: &flags.Process,
		Addresses: func() []listen.Address {
			return []listen.Address{{Flag: listen.Flag, Address: flags.Listen}}
		},
		Start: func(ctx context.Context, reports *telemetry.Telemetry) ([]lifecycle.Part, error) {
			service, err := server.New(ctx, server.Config{
				Listen: flags.Listen, DrainTimeout: flags.DrainTimeout, Access: flags.Access, Options: flags.Options,
			}, reports)
			if err != nil {
				return nil, err
			}
			return []lifecycle.Part{{Name: "grpc", Server: service}}, nil
		},
	})
}
