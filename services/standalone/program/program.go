// Package program is the command standalone, for every executable that contains it.
package program

import (
	"context"
	"errors"
	"fmt"

	"github.com/pawstream/pawstream/edge/ask"
	edge "github.com/pawstream/pawstream/edge/server"
	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/lifecycle"
	"github.com/pawstream/pawstream/internal/listen"
	"github.com/pawstream/pawstream/internal/telemetry"
	completion "github.com/pawstream/pawstream/services/completion/server"
	"github.com/pawstream/pawstream/services/standalone/internal/demo"
)

// flags are the settings of the program.
type flags struct {
	Listen     string `default:"${http}" help:"Address of the public HTTP API (host:port)." group:"http"`
	GrpcListen string `default:"${grpc}" help:"Address of the gRPC API (host:port), or off." group:"grpc"`
	Demo       bool   `help:"Serve the page /demo, which shows that answers survive failures: its buttons cut connections, take the network away and kill completion services. Two completion services with the embedded advisor run behind the edge, each in its own process. Their log is deleted when the program ends. Only on loopback." group:"http"`
	config.Commands
	Keys        edge.KeysCommand       `cmd:"" help:"API keys."`
	CheckConfig completion.CheckConfig `cmd:"" help:"Check a models file and list its models."`
	Explain     completion.Explain     `cmd:"" help:"Show how the embedded advisor understands a question."`
	Ask         ask.Ask                `cmd:"" help:"Ask a running server, and print the answer as it arrives. Ctrl-C stops it."`
	Watch       ask.Watch              `cmd:"" help:"Follow a completion that was created elsewhere."`
	config.Process
	GrpcTrustLocal bool               `help:"Trust callers on this machine without a certificate to name their principal. Without this flag they act for no principal, and with --auth=keys or --auth=jwt they cannot call at all." group:"grpc"`
	Access         completion.Access  `embed:"" prefix:"grpc-"`
	Completion     completion.Options `embed:""`
	Edge           edge.Options       `embed:""`
}

// Run runs the command with the process's arguments and streams, and returns its exit code.
func Run() int {
	var f flags
	return lifecycle.Run(lifecycle.Program{
		Program: config.Program{
			Name:        "standalone",
			Description: "Answers pet questions over HTTP and gRPC, all in one process.",
			AdminListen: listen.AdminEdge,
		},
		Flags:   &f,
		Process: &f.Process,
		Addresses: func() []listen.Address {
			return []listen.Address{{Flag: listen.Flag, Address: f.Listen}, {Flag: "--grpc-listen", Address: f.GrpcListen}}
		},
		Start: func(ctx context.Context, reports *telemetry.Telemetry) ([]lifecycle.Part, error) {
			if f.Demo {
				return f.startDemo(ctx, reports)
			}
			return f.start(ctx, reports)
		},
	})
}

// start starts the completion service, and the edge in front of it.
func (f *flags) start(ctx context.Context, reports *telemetry.Telemetry) ([]lifecycle.Part, error) {
	local := completion.LocalAnonymous
	switch {
	case f.GrpcTrustLocal:
		local = completion.LocalTrusted
	case f.Edge.AsksWho():
		local = completion.LocalRefused
	}
	front := f.front()
	if err := front.Check(); err != nil { // before opening the log, which creates files
		return nil, err
	}
	service, err := completion.New(ctx, completion.Config{
		Listen: f.GrpcListen, Inside: f.GrpcListen == completion.Off, Local: local, Access: f.Access, AccessPrefix: "grpc-",
		DrainTimeout: f.DrainTimeout, Options: f.Completion,
	}, reports)
	if err != nil {
		return nil, err
	}
	// The edge calls through memory: through the address, it would count as any local program.
	front.Dial = service.Dial
	public, err := edge.New(ctx, front, reports)
	if err != nil {
		service.Close()
		return nil, err
	}
	return []lifecycle.Part{{Name: "http", Server: public}, {Name: "grpc", Server: service}}, nil
}

// front returns the edge's configuration without its completion service.
func (f *flags) front() edge.Config {
	return edge.Config{Listen: f.Listen, NATS: f.Completion.NATS, DrainTimeout: f.DrainTimeout, Options: f.Edge}
}

// startDemo starts the completion services of a demonstration, and the edge with the page that kills them.
func (f *flags) startDemo(ctx context.Context, reports *telemetry.Telemetry) ([]lifecycle.Part, error) {
	front := f.front()
	var services *demo.Cluster
	front.DemoKill = func(ctx context.Context) (string, error) { return services.Kill(ctx) }
	if err := front.Check(); err != nil { // before starting processes
		return nil, err
	}
	services, err := demo.Start(ctx, demo.Config{Logger: reports.Logger, Args: []string{
		fmt.Sprintf("--advisor-pace=%g", f.Completion.AdvisorPace), fmt.Sprintf("--drain-timeout=%v", f.DrainTimeout),
		"--log-level=" + f.LogLevel, "--log-format=" + f.LogFormat,
	}})
	if err != nil {
		return nil, err
	}
	front.CompletionAddr = services.Addr()
	public, err := edge.New(ctx, front, reports)
	if err != nil {
		return nil, errors.Join(err, services.Close())
	}
	return []lifecycle.Part{{Name: "http", Server: public}, {Name: "grpc", Server: services}}, nil
}
