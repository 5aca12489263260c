// Package program is the command edge, for every executable that contains it.
package program

import (
	"context"

	"github.com/pawstream/pawstream/edge/ask"
	"github.com/pawstream/pawstream/edge/server"
	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/lifecycle"
	"github.com/pawstream/pawstream/internal/listen"
	"github.com/pawstream/pawstream/internal/natsconn"
	"github.com/pawstream/pawstream/internal/telemetry"
)

// Run runs the command with the process's arguments and streams, and returns its exit code.
func Run() int {
	var flags struct {
		Listen         string               `default:"${http}" help:"Address of the public HTTP API (host:port)." group:"http"`
		CompletionAddr string               `default:"${grpc}" help:"Address of the completion service: host:port, or a gRPC target such as dns:///name:port. Separate several addresses with commas." group:"grpc"`
		CompletionTLS  server.CompletionTLS `embed:"" prefix:"completion-" group:"tls"`
		NATS           natsconn.Server      `embed:"" prefix:"nats-" set:"nats_use=through which edges share limits and used stream tickets. Separate several with commas. Without it, or while it is unreachable, each edge counts on its own." group:"log"`
		config.Commands
		Keys  server.KeysCommand `cmd:"" help:"API keys."`
		Ask   ask.Ask            `cmd:"" help:"Ask a running edge, and print the answer as it arrives. Ctrl-C stops it."`
		Watch ask.Watch          `cmd:"" help:"Follow a completion that was created elsewhere."`
		config.Process
		server.Options
	}
	return lifecycle.Run(lifecycle.Program{
		Program: config.Program{
			Name:        "edge",
			Description: "Serves the completion service over OpenAI's HTTP API and Server-Sent Events.",
			AdminListen: listen.AdminEdge,
		},
		Flags:   &flags,
		Process: &flags.Process,
		Addresses: func() []listen.Address {
			return []listen.Address{{Flag: listen.Flag, Address: flags.Listen}}
		},
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
	})
}
