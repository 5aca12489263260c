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

// Serve runs the program's parts until ctx ends and all of them have drained, each in
// its own time. The admin address answers until then. If a part fails, the others stop.
func (p *Process) Serve(ctx context.Context, parts ...func(context.Context) error) error {
	adminCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var admin errgroup.Group
	admin.Go(func() error { return p.admin.Serve(adminCtx) })

	group, ctx := errgroup.WithContext(ctx)
	for _, part := range parts {
		group.Go(func() error { return part(ctx) })
	}
	err := group.Wait()
	stop()
	return errors.Join(err, admin.Wait())
}
