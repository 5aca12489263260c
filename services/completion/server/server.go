// Package server wires the completion service: the log, the engines, the domain and gRPC. Read it from top to
// bottom.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/test/bufconn"

	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/callers"
	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/listen"
	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/internal/tlsfiles"
	"github.com/pawstream/pawstream/services/completion/internal/advisor"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/ledger"
	"github.com/pawstream/pawstream/services/completion/internal/metrics"
	"github.com/pawstream/pawstream/services/completion/internal/rpc"
	"github.com/pawstream/pawstream/services/completion/internal/service"
	"github.com/pawstream/pawstream/services/completion/internal/shop"
)

// Options are the settings of the service that all programs share.
type Options struct {
	ModelOptions  `embed:""`
	LogOptions    `embed:""`
	AdvisorPace   float64       `default:"60" help:"Tokens per second in each answer of the embedded pet advisor. 0: as fast as possible." group:"models"`
	OrphanGrace   time.Duration `default:"15s" help:"How long a completion whose on_disconnect is 'grace' continues without a reader." group:"models"`
	MaxGenerating int           `default:"10000" help:"Maximum number of completions to generate at once." group:"models"`
	MaxFollowers  int           `default:"40000" help:"Maximum number of open streams of completions, by gRPC and from edges together. One caller may open half of them. 0: no limit." group:"models"`
	RequestMemory int64         `default:"1073741824" help:"Maximum memory for requests and running answers, in bytes, in addition to 128 KiB for each. A request counts as six times its size until it is admitted, and then, like an answer, as three times. One caller may use half of the memory. 0: no limit." group:"models"`

	FirstEventTimeout time.Duration `default:"60s" help:"How long a model may take to start its answer. 0: no limit." group:"models"`
	IdleTimeout       time.Duration `default:"60s" help:"How long a model may be silent in the middle of its answer. 0: no limit." group:"models"`
	TotalTimeout      time.Duration `default:"30m" help:"How long a whole answer may take. 0: as long as --log-retention." group:"models"`
}

// Config is the configuration of a [Server].
type Config struct {
	Listen       string
	DrainTimeout time.Duration
	// Models are offered in addition to the embedded pet advisor's.
	Models []chat.Model
	Access Access
	// Local says what callers on the same machine may do.
	Local Local
	// Inside makes the service serve only its own process, through [Server.Dial], instead of Listen.
	Inside bool
	// AccessPrefix is the prefix of the flags of Listen and Access.
	AccessPrefix string
	Options
}

// deadlines returns the deadlines of answers.
func (c *Config) deadlines() service.Deadlines {
	d := service.Deadlines{First: c.FirstEventTimeout, Idle: c.IdleTimeout, Total: c.TotalTimeout}
	if d.Total == 0 && c.Log == "jetstream" {
		d.Total = c.LogRetention // otherwise its events could expire while it is written
	}
	return d
}

// check returns an error for settings that cannot work. The error names the flag.
func (c *Config) check() error {
	switch {
	case math.IsNaN(c.AdvisorPace) || c.AdvisorPace < 0:
		return errors.New("--advisor-pace must not be negative")
	case c.Log == "jetstream" && c.LogRetention < c.TotalTimeout:
		return fmt.Errorf("--log-retention %v is shorter than --total-timeout %v: an answer would expire while it is written; raise the one or lower the other",
			c.LogRetention, c.TotalTimeout)
	case c.OrphanGrace <= 0:
		return errors.New("--orphan-grace must be more than 0")
	case c.MaxGenerating <= 0:
		return errors.New("--max-generating must be more than 0")
	case c.MaxFollowers < 0:
		return errors.New("--max-followers must not be negative")
	case c.RequestMemory < 0:
		return errors.New("--request-memory must not be negative")
	case c.RequestMemory > 0 && c.RequestMemory < leastMemory:
		return fmt.Errorf("--request-memory must be at least %d, so that one caller can send the largest request", leastMemory)
	case c.FirstEventTimeout < 0 || c.IdleTimeout < 0 || c.TotalTimeout < 0:
		return errors.New("a timeout must not be negative")
	case c.DrainTimeout < 0:
		return config.ErrDrainTimeout
	}
	if err := c.LogOptions.check(); err != nil {
		return err
	}
	if err := c.ModelOptions.check(); err != nil {
		return err
	}
	return c.Access.check(c.Listen, c.AccessPrefix)
}

// leastMemory is twice the memory of the largest request, in bytes.
const leastMemory = 256 << 20

// stopMargin is the time for streams to send their last event after the drain timeout.
const stopMargin = time.Second

