// Package config reads a program's configuration: flags before environment before
// defaults, all from the one table that a struct with kong tags is. A flag
// --some-name is PAWSTREAM_SOME_NAME in the environment.
//
// The package knows no program's settings but the ones which all of them share.
package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kong"
)

// ErrHelp is returned when the arguments ask for help, which has then been printed.
var ErrHelp = errors.New("config: help was asked for")

// ErrInterrupted is wrapped by what a [Command] returns that a signal has ended before its
// work was done.
var ErrInterrupted = errors.New("interrupted")

// Process is what every program of ours has in common.
type Process struct {
	AdminListen  string        `default:"${admin_listen}" help:"Address of health checks and profiles (host:port)."`
	AdminHost    []string      `help:"Name by which the admin address may be called, besides loopback names and, where it is not loopback, IP addresses; may be given several times. Health checks take any. * is any name." placeholder:"NAME"`
	DrainTimeout time.Duration `default:"30s" help:"How long running work may take to finish once the program is told to stop."`
	LogLevel     string        `default:"info" enum:"debug,info,warn,error" help:"Least level of what is logged: ${enum}."`
	LogFormat    string        `default:"text" enum:"text,json" help:"Format of what is logged: ${enum}."`
}

// Commands are what every program of ours can do. A program may embed more; each that is
// not here is a [Command].
type Commands struct {
	Serve       struct{}    `cmd:"" default:"1" help:"Serve. This is what the program does without a command."`
	Healthcheck Healthcheck `cmd:"" help:"Ask the program that runs with the same settings whether it is ready for work; the exit code tells."`
	Reference   Reference   `cmd:"" hidden:"" help:"Print all settings."`
}

// Healthcheck is the command of that name.
type Healthcheck struct{}

// A Command is what a program does in place of serving.
type Command interface {
	// Run does it. What it has to say goes to stdout.
	Run(ctx context.Context, stdout io.Writer) error
}

// A Program is what its help says of it.
type Program struct {
	Name, Description string
	AdminListen       string // default of --admin-listen
}

// Parse fills target, a pointer to a struct with kong tags, from args and the
// environment, and returns the command that was given as target has it: a pointer to the
// field. The error is one line for the person who started the program.
func Parse(p Program, target any, args []string, stdout, stderr io.Writer) (command any, err error) {
	helped := false
	parser, err := kong.New(target,
		kong.Name(p.Name),
		kong.Description(p.Description),
		kong.DefaultEnvars("PAWSTREAM"),
		kong.Writers(stdout, stderr),
		kong.Vars{"admin_listen": p.AdminListen},
		kong.Exit(func(int) { helped = true }),
		kong.Help(help),
	)
	if err != nil {
		return nil, fmt.Errorf("configuration table: %w", err)
	}
	parsed, err := parser.Parse(args)
	switch {
	case helped:
		return nil, ErrHelp
	case err != nil:
		return nil, err
	}
	if selected := parsed.Selected(); selected != nil {
		command = selected.Target.Addr().Interface()
	}
	if reference, ok := command.(*Reference); ok {
		reference.model = parser.Model
	}
	return command, nil
}

// help prints what a command takes. The settings of serving say nothing to one that does
// something else.
func help(options kong.HelpOptions, ctx *kong.Context) error {
	if selected := ctx.Selected(); selected != nil {
		if _, ok := selected.Target.Addr().Interface().(Command); ok {
			for _, flag := range ctx.Model.Flags {
				flag.Hidden = flag.Name != "help"
			}
		}
	}
	return kong.DefaultHelpPrinter(options, ctx)
}
