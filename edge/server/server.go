// Package server wires the edge: the connection to the completion service, the public HTTP surface and its
// listener. Read it from top to bottom.
package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pawstream/pawstream/edge/internal/backend"
	"github.com/pawstream/pawstream/edge/internal/demopage"
	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/httpapi"
	"github.com/pawstream/pawstream/edge/internal/pacer"
	"github.com/pawstream/pawstream/edge/internal/peers"
	"github.com/pawstream/pawstream/edge/internal/relay"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/halfclose"
	"github.com/pawstream/pawstream/internal/listen"
	"github.com/pawstream/pawstream/internal/loopback"
	"github.com/pawstream/pawstream/internal/natsconn"
	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/internal/tlsfiles"
)

// Options are the settings of the edge that all programs share.
type Options struct {
	Heartbeat         time.Duration `default:"10s" help:"How long a stream may be silent before the edge sends a comment line; at most 15s." group:"http"`
	FlushGap          time.Duration `default:"16ms" help:"Minimum time between two writes to a busy stream. Events that arrive sooner are written together, each in its own frame. The first event is written at once, and so is any event after a pause. 0: one millisecond." group:"http"`
	WriteTimeout      time.Duration `default:"30s" help:"How long one write to a client may take before the client is disconnected." group:"http"`
	HalfClose         string        `default:"answer" enum:"answer,leave" help:"What to assume of a client without TLS that closes its sending side after its request: that it waits for the answer, until a write to it fails (answer), or that it is gone (leave)." group:"http"`
	ReopenWithin      time.Duration `default:"15s" help:"How long a stream may take to continue after its completion service has died." group:"http"`
	PlainStreams      bool          `help:"By default, write only data lines to streams, without ids, event types or comments, for clients that parse streams by hand. Such clients cannot resume after a lost connection." group:"http"`
	UnknownParameters string        `default:"refuse" enum:"refuse,ignore,forward" help:"What to do about top-level members of a request that OpenAI's APIs do not have, such as top_k and num_ctx: refuse the request (refuse), ignore them (ignore), or forward them to the model server, unless its target is strict (forward)." group:"http"`
	Retries           string        `default:"attach" enum:"attach,run" help:"What to do when an SDK repeats a request (X-Stainless-Retry-Count) without an Idempotency-Key: attach it to the same caller's completion of the same body, if that is running or succeeded within the last minute (attach), or run it again (run)." group:"http"`
	MaxBody           int64         `default:"10485760" help:"Maximum size of a request body, in bytes." group:"http"`
	BodyRate          int64         `default:"4096" help:"Minimum rate of a request body that takes longer than 30s, in bytes per second. -1: no minimum, so that the request ends only after 30s without a byte." group:"http"`
	BodyMemory        int64         `default:"536870912" help:"Maximum memory for request bodies and for answers that are not streamed, in bytes. A body counts as three times its size until the completion is admitted. One caller may use half of the memory. 0: no limit." group:"http"`
	CorsOrigin        []string      `help:"Origin whose web pages may call the edge, such as https://shop.example; repeatable. * allows any origin. The edge's own pages are always allowed." placeholder:"ORIGIN" group:"http"`
	Access
	TLS tlsfiles.Serving `embed:"" prefix:"tls-" set:"api=public HTTP API" set:"protocol=HTTP" set:"client=client" group:"tls"`
}

// Config is the configuration of a [Server].
type Config struct {
	Listen         string
	CompletionAddr string
	CompletionTLS  CompletionTLS
	// Dial, if not nil, connects to a completion service in this process, instead of CompletionAddr.
	Dial         func(context.Context) (net.Conn, error)
	NATS         natsconn.Server
	DrainTimeout time.Duration
	// DemoKill, if not nil, makes the edge serve /demo, where a button calls it. It must kill the completion
	// service that writes an answer, and return a sentence that says which one it was.
	DemoKill func(context.Context) (killed string, err error)
	Options
}

