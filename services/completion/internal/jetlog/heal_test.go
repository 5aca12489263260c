package jetlog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats-server/v2/server/ats"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/internal/natsconn"
)

// healsWithin is how soon the log recovers once the cause of its trouble has ended: see docs/operations.md.
const healsWithin = 5 * time.Second

// noticedWithin is how soon the log tells that its server is away; pulseTimeout later if that is silent.
const noticedWithin = tolerance + pulseEvery

// inBubble runs a test in which time passes only while everything waits, including NATS's server. It cannot run
// beside parallel tests.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	ats.Register() // starts its goroutine outside the bubble, where it belongs
	defer ats.Unregister()
	emptyPools()
	defer emptyPools()
	synctest.Test(t, f)
}

// emptyPools discards the timers that NATS's client keeps for its next connection: a bubble's are useless outside.
func emptyPools() {
	for range 2 { // pools survive one collection
		runtime.GC()
	}
}

// A fakeNetwork leads to a NATS server inside the bubble.
type fakeNetwork struct {
	t   *testing.T
	dir string

	mu     sync.Mutex
	server *server.Server // nil: connections are refused
	silent bool           // nothing passes in either direction, and dialling gets no answer
	held   bool           // the server is suspended: what is sent to it waits
	lost   time.Time      // when a client's last unanswered attempt to connect times out
	wake   *sync.Cond
	ways   []*way
	work   sync.WaitGroup
}

// A way is one connection through the network.
type way struct {
	ends [2]net.Conn
	dead bool // it passes nothing any more
}

func newFakeNetwork(t *testing.T) *fakeNetwork {
	t.Helper()
	n := &fakeNetwork{t: t, dir: filepath.Join(t.TempDir(), "nats")}
	n.wake = sync.NewCond(&n.mu)
	n.start()
	t.Cleanup(func() {
		n.release()
		n.stop()
		n.work.Wait()
	})
	return n
}

// start starts the server with the files in the directory.
func (n *fakeNetwork) start() {
	n.t.Helper()
	s, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: n.dir, JetStreamMaxStore: math.MaxInt64 / 2, NoSigs: true, NoLog: true})
	if err != nil {
		n.t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(startPatience) {
		n.t.Fatal("nats-server does not start")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.server = s
}

// stop stops the server and closes all connections.
func (n *fakeNetwork) stop() {
	n.mu.Lock()
	s, ways := n.server, n.ways
	n.server, n.ways = nil, nil
	n.mu.Unlock()
	for _, w := range ways {
		_, _ = w.ends[0].Close(), w.ends[1].Close()
	}
	if s != nil {
		s.Shutdown()
		s.WaitForShutdown()
	}
}

// swallow silences the present connections, as if another host had taken over the address.
func (n *fakeNetwork) swallow() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range n.ways {
		w.dead = true
	}
	n.wake.Broadcast()
}

// cut drops all traffic, and leaves new connections unanswered, until mend.
func (n *fakeNetwork) cut() {
	n.mu.Lock()
	n.silent = true
	n.mu.Unlock()
	n.swallow()
}

func (n *fakeNetwork) mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.silent = false
}

// hold suspends the server until release.
func (n *fakeNetwork) hold() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = true
}

func (n *fakeNetwork) release() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = false
	n.wake.Broadcast()
}

var errRefused = errors.New("connection refused")

// dial implements [natsconn.Server.Dial]. NATS's client holds a lock while it dials, and no bubble's time passes
// behind a lock. So an attempt that nobody answers fails at once, and so do all others until it would have timed out.
func (n *fakeNetwork) dial(_ context.Context, _, _ string) (net.Conn, error) {
	n.mu.Lock()
	now, s := time.Now(), n.server
	if (n.silent || n.held) && now.After(n.lost) {
		n.lost = now.Add(natsconn.Timeout)
	}
	refused := s == nil || now.Before(n.lost)
	n.mu.Unlock()
	if refused {
		return nil, errRefused
	}
	inside, err := s.InProcessConn()
	if err != nil {
		return nil, err
	}
	client, outside := net.Pipe()
	w := &way{ends: [2]net.Conn{outside, inside}}
	n.mu.Lock()
	n.ways = append(n.ways, w)
	n.mu.Unlock()
	n.work.Go(func() { n.pass(w, inside, outside) })
	n.work.Go(func() { n.pass(w, outside, inside) })
	return client, nil
}

// pass copies one direction of a connection. Like a kernel, it buffers what the receiver has not read yet.
func (n *fakeNetwork) pass(w *way, to, from net.Conn) {
	var waiting []byte
	ended := false
	n.work.Go(func() {
		for {
			n.mu.Lock()
			for !ended && (len(waiting) == 0 || n.held) && !w.dead {
				n.wake.Wait()
			}
			data, dead := waiting, w.dead
			waiting = nil
			over := ended && len(data) == 0
			n.mu.Unlock()
			if over && !dead {
				_ = to.Close()
			}
			if over || dead {
				return
			}
			if _, err := to.Write(data); err != nil {
				return
			}
		}
	})
	chunk := make([]byte, 64<<10)
	for {
		got, err := from.Read(chunk)
		n.mu.Lock()
		waiting = append(waiting, chunk[:got]...)
		ended = ended || err != nil
		n.mu.Unlock()
		n.wake.Broadcast()
		if err != nil {
			return
		}
	}
}

// logAt opens a log on the network's server.
func (n *fakeNetwork) logAt(t *testing.T) *Log {
	t.Helper()
	return open(t, Config{NATS: natsconn.Server{URL: "nats://nats:4222", Dial: n.dial}, ResumeRetention: time.Hour})
}

