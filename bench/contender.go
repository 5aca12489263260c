package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/bench/internal/load"
	"github.com/pawstream/pawstream/bench/internal/proc"
)

// A contender is one path from the origin of the events to a client.
type contender struct {
	name, about string
	start       func(ctx context.Context, b *bench, s *stage) error
	foreign     bool // another project's program
}

// The parts of a contender, as the results name them.
const (
	relayPart      = "relay" // the measured part, to which clients connect
	originPart     = "origin"
	completionPart = "completion" // the completion service, or the store of answers in its place
)

// A stage is a running contender.
type stage struct {
	addr   string // the address for clients
	header map[string]string
	origin string // the HTTP address of the scripted origin; empty: there is none
	parts  map[string]*proc.Process
	pace   float64 // tokens per second of the completion service's answers; 0: at once
	model  string  // the model of requests
	turn   string  // the scenario and the contender
	// restart restarts the completion service with the same log, so that its memory is empty.
	restart func(ctx context.Context) error
}

func (s *stage) stop() {
	for _, name := range []string{relayPart, completionPart, originPart} {
		if p := s.parts[name]; p != nil {
			p.Stop()
		}
	}
}

// errAbsent says that a contender's program is not installed.
var errAbsent = errors.New("not installed")

// contenders returns all contenders.
func contenders() []contender {
	return []contender{
		{"pawstream", "the edge over the scripted origin's gRPC", scriptedEdge(), false},
		{"pawstream-gap0", "the same with --flush-gap=0", scriptedEdge("--flush-gap=0s"), false},
		{"pawstream-other", "another build of the edge, from --other-edge", otherEdge, false},
		{"grpc-gateway", "grpc-gateway with an SSE marshaler over the same origin", peer("gateway"), false},
		{"naive", "typed receive, protojson, Fprintf, flush", peer("naive"), false},
		{"direct", "the origin's own net/http, frames ready-made: the floor of Go's server", direct, false},
		{"nginx", "nginx relaying the origin's Server-Sent Events", nginx, true},
		{"caddy", "Caddy relaying the origin's Server-Sent Events", caddy, true},
		{"haproxy", "HAProxy relaying the origin's Server-Sent Events", haproxy, true},
		{"portkey", "Portkey's gateway in front of the origin as an OpenAI-shaped server", portkey, true},
		{"resumable", "a Node server with resumable-stream on Redis in front of the origin as a model server", resumable, true},
		{"service-memory", "edge and completion service, log in memory", service("memory"), false},
		{"service-jetstream", "edge and completion service, log in JetStream files", service("jetstream"), false},
		{"upstream-memory", "the same in front of the origin as a model server, log in memory", upstream("memory"), false},
		{"upstream-jetstream", "the same in front of the origin as a model server, log in JetStream files", upstream("jetstream"), false},
	}
}

func (b *bench) startOrigin(ctx context.Context, s *stage) error {
	p, err := proc.Start(ctx, b.work, b.program("origin"))
	if err != nil {
		return err
	}
	s.parts[originPart], s.origin = p, p.Addr("http")
	return nil
}

// ours starts one of our programs as the relay.
func (b *bench) ours(ctx context.Context, s *stage, program string, args ...string) error {
	p, err := proc.Start(ctx, b.work, b.program(program), args...)
	if err != nil {
		return err
	}
	s.parts[relayPart], s.addr = p, p.Addr("http")
	return nil
}

func (b *bench) edge(ctx context.Context, s *stage, completion string, args ...string) error {
	return b.ours(ctx, s, "edge", append(edgeFlags(completion), args...)...)
}

func edgeFlags(completion string) []string {
	return []string{"--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--max-streams=0", "--log-level=warn", "--completion-addr=" + completion}
}

func scriptedEdge(args ...string) func(context.Context, *bench, *stage) error {
	return func(ctx context.Context, b *bench, s *stage) error {
		if err := b.startOrigin(ctx, s); err != nil {
			return err
		}
		return b.edge(ctx, s, s.parts[originPart].Addr("grpc"), append(slices.Clone(b.edgeArgs), args...)...)
	}
}