// Check returns an error for settings that cannot work. The error names the flag. Zero stands for the default.
// [New] calls it; programs that open something first can call it before.
func (c *Config) Check() error {
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
	case c.BodyRate < -1:
		return errors.New("--body-rate must be -1 (none) or more")
	case c.BodyMemory < 0:
		return errors.New("--body-memory must not be negative")
	case c.BodyMemory > 0 && c.BodyMemory < leastMemory(c.MaxBody):
		return fmt.Errorf("--body-memory must be at least %d, so that one caller can send a body of --max-body", leastMemory(c.MaxBody))
	case c.DrainTimeout < 0:
		return config.ErrDrainTimeout
	case c.DemoKill != nil && (!loopback.Listen(c.Listen) || c.AsksWho() || c.InsecurePublic):
		return errors.New("--demo lets whoever opens the page kill processes: it needs --listen on loopback, --auth=none and no --insecure-public")
	}
	if err := checkOrigins(c.CorsOrigin); err != nil {
		return err
	}
	if err := c.CompletionTLS.Check("completion-tls-"); err != nil {
		return err
	}
	if err := c.TLS.Check("tls-"); err != nil {
		return err
	}
	if err := c.NATS.Check(); err != nil {
		return err
	}
	return c.check(c.Listen)
}

// leastMemory returns the smallest memory budget for the largest body, which may use half of the budget: three
// times its size, mended or not, and its size once more for its elements.
func leastMemory(maxBody int64) int64 { return 8 * cmp.Or(maxBody, httpapi.DefaultMaxBody) }

// checkOrigins refuses texts that no browser sends as an origin (RFC 6454, section 6.2), because they would
// never match. It refuses wildcards in names, because we do not know who may register a matching name.
func checkOrigins(origins []string) error {
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if origin != "*" && (err != nil || u.Scheme+"://"+u.Host != origin || u.Host == "" || strings.Contains(origin, "*")) {
			return fmt.Errorf("--cors-origin %q is not an origin: * or one such as https://shop.example, without a path", origin)
		}
	}
	return nil
}

// Limits of connections, far from what legitimate clients need.
const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
	// maxFrame and receiveBuffer are those of an HTTP/2 connection: a frame is read whole, and a body is buffered
	// until its handler reads it, which one that expects no body never does. By default both are a mebibyte.
	maxFrame      = 16 << 10
	receiveBuffer = 128 << 10
	maxHeartbeat  = 15 * time.Second
	maxFlushGap   = time.Second
)

// writeBuffer is the size of the system's send buffer for a client, in bytes (Linux doubles it, for its own
// bookkeeping). It holds hundreds of events. With a round trip of 100 ms, some 3,000 events per second fit
// through.
const writeBuffer = 64 << 10

// halfCloseLeave is the value of --half-close that treats a FIN as the client's departure.
const halfCloseLeave = "leave"

// retriesRun is the value of --retries that treats each retry as a new request.
const retriesRun = "run"

// stopMargin is the additional time that responses get after the drain timeout.
const stopMargin = 2 * time.Second

// A Server is an edge that listens at its address.
type Server struct {
	cfg      Config
	reports  *telemetry.Telemetry
	logger   *slog.Logger
	listener net.Listener
	back     *backend.Backend
	api      *httpapi.API
	http     *http.Server
	watchers []watcher
	peers    *peers.Peers // nil: not shared with other edges
}

// New listens at the address and prepares the connection to the completion service, which need not run yet.
// [Server.Serve] answers requests.
func New(ctx context.Context, cfg Config, reports *telemetry.Telemetry) (*Server, error) {
	if err := cfg.Check(); err != nil {
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
		return nil, errors.Join(err, s.back.Close())
	}
	return s, nil
}

// connect prepares the connections to the completion service.
func (s *Server) connect() error {
	secured, err := s.cfg.CompletionTLS.open()
	if err != nil {
		return err
	}
	s.back, err = backend.New(backend.Config{
		Address: s.cfg.CompletionAddr, Dial: s.cfg.Dial, TLS: secured, Name: s.cfg.CompletionTLS.Name,
		Pacer: pacer.New(s.cfg.FlushGap), Options: s.reports.GRPCClient(),
	})
	if err != nil {
		return err
	}
	s.watchers = append(s.watchers, s.back)
	if secured == nil {
		return nil
	}
	return s.watch(secured)
}

// memoryLimit returns what an edge with these settings takes at most, in bytes, as docs/operations.md computes it; 0: nobody knows,
// because its streams or bodies are not bounded.
func (c *Config) memoryLimit() int64 {
	if c.MaxStreams == 0 || c.BodyMemory == 0 {
		return 0
	}
	return 2 * (64<<20 + int64(c.MaxStreams)*(256<<10) + c.BodyMemory + 640<<20)
}