// phases yields delays between the report of a trouble and the end of its cause, to hit every phase of the retries.
func phases(yield func(time.Duration) bool) {
	for d := time.Duration(0); d < 3*time.Second; d += 370 * time.Millisecond {
		if !yield(d) {
			return
		}
	}
}

// heals causes a trouble and ends it, in each phase. It checks how soon the log tells of it, unless within is zero, and how soon
// it is healthy again and stores a completion.
func heals(t *testing.T, l *Log, told string, within time.Duration, begin, end func(t *testing.T)) {
	t.Helper()
	var longest, noticed time.Duration
	for phase := range phases {
		begin(t)
		if told != "" {
			begun := time.Now()
			awaitTrouble(t, l, told)
			noticed = max(noticed, time.Since(begun))
		}
		pause(t.Context(), phase)
		end(t)
		begun := time.Now()
		awaitTrouble(t, l, "")
		createSoon(t, l, fmt.Sprintf("after%d-", phase.Milliseconds()))
		longest = max(longest, time.Since(begun))
		pause(t.Context(), 10*time.Second) // until all retries are over
		if _, err := l.Health(); err != nil {
			t.Errorf("%v after its cause, it has trouble again: %v", phase, err)
		}
	}
	t.Logf("told within %v, well within %v", noticed, longest)
	if within > 0 && noticed > within {
		t.Errorf("it is told only %v after it began, and that should take %v at most", noticed, within)
	}
	if longest > healsWithin {
		t.Errorf("it is well only %v after the cause has ended, and that should take %v at most", longest, healsWithin)
	}
}

// TestHealsInTime ends the causes of all troubles that heal by themselves. It measures by the bubble's clock, which
// ignores the machine's own speed.
func TestHealsInTime(t *testing.T) {
	for name, test := range map[string]struct {
		told       string
		within     time.Duration // until it is told: see docs/operations.md
		begin, end func(t *testing.T, n *fakeNetwork, l *Log)
	}{
		"the server is back": {
			"cannot be reached", noticedWithin,
			func(_ *testing.T, n *fakeNetwork, _ *Log) { n.stop() },
			func(_ *testing.T, n *fakeNetwork, _ *Log) { n.start() },
		},
		"the network is back": {
			"cannot be reached", noticedWithin + pulseTimeout,
			func(_ *testing.T, n *fakeNetwork, _ *Log) { n.cut() },
			func(_ *testing.T, n *fakeNetwork, _ *Log) { n.mend() },
		},
		"it acknowledges again": {
			"NATS at", noticedWithin + pulseTimeout,
			func(_ *testing.T, n *fakeNetwork, _ *Log) { n.hold() },
			func(_ *testing.T, n *fakeNetwork, _ *Log) { n.release() },
		},
		"its host is replaced": {
			"", 0,
			func(*testing.T, *fakeNetwork, *Log) {},
			func(_ *testing.T, n *fakeNetwork, _ *Log) { n.swallow() },
		},
		"the stream is gone": {
			"", 0,
			func(*testing.T, *fakeNetwork, *Log) {},
			func(t *testing.T, _ *fakeNetwork, l *Log) {
				t.Helper()
				if err := l.js.DeleteStream(within(t), streamName); err != nil {
					t.Fatal(err)
				}
			},
		},
		"the server is back without anything": {
			"cannot be reached", noticedWithin,
			func(t *testing.T, n *fakeNetwork, _ *Log) {
				t.Helper()
				n.stop()
				if err := os.RemoveAll(n.dir); err != nil {
					t.Fatal(err)
				}
			},
			func(_ *testing.T, n *fakeNetwork, _ *Log) { n.start() },
		},
		"the stream has its settings again": {
			"discards old records", 10 * time.Second,
			func(t *testing.T, _ *fakeNetwork, l *Log) { t.Helper(); discard(t, l, jetstream.DiscardOld) },
			func(t *testing.T, _ *fakeNetwork, l *Log) { t.Helper(); discard(t, l, jetstream.DiscardNew) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := newFakeNetwork(t)
				l := n.logAt(t)
				createSoon(t, l, "before")
				heals(t, l, test.told, test.within,
					func(t *testing.T) { t.Helper(); test.begin(t, n, l) },
					func(t *testing.T) { t.Helper(); test.end(t, n, l) })
			})
		})
	}
}

// discard changes the stream's behaviour when it is full.
func discard(t *testing.T, l *Log, what jetstream.DiscardPolicy) {
	t.Helper()
	stream, err := l.js.Stream(within(t), streamName)
	if err != nil {
		t.Fatal(err)
	}
	settings := stream.CachedInfo().Config
	settings.Discard = what
	if _, err := l.js.UpdateStream(within(t), settings); err != nil {
		t.Fatal(err)
	}
}

// TestRoomHealsInTime is TestHealsInTime for the disk of the server inside the process.
func TestRoomHealsInTime(t *testing.T) {
	disk := smallDisk(t)
	inBubble(t, func(t *testing.T) {
		l := open(t, Config{DataDir: filepath.Join(disk, "data"), MaxBytes: 16 << 20, Patience: 3 * time.Second, ResumeRetention: time.Hour})
		createSoon(t, l, "before")
		var empty func()
		heals(t, l, "has no room", 0, // a pulse may still fit
			func(t *testing.T) {
				t.Helper()
				empty = fillDisk(t, disk)
				_, _ = l.Create(within(t), meta("filling"+time.Now().Format("150405")))
			},
			func(*testing.T) { empty() })
	})
}
