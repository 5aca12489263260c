// Package lifecycle starts and ends a program: configuration, signals, the order in which its parts start and
// stop, and the exit code.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"go.opentelemetry.io/otel/metric"
	"golang.org/x/sync/errgroup"

	"github.com/pawstream/pawstream/internal/admin"
	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/listen"
	"github.com/pawstream/pawstream/internal/telemetry"
)

// A Program is a program for [Run] to run.
type Program struct {
	config.Program
	// Flags is a pointer to a struct with kong tags; Process is the part of it that all
	// programs have.
	Flags   any
	Process *config.Process
	// Addresses returns where the parts will listen, by Flags; nil: nowhere.
	Addresses func() []listen.Address
	// Start makes the program's parts once Flags is filled. It releases what it has
	// if it returns an error.
	Start func(context.Context, *telemetry.Telemetry) ([]Part, error)
}

// A Part is a server that has opened its address.
type Part struct {
	Name   string // by which the ready line tells the address
	Server Server
}

// A Server is what a [Part] runs. Its optional method Ready() error says why it is not ready for work although
// it serves, and URL() string where people find it.
type Server interface {
	// Addr returns the address that is served.
	Addr() string
	// Serve answers until its context ends, and then drains. It releases everything.
	Serve(context.Context) error
}

// interrupted is the exit code of a command that a signal has ended, as shells have it.
const interrupted = 128 + int(syscall.SIGINT)

// Run runs a program with the process's arguments and streams, and returns its exit
// code: 0, 1 if it failed, 130 if a signal ended it before it was ready, or a command of it early. Once all parts
// have taken their addresses it prints one line, "ready", with them.
//
// All of this is about serving. Any other command is just run.
//
// SIGINT and SIGTERM end the context of the parts, which drain, each in its own time; a
// second signal kills the process. If a part fails, the others stop.
func Run(p Program) int {
	signals, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	// In this order: once it is visible that the program stops, the second signal works.
	context.AfterFunc(signals, func() {
		stop() // from here on a signal has its usual effect
		cancel()
	})

	err := p.run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err == nil || errors.Is(err, config.ErrHelp) {
		return 0
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", p.Name, err)
	if errors.Is(err, config.ErrInterrupted) {
		return interrupted
	}
	return 1
}

func (p *Program) run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	p.Version = telemetry.Version()
	command, err := config.Parse(p.Program, p.Flags, args, stdout, stderr)
	if err != nil {
		return err
	}
	switch command := command.(type) {
	case *config.Healthcheck:
		ctx, cancel := context.WithTimeout(ctx, checkTimeout)
		defer cancel()
		return admin.Check(ctx, p.Process.AdminListen)
	case config.Command:
		return command.Run(ctx, stdout)
	}
	return p.serve(ctx, stdout, stderr)
}

func (p *Program) serve(ctx context.Context, stdout, stderr io.Writer) error {
	reports, err := telemetry.New(ctx, telemetry.Config{
		Service: p.Name, Log: stderr, LogFormat: p.Process.LogFormat, LogLevel: p.Process.LogLevel, Getenv: os.Getenv,
	})
	if err != nil {
		return err
	}
	defer flush(ctx, reports)
	if err := p.warnOfMisspellings(ctx, reports.Logger); err != nil {
		return err
	}
	var parts []Part
	if err := countReady(reports, func() bool { return ready(ctx, parts) == nil }); err != nil {
		return err
	}
	inspection, err := admin.Listen(ctx, p.Process.AdminListen, admin.Config{
		Hosts: p.Process.AdminHost, Metrics: reports.Metrics(), Ready: func() error { return ready(ctx, parts) },
	})
	if err != nil {
		return p.withTaken(ctx, err)
	}
	if parts, err = p.Start(ctx, reports); err != nil {
		inspection.Close()
		if ctx.Err() != nil {
			return fmt.Errorf("%w before it was ready", config.ErrInterrupted)
		}
		return p.withTaken(ctx, err)
	}
	fmt.Fprintln(stdout, readyLine(parts, inspection.Addr(), telemetry.IsTerminal(stdout)))

	defer context.AfterFunc(ctx, func() {
		reports.Logger.InfoContext(ctx, "stopping; one more signal would end the process at once",
			slog.String("drain_timeout", p.Process.DrainTimeout.String()))
	})()
	err = run(ctx, inspection, parts)
	reports.Logger.InfoContext(ctx, "stopped")
	return err
}

