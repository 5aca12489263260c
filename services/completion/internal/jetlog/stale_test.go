package jetlog

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
)

// A relic stands for a cluster's server that was away and still considers itself the stream's leader. While it leads,
// it answers from the stream's state at its creation.
type relic struct {
	leads   atomic.Bool
	mute    atomic.Bool            // it does not answer
	asked   atomic.Int64           // requests while it led
	last    atomic.Pointer[string] // its answer when asked for a subject's last message
	address string
}

// newRelic returns a relic in front of a server.
func newRelic(t *testing.T, target string) *relic {
	t.Helper()
	r := new(relic)
	r.says(`"error":{"code":404,"err_code":10037,"description":"no message found"}`)
	conn, err := nats.Connect("nats://" + target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	info, err := conn.Request("$JS.API.STREAM.INFO."+streamName, nil, startPatience)
	if err != nil {
		t.Fatal(err)
	}
	for subject, answer := range map[string]*nats.Msg{
		"$JS.OLD.STREAM.INFO." + streamName:    {Data: info.Data},
		"$JS.OLD.STREAM.MSG.GET." + streamName: {},
		"$JS.OLD.DIRECT.GET." + streamName:     {Header: nats.Header{"Status": {"404"}, "Description": {"Message Not Found"}}},
		"olds.>":                               {Data: []byte(`{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 0"}}`)},
	} {
		if _, err := conn.Subscribe(subject, func(m *nats.Msg) {
			r.asked.Add(1)
			if r.mute.Load() {
				return
			}
			data := answer.Data
			if strings.HasPrefix(m.Subject, "$JS.OLD.STREAM.MSG.GET.") {
				data = []byte(*r.last.Load())
			}
			_ = m.RespondMsg(&nats.Msg{Header: answer.Header, Data: data})
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	r.listen(t, target)
	return r
}

// says sets the relic's answer when asked for a subject's last message.
func (r *relic) says(member string) {
	text := "{" + member + "}"
	r.last.Store(&text)
}

// listen passes connections on to a server, and a leader's requests to the relic instead.
func (r *relic) listen(t *testing.T, target string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address = listener.Addr().String()
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", target)
			if err != nil {
				_ = client.Close()
				continue
			}
			conns.Go(func() { r.pass(upstream, client); _ = upstream.Close() })
			conns.Go(func() { _, _ = io.Copy(client, upstream); _ = client.Close() })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); conns.Wait() })
}

// pass copies a client's data. It redirects requests to the relic by subjects of the same length.
func (r *relic) pass(to, from net.Conn) {
	data := make([]byte, 64<<10)
	for {
		n, err := from.Read(data)
		text := data[:n]
		if r.leads.Load() {
			for _, prefix := range []string{eventsPrefix, ownersPrefix, pulsePrefix} {
				old := strings.Replace(prefix, "paws", "olds", 1)
				text = bytes.ReplaceAll(text, []byte("PUB "+prefix), []byte("PUB "+old))
			}
			for _, api := range []string{"STREAM.INFO.", "STREAM.MSG.GET.", "DIRECT.GET."} {
				text = bytes.ReplaceAll(text, []byte("PUB $JS.API."+api+streamName+" "), []byte("PUB $JS.OLD."+api+streamName+" "))
			}
		}
		if _, werr := to.Write(text); err != nil || werr != nil {
			return
		}
	}
}

// openStale opens a log that expects several servers behind its stream.
func openStale(t *testing.T, cfg Config) *Log {
	t.Helper()
	l, err := openElected(t.Context(), cfg, electionTime)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// TestALeaderThatWasAway lets a server without the running completions consider itself the stream's leader. Neither
// writers nor readers believe it.
func TestALeaderThatWasAway(t *testing.T) {
	t.Parallel()
	const completions = 8
	server := runNATS(t, server.RANDOM_PORT, t.TempDir())
	open(t, Config{NATS: at(server.ClientURL())}) // creates the stream
	old := newRelic(t, server.Addr().String())
	cfg := Config{NATS: at("nats://" + old.address), Patience: startPatience}
	l, other := openStale(t, cfg), openStale(t, cfg)
	adopt(t, l)
	adopt(t, other)
	var writers []chat.Writer
	read := make(chan error, completions)
	for i := range completions {
		id := fmt.Sprint("away-", i)
		w, err := l.Create(within(t), meta(id))
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, w, "a")
		writers = append(writers, w)
		joined := make(chan struct{})
		go func() { read <- followFrom(t, other, id, 0, joined) }()
		<-joined
	}
	writing, stop := context.WithCancel(within(t))
	written := make(chan error, completions)
	for _, w := range writers {
		go func() { written <- appendUntil(writing, w) }()
	}
	old.leads.Store(true)
	pause(t.Context(), electionTime+recheck+looks*lookSoon) // within that time, every silent reader asks
	old.leads.Store(false)
	stop()
	if n := old.asked.Load(); n < completions {
		t.Errorf("it was asked %d times", n)
	}
	for range writers {
		if err := <-written; err != nil {
			t.Errorf("Append: %v", err)
		}
	}
	for _, w := range writers {
		if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
			t.Errorf("Seal: %v", err)
		}
	}
	for range completions {
		if err := <-read; err != nil {
			t.Errorf("a reader: %v", err)
		}
	}
}

