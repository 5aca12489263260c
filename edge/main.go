// Command edge is the public face of Pawstream: it turns the completion service's
// gRPC streams into Server-Sent Events under OpenAI's HTTP API.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/pawstream/pawstream/edge/server"
	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/lifecycle"
)

func main() { os.Exit(lifecycle.Run("edge", run)) }

type flags struct {
	Listen         string `default:"127.0.0.1:8080" help:"Address of the public HTTP API (host:port)."`
	CompletionAddr string `default:"127.0.0.1:50051" help:"Where the completion service is: host:port, several separated by commas, or a gRPC target such as dns:///name:port."`
	config.Process
	server.Options
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var f flags
	program := config.Program{
		Name:        "edge",
		Description: "Serves the completion service over OpenAI's HTTP API and Server-Sent Events.",
		AdminListen: "127.0.0.1:9090",
	}
	if err := config.Parse(program, &f, args, stdout, stderr); err != nil {
		return err
	}
	process, err := lifecycle.NewProcess(ctx, f.Process, stderr)
	if err != nil {
		return err
	}
	edge, err := server.New(ctx, server.Config{
		Listen: f.Listen, CompletionAddr: f.CompletionAddr, DrainTimeout: f.DrainTimeout, Options: f.Options,
	}, process.Logger)
	if err != nil {
		process.Close()
		return err
	}
	fmt.Fprintf(stdout, "ready http=%s admin=%s\n", edge.Addr(), process.AdminAddr())
	return process.Serve(ctx, edge.Serve)
}