func (s *Server) open(ctx context.Context) error {
	if most := s.cfg.memoryLimit(); most > 0 {
		budget.Bound(most)
	}
	public := httpapi.Config{
		Conn:  s.back,
		Relay: relay.Config{Heartbeat: s.cfg.Heartbeat, WriteTimeout: s.cfg.WriteTimeout, ReopenWithin: s.cfg.ReopenWithin, Pacer: pacer.New(s.cfg.FlushGap)},
		Requests: httpapi.Requests{
			PlainStreams: s.cfg.PlainStreams, Unknown: dialect.Unknown(s.cfg.UnknownParameters), SeparateRetries: s.cfg.Retries == retriesRun,
		},
		Bodies:    httpapi.Bodies{Max: s.cfg.MaxBody, Rate: s.cfg.BodyRate, Memory: budget.New(int(s.cfg.BodyMemory))},
		Origins:   s.cfg.CorsOrigin,
		Telemetry: s.reports,
	}
	watchers, err := s.cfg.open(ctx, &public)
	if err != nil {
		return err
	}
	s.watchers = append(s.watchers, watchers...)
	if err := s.countWithOthers(&public); err != nil {
		return err
	}
	if s.cfg.DemoKill != nil {
		if public.Demo, err = demopage.New(s.cfg.DemoKill); err != nil {
			return err
		}
	}
	if s.api, err = httpapi.New(public); err != nil {
		return err
	}
	s.http = newHTTPServer(s.api, s.logger)
	s.http.ConnContext = s.bound
	if public.Demo != nil {
		public.Demo.Network.Attach(s.http)
	}
	if err := s.secure(); err != nil {
		return err
	}
	if s.listener, err = (listen.Address{Flag: listen.Flag, Address: s.cfg.Listen}).Listen(ctx); err != nil {
		return err
	}
	if s.cfg.HalfClose != halfCloseLeave && s.http.TLSConfig == nil {
		s.listener = halfclose.Listen(s.listener)
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
		// OPTIONS * gets the answer for an unknown URL.
		DisableGeneralOptionsHandler: true,
		Protocols:                    protocols,
		ReadHeaderTimeout:            headerTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		HTTP2: &http.HTTP2Config{
			MaxReadFrameSize:              maxFrame,
			MaxReceiveBufferPerConnection: receiveBuffer,
			MaxReceiveBufferPerStream:     receiveBuffer,
		},
		// The messages of net/http itself are about clients' mistakes.
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// bound limits the system's send buffer for a client that does not read, and how long the system tries to reach
// a silent one. Its defaults are megabytes and a quarter of an hour, so such a client would go unnoticed for
// long.
func (s *Server) bound(ctx context.Context, conn net.Conn) context.Context {
	ctx = halfclose.Context(ctx, conn)
	for {
		above, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = above.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(writeBuffer) // best effort: the default remains
		userTimeout(tcp, 2*cmp.Or(s.cfg.WriteTimeout, relay.DefaultWriteTimeout))
	}
	return ctx
}

// Ready returns why no completion service accepts work, or nil if one does.
func (s *Server) Ready() error { return s.back.Ready() }

// Addr returns the listening address, with the actual port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL returns the URL of the chat page for a browser on this machine.
func (s *Server) URL() string {
	scheme := "http"
	if s.http.TLSConfig != nil {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(s.Addr())
	if err != nil {
		return scheme + "://" + s.Addr()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// Serve answers requests until ctx ends, and then drains: it refuses new work, and running work gets the drain
// timeout to finish. Then it hands over the remaining streams, so that their clients continue elsewhere; other
// responses get two seconds more.
func (s *Server) Serve(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, w := range s.watchers {
		group.Go(func() error {
			w.Watch(ctx, s.logger)
			return nil
		})
	}
	group.Go(s.answer)
	sharing, stopSharing := context.WithCancel(context.WithoutCancel(ctx)) // remaining streams count until they end
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
	return errors.Join(group.Wait(), s.back.Close())
}

func (s *Server) drain(ctx context.Context) error {
	s.http.SetKeepAlivesEnabled(false) // so that clients send their next request to another edge
	last, cancel := context.WithTimeout(ctx, s.cfg.DrainTimeout+stopMargin)
	defer cancel()
	streams, cancelStreams := context.WithTimeout(last, s.cfg.DrainTimeout)
	defer cancelStreams()
	if handedOver := s.api.Drain(streams); handedOver > 0 {
		s.logger.WarnContext(ctx, "streams handed over before their end", slog.Int("streams", handedOver))
	}
	if err := s.http.Shutdown(last); err != nil {
		s.logger.WarnContext(ctx, "running responses were cut off", slog.Any("reason", err))
		return s.http.Close()
	}
	return nil
}