// TestDoubtsAreInARow lets a server that may be out of date report another stream, and then nobody answer. The
// earlier report no longer counts.
func TestDoubtsAreInARow(t *testing.T) {
	t.Parallel()
	server := runNATS(t, server.RANDOM_PORT, t.TempDir())
	open(t, Config{NATS: at(server.ClientURL())}) // creates the stream
	old := newRelic(t, server.Addr().String())
	l := openStale(t, Config{NATS: at("nats://" + old.address)})
	if _, err := l.Create(within(t), meta("running")); err != nil {
		t.Fatal(err)
	}
	await := func(what string, so func(times int) bool) {
		t.Helper()
		for ctx := within(t); ; {
			l.keeper.mu.Lock()
			times := l.keeper.strange.times
			l.keeper.mu.Unlock()
			if so(times) {
				return
			}
			if !pause(ctx, 10*time.Millisecond) {
				t.Fatalf("%s: %d doubts", what, times)
			}
		}
	}
	old.leads.Store(true)
	await("while it leads", func(times int) bool { return times > 1 })
	old.mute.Store(true)
	await("while nobody answers", func(times int) bool { return times == 0 })
	old.mute.Store(false)
	await("once it leads again", func(times int) bool { return times > 0 })
	old.leads.Store(false)
	await("once it does not", func(times int) bool { return times == 0 })
}

// TestWhoeverIsRefusedPauses lets servers contradict each other for a while: one refuses what the other confirms.
func TestWhoeverIsRefusedPauses(t *testing.T) {
	t.Parallel()
	server := runNATS(t, server.RANDOM_PORT, t.TempDir())
	first := open(t, Config{NATS: at(server.ClientURL())}) // creates the stream
	old := newRelic(t, server.Addr().String())
	l := open(t, Config{NATS: at("nats://" + old.address)})
	first.Close()
	old.says(fmt.Sprintf(`"message":{"subject":"x","seq":%d,"data":%q}`, 1<<40, base64.StdEncoding.EncodeToString([]byte(l.replica))))
	old.leads.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), 20*jetio.RetryPause)
	defer cancel()
	_, err := l.own(ctx, l.gate.era(), "x")
	if n := old.asked.Load(); err == nil || n > 100 {
		t.Errorf("%d questions, %v", n, err)
	}
}

// appendUntil appends a word now and then until ctx ends.
func appendUntil(ctx context.Context, w chat.Writer) error {
	for pause(ctx, 20*time.Millisecond) {
		if err := w.Append(ctx, chat.Text(0, "b")); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}
