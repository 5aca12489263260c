package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/internal/turns"
)

// withMemory returns an API with that much memory for bodies, over a real connection.
func withMemory(t *testing.T, size int) (*httptest.Server, *budget.Budget) {
	t.Helper()
	memory := budget.New(size)
	a, err := New(Config{Conn: serve(t, &service{}), Bodies: Bodies{Memory: memory}, Telemetry: telemetry.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return server, memory
}

// halfSent sends a part of a body, and then nothing more until the test ends.
func halfSent(t *testing.T, server *httptest.Server, path, headers string, part []byte) net.Conn {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s\r\n\r\n%s", path, headers, part)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// refusedWith fails the test unless a connection gets that status.
func refusedWith(t *testing.T, conn net.Conn, status int) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != status || resp.Header.Get("Retry-After") == "" {
		body, _ := io.ReadAll(resp.Body)
		t.Errorf("status %d, Retry-After %q, want %d and a hint: %s", resp.StatusCode, resp.Header.Get("Retry-After"), status, body)
	}
}

// post returns the status of the answer.
func post(t *testing.T, server *httptest.Server, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

const asking = `{"model":"model-a","stream":true,"messages":[{"role":"user","content":"%s"}]}`

// await waits until a condition is true.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 2000 {
		if is() {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Fatalf("%s: it does not come to that", what)
}

// TestBodiesShareTheMemory checks that bodies reserve memory before they are read, and that small requests are never refused.
func TestBodiesShareTheMemory(t *testing.T) {
	const mib = 1 << 20
	for name, test := range map[string]struct {
		headers string
		part    []byte
	}{
		"by their length": {fmt.Sprintf("Content-Length: %d", 3*mib), []byte("{")},
		"as they grow":    {"Transfer-Encoding: chunked", fmt.Appendf(nil, "%x\r\n%s", 3*mib, bytes.Repeat([]byte{' '}, 3*mib-1))},
	} {
		// Its end waits for half a second, as net/http does after it has refused what was not read to
		// the end: both wait at once, when the test is over.
		server, memory := withMemory(t, 24*mib)
		t.Run(name, func(t *testing.T) {
			first := halfSent(t, server, "/v1/chat/completions", test.headers, test.part)
			await(t, "the first", func() bool { return memory.Held() >= 8*mib })
			refusedWith(t, halfSent(t, server, "/v1/chat/completions", test.headers, test.part), http.StatusTooManyRequests) // half is taken by one caller
			if status := post(t, server, fmt.Sprintf(asking, "Hello")); status != http.StatusOK {
				t.Errorf("a short request: status %d", status)
			}
			_ = first.Close()
			await(t, "the end of the first", func() bool { return memory.Held() == 0 })
			if status := post(t, server, fmt.Sprintf(asking, strings.Repeat("x", 3*mib))); status != http.StatusOK {
				t.Errorf("a long request, when there is room again: status %d", status)
			}
		})
	}
}

// TestManyThingsShareTheMemory checks that the decoded form of a body counts too.
func TestManyThingsShareTheMemory(t *testing.T) {
	server, memory := withMemory(t, 16<<20)
	parts := strings.TrimSuffix(strings.Repeat(`{"type":"text","text":""},`, 60_000), ",")
	body := `{"model":"model-a","messages":[{"role":"user","content":[` + parts + `]}]}`
	if status := post(t, server, body); status != http.StatusTooManyRequests {
		t.Errorf("status %d, want %d", status, http.StatusTooManyRequests)
	}
	if status := post(t, server, fmt.Sprintf(asking, "Hello")); status != http.StatusOK {
		t.Errorf("a short request: status %d", status)
	}
	await(t, "the end", func() bool { return memory.Held() == 0 })
}

// TestMendedBodiesFit checks that the largest body that fits may need mending, and that one that is not JSON gets that error.
func TestMendedBodiesFit(t *testing.T) {
	const size = 3 << 20
	server, memory := withMemory(t, 8*size)
	text := strings.Repeat("x", size-200)
	for name, form := range map[string]struct {
		body string
		want int
	}{
		"a name twice":       {`{"model":"model-b",` + fmt.Sprintf(asking, text)[1:], http.StatusOK},
		"half a character":   {fmt.Sprintf(asking, text+`\ud83d`), http.StatusOK},
		"cut off":            {fmt.Sprintf(asking, text)[:size-300], http.StatusBadRequest},
		"twice, and cut off": {`{"model":"model-b",` + fmt.Sprintf(asking, text)[1:size-300], http.StatusBadRequest},
	} {
		if status := post(t, server, form.body); status != form.want {
			t.Errorf("%s: status %d, want %d", name, status, form.want)
		}
		await(t, name, func() bool { return memory.Held() == 0 })
	}
}

// TestMemoryIsSpent checks that many callers together cannot exceed the budget.
func TestMemoryIsSpent(t *testing.T) {
	memory := budget.New(32 << 20)
	share := memory.Share("", 0)
	share.Force(30 << 20)
	a, err := New(Config{Conn: serve(t, &service{}), Bodies: Bodies{Memory: memory}, Telemetry: telemetry.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	refusedWith(t, halfSent(t, server, "/v1/chat/completions", "Content-Length: 4000000", []byte("{")), http.StatusServiceUnavailable)
	share.Release()
	if status := post(t, server, fmt.Sprintf(asking, strings.Repeat("x", 3_000_000))); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
}

// TestReadsTakeTurns checks that reads take turns, and that one that waits too long is told to retry.
func TestReadsTakeTurns(t *testing.T) {
	a := &api{turns: callTurns{reads: turns.New(turns.Config{Limit: 2, Room: 9})}, memory: budget.New(0)}
	inside, leave := make(chan struct{}, 10), make(chan struct{})
	handler := a.inTurn(a.turns.reads, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		inside <- struct{}{}
		<-leave
		_, _ = w.Write([]byte("{}"))
	}))
	var wg sync.WaitGroup
	get := func(ctx context.Context) int {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, spokenIn(chat.New(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)))
		return w.Code
	}
	for range 5 {
		wg.Go(func() {
			if code := get(t.Context()); code != http.StatusOK {
				t.Errorf("status %d", code)
			}
		})
	}
	<-inside
	<-inside
	select {
	case <-inside:
		t.Error("three at once")
	case <-time.After(50 * time.Millisecond):
	}
	late, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if code := get(late); code != http.StatusGatewayTimeout {
		t.Errorf("a client that waits no longer: status %d, want %d", code, http.StatusGatewayTimeout)
	}
	close(leave)
	wg.Wait()
}

// TestHalfSentBodiesTakeTurns sends a part of many bodies that are too short for the budget and belong to no stream: calls read
// them in turn.
func TestHalfSentBodiesTakeTurns(t *testing.T) {
	for _, path := range []string{"/v1/responses/input_tokens", "/v1/stream_tickets", "/v1/chat/completions/" + completion} {
		t.Run(path, func(t *testing.T) {
			public, err := New(Config{Conn: serve(t, &service{}), Bodies: Bodies{Memory: budget.New(1 << 20)}, Telemetry: telemetry.Discard()})
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(public)
			t.Cleanup(server.Close)
			for range maxReads {
				halfSent(t, server, path, fmt.Sprint("Content-Length: ", 60<<10), []byte("{"))
			}
			reads := public.api.turns.reads
			await(t, "turns", func() bool { return reads.Working() == maxReads/2 && reads.Waiting() > 0 })
		})
	}
}

// TestReadsAreShared checks that one caller's slow reads neither block other callers' reads, nor its own cancels.
func TestReadsAreShared(t *testing.T) {
	const one, response = "/v1/chat/completions/" + completion, "/v1/responses/resp_MINE"
	known := knownCallers{}
	for _, name := range []string{"anna", "ben"} {
		known[name] = &auth.Caller{Principal: name, Scopes: auth.All[auth.Scope](), Models: auth.All[string]()}
	}
	for name, crowd := range map[string]struct {
		request, body string
		held          int
	}{
		"reads":     {"GET " + one, "", maxReads / 2},
		"lists":     {"GET /v1/chat/completions", "", maxReads / 2},
		"messages":  {"GET " + one + "/messages", "", maxReads / 2},
		"items":     {"GET " + response + "/input_items", "", maxReads / 2},
		"deletions": {"DELETE " + one, "", maxReads / 2},
		"updates":   {"POST " + one, `{"metadata":{}}`, maxReads / 2},
		"counts":    {"POST /v1/responses/input_tokens", `{"model":"model-a","input":"?"}`, maxReads / 2},
		"cancels":   {"POST " + response + "/cancel", "", maxCancels / 2},
	} {
		t.Run(name, func(t *testing.T) {
			behind := &service{waits: make(chan string, 1000), goOn: make(chan struct{})}
			public, err := New(Config{Conn: serve(t, behind), Auth: known})
			if err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			defer all.Wait()
			defer close(behind.goOn)
			ask := func(who, request, body string) {
				all.Go(func() {
					f := form{request: request, body: body, header: "Authorization: " + who}
					public.ServeHTTP(httptest.NewRecorder(), f.new(t))
				})
			}
			reaches := func(who string, want int) {
				t.Helper()
				await(t, who, func() bool { return behind.made(who) == want })
			}
			for range 3 * maxReads {
				ask("anna", crowd.request, crowd.body)
			}
			reaches("anna", crowd.held)
			for i, request := range []string{
				"GET " + one, "GET /v1/chat/completions", "POST " + one + "/cancel", "POST " + response + "/cancel", "DELETE " + response,
			} {
				ask("ben", request, "")
				reaches("ben", i+1)
			}
			ask("ben", "POST /v1/stream_tickets", `{"completion_id":"`+completion+`"}`)
			reaches("ben", 6)
			reaches("anna", crowd.held)
			if name != "cancels" {
				ask("anna", "POST "+one+"/cancel", "")
				reaches("anna", crowd.held+1)
			}
		})
	}
}
