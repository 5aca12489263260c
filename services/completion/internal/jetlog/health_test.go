package jetlog

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/pawstream/pawstream/internal/natsconn"
	"github.com/pawstream/pawstream/internal/tlsfiles/tlstest"
)

// bound is how soon the log has to report trouble and recovery, with slack for a busy machine.
const bound = 30 * time.Second

// troubles counts how often a log's health changes between well and not.
func troubles(t *testing.T, l *Log) (count func() int) {
	var mu sync.Mutex
	var n int
	done := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(done)
		well := true
		for {
			changed, err := l.Health()
			if (err == nil) != well {
				mu.Lock()
				n, well = n+1, !well
				mu.Unlock()
			}
			select {
			case <-changed:
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-done })
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

func TestHealthTellsThatTheServerIsAway(t *testing.T) {
	t.Parallel()
	f := newFarm(t)
	l := open(t, Config{NATS: at(f.url())})
	changes := troubles(t, l)
	awaitTrouble(t, l, "")
	f.stop()
	begun := time.Now()
	awaitTrouble(t, l, "cannot be reached")
	if took := time.Since(begun); took < tolerance-pulseEvery-pulseTimeout || took > bound {
		t.Errorf("it is told after %v", took)
	}
	f.start()
	begun = time.Now()
	awaitTrouble(t, l, "")
	t.Logf("well after %v", time.Since(begun))
	createSoon(t, l, "after")
	if n := changes(); n != 2 {
		t.Errorf("%d changes, want 2", n)
	}
}

func TestAStreamThatIsFullToItsLimitIsNoTrouble(t *testing.T) {
	t.Parallel()
	l := open(t, Config{NATS: at(startNATS(t)), MaxBytes: 64 << 10, Patience: time.Second})
	changes := troubles(t, l)
	for i := 0; ; i++ {
		w, err := l.Create(within(t), meta(fmt.Sprint("filling", i)))
		if err != nil {
			break
		}
		_ = w
	}
	pause(t.Context(), tolerance+2*pulseEvery)
	if _, err := l.Health(); err != nil || changes() != 0 {
		t.Errorf("health: %v after %d changes", err, changes())
	}
}

// A hole passes connections on to a server. It can swallow what the present ones carry, without notice to either
// side, and still pass new ones.
type hole struct {
	listener net.Listener
	done     sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
	dead  *deadFlag // of the present connections
}

type deadFlag struct {
	mu   sync.Mutex
	dead bool
}

func (d *deadFlag) is() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

func newHole(t *testing.T, target string) *hole {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hole{listener: listener, dead: &deadFlag{}}
	h.done.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", target)
			if err != nil {
				client.Close()
				continue
			}
			h.mu.Lock()
			dead := h.dead
			h.conns = append(h.conns, client, upstream)
			h.mu.Unlock()
			h.done.Go(func() { pass(upstream, client, dead) })
			h.done.Go(func() { pass(client, upstream, dead) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		h.mu.Lock()
		for _, conn := range h.conns {
			conn.Close()
		}
		h.mu.Unlock()
		h.done.Wait()
	})
	return h
}

func pass(to io.Writer, from io.Reader, dead *deadFlag) {
	data := make([]byte, 64<<10)
	for {
		n, err := from.Read(data)
		if err != nil {
			return
		}
		if !dead.is() {
			if _, err := to.Write(data[:n]); err != nil {
				return
			}
		}
	}
}

// swallow silences the present connections.
func (h *hole) swallow() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dead.mu.Lock()
	h.dead.dead = true
	h.dead.mu.Unlock()
	h.dead = &deadFlag{}
}

// TestAHostThatIsReplacedWithoutAWordIsFoundAgain lets the log's connection die silently, as when the server's host
// is replaced.
func TestAHostThatIsReplacedWithoutAWordIsFoundAgain(t *testing.T) {
	t.Parallel()
	h := newHole(t, runNATS(t, server.RANDOM_PORT, t.TempDir()).Addr().String())
	l := open(t, Config{NATS: at("nats://" + h.listener.Addr().String()), Patience: 30 * time.Second})
	w, err := l.Create(within(t), meta("running"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, l, "running", 0)
	h.swallow()
	begun := time.Now()
	appendAll(t, w, "b")
	awaitLastShown(t, w, 1) // within an append's patience
	if took := time.Since(begun); took > bound {
		t.Errorf("found after %v", took)
	} else {
		t.Logf("found after %v", took)
	}
	awaitTrouble(t, l, "")
	finish(t, l, "after", strings.Split("xyz", "")...)
}

// TestAServerAnswersBeside distinguishes a replaced host from a suspended server and from a healthy one.
func TestAServerAnswersBeside(t *testing.T) {
	t.Parallel()
	web := &server.Options{Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir()}
	web.Websocket.Host, web.Websocket.Port, web.Websocket.NoTLS = "127.0.0.1", server.RANDOM_PORT, true
	secured := &server.Options{Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir()}
	files := tlstest.NewAuthority(t, "test").Issue(t, "nats")
	pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		t.Fatal(err)
	}
	secured.Websocket.Host, secured.Websocket.Port = "127.0.0.1", server.RANDOM_PORT
	secured.Websocket.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}
	for _, by := range []struct {
		scheme, address string
		settings        natsconn.Server
	}{
		{"nats", runNATS(t, server.RANDOM_PORT, t.TempDir()).Addr().String(), natsconn.Server{}},
		{"ws", webAddress(t, web), natsconn.Server{}},
		{"wss", webAddress(t, secured), natsconn.Server{CA: files.CA}},
	} {
		t.Run(by.scheme, func(t *testing.T) {
			h, v := newHole(t, by.address), newValve(t, by.address)
			through := func(listener net.Listener) *Log {
				settings := by.settings
				settings.URL = by.scheme + "://" + listener.Addr().String()
				return open(t, Config{NATS: settings})
			}
			replaced, still := through(h.listener), through(v.listener)
			for _, l := range []*Log{replaced, still} {
				if l.cfg.NATS.Replaced(within(t), l.conn) {
					t.Errorf("%s is well, and taken for replaced", l.at)
				}
			}
			h.swallow()
			v.hold(true)
			if !replaced.cfg.NATS.Replaced(within(t), replaced.conn) {
				t.Error("a host that was replaced is not noticed")
			}
			if still.cfg.NATS.Replaced(within(t), still.conn) {
				t.Error("a server that stands still is taken for replaced")
			}
		})
	}
}

// webAddress starts a server, and returns its WebSocket address.
func webAddress(t *testing.T, options *server.Options) string {
	t.Helper()
	return strings.TrimPrefix(strings.TrimPrefix(serveNATS(t, options).WebsocketURL(), "wss://"), "ws://")
}
