package e2e

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/edge/sse"
)

// killAfter is how many events a client has when the process is killed.
const killAfter = 20

// start starts a program for one test, which stops it at its end, if it still runs.
func start(t *testing.T, name string, args ...string) *stack.Process {
	t.Helper()
	return launch(t, programs(t), name, args...)
}

func launch(t *testing.T, built stack.Programs, name string, args ...string) *stack.Process {
	t.Helper()
	p, err := built.Start(t.Context(), name, append([]string{"--admin-listen=127.0.0.1:0"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.Ended() {
			return
		}
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// A follower is a client that reads a completion, over as many connections as it takes.
type follower struct {
	t   *testing.T
	got []sse.Event
}

// read reads events until there are n of them (0: until the end) and reports whether
// that is the end of the completion.
func (f *follower) read(d *sse.Decoder, n int) bool {
	f.t.Helper()
	for n == 0 || len(f.got) < n {
		e, err := d.Next()
		if err != nil {
			return false
		}
		f.got = append(f.got, e)
		if e.Data == "[DONE]" {
			return true
		}
	}
	return false
}

// ask begins a completion.
func (f *follower) ask(url string) *sse.Decoder {
	f.t.Helper()
	resp := send(f.t, request(f.t, http.MethodPost, url+"/v1/chat/completions", body(object{"stream": true})))
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		f.t.Fatalf("status %d, body %s", resp.StatusCode, text)
	}
	return sse.NewDecoder(resp.Body)
}

// goOn resumes after the last event, as soon as somebody answers.
func (f *follower) goOn(url string) *sse.Decoder {
	f.t.Helper()
	last := f.got[len(f.got)-1].ID.String()
	id, _, _ := strings.Cut(last, ".")
	var resp *http.Response
	eventually(f.t, 20*time.Second, func() error {
		var err error
		resp, err = plain.Do(request(f.t, http.MethodGet, url+"/v1/chat/completions/"+id, "",
			"Accept: text/event-stream", "Last-Event-ID: "+last))
		if err != nil {
			return errors.Join(errNotYet, err)
		}
		return nil
	})
	f.t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		f.t.Fatalf("resume: status %d", resp.StatusCode)
	}
	return sse.NewDecoder(resp.Body)
}

// all returns the whole answer.
func all(t *testing.T, url string) answer {
	t.Helper()
	var c completion
	post(t, url, body(nil)).into(t, &c)
	return c.answer(t)
}

// check fails the test unless the follower has every token exactly once.
func (f *follower) check(want answer) {
	f.t.Helper()
	checkIDs(f.t, f.got)
	if got := joined(f.t, f.got); got.Text != want.Text {
		f.t.Errorf("text %q, want %q", got.Text, want.Text)
	}
}

// TestKillEverything kills the one process that does all, and starts it again.
func TestKillEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	args := []string{"--grpc-listen=127.0.0.1:0", "--data-dir=" + dir, "--advisor-pace=200"}
	first := start(t, "standalone", append(args, "--listen=127.0.0.1:0")...)
	url := "http://" + first.Addr("http")
	f := &follower{t: t}
	d := f.ask(url)
	f.read(d, killAfter)
	first.Kill()
	f.read(d, 0) // what was on its way
	start(t, "standalone", append(args, "--listen="+first.Addr("http"))...)
	if !f.read(f.goOn(url), 0) {
		t.Fatalf("ended after %d events", len(f.got))
	}
	f.check(all(t, url))
}

// TestKillOneOfTwo kills the process that generates, while another one runs: the
// clients keep their connections. Then it kills the edge.
func TestKillOneOfTwo(t *testing.T) {
	t.Parallel()
	nats := "--nats-url=" + startNATS(t).ClientURL()
	doomed := start(t, "completion", "--listen=127.0.0.1:0", "--advisor-pace=100", nats)
	survivor := start(t, "completion", "--listen=127.0.0.1:0", "--advisor-pace=100", nats)
	first := start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+doomed.Addr("grpc"))
	second := start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+doomed.Addr("grpc")+","+survivor.Addr("grpc"))
	url := "http://" + second.Addr("http")

	// By the first edge all completions are the doomed one's; the second one follows.
	const streams = 5
	followers := make([]*follower, streams)
	decoders := make([]*sse.Decoder, streams)
	for i := range followers {
		followers[i] = &follower{t: t}
		d := followers[i].ask("http://" + first.Addr("http"))
		followers[i].read(d, killAfter)
		decoders[i] = followers[i].goOn(url)
	}
	doomed.Kill()
	half := killAfter + 40
	for i, f := range followers {
		if f.read(decoders[i], half); len(f.got) < half {
			t.Fatalf("stream %d ended after %d events", i, len(f.got))
		}
	}
	second.Kill()
	third := start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+survivor.Addr("grpc"))
	url = "http://" + third.Addr("http")
	want := all(t, url)
	for i, f := range followers {
		f.read(decoders[i], 0)
		if f.got[len(f.got)-1].Data != "[DONE]" && !f.read(f.goOn(url), 0) {
			t.Fatalf("stream %d ended after %d events", i, len(f.got))
		}
		f.check(want)
	}
}

func startNATS(t *testing.T) *server.Server {
	t.Helper()
	return runNATS(t, &server.Options{JetStream: true})
}

func runNATS(t *testing.T, o *server.Options) *server.Server {
	t.Helper()
	o.Host, o.Port, o.StoreDir, o.NoSigs, o.NoLog = "127.0.0.1", server.RANDOM_PORT, t.TempDir(), true, true
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("nats-server does not start")
	}
	return s
}
