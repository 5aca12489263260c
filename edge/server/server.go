// Package server puts the edge together: the connection to the completion service,
// the public HTTP surface and its listener. It is wiring, to be read from top to
// bottom.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/pawstream/pawstream/edge/internal/httpapi"
	"github.com/pawstream/pawstream/edge/internal/relay"
)

// Options are the settings of the edge wherever it runs.
type Options struct {
	Heartbeat    time.Duration `default:"10s" help:"Longest silence of a stream before a comment line is sent; 15s at most."`
	WriteTimeout time.Duration `default:"30s" help:"How long one write to a client may take before the client is cut off."`
	ReopenWithin time.Duration `default:"15s" help:"How long a stream whose completion replica died may take to go on."`
	MaxBody      int64         `default:"10485760" help:"Largest request body, in bytes."`
	CorsOrigin   []string      `default:"*" help:"Origin that may call from a browser page; may be given several times; * is any."`
}

// Config is what a [Server] is made of.
type Config struct {
	Listen         string
	CompletionAddr string
	DrainTimeout   time.Duration
	Options
}

// check refuses settings that cannot work, by the flag's name. Zero is the default.
func (c *Config) check() error {
	switch {
	case c.Heartbeat < 0 || c.Heartbeat > maxHeartbeat:
		return fmt.Errorf("--heartbeat must be at most %v", maxHeartbeat)
	case c.WriteTimeout < 0:
		return errors.New("--write-timeout must not be negative")
	case c.ReopenWithin < 0:
		return errors.New("--reopen-within must not be negative")
	case c.MaxBody < 0:
		return errors.New("--max-body must not be negative")
	case c.DrainTimeout < 0:
		return errors.New("--drain-timeout must not be negative")
	}
	return nil
}

// Limits of connections that no client of ours comes near.
const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
	maxHeartbeat   = 15 * time.Second
)

// stopMargin is what responses get after the drain timeout.
const stopMargin = 2 * time.Second

// A Server is an edge with its address taken.
type Server struct {
	cfg      Config
	logger   *slog.Logger
	listener net.Listener
	conn     *grpc.ClientConn
	http     *http.Server
}

// New takes the address and prepares the connection to the completion service, which
// need not run yet. [Server.Serve] answers.
func New(ctx context.Context, cfg Config, logger *slog.Logger) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	conn, err := dial(cfg.CompletionAddr)
	if err != nil {
		return nil, fmt.Errorf("completion service: %w", err)
	}
	handler, err := httpapi.New(httpapi.Config{
		Conn:    conn,
		Relay:   relay.Config{Heartbeat: cfg.Heartbeat, WriteTimeout: cfg.WriteTimeout, ReopenWithin: cfg.ReopenWithin},
		MaxBody: cfg.MaxBody,
		Origins: cfg.CorsOrigin,
		Logger:  logger,
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("HTTP address: %w", err), conn.Close())
	}
	return &Server{cfg: cfg, logger: logger, listener: listener, conn: conn, http: newHTTPServer(handler, logger)}, nil
}

// newHTTPServer returns a server without a read or write timeout: they would end
// streams. Reading a body and writing a stream have deadlines of their own.
func newHTTPServer(handler http.Handler, logger *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           handler,
		Protocols:         protocols,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// What net/http itself has to say is about clients' mistakes.
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// Addr returns the address that is served, with the port that was taken.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Serve answers until ctx ends and then drains: running responses get the drain
// timeout to finish, and a moment more to pass on why they do not; the rest are cut
// off, so that their clients resume.
func (s *Server) Serve(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve HTTP: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.DrainTimeout+stopMargin)
		defer cancel()
		if err := s.http.Shutdown(deadline); err != nil {
			s.logger.WarnContext(ctx, "running responses were cut off", slog.Any("reason", err))
			return s.http.Close()
		}
		return nil
	})
	return errors.Join(group.Wait(), s.conn.Close())
}
