// Command completion is the completion service: pet questions over gRPC.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/lifecycle"
	"github.com/pawstream/pawstream/services/completion/server"
)

func main() { os.Exit(lifecycle.Run("completion", run)) }

type flags struct {
	Listen string `default:"127.0.0.1:50051" help:"Address of the gRPC API (host:port)."`
	config.Process
	server.Options
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var f flags
	program := config.Program{
		Name:        "completion",
		Description: "Answers pet questions over gRPC (petstore.completion.v1).",
		AdminListen: "127.0.0.1:9091",
	}
	if err := config.Parse(program, &f, args, stdout, stderr); err != nil {
		return err
	}
	process, err := lifecycle.NewProcess(ctx, f.Process, stderr)
	if err != nil {
		return err
	}
	service, err := server.New(ctx, server.Config{Listen: f.Listen, DrainTimeout: f.DrainTimeout, Options: f.Options}, process.Logger)
	if err != nil {
		process.Close()
		return err
	}
	fmt.Fprintf(stdout, "ready grpc=%s admin=%s\n", service.Addr(), process.AdminAddr())
	return process.Serve(ctx, service.Serve)
}
