package jetlog

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
)

// A valve passes connections on to a server, and can hold back the server's replies.
type valve struct {
	listener net.Listener
	target   string
	done     sync.WaitGroup

	mu      sync.Mutex
	open    *sync.Cond
	held    bool
	holdAt  string // when this is sent to the server, the valve begins to hold back, once
	clients []net.Conn
}

func newValve(t *testing.T, target string) *valve {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := &valve{listener: listener, target: target}
	v.open = sync.NewCond(&v.mu)
	v.done.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			v.serve(client)
		}
	})
	t.Cleanup(func() { v.hold(false); listener.Close(); v.done.Wait() })
	return v
}

func (v *valve) hold(held bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.held = held
	v.open.Broadcast()
}

// cut closes the present connections. Replies that were held back are lost.
func (v *valve) cut() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, client := range v.clients {
		client.Close()
	}
	v.held = false
	v.open.Broadcast()
}

func (v *valve) serve(client net.Conn) {
	v.mu.Lock()
	v.clients = append(v.clients, client)
	v.mu.Unlock()
	upstream, err := net.Dial("tcp", v.target)
	if err != nil {
		client.Close()
		return
	}
	v.done.Go(func() { _, _ = io.Copy(tripwire{v, upstream}, client); upstream.Close() })
	v.done.Go(func() {
		defer client.Close()
		data := make([]byte, 64<<10)
		for {
			n, err := upstream.Read(data)
			v.mu.Lock()
			for v.held {
				v.open.Wait()
			}
			v.mu.Unlock()
			if _, werr := client.Write(data[:n]); err != nil || werr != nil {
				return
			}
		}
	})
}

// A tripwire makes a valve hold back when it passes on the text that the valve waits for.
type tripwire struct {
	valve *valve
	to    io.Writer
}

func (w tripwire) Write(b []byte) (int, error) {
	v := w.valve
	v.mu.Lock()
	if v.holdAt != "" && bytes.Contains(b, []byte(v.holdAt)) {
		v.held, v.holdAt = true, ""
	}
	v.mu.Unlock()
	return w.to.Write(b)
}

func TestAnAppendWhoseAckIsLateOrLostHappensOnce(t *testing.T) {
	for name, test := range map[string]struct {
		after    time.Duration
		end      func(*valve)
		resolved int64
	}{
		"late":                      {jetio.AckTimeout / 2, func(v *valve) { v.hold(false) }, 0},
		"late, after it came again": {2*jetio.AckTimeout + jetio.AckTimeout/2, func(v *valve) { v.hold(false) }, 0},
		"lost with the connection":  {jetio.AckTimeout / 2, (*valve).cut, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nats := runNATS(t, server.RANDOM_PORT, t.TempDir())
			v := newValve(t, nats.Addr().String())
			l := open(t, Config{NATS: at("nats://" + v.listener.Addr().String())})
			other := open(t, Config{NATS: at(nats.ClientURL())})
			w, err := l.Create(within(t), meta("late"))
			if err != nil {
				t.Fatal(err)
			}
			appendAll(t, w, "a")
			awaitLast(t, l, "late", 0)
			v.hold(true)
			appendAll(t, w, "b")
			awaitLast(t, other, "late", 1) // stored, but the writer does not know
			appendAll(t, w, "c")
			time.AfterFunc(test.after, func() { test.end(v) })
			if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
				t.Fatal(err)
			}
			for name, l := range map[string]*Log{"writer": l, "other": other} {
				if got, kind := text(t, l, "late"); got != "abc" || kind != chat.KindDone {
					t.Errorf("%s shows %q, %v", name, got, kind)
				}
			}
			stats := l.Stats()
			if again := test.after > jetio.AckTimeout || test.resolved > 0; stats.Resolved != test.resolved || again && stats.AmbiguousAcks == 0 {
				t.Errorf("%+v, want %d found stored; sent again: %v", stats, test.resolved, again)
			}
		})
	}
}

func TestStatsCountWhatHappens(t *testing.T) {
	l := open(t, Config{})
	w, err := l.Create(within(t), meta("counted"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a", "b", "c")
	awaitLastShown(t, w, 2)
	s := l.Stats()
	if s.Live != 1 || s.Events != 3 || s.Appends < 1 || s.Appends > 3 || s.Bytes == 0 || s.InFlight != 0 || s.Waiting != 0 {
		t.Errorf("while it runs: %+v", s)
	}
	if s.AppendTime <= 0 || s.AppendTimeMax <= 0 || s.AppendTimeMax > s.AppendTime {
		t.Errorf("times: %+v", s)
	}
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	if s := l.Stats(); s.Live != 0 || s.Kept != 1 || s.KeptBytes == 0 || s.Events != 4 {
		t.Errorf("after its end: %+v", s)
	}
	taken, err := l.Create(within(t), meta("fenced"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.js.Publish(within(t), eventsPrefix+"fenced", []byte("x")); err != nil {
		t.Fatal(err)
	}
	_ = taken.Append(within(t), chat.Text(0, "a"))
	_ = taken.Seal(within(t), chat.Event{Kind: chat.KindDone})
	if s := l.Stats(); s.Fenced != 1 || s.AmbiguousAcks != 0 {
		t.Errorf("after the fence: %+v", s)
	}
}

func TestLongEventsAreSplitIntoRecordsThatAServerTakes(t *testing.T) {
	url := startNATS(t) // accepts messages of up to 1 MiB
	l := open(t, Config{NATS: at(url)})
	w, err := l.Create(within(t), meta("long"))
	if err != nil {
		t.Fatal(err)
	}
	word := strings.Repeat("x", 50_000)
	for range 70 {
		appendAll(t, w, word)
	}
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	if got, kind := text(t, open(t, Config{NATS: at(url)}), "long"); got != strings.Repeat(word, 70) || kind != chat.KindDone {
		t.Errorf("%d bytes, %v", len(got), kind)
	}
	if l.Stats().BlockedAppends == 0 {
		t.Error("nothing has waited: what is not stored yet is not bounded")
	}
}
