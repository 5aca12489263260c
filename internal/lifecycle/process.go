package lifecycle

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"github.com/pawstream/pawstream/internal/admin"
	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/telemetry"
)

// A Process is what every program of ours runs beside its own work: a logger and
// the admin address.
type Process struct {
	Logger *slog.Logger
	admin  *admin.Server
}

// NewProcess makes the logger and takes the admin address. Serve answers on it.
func NewProcess(ctx context.Context, cfg config.Process, stderr io.Writer) (*Process, error) {
	logger, err := telemetry.NewLogger(stderr, cfg.LogFormat, cfg.LogLevel)
	if err != nil {
		return nil, err
	}
	p := &Process{Logger: logger}
	p.admin, err = admin.Listen(ctx, cfg.AdminListen, func() error {
		if ctx.Err() != nil {
			return errors.New("shutting down")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// AdminAddr returns the admin address, with the port that was taken.
func (p *Process) AdminAddr() string { return p.admin.Addr() }

// Close gives the admin address back if Serve was never called.
func (p *Process) Close() { p.admin.Close() }

// Serve runs the program's parts until ctx ends. Then they stop in the order given,
// each with the ones after it still running: name what depends before what it
// depends on. The admin address answers until the last one has stopped. If a part
// fails, the others stop too.
func (p *Process) Serve(ctx context.Context, parts ...func(context.Context) error) error {
	group, failed := errgroup.WithContext(context.WithoutCancel(ctx))
	// stop ends the first part; each part's end ends the next one.
	next, stop := context.WithCancel(failed)
	defer context.AfterFunc(ctx, stop)()
	for _, part := range parts {
		partCtx := next
		following, end := context.WithCancel(failed)
		group.Go(func() error {
			defer end()
			return part(partCtx)
		})
		next = following
	}
	group.Go(func() error { return p.admin.Serve(next) })
	err := group.Wait()
	stop()
	return err
}
