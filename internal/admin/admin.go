// Package admin serves what operators need to know about a process: whether it is alive, whether it is ready
// for work, its metrics and its profiles. It belongs on an address that only operators can reach.
package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"

	"github.com/pawstream/pawstream/internal/hostname"
	"github.com/pawstream/pawstream/internal/listen"
	"github.com/pawstream/pawstream/internal/loopback"
)

// Config is what a [Server] serves. Ready and Metrics are required.
type Config struct {
	// Ready reports whether the process takes new work: nil, or why not.
	Ready func() error
	// Metrics serves GET /metrics.
	Metrics http.Handler
	Hosts   []string
}

// Server serves the admin address.
type Server struct {
	listener net.Listener
	server   *http.Server
}

// AddressFlag is the flag that sets the address.
const AddressFlag = "--admin-listen"

// Listen opens the address. Serve answers on it.
func Listen(ctx context.Context, address string, cfg Config) (*Server, error) {
	listener, err := listen.Address{Flag: AddressFlag, Address: address}.Listen(ctx)
	if err != nil {
		return nil, err
	}
	if err := hostname.Check(cfg.Hosts); err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("admin address: --admin-host: %w", err)
	}
	guard := hostname.New(cfg.Hosts, !loopback.Listen(address))
	return &Server{
		listener: listener,
		server:   &http.Server{Handler: routes(&cfg, guard), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute},
	}, nil
}

// Bounds of what is recorded for one request.
const (
	maxProfile = time.Minute
	maxTrace   = 10 * time.Second // it grows by megabytes a second
)

// routes are what the address serves. Liveness and readiness reveal nothing, and balancers may use any host
// name; the rest is for operators.
//
// The command line, which package pprof would show, is left out: it may hold passwords.
func routes(cfg *Config, guard hostname.Guard) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := cfg.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ready")
	})
	inside := func(pattern string, handler http.Handler) { mux.Handle(pattern, guarded(guard, handler)) }
	inside("GET /metrics", cfg.Metrics)
	inside("GET /debug/pprof/", bounded(maxProfile, pprof.Index))
	inside("GET /debug/pprof/profile", bounded(maxProfile, pprof.Profile))
	inside("GET /debug/pprof/symbol", http.HandlerFunc(pprof.Symbol))
	inside("GET /debug/pprof/trace", bounded(maxTrace, pprof.Trace))
	return mux
}

// guarded keeps foreign pages out: those whose name resolves to this machine, and those that make a browser
// send a request although they could not read the answer.
func guarded(guard hostname.Guard, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !guard.Allows(r) {
			http.Error(w, "the admin address may not be called by this name: --admin-host names more", http.StatusForbidden)
			return
		}
		switch r.Header.Get("Sec-Fetch-Site") {
		case "", "none", "same-origin":
			next.ServeHTTP(w, r)
		default:
			http.Error(w, "the admin address is not for pages of elsewhere", http.StatusForbidden)
		}
	})
}

// bounded refuses to record for longer than a limit.
func bounded(longest time.Duration, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// What is no number is not for us to refuse: the handler takes its default.
		seconds, _ := strconv.ParseFloat(r.FormValue("seconds"), 64)
		if !(seconds <= longest.Seconds()) { // NaN is too long too
			http.Error(w, fmt.Sprintf("seconds may be at most %v", longest.Seconds()), http.StatusBadRequest)
			return
		}
		next(w, r)
	})
}

// Addr returns the address that is served, with the actual port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Serve answers until ctx ends.
func (s *Server) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = s.server.Close() })
	defer stop()
	if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("admin address: %w", err)
	}
	return nil
}

// Close closes the address if Serve was never called.
func (s *Server) Close() { _ = s.server.Close(); _ = s.listener.Close() }