// A Server is a completion service that listens at its address.
type Server struct {
	cfg      Config
	reports  *telemetry.Telemetry
	logger   *slog.Logger
	listener net.Listener
	inside   *bufconn.Listener
	secured  *tlsfiles.Set // nil: no TLS
	store    *catalogue.Catalogue
	models   *modelSet
	log      completionLog
	service  *service.Service
	grpc     *grpc.Server
	health   *health.Server
}

// New loads the engines, opens the log and listens at the address. [Server.Serve] answers calls.
func New(ctx context.Context, cfg Config, reports *telemetry.Telemetry) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, reports: reports, logger: reports.Logger}
	if err := s.open(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) open(ctx context.Context) error {
	access, secured, err := s.cfg.Access.open(s.cfg.Local)
	if err != nil {
		return err
	}
	s.secured = secured
	if err := s.observeCertificates(); err != nil {
		return err
	}
	if s.store, err = catalogue.Load(); err != nil {
		return fmt.Errorf("catalogue: %w", err)
	}
	pets, err := advisor.New(advisor.Config{Catalogue: s.store, Pace: s.cfg.AdvisorPace})
	if err != nil {
		return fmt.Errorf("advisor: %w", err)
	}
	upstreams, err := metrics.NewUpstreams(s.reports)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	if s.models, err = newModelSet(&s.cfg.Options, append(pets.Models(), s.cfg.Models...), s.store, upstreams); err != nil {
		return err
	}
	counts, err := metrics.New(s.reports, s.models.current.Get)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	refusals, err := metrics.NewRefusals(s.reports)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	memory := budget.New(int(s.cfg.RequestMemory))
	if most := s.cfg.memoryLimit(); most > 0 {
		budget.Bound(most)
	}
	if s.log, err = openLog(ctx, &s.cfg.Options, fairMemory{memory}, counts, s.logger); err != nil {
		return err
	}
	s.service = service.New(service.Config{
		Log:        s.log,
		Cluster:    clusterOf(s.log),
		Source:     s.models.current.Get,
		Observer:   observers{counts, ledger.New(s.logger)},
		Grace:      s.cfg.OrphanGrace,
		MaxRunning: s.cfg.MaxGenerating,
		Anybody:    callers.Anonymous,
		Memory:     fairMemory{memory},
		Counter:    s.models.counter,
		Deadlines:  s.cfg.deadlines(),
		Logger:     s.logger,
	})
	s.grpc, s.health = rpc.NewServer(s.service, shop.New(s.store), access, memory, s.cfg.MaxFollowers, s.reports, refusals.Refused)
	s.inside = rpc.Inside()

	if s.cfg.Inside {
		return nil
	}
	s.listener, err = listen.Address{Flag: "--" + s.cfg.AccessPrefix + "listen", Address: s.cfg.Listen}.Listen(ctx)
	return err
}

// Off stands for the address if the service has none.
const Off = "off"

// Addr returns the listening address, with the actual port, or [Off].
func (s *Server) Addr() string {
	if s.listener == nil {
		return Off
	}
	return s.listener.Addr().String()
}

// Close releases everything if Serve was never called.
func (s *Server) Close() {
	if s.listener != nil {
		_ = s.listener.Close()
	}
	if s.log != nil {
		s.log.Close()
	}
}

// Serve answers calls until ctx ends, and then drains: the health checks fail, and running completions get the
// drain timeout to finish. The rest end with an error.
func (s *Server) Serve(ctx context.Context) error {
	defer s.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		s.service.AdoptAll(ctx)
		return nil
	})
	group.Go(func() error { return s.watchLog(ctx) })
	listeners := []net.Listener{s.inside}
	if s.listener != nil {
		listeners = append(listeners, s.listener)
	}
	for _, listener := range listeners {
		group.Go(func() error {
			if err := s.grpc.Serve(listener); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
				return fmt.Errorf("serve gRPC: %w", err)
			}
			return nil
		})
	}
	if s.cfg.Options.Models != "" {
		group.Go(func() error {
			s.models.current.Watch(ctx, s.logger)
			return nil
		})
	}
	if s.secured != nil {
		group.Go(func() error {
			s.secured.Watch(ctx, s.logger)
			return nil
		})
	}
	group.Go(func() error {
		<-ctx.Done()
		s.drain(context.WithoutCancel(ctx))
		return nil
	})
	return group.Wait()
}

func (s *Server) drain(ctx context.Context) {
	s.health.Shutdown()
	deadline, cancel := context.WithTimeout(ctx, s.cfg.DrainTimeout)
	defer cancel()
	if err := s.service.Shutdown(deadline); err != nil {
		s.logger.WarnContext(ctx, "running completions were ended", slog.Any("reason", err))
	}
	force := time.AfterFunc(stopMargin, s.grpc.Stop)
	defer force.Stop()
	s.grpc.GracefulStop()
}
