package peers

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/edge/internal/limit"
	"github.com/pawstream/pawstream/internal/natsconn"
	"github.com/pawstream/pawstream/internal/telemetry/telemetrytest"
	"github.com/pawstream/pawstream/internal/tlsfiles"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon is longer than everything here takes, except a lease.
const soon = 20 * time.Second

// runNATS starts a server in this process; -1 stands for any free port.
func runNATS(t *testing.T, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(soon) {
		t.Fatal("nats-server does not start")
	}
	return s
}

// An edge is the part of an edge that counts.
type edge struct {
	*limit.Limiter
	*telemetrytest.Recorder
	peers *Peers
	stop  func() // as SIGTERM does
}

func startEdge(t *testing.T, url string, cfg limit.Config) *edge {
	t.Helper()
	e := &edge{Limiter: limit.New(cfg), Recorder: telemetrytest.New(t)}
	var err error
	if e.peers, err = Connect(Config{NATS: natsconn.Server{URL: url}, Limiter: e.Limiter, Telemetry: e.Telemetry}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.peers.Run(ctx)
	}()
	e.stop = func() { cancel(); <-done }
	t.Cleanup(e.stop)
	return e
}

// open opens a stream that is never closed.
func (e *edge) open(t *testing.T, key string) {
	t.Helper()
	if _, refused := e.Open(key, limit.Share{}); refused != nil {
		t.Fatalf("%s: %+v", key, refused)
	}
}

// free reports whether a caller may open one more stream, without keeping it.
func (e *edge) free(key string) bool {
	release, refused := e.Open(key, limit.Share{})
	if refused == nil {
		release()
	}
	return refused == nil
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	late := time.After(soon)
	for !is() {
		select {
		case <-late:
			t.Fatalf("not within %v: %s", soon, what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestTogether(t *testing.T) {
	t.Parallel()
	url := runNATS(t, -1).ClientURL()
	cfg := limit.Config{RequestsPerMinute: 3, Streams: 2, AllStreams: 5}
	a, b := startEdge(t, url, cfg), startEdge(t, url, cfg)
	a.open(t, "web")
	a.open(t, "web")
	eventually(t, "streams of one caller count at the other edge", func() bool { return !b.free("web") })
	if !b.free("shop") {
		t.Error("somebody else has no stream free")
	}
	eventually(t, "each knows of the other", func() bool {
		return strings.Contains(a.Metrics(t), "\npawstream_edge_peers 1\n") && strings.Contains(b.Metrics(t), "\npawstream_edge_peers 1\n")
	})
	a.Lint(t)
	for range 3 {
		a.Request("web", limit.Share{})
	}
	eventually(t, "requests count at the other edge", func() bool {
		_, refused := b.Request("web", limit.Share{})
		return refused != nil && refused.Reason == limit.ReasonRate
	})
	b.open(t, "shop")
	b.open(t, "shop")
	b.open(t, "zoo")
	eventually(t, "all streams count", func() bool {
		_, refused := a.Open("farm", limit.Share{})
		return refused != nil && refused.Reason == limit.ReasonFull
	})

	late := startEdge(t, url, cfg)
	eventually(t, "an edge that comes later is told", func() bool { return !late.free("web") })

	begun := time.Now()
	a.stop()
	eventually(t, "an edge that stops takes its streams with it", func() bool { return b.free("web") && late.free("web") })
	if took := time.Since(begun); took > Lease {
		t.Errorf("they learn of a goodbye after %v", took)
	}
	if logged := len(b.Logged(t, "accepted a ticket without asking the other edges")); logged != 0 {
		t.Errorf("%d warnings", logged)
	}
}

// TestKilled stops an edge without a goodbye.
func TestKilled(t *testing.T) {
	t.Parallel()
	url := runNATS(t, -1).ClientURL()
	a, b := startEdge(t, url, limit.Config{Streams: 1}), startEdge(t, url, limit.Config{Streams: 1})
	a.open(t, "web")
	eventually(t, "the stream counts", func() bool { return !b.free("web") })
	a.peers.conn.Close()
	for begun := time.Now(); time.Since(begun) < Lease/2; <-time.After(100 * time.Millisecond) {
		if b.free("web") {
			t.Fatal("its streams are forgotten before its lease has ended")
		}
	}
	eventually(t, "its streams are free again", func() bool { return b.free("web") })
	b.WantMetrics(t, "pawstream_edge_peers 0")
}

// TestAway runs edges without NATS, at their start and later.
func TestAway(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	url := "nats://" + listener.Addr().String()
	listener.Close()

	const alone = "limits and used tickets are not shared with other edges for now: each counts by itself"
	const again = "limits and used tickets are shared with other edges again"
	a, b := startEdge(t, url, limit.Config{Streams: 1}), startEdge(t, url, limit.Config{Streams: 1})
	a.open(t, "web")
	if a.free("web") || !b.free("web") {
		t.Error("an edge does not count by itself")
	}
	if !a.peers.Spend(t.Context(), "NONCE") || !b.peers.Spend(t.Context(), "NONCE") {
		t.Error("without NATS a ticket is refused")
	}
	eventually(t, "that is logged", func() bool { return len(a.Logged(t, alone)) == 1 })

	for round := range 2 { // the second server has none of the first one's data
		nats := runNATS(t, port)
		eventually(t, "they count together", func() bool { return !b.free("web") })
		eventually(t, "that is logged", func() bool { return len(a.Logged(t, again)) == round+1 })
		nats.Shutdown()
		nats.WaitForShutdown()
		eventually(t, "each counts by itself", func() bool { return b.free("web") })
		if a.free("web") {
			t.Error("an edge has forgotten its own streams")
		}
		eventually(t, "that is logged", func() bool { return len(a.Logged(t, alone)) == round+2 })
	}
}

func TestSpend(t *testing.T) {
	t.Parallel()
	url := runNATS(t, -1).ClientURL()
	a, b := startEdge(t, url, limit.Config{}), startEdge(t, url, limit.Config{})
	eventually(t, "both are there", func() bool { return a.peers.tickets.Load() != nil && b.peers.tickets.Load() != nil })
	var first atomic.Int64
	var uses sync.WaitGroup
	for range 20 {
		for _, e := range []*edge{a, b} {
			uses.Go(func() {
				if e.peers.Spend(t.Context(), "NONCE") {
					first.Add(1)
				}
			})
		}
	}
	uses.Wait()
	if first.Load() != 1 {
		t.Errorf("a ticket was used %d times", first.Load())
	}
	if !b.peers.Spend(t.Context(), "ANOTHER") {
		t.Error("another ticket is refused")
	}
}

func TestCannotWork(t *testing.T) {
	for name, nats := range map[string]natsconn.Server{
		"no host":        {URL: "nats://"},
		"no CA file":     {URL: "nats://127.0.0.1:1", CA: "/does/not/exist"},
		"no credentials": {URL: "nats://127.0.0.1:1", Pair: tlsfiles.Pair{Cert: "/does/not/exist", Key: "/does/not/exist"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Connect(Config{NATS: nats, Limiter: limit.New(limit.Config{}), Telemetry: telemetrytest.New(t).Telemetry})
			if err == nil {
				p.Close()
				t.Fatal("it is not refused")
			}
			if errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	}
}
