// Command faultcompletion is the completion service with an additional model, whose text is random. It is only
// for tests, and not shipped.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/lifecycle"
	"github.com/pawstream/pawstream/internal/listen"
	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/randomengine"
	"github.com/pawstream/pawstream/services/completion/server"
)

func main() {
	var flags struct {
		Listen        string  `default:"${grpc}" help:"Address of the gRPC API (host:port)."`
		RandomPace    float64 `default:"20" help:"Tokens per second of the random model. 0: as fast as possible."`
		RandomMin     int     `default:"60" help:"Minimum number of tokens in an answer of the random model."`
		RandomMax     int     `default:"60" help:"Maximum number of tokens in an answer of the random model."`
		RandomJournal string  `default:"" help:"File to write the random model's events to, as lines of JSON." placeholder:"FILE"`
		config.Commands
		config.Process
		server.Options
	}
	os.Exit(lifecycle.Run(lifecycle.Program{
		Program: config.Program{
			Name:        "faultcompletion",
			Description: "The completion service with a model whose text is random.",
			AdminListen: listen.AdminCompletion,
		},
		Flags:   &flags,
		Process: &flags.Process,
		Start: func(ctx context.Context, reports *telemetry.Telemetry) ([]lifecycle.Part, error) {
			random := randomengine.Config{Pace: flags.RandomPace, Min: flags.RandomMin, Max: flags.RandomMax}
			if flags.RandomJournal != "" {
				journal, err := os.OpenFile(flags.RandomJournal, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
				if err != nil {
					return nil, fmt.Errorf("journal: %w", err)
				}
				random.Journal = journal // closed by the end of the process
			}
			engine, err := randomengine.New(random)
			if err != nil {
				return nil, err
			}
			service, err := server.New(ctx, server.Config{
				Listen: flags.Listen, DrainTimeout: flags.DrainTimeout, Options: flags.Options, Models: []chat.Model{engine.Model()},
			}, reports)
			if err != nil {
				return nil, err
			}
			return []lifecycle.Part{{Name: "grpc", Server: service}}, nil
		},
	}))
}
