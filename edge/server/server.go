// Package server puts the edge together: the connection to the completion service,
// the public HTTP surface and its listener. It is wiring, to be read from top to
// bottom.
package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pawstream/pawstream/edge/internal/httpapi"
	"github.com/pawstream/pawstream/edge/internal/peers"
	"github.com/pawstream/pawstream/edge/internal/relay"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/telemetry"
)

// Options are the settings of the edge wherever it runs.
type Options struct {
	Heartbeat    time.Duration `default:"10s" help:"Longest silence of a stream before a comment line is sent; 15s at most."`
	FlushGap     time.Duration `default:"16ms" help:"Least time between two writes of a busy stream: events that come sooner are written together, each still a frame of its own; the first event and any after a pause go at once; 0: a millisecond."`
	WriteTimeout time.Duration `default:"30s" help:"How long one write to a client may take before the client is cut off."`
	ReopenWithin time.Duration `default:"15s" help:"How long a stream whose completion replica died may take to go on."`
	MaxBody      int64         `default:"10485760" help:"Largest request body, in bytes."`
	BodyMemory   int64         `default:"536870912" help:"Most memory that bodies of requests, and answers that are no streams, take together, in bytes; a body takes three times its size until the completion is admitted. One caller may have half. 0: no bound."`
	CorsOrigin   []string      `help:"Origin of browser pages that may call besides the edge's own, as https://shop.example; may be given several times; * is any." placeholder:"ORIGIN"`
	Access
	HTTPS
}

// Config is what a [Server] is made of.
type Config struct {
	Listen         string
	CompletionAddr string
	CompletionTLS  CompletionTLS
	// Dial, if not nil, connects to a completion service in this process, in place of
	// CompletionAddr.
	Dial         func(context.Context) (net.Conn, error)
	NATS         NATS
	DrainTimeout time.Duration
	Options
}

// check refuses settings that cannot work, by the flag's name. Zero is the default.
func (c *Config) check() error {
	switch {
	case c.Heartbeat < 0 || c.Heartbeat > maxHeartbeat:
		return fmt.Errorf("--heartbeat must be at most %v", maxHeartbeat)
	case c.FlushGap < 0 || c.FlushGap > maxFlushGap:
		return fmt.Errorf("--flush-gap must be 0 to %v", maxFlushGap)
	case c.WriteTimeout < 0:
		return errors.New("--write-timeout must not be negative")
	case c.ReopenWithin < 0:
		return errors.New("--reopen-within must not be negative")
	case c.MaxBody < 0:
		return errors.New("--max-body must not be negative")
	case c.BodyMemory < 0:
		return errors.New("--body-memory must not be negative")
	case c.BodyMemory > 0 && c.BodyMemory < leastMemory(c.MaxBody):
		return fmt.Errorf("--body-memory must be at least %d, so that one caller can send a body of --max-body", leastMemory(c.MaxBody))
	case c.DrainTimeout < 0:
		return errors.New("--drain-timeout must not be negative")
	}
	if err := checkOrigins(c.CorsOrigin); err != nil {
		return err
	}
	if err := c.CompletionTLS.check(); err != nil {
		return err
	}
	if err := c.HTTPS.check(); err != nil {
		return err
	}
	if err := c.NATS.check(); err != nil {
		return err
	}
	return c.Access.check(c.Listen)
}

// leastMemory returns what the largest body needs, as half of what there is.
func leastMemory(maxBody int64) int64 { return 8 * cmp.Or(maxBody, httpapi.DefaultMaxBody) }

// checkOrigins refuses what no browser sends as an origin (RFC 6454, section 6.2): it would
// never match. Parts of names stand for nothing, as who may register a name is not ours to say.
func checkOrigins(origins []string) error {
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if origin != "*" && (err != nil || u.Scheme+"://"+u.Host != origin || u.Host == "" || strings.Contains(origin, "*")) {
			return fmt.Errorf("--cors-origin %q is not an origin: * or one such as https://shop.example, without a path", origin)
		}
	}
	return nil
}

// Limits of connections that no client of ours comes near.
const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
	maxHeartbeat   = 15 * time.Second
	maxFlushGap    = time.Second
)

// writeBuffer is how much the system may hold of what is written to a client, in bytes
// (Linux takes twice that, for its own needs too). It holds hundreds of events, and at
// 100 ms to the client and back lets some 3,000 of them through in a second.
const writeBuffer = 64 << 10

// stopMargin is what responses get after the drain timeout.
const stopMargin = 2 * time.Second

