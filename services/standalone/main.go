// Command standalone is Pawstream in one process: the completion service and the edge,
// which talk gRPC over loopback as they would over a network.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	edge "github.com/pawstream/pawstream/edge/server"
	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/lifecycle"
	completion "github.com/pawstream/pawstream/services/completion/server"
)

func main() { os.Exit(lifecycle.Run("standalone", run)) }

type flags struct {
	Listen     string `default:"127.0.0.1:8080" help:"Address of the public HTTP API (host:port)."`
	GrpcListen string `default:"127.0.0.1:50051" help:"Address of the gRPC API (host:port)."`
	config.Process
	Completion completion.Options `embed:""`
	Edge       edge.Options       `embed:""`
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var f flags
	program := config.Program{
		Name:        "standalone",
		Description: "Answers pet questions over HTTP and gRPC, all in one process.",
		AdminListen: "127.0.0.1:9090",
	}
	if err := config.Parse(program, &f, args, stdout, stderr); err != nil {
		return err
	}
	process, err := lifecycle.NewProcess(ctx, f.Process, stderr)
	if err != nil {
		return err
	}
	service, err := completion.New(ctx, completion.Config{
		Listen: f.GrpcListen, DrainTimeout: f.DrainTimeout, Options: f.Completion,
	}, process.Logger)
	if err != nil {
		process.Close()
		return err
	}
	front, err := edge.New(ctx, edge.Config{
		Listen: f.Listen, CompletionAddr: service.Addr(), DrainTimeout: f.DrainTimeout, Options: f.Edge,
	}, process.Logger)
	if err != nil {
		service.Close()
		process.Close()
		return err
	}
	fmt.Fprintf(stdout, "ready http=%s grpc=%s admin=%s\n", front.Addr(), service.Addr(), process.AdminAddr())
	return process.Serve(ctx, front.Serve, service.Serve)
}
