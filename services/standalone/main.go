// Command standalone is Pawstream in one process: the completion service and the edge,
// which talk gRPC through memory as they would over a network.
package main

import (
	"context"
	"os"

	"github.com/pawstream/pawstream/edge/ask"
	edge "github.com/pawstream/pawstream/edge/server"
	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/lifecycle"
	"github.com/pawstream/pawstream/internal/telemetry"
	completion "github.com/pawstream/pawstream/services/completion/server"
)

func main() {
	var flags struct {
		Listen     string `default:"127.0.0.1:8080" help:"Address of the public HTTP API (host:port)."`
		GrpcListen string `default:"127.0.0.1:50051" help:"Address of the gRPC API (host:port); off: it is not served."`
		config.Commands
		Keys        edge.KeysCommand       `cmd:"" help:"API keys."`
		CheckConfig completion.CheckConfig `cmd:"" help:"Check a models file and tell what it offers."`
		Explain     completion.Explain     `cmd:"" help:"Show what the embedded advisor makes of a question."`
		Ask         ask.Ask                `cmd:"" help:"Ask a running server, and write the answer as it comes. Ctrl-C stops it."`
		Watch       ask.Watch              `cmd:"" help:"Follow a completion that was asked for elsewhere."`
		config.Process
		GrpcTrustLocal bool               `help:"Believe callers on this machine that have no certificate whom they call for. Without it they call for nobody, and with --auth=keys or --auth=jwt not at all."`
		Access         completion.Access  `embed:"" prefix:"grpc-"`
		Completion     completion.Options `embed:""`
		Edge           edge.Options       `embed:""`
	}
	os.Exit(lifecycle.Run(lifecycle.Program{
		Program: config.Program{
			Name:        "standalone",
			Description: "Answers pet questions over HTTP and gRPC, all in one process.",
			AdminListen: "127.0.0.1:9090",
		},
		Flags:   &flags,
		Process: &flags.Process,
		Start: func(ctx context.Context, reports *telemetry.Telemetry) ([]lifecycle.Part, error) {
			local := completion.LocalAnonymous
			switch {
			case flags.GrpcTrustLocal:
				local = completion.LocalTrusted
			case flags.Edge.AsksWho():
				local = completion.LocalRefused
			}
			service, err := completion.New(ctx, completion.Config{
				Listen: flags.GrpcListen, Inside: flags.GrpcListen == completion.Off, Local: local, Access: flags.Access, AccessPrefix: "grpc-",
				DrainTimeout: flags.DrainTimeout, Options: flags.Completion,
			}, reports)
			if err != nil {
				return nil, err
			}
			// The edge calls through memory: on the address it would be one of the machine's programs.
			public := edge.Config{Listen: flags.Listen, Dial: service.Dial, DrainTimeout: flags.DrainTimeout, Options: flags.Edge}
			if nats := flags.Completion; nats.NatsURL != "" {
				public.NATS = edge.NATS{URL: nats.NatsURL, Creds: nats.NatsCreds, CA: nats.NatsCA, Cert: nats.NatsCert, Key: nats.NatsKey}
			}
			front, err := edge.New(ctx, public, reports)
			if err != nil {
				service.Close()
				return nil, err
			}
			return []lifecycle.Part{{Name: "http", Server: front}, {Name: "grpc", Server: service}}, nil
		},
	}))
}
