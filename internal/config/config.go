// Package config reads a program's configuration: flags before environment before defaults, all from one table,
// a struct with kong tags. A flag
// --some-name is PAWSTREAM_SOME_NAME in the environment.
//
// The package knows only the settings that all programs share.
package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/pawstream/pawstream/internal/listen"
)

// ErrHelp is returned when the arguments ask for help or the version, which has then been printed.
var ErrHelp = errors.New("config: help was asked for")

// ErrInterrupted is wrapped by the error of a [Command] that a signal ended before its work was done, and of a
// program that one ended before it was ready.
var ErrInterrupted = errors.New("interrupted")

// ErrDrainTimeout is the error for a [Process.DrainTimeout] that cannot be intended.
var ErrDrainTimeout = errors.New("--drain-timeout must not be negative")

// Process is what every program of ours has in common.
type Process struct {
	AdminListen  string        `default:"${admin_listen}" help:"Address for metrics, health checks and profiles (host:port)." group:"telemetry"`
	AdminHost    []string      `help:"Host name by which the admin address is reached; repeatable. Names that cannot be public are always accepted, and so are IP addresses unless the address is loopback. Health checks accept any name. * allows any name." placeholder:"NAME" group:"telemetry"`
	DrainTimeout time.Duration `default:"30s" help:"How long running work may take to finish once the program has been told to stop."`
	LogLevel     string        `default:"info" enum:"debug,info,warn,error" help:"Minimum level of log lines: ${enum}." group:"telemetry"`
	LogFormat    string        `default:"auto" enum:"auto,text,json" help:"Format of log lines: ${enum}. auto prints short coloured lines on a terminal, and JSON elsewhere." group:"telemetry"`
}

// Commands are the commands that every program of ours has. A program may embed more; every other one is a
// [Command].
type Commands struct {
	Version     kong.VersionFlag `env:"-" help:"Print the version."`
	Serve       struct{}         `cmd:"" default:"1" help:"Serve. This is the default command."`
	Healthcheck Healthcheck      `cmd:"" help:"Check whether the program that runs with the same settings is ready. The exit code is 0 if it is."`
	Reference   Reference        `cmd:"" hidden:"" help:"Print all settings."`
}

// Healthcheck is the command of that name.
type Healthcheck struct{}

// A Command is what a program does instead of serving.
type Command interface {
	// Run does it. What it has to say goes to stdout.
	Run(ctx context.Context, stdout io.Writer) error
}

// A Program is what its help says about it.
type Program struct {
	Name, Description string
	AdminListen       string // default of --admin-listen
	Version           string // what --version prints after the name
}

// Parse fills target, a pointer to a struct with kong tags, from args and the
// environment, and returns the given command: a pointer to its field in target. The error is one line for the
// person who started the program.
func Parse(p Program, target any, args []string, stdout, stderr io.Writer) (command any, err error) {
	helped := false
	parser, err := kong.New(target,
		kong.Name(p.Name),
		kong.Description(p.Description),
		kong.DefaultEnvars(prefix),
		kong.Writers(stdout, stderr),
		kong.Vars(variables(p)),
		kong.ExplicitGroups(groups()),
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
	case err != nil && slices.ContainsFunc(args, namesPort) && !hasPort(parser.Model):
		return nil, errors.New("there is no --port: --listen takes host:port, such as 127.0.0.1:8081")
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

// variables are those that the tags of flags refer to.
func variables(p Program) map[string]string {
	return map[string]string{
		"admin_listen": p.AdminListen, "http": listen.HTTP, "grpc": listen.GRPC,
		"version": strings.TrimSpace(p.Name + " " + p.Version),
	}
}

// hasPort reports whether a program has such a flag.
func hasPort(model *kong.Application) bool {
	return slices.ContainsFunc(model.Flags, func(f *kong.Flag) bool { return f.Name == "port" })
}

// namesPort reports whether an argument is the flag that many other servers have.
func namesPort(arg string) bool { return arg == "--port" || strings.HasPrefix(arg, "--port=") }
