// Package server puts the completion service together: the log, the engines, the
// domain and gRPC. It is wiring, to be read from top to bottom.
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
	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/internal/tlsfiles"
	"github.com/pawstream/pawstream/services/completion/internal/advisor"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/metrics"
	"github.com/pawstream/pawstream/services/completion/internal/rpc"
)

// Options are the settings of the service wherever it runs.
type Options struct {
	ModelOptions  `embed:""`
	AdvisorPace   float64       `default:"60" help:"Tokens per second of the embedded pet advisor, for each answer; 0: as fast as possible."`
	Log           string        `default:"jetstream" enum:"jetstream,memory" help:"Where completions are kept: ${enum}. In memory they end with the process."`
	LogRetention  time.Duration `default:"1h" help:"How long a completion is kept."`
	LogMaxBytes   int64         `default:"0" help:"Most that all completions take together, in bytes; 0: 4 GiB in files, 512 MiB in memory."`
	LogShare      int           `default:"50" help:"How much of --log-max-bytes the completions of one caller may take, in percent; the last tenth is for callers who have less than a hundredth. 100: all. Callers whom nobody knows from another have no share, nor has --log=memory."`
	MaxAnswer     int           `name:"max-answer-bytes" env:"PAWSTREAM_MAX_ANSWER_BYTES" default:"8388608" help:"Most that one answer takes in the log, in bytes; 32 MiB at most. A longer one ends as answer_too_long."`
	DataDir       string        `default:"./data" help:"Directory of the NATS JetStream server inside this process; it belongs to one process."`
	NatsURL       string        `name:"nats-url" help:"NATS server with JetStream to use instead of the one inside this process; several are separated by commas." placeholder:"URL"`
	NatsCreds     string        `help:"Credentials file for --nats-url." placeholder:"FILE"`
	NatsCA        string        `name:"nats-ca" help:"File with the certificates that the server of --nats-url is checked with, in PEM; demands TLS." placeholder:"FILE"`
	NatsCert      string        `help:"Certificate file that authenticates to the server of --nats-url; demands TLS." placeholder:"FILE"`
	NatsKey       string        `help:"File of the key to --nats-cert." placeholder:"FILE"`
	NatsReplicas  int           `default:"1" help:"How many servers of a NATS cluster hold each completion."`
	LogSync       bool          `help:"Write every record through to the disk before it is shown: survives the loss of power, not only of the process."`
	OrphanGrace   time.Duration `default:"15s" help:"How long a completion whose on_disconnect is 'grace' goes on without a reader."`
	MaxGenerating int           `default:"10000" help:"Most completions that are generated at once."`
	RequestMemory int64         `default:"1073741824" help:"Most memory that requests, and the answers that are generated, take together, in bytes, beside 128 KiB for each. A request takes six times its size while it is admitted, then three times, as an answer does. One caller may have half. 0: no bound."`

	FirstEventTimeout time.Duration `default:"60s" help:"How long a model may take to begin to answer; 0: no bound."`
	IdleTimeout       time.Duration `default:"60s" help:"How long a model may be silent in the middle of its answer; 0: no bound."`
	TotalTimeout      time.Duration `default:"30m" help:"How long a whole answer may take; 0: no bound."`
}

// Config is what a [Server] is made of.
type Config struct {
	Listen       string
	DrainTimeout time.Duration
	// Models are offered beside the embedded pet advisor's.
	Models []chat.Model
	Access Access
	// Local is what callers on the same machine may do.
	Local Local
	// Inside has the service serve its own process alone, by [Server.Dial], in place of Listen.
	Inside bool
	// AccessPrefix is what the names of Listen's and Access's flags begin with.
	AccessPrefix string
	Options
}