// otherEdge starts another build of the edge, to compare two builds in one run.
func otherEdge(ctx context.Context, b *bench, s *stage) error {
	if b.otherEdge == "" {
		return errors.New("no --other-edge was given")
	}
	if err := b.startOrigin(ctx, s); err != nil {
		return err
	}
	p, err := proc.Start(ctx, b.work, b.otherEdge, edgeFlags(s.parts[originPart].Addr("grpc"))...)
	if err != nil {
		return err
	}
	s.parts[relayPart], s.addr = p, p.Addr("http")
	return nil
}

func peer(kind string) func(context.Context, *bench, *stage) error {
	return func(ctx context.Context, b *bench, s *stage) error {
		if err := b.startOrigin(ctx, s); err != nil {
			return err
		}
		return b.ours(ctx, s, "peers", "-kind="+kind, "-completion-addr="+s.parts[originPart].Addr("grpc"))
	}
}

func direct(ctx context.Context, b *bench, s *stage) error {
	if err := b.startOrigin(ctx, s); err != nil {
		return err
	}
	s.parts[relayPart], s.addr = s.parts[originPart], s.origin
	delete(s.parts, originPart)
	return nil
}

func service(log string) func(context.Context, *bench, *stage) error {
	return func(ctx context.Context, b *bench, s *stage) error { return b.service(ctx, s, log) }
}

// originModel is the public name of the origin as a model server.
const originModel = "scripted"

// upstream starts a completion service that uses the origin as a model server.
func upstream(log string) func(context.Context, *bench, *stage) error {
	return func(ctx context.Context, b *bench, s *stage) error {
		if err := b.startOrigin(ctx, s); err != nil {
			return err
		}
		s.model = originModel
		return b.service(ctx, s, log, "--upstream-url=http://"+s.origin+"/v1", "--upstream-model="+originModel)
	}
}

func (b *bench) service(ctx context.Context, s *stage, log string, args ...string) error {
	data, err := os.MkdirTemp(b.work, "data-")
	if err != nil {
		return err
	}
	start := func(ctx context.Context, listen string) error {
		p, err := proc.Start(ctx, b.work, b.program("completion"), append([]string{
			"--listen=" + listen, "--admin-listen=127.0.0.1:0",
			"--log=" + log, "--data-dir=" + data, "--log-level=warn", "--max-generating=100000", "--idle-timeout=0",
			"--advisor-pace=" + strconv.FormatFloat(s.pace, 'g', -1, 64),
		}, args...)...)
		if err == nil {
			s.parts[completionPart] = p
		}
		return err
	}
	if err := start(ctx, "127.0.0.1:0"); err != nil {
		return err
	}
	listen := s.parts[completionPart].Addr("grpc")
	s.restart = func(ctx context.Context) error {
		s.parts[completionPart].Stop()
		return start(ctx, listen)
	}
	return b.edge(ctx, s, listen, b.edgeArgs...)
}

// foreign starts another project's program, which must listen at the given address.
func (b *bench) foreign(ctx context.Context, s *stage, program func(dir, listen string) ([]string, error)) error {
	if err := b.startOrigin(ctx, s); err != nil {
		return err
	}
	address := b.relayAddr
	if address == "" {
		var err error
		if address, err = proc.FreeAddress(ctx); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp(b.work, "relay-")
	if err != nil {
		return err
	}
	command, err := program(dir, address)
	if err != nil {
		return err
	}
	s.addr = address
	s.parts[relayPart], err = proc.StartForeign(ctx, dir, address, command[0], command[1:]...)
	return err
}

// installed returns the path of a program.
func installed(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, errAbsent)
	}
	return path, nil
}

func nginx(ctx context.Context, b *bench, s *stage) error {
	path, err := installed("nginx")
	if err != nil {
		return err
	}
	return b.foreign(ctx, s, func(dir, listen string) ([]string, error) {
		config := fmt.Sprintf(`daemon off; pid nginx.pid; error_log stderr warn; worker_processes 2; worker_rlimit_nofile 20000;
events { worker_connections 19000; }
http {
  access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  upstream origin { server %s; keepalive 512; }
  server {
    listen %s backlog=4096; keepalive_requests 1000000;
    location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; proxy_read_timeout 300s; }
  }
}
`, s.origin, listen)
		file := filepath.Join(dir, "nginx.conf")
		return []string{path, "-p", dir, "-c", file}, os.WriteFile(file, []byte(config), 0o600)
	})
}