// warnOfMisspellings tells the operator of settings in the environment that have no effect.
func (p *Program) warnOfMisspellings(ctx context.Context, logger *slog.Logger) error {
	misspelt, err := config.Misspelt(p.Flags, os.Environ())
	for _, m := range misspelt {
		logger.WarnContext(ctx, "a variable of the environment is no setting", slog.String("name", m.Name), slog.String("meant", m.Meant))
	}
	return err
}

// withTaken adds all addresses in use to the reason why the program does not start: otherwise an operator who
// starts it twice would find them one by one.
func (p *Program) withTaken(ctx context.Context, err error) error {
	var addresses []listen.Address
	if p.Addresses != nil {
		addresses = p.Addresses()
	}
	all := listen.Taken(ctx, append(addresses, listen.Address{Flag: admin.AddressFlag, Address: p.Process.AdminListen}))
	if all == nil {
		return err
	}
	if _, ok := errors.AsType[*listen.TakenError](err); ok {
		return all
	}
	return fmt.Errorf("%w; %w", err, all)
}

// countReady makes the metrics say what /readyz says.
func countReady(reports *telemetry.Telemetry, ready func() bool) error {
	i := telemetry.NewInstruments(reports.Meters)
	gauge := i.Gauge("pawstream.ready", "{process}", "1 while the process takes new work, which /readyz tells too.")
	_, err := i.Meter().RegisterCallback(func(_ context.Context, o metric.Observer) error {
		is := int64(0)
		if ready() {
			is = 1
		}
		o.ObserveInt64(gauge, is)
		return nil
	}, gauge)
	return errors.Join(i.Err(), err)
}

// readyLine says where the parts are: as name=address, and on a terminal with their URLs, to click.
func readyLine(parts []Part, admin string, terminal bool) string {
	line := []byte("ready")
	for _, part := range parts {
		if s, ok := part.Server.(interface{ URL() string }); ok && terminal {
			line = fmt.Appendf(line, " %s", s.URL())
			continue
		}
		line = fmt.Appendf(line, " %s=%s", part.Name, part.Server.Addr())
	}
	return string(fmt.Appendf(line, " admin=%s", admin))
}

// ready returns why the program accepts no new work.
func ready(ctx context.Context, parts []Part) error {
	if ctx.Err() != nil {
		return errors.New("shutting down")
	}
	var reasons []string // of all parts: one that waits for another knows less
	for _, part := range parts {
		if s, ok := part.Server.(interface{ Ready() error }); ok {
			if err := s.Ready(); err != nil {
				reasons = append(reasons, err.Error())
			}
		}
	}
	if len(reasons) > 0 {
		return errors.New(strings.Join(reasons, "; "))
	}
	return nil
}

const (
	checkTimeout = 5 * time.Second // of a health check
	flushTimeout = 3 * time.Second // of the last spans
)

// flush exports the last spans. If the collector does not accept them, the program has not failed.
func flush(ctx context.Context, reports *telemetry.Telemetry) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	if err := reports.Shutdown(ctx); err != nil {
		reports.Logger.WarnContext(ctx, "the last spans were not exported", slog.Any("error", err))
	}
}

// run runs the parts. The admin address answers until the last one has drained.
func run(ctx context.Context, inspection *admin.Server, parts []Part) error {
	adminCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var admin errgroup.Group
	admin.Go(func() error { return inspection.Serve(adminCtx) })

	group, ctx := errgroup.WithContext(ctx)
	for _, part := range parts {
		group.Go(func() error { return part.Server.Serve(ctx) })
	}
	err := group.Wait()
	stop()
	return errors.Join(err, admin.Wait())
}