// check refuses settings that cannot work, by the flag's name.
func (c *Config) check() error {
	switch {
	case math.IsNaN(c.AdvisorPace) || c.AdvisorPace < 0:
		return errors.New("--advisor-pace must not be negative")
	case c.LogRetention < 100*time.Millisecond:
		return errors.New("--log-retention must be at least 100ms")
	case c.Log == "jetstream" && c.LogRetention < c.TotalTimeout:
		return fmt.Errorf("--log-retention %v is shorter than --total-timeout %v: an answer would expire while it is written; raise the one or lower the other",
			c.LogRetention, c.TotalTimeout)
	case c.LogMaxBytes < 0:
		return errors.New("--log-max-bytes must not be negative")
	case (c.NatsCert == "") != (c.NatsKey == ""):
		return errors.New("--nats-cert and --nats-key need each other")
	case c.NatsURL == "" && c.NatsCreds+c.NatsCA+c.NatsCert != "":
		return errors.New("--nats-creds, --nats-ca and --nats-cert need --nats-url")
	case c.NatsReplicas < 1 || c.NatsReplicas > 5:
		return errors.New("--nats-replicas must be 1 to 5")
	case c.OrphanGrace <= 0:
		return errors.New("--orphan-grace must be more than 0")
	case c.MaxGenerating <= 0:
		return errors.New("--max-generating must be more than 0")
	case c.LogShare < 0 || c.LogShare > 100:
		return errors.New("--log-share must be 0 to 100 percent")
	case c.MaxAnswer < 0 || c.MaxAnswer > mostAnswer:
		return fmt.Errorf("--max-answer-bytes must be 0 (the default) to %d", mostAnswer)
	case c.RequestMemory < 0:
		return errors.New("--request-memory must not be negative")
	case c.RequestMemory > 0 && c.RequestMemory < leastMemory:
		return fmt.Errorf("--request-memory must be at least %d, so that one caller can ask as much as one request holds", leastMemory)
	case c.FirstEventTimeout < 0 || c.IdleTimeout < 0 || c.TotalTimeout < 0:
		return errors.New("a timeout must not be negative")
	case c.DrainTimeout < 0:
		return errors.New("--drain-timeout must not be negative")
	}
	if err := c.ModelOptions.check(); err != nil {
		return err
	}
	return c.Access.check(c.Listen, c.AccessPrefix)
}

// mostAnswer bounds --max-answer-bytes: a larger answer could not be received whole.
const mostAnswer = 32 << 20

// leastMemory is twice what the largest request takes.
const leastMemory = 256 << 20

// stopMargin is what streams get to send their last event after the drain timeout.
const stopMargin = time.Second

// A Server is a completion service with its address taken.
type Server struct {
	cfg      Config
	reports  *telemetry.Telemetry
	logger   *slog.Logger
	listener net.Listener
	inside   *bufconn.Listener
	secured  *tlsfiles.Set // nil: without TLS
	store    *catalogue.Catalogue
	models   *modelSet
	log      completionLog
	service  *chat.Service
	grpc     *grpc.Server
	health   *health.Server
}

// New loads the engines, opens the log and takes the address; [Server.Serve] answers on it.
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
	if s.store, err = catalogue.Load(); err != nil {
		return fmt.Errorf("catalogue: %w", err)
	}
	pets, err := advisor.New(advisor.Config{Catalogue: s.store, Pace: s.cfg.AdvisorPace})
	if err != nil {
		return fmt.Errorf("advisor: %w", err)
	}
	if s.models, err = newModelSet(&s.cfg.Options, append(pets.Models(), s.cfg.Models...), s.store); err != nil {
		return err
	}
	counts, err := metrics.New(s.reports, s.models.current.Get)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	if s.log, err = openLog(ctx, &s.cfg.Options, counts, s.logger); err != nil {
		return err
	}
	memory := budget.New(int(s.cfg.RequestMemory))
	s.service = chat.NewService(chat.Config{
		Log:        s.log,
		Source:     s.models.current.Get,
		Observer:   counts,
		Grace:      s.cfg.OrphanGrace,
		MaxRunning: s.cfg.MaxGenerating,
		Memory:     shares{memory},
		Deadlines:  chat.Deadlines{First: s.cfg.FirstEventTimeout, Idle: s.cfg.IdleTimeout, Total: s.cfg.TotalTimeout},
		Handover:   s.cfg.Log == "jetstream",
		Logger:     s.logger,
	})
	s.grpc, s.health = rpc.NewServer(s.service, access, memory, s.reports)
	s.inside = rpc.Inside()

	if s.cfg.Inside {
		return nil
	}
	var lc net.ListenConfig
	if s.listener, err = lc.Listen(ctx, "tcp", s.cfg.Listen); err != nil {
		return fmt.Errorf("gRPC address: %w", err)
	}
	return nil
}

// Off is what stands for the address where none is served.
const Off = "off"

// Addr returns the address that is served, with the port that was taken, or [Off].
func (s *Server) Addr() string {
	if s.listener == nil {
		return Off
	}
	return s.listener.Addr().String()
}

// Close lets go of everything if Serve was never called.
func (s *Server) Close() {
	if s.listener != nil {
		_ = s.listener.Close()
	}
	if s.log != nil {
		s.log.Close()
	}
}

// Serve answers until ctx ends and then drains: the health checks fail, running
// completions get the drain timeout to finish, the rest end with an error.
func (s *Server) Serve(ctx context.Context) error {
	defer s.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		for orphan := range s.log.Orphans(ctx) {
			s.service.Adopt(ctx, orphan)
		}
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