func haproxy(ctx context.Context, b *bench, s *stage) error {
	path, err := installed("haproxy")
	if err != nil {
		return err
	}
	return b.foreign(ctx, s, func(dir, listen string) ([]string, error) {
		config := fmt.Sprintf(`global
	maxconn 9000
	nbthread 2
defaults
	mode http
	timeout connect 10s
	timeout client 300s
	timeout server 300s
	option http-no-delay
frontend in
	bind %s backlog 4096
	default_backend origin
backend origin
	http-reuse always
	server origin %s
`, listen, s.origin)
		file := filepath.Join(dir, "haproxy.cfg")
		return []string{path, "-db", "-f", file}, os.WriteFile(file, []byte(config), 0o600)
	})
}

func caddy(ctx context.Context, b *bench, s *stage) error {
	path, buffer := b.caddy, "request_buffers 64KiB"
	if _, err := os.Stat(path); err != nil {
		if path, err = installed("caddy"); err != nil {
			return err
		}
		buffer = "buffer_requests" // the older name, which Debian's version has
	}
	return b.foreign(ctx, s, func(dir, listen string) ([]string, error) {
		// Unless it buffers the request, Caddy may close its connection to an origin that answers at once: Go's
		// server closes a request's body when the response begins.
		config := fmt.Sprintf("{\n\tadmin off\n\tauto_https off\n}\nhttp://%s {\n\treverse_proxy http://%s {\n\t\tflush_interval -1\n\t\t%s\n\t}\n}\n", listen, s.origin, buffer)
		file := filepath.Join(dir, "Caddyfile")
		return []string{path, "run", "--adapter", "caddyfile", "--config", file}, os.WriteFile(file, []byte(config), 0o600)
	})
}

func portkey(ctx context.Context, b *bench, s *stage) error {
	node, err := installed("node")
	if err != nil {
		return err
	}
	server := filepath.Join(b.portkey, "node_modules", "@portkey-ai", "gateway", "build", "start-server.js")
	if _, err := os.Stat(server); err != nil {
		return fmt.Errorf("portkey: %w: npm ci --prefix bench/peers/portkey", errAbsent)
	}
	s.header = map[string]string{"x-portkey-provider": "openai", "Authorization": "Bearer none"}
	err = b.foreign(ctx, s, func(_, listen string) ([]string, error) {
		_, port, _ := strings.Cut(listen, ":")
		return []string{node, server, "--headless", "--port=" + port}, nil
	})
	s.header["x-portkey-custom-host"] = "http://" + s.origin + "/v1"
	return err
}

// resumable starts the server of resumable-stream with its own Redis.
func resumable(ctx context.Context, b *bench, s *stage) error {
	node, err := installed("node")
	if err != nil {
		return err
	}
	redis, err := installed("redis-server")
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(b.resumable, "node_modules", "resumable-stream")); err != nil {
		return fmt.Errorf("resumable: %w: npm ci --prefix bench/peers/resumable", errAbsent)
	}
	store, err := proc.FreeAddress(ctx)
	if err != nil {
		return err
	}
	_, port, _ := strings.Cut(store, ":")
	dir, err := os.MkdirTemp(b.work, "redis-")
	if err != nil {
		return err
	}
	if s.parts[completionPart], err = proc.StartForeign(ctx, dir, store, redis, "--bind", "127.0.0.1", "--port", port, "--save", "", "--dir", dir); err != nil {
		return err
	}
	return b.foreign(ctx, s, func(_, listen string) ([]string, error) {
		_, port, _ := strings.Cut(listen, ":")
		return []string{node, filepath.Join(b.resumable, "server.mjs"), port, s.origin, store}, nil
	})
}

// target returns the target of the load tool.
func (s *stage) target(body string) load.Target {
	return load.Target{Addr: s.addr, Header: s.header, Body: body}
}