// A Server is an edge with its address taken.
type Server struct {
	cfg      Config
	reports  *telemetry.Telemetry
	logger   *slog.Logger
	listener net.Listener
	conn     *pool
	api      *httpapi.API
	http     *http.Server
	watchers []watcher
	peers    *peers.Peers // nil: this edge counts by itself
}

// New takes the address and prepares the connection to the completion service, which
// need not run yet. [Server.Serve] answers.
func New(ctx context.Context, cfg Config, reports *telemetry.Telemetry) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, reports: reports, logger: reports.Logger}
	if err := s.connect(); err != nil {
		return nil, fmt.Errorf("completion service: %w", err)
	}
	if err := s.open(ctx); err != nil {
		if s.peers != nil {
			s.peers.Close()
		}
		return nil, errors.Join(err, s.conn.Close())
	}
	return s, nil
}

func (s *Server) open(ctx context.Context) error {
	public := httpapi.Config{
		Conn:      s.conn,
		Relay:     relay.Config{Heartbeat: s.cfg.Heartbeat, WriteTimeout: s.cfg.WriteTimeout, ReopenWithin: s.cfg.ReopenWithin, FlushGap: s.cfg.FlushGap},
		MaxBody:   s.cfg.MaxBody,
		Memory:    budget.New(int(s.cfg.BodyMemory)),
		Origins:   s.cfg.CorsOrigin,
		Telemetry: s.reports,
	}
	watchers, err := s.cfg.open(ctx, &public)
	if err != nil {
		return err
	}
	s.watchers = append(s.watchers, watchers...)
	if err := s.share(&public); err != nil {
		return err
	}
	if s.api, err = httpapi.New(public); err != nil {
		return err
	}
	s.http = newHTTPServer(s.api, s.logger)
	if err := s.secure(); err != nil {
		return err
	}
	var lc net.ListenConfig
	if s.listener, err = lc.Listen(ctx, "tcp", s.cfg.Listen); err != nil {
		return fmt.Errorf("HTTP address: %w", err)
	}
	return nil
}

// newHTTPServer returns a server without a read or write timeout: they would end
// streams. Reading a body and writing a stream have deadlines of their own.
func newHTTPServer(handler http.Handler, logger *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler: handler,
		// OPTIONS * is answered like anything else that is not there.
		DisableGeneralOptionsHandler: true,
		Protocols:                    protocols,
		ReadHeaderTimeout:            headerTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		ConnContext:                  boundBuffer,
		// What net/http itself has to say is about clients' mistakes.
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// boundBuffer bounds what the system holds for a client that does not read. Left to
// itself it takes megabytes, and it is long until such a client is noticed.
func boundBuffer(ctx context.Context, conn net.Conn) context.Context {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(writeBuffer) // it is no worse than it was
	}
	return ctx
}

// Addr returns the address that is served, with the port that was taken.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Serve answers until ctx ends and then drains: new work is refused, and what runs gets
// the drain timeout to finish. Streams that are left have to part, so that their clients
// go on elsewhere; other responses get a moment more.
func (s *Server) Serve(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		s.watchServices(ctx)
		return nil
	})
	for _, w := range s.watchers {
		group.Go(func() error {
			w.Watch(ctx, s.logger)
			return nil
		})
	}
	group.Go(s.answer)
	sharing, stopSharing := context.WithCancel(context.WithoutCancel(ctx)) // streams that are left count until their end
	if s.peers != nil {
		group.Go(func() error {
			s.peers.Run(sharing)
			return nil
		})
	}
	group.Go(func() error {
		<-ctx.Done()
		defer stopSharing()
		return s.drain(context.WithoutCancel(ctx))
	})
	return errors.Join(group.Wait(), s.conn.Close())
}

func (s *Server) drain(ctx context.Context) error {
	s.http.SetKeepAlivesEnabled(false) // whoever asks again is to ask another edge
	last, cancel := context.WithTimeout(ctx, s.cfg.DrainTimeout+stopMargin)
	defer cancel()
	streams, cancelStreams := context.WithTimeout(last, s.cfg.DrainTimeout)
	defer cancelStreams()
	if parted := s.api.Drain(streams); parted > 0 {
		s.logger.WarnContext(ctx, "streams had to part", slog.Int("streams", parted))
	}
	if err := s.http.Shutdown(last); err != nil {
		s.logger.WarnContext(ctx, "running responses were cut off", slog.Any("reason", err))
		return s.http.Close()
	}
	return nil
}
