package ask

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/pawstream/pawstream/internal/config"
)

// An edge is a server on connections in memory. Each step answers one request; the last one also answers all
// later requests.
type edge struct {
	mu    sync.Mutex
	steps []http.HandlerFunc
	seen  []string // the method, path and cursor of each request
	keys  []string
	at    []time.Duration // when each came, since the first
	first time.Time
}

// ServeHTTP implements http.Handler.
func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	e.next(r)(w, r)
}

// next records a request and returns the step that answers it.
func (e *edge) next(r *http.Request) http.HandlerFunc {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.first.IsZero() {
		e.first = time.Now()
	}
	e.seen = append(e.seen, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Last-Event-ID")))
	e.keys = append(e.keys, r.Header.Get("Idempotency-Key"))
	e.at = append(e.at, time.Since(e.first))
	step := e.steps[0]
	if len(e.steps) > 1 {
		e.steps = e.steps[1:]
	}
	return step
}

// asking returns a follower that asks such an edge, and its output. Call it in a bubble.
func asking(t *testing.T, e *edge) (f *follower, out, notes *bytes.Buffer) {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := &http.Server{Handler: e}
	go func() { _ = server.Serve(listener) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return listener.DialContext(ctx) }}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	out, notes = &bytes.Buffer{}, &bytes.Buffer{}
	return &follower{
		Client: &Client{URL: "http://edge", GiveUpAfter: time.Minute}, api: chatAPI{},
		http: &http.Client{Transport: transport}, out: out, notes: notes, body: []byte("{}"), idempotency: "key",
	}, out, notes
}

const (
	create = "POST /v1/chat/completions"
	again  = "GET /v1/chat/completions/c1?stream=true"
	cancel = "POST /v1/chat/completions/c1/cancel"
	id     = "X-Completion-Id"
)

// Frames of an answer, as the edge writes them.
const (
	one   = "retry: 1000\ndata: {\"id\":\"c1\",\"choices\":[{\"delta\":{\"content\":\"Cats\"}}]}\nid: c1.0\n\n"
	two   = "data: {\"id\":\"c1\",\"choices\":[{\"delta\":{\"content\":\" purr.\"}}]}\nid: c1.1\n\n"
	beat  = ":\n\n"
	last  = "data: [DONE]\nid: c1.2\n\n"
	ended = "data: {\"error\":{\"message\":\"The model failed.\",\"code\":\"upstream_error\"}}\nid: c1.1\n\n"
)

// stream answers with frames, and then is silent for the given time.
func stream(text string, silent time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		w.Header().Set(id, "c1")
		_, _ = io.WriteString(w, text)
		_ = http.NewResponseController(w).Flush()
		if silent == 0 {
			return
		}
		select {
		case <-time.After(silent):
		case <-r.Context().Done():
		}
	}
}

// refuse answers with a status and headers, given as pairs.
func refuse(status int, message string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error":{"message":%q}}`, message)
	}
}

// hang does not answer until the client leaves.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// TestWays checks the requests and the output for all kinds of answers of the edge.
func TestWays(t *testing.T) {
	t.Parallel()
	lost := "data: {\"error\":{\"message\":\"It is gone.\",\"code\":\"completion_lost\"}}\n\n"
	passing := "data: {\"error\":{\"message\":\"Too much to do.\",\"code\":\"overloaded\"}}\n\n"
	for name, tt := range map[string]struct {
		steps     []http.HandlerFunc
		raw       bool
		want      []string
		out, fail string
	}{
		"whole": {steps: []http.HandlerFunc{stream(one+beat+two+last, 0)}, want: []string{create}, out: "Cats purr.\n"},
		"lost":  {steps: []http.HandlerFunc{stream(one, 0), stream(two+last, 0)}, want: []string{create, again + " c1.0"}, out: "Cats purr.\n"},
		"lost within a frame": {
			steps: []http.HandlerFunc{stream(one+two[:20], 0), stream(two+last, 0)}, want: []string{create, again + " c1.0"}, out: "Cats purr.\n",
		},
		"raw": {
			raw: true, steps: []http.HandlerFunc{stream(one+beat+two[:20], 0), stream(beat+two+last, 0)}, want: []string{create, again + " c1.0"},
			out: one + beat + beat + two + last,
		},
		"silent":       {steps: []http.HandlerFunc{stream(one, time.Hour), stream(two+last, 0)}, want: []string{create, again + " c1.0"}, out: "Cats purr.\n"},
		"nothing left": {steps: []http.HandlerFunc{stream(one+two, 0), refuse(204, "")}, want: []string{create, again + " c1.1"}, out: "Cats purr.\n"},
		"failed":       {steps: []http.HandlerFunc{stream(one+ended, 0)}, want: []string{create}, out: "Cats\n", fail: "The model failed."},
		"named by a refusal": {
			steps: []http.HandlerFunc{refuse(502, "The model failed.", id, "c1", "X-Should-Retry", "false"), stream(one+ended, 0)},
			want:  []string{create, again}, out: "Cats\n", fail: "The model failed.",
		},
		"this connection's error": {steps: []http.HandlerFunc{stream(one+passing, 0), stream(two+last, 0)}, want: []string{create, again + " c1.0"}, out: "Cats purr.\n"},
		"an error before all else": {
			steps: []http.HandlerFunc{stream(one, 0), stream(passing, 0), stream(two+last, 0)}, want: []string{create, again + " c1.0", again + " c1.0"}, out: "Cats purr.\n",
		},
		"a lost completion": {steps: []http.HandlerFunc{stream(one+lost, 0)}, want: []string{create}, out: "Cats\n", fail: "It is gone."},
		"for good":          {steps: []http.HandlerFunc{refuse(400, "No.")}, want: []string{create}, fail: "No."},
		"of no use":         {steps: []http.HandlerFunc{refuse(503, "No.", "X-Should-Retry", "false")}, want: []string{create}, fail: "No."},
		"at fault":          {steps: []http.HandlerFunc{refuse(500, "Our fault.")}, want: []string{create, create, create, create}, fail: "Our fault."},
		"another server":    {steps: []http.HandlerFunc{refuse(200, "")}, want: []string{create}, fail: "not Pawstream"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := &edge{steps: tt.steps}
				f, out, _ := asking(t, e)
				f.Raw = tt.raw
				err := f.follow(t.Context())
				synctest.Wait() // until each request is recorded
				if tt.fail == "" && err != nil || tt.fail != "" && (err == nil || !strings.Contains(err.Error(), tt.fail)) {
					t.Errorf("it ended with %v, want %q", err, tt.fail)
				}
				if diff := cmp.Diff(tt.want, e.seen); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.out, out.String()); diff != "" {
					t.Errorf("output (-want +got):\n%s", diff)
				}
				for _, key := range e.keys[1:] {
					if key != "" && key != e.keys[0] {
						t.Errorf("keys %q: an answer may be made twice", e.keys)
					}
				}
			})
		})
	}
}

// TestWaits checks the delay before a retry for each form of Retry-After.
func TestWaits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		header []string
		want   time.Duration
	}{
		"nothing":      {nil, 100 * time.Millisecond},
		"milliseconds": {[]string{"Retry-After-Ms", "2500", "Retry-After", "3"}, 2500 * time.Millisecond},
		"seconds":      {[]string{"Retry-After", "30"}, 30 * time.Second},
		"a date":       {[]string{"Retry-After", "Sat, 01 Jan 2000 00:00:45 GMT"}, 45 * time.Second}, // a bubble's clock starts at midnight
		"nonsense":     {[]string{"Retry-After-Ms", "-1", "Retry-After", "soon"}, 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := &edge{steps: []http.HandlerFunc{refuse(429, "Too many requests.", tt.header...), stream(one+two+last, 0)}}
				f, out, notes := asking(t, e)
				if err := f.follow(t.Context()); err != nil || out.String() != "Cats purr.\n" {
					t.Fatalf("%v, %q", err, out)
				}
				if waited := e.at[1]; waited < tt.want || waited > tt.want+firstDelay {
					t.Errorf("it waited for %v, want %v and a little", waited, tt.want)
				}
				if told := strings.Contains(notes.String(), "Too many requests; trying again in"); told != (tt.want > longestDelay) {
					t.Errorf("it waited for %v and said %q", tt.want, notes)
				}
			})
		})
	}
}

// TestPatience checks when ask gives up: not later than configured, after growing delays, and at once if the
// edge asks for a longer wait.
func TestPatience(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		steps         []http.HandlerFunc
		least, most   int           // requests
		after, before time.Duration // the last one
		fail          string
	}{
		"long enough":  {[]http.HandlerFunc{refuse(503, "Busy.")}, 12, 30, 50 * time.Second, time.Minute, "Busy."},
		"asks for too": {[]http.HandlerFunc{refuse(503, "Busy.", "Retry-After", "90")}, 1, 1, 0, 0, "Busy. (try again in 1m30s)"},
		"silent":       {[]http.HandlerFunc{hang}, 1, 2, 0, time.Minute, errSilent.Error()},
		"no headway":   {[]http.HandlerFunc{stream(one, 0), stream(beat, 0)}, 12, 50, 50 * time.Second, time.Minute, errLost.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := &edge{steps: tt.steps}
				f, _, _ := asking(t, e)
				err := f.follow(t.Context())
				synctest.Wait() // until each request is recorded
				if err == nil || err.Error() != tt.fail {
					t.Errorf("it ended with %v, want %q", err, tt.fail)
				}
				if n := len(e.at); n < tt.least || n > tt.most || e.at[n-1] < tt.after || e.at[n-1] > tt.before {
					t.Errorf("%d requests, the last after %v", n, e.at[n-1])
				}
			})
		})
	}
}

// TestInterrupted checks that an interrupted question leaves no completion behind, even if its id is not known.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		steps []http.HandlerFunc
		want  []string
		fail  string
	}{
		"in the answer":      {[]http.HandlerFunc{stream(one, time.Hour), refuse(200, "")}, []string{create, cancel}, ""},
		"before the headers": {[]http.HandlerFunc{hang, stream(one, time.Hour), refuse(200, "")}, []string{create, create, cancel}, ""},
		"while it waits":     {[]http.HandlerFunc{refuse(429, "Later.", "Retry-After", "30")}, []string{create}, ""},
		"refused when asked again": {
			[]http.HandlerFunc{hang, refuse(400, "No.")}, []string{create, create}, "",
		},
		"ended already": {
			[]http.HandlerFunc{hang, refuse(503, "Gone.", id, "c1", "X-Should-Retry", "false"), refuse(200, "")}, []string{create, create, cancel}, "",
		},
		"busy": {[]http.HandlerFunc{stream(one, time.Hour), refuse(503, "Busy."), refuse(200, "")}, []string{create, cancel, cancel}, ""},
		"not allowed": {
			[]http.HandlerFunc{stream(one, time.Hour), refuse(403, "The key may not.")}, []string{create, cancel}, "The key may not.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := &edge{steps: tt.steps}
				f, _, _ := asking(t, e)
				ctx, interrupt := context.WithTimeout(t.Context(), 5*time.Second)
				defer interrupt()
				if err := f.follow(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				err := f.interrupted(ctx)
				synctest.Wait()
				if !errors.Is(err, config.ErrInterrupted) || !strings.Contains(err.Error(), tt.fail) ||
					strings.Contains(err.Error(), "could not") != (tt.fail != "") {
					t.Errorf("it said %v, want %q", err, tt.fail)
				}
				if diff := cmp.Diff(tt.want, e.seen); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				if keys := e.keys; len(keys) > 1 && keys[1] != "" && keys[1] != keys[0] {
					t.Errorf("keys %q: a second answer may have been begun", keys)
				}
			})
		})
	}
}

// TestInterruptedAlone checks that the message claims nothing about an unreachable edge.
func TestInterruptedAlone(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	for name, tt := range map[string]struct {
		asked bool
		want  string
	}{
		"nothing was sent":       {false, "interrupted before an answer was begun"},
		"something may be there": {true, "could not be cancelled: nothing answers at http://edge (is it running? --url names another address): dial: connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				notes := &bytes.Buffer{}
				f := &follower{
					Client: &Client{URL: "http://edge", GiveUpAfter: time.Minute}, api: chatAPI{}, asked: tt.asked, out: io.Discard, notes: notes,
					http: &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, refused }}},
				}
				ctx, interrupt := context.WithTimeout(t.Context(), 5*time.Second)
				defer interrupt()
				if err := f.follow(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				if want := "nothing answers at http://edge (dial: connection refused): trying again for 1m0s\n"; notes.String() != want {
					t.Errorf("it said %q, want %q", notes, want)
				}
				if err := f.interrupted(ctx); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("it said %v, want %q", err, tt.want)
				}
			})
		})
	}
}

// TestURL checks that a URL that cannot work is an error at once.
func TestURL(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	host := server.Listener.Addr().String()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // it would log that we do not trust it
	t.Cleanup(secure.Close)
	internal, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	service := grpc.NewServer()
	t.Cleanup(service.Stop)
	go func() { _ = service.Serve(internal) }() // ends with the server
	for url, want := range map[string]string{
		host: "must begin with http://", "localhost:8080": "must begin with http://", "/v1": "must begin with http://", "ftp://" + host: "must begin with http://",
		"https://" + host:                    "--url: http: server gave HTTP response to HTTPS client",
		secure.URL:                           "--url: tls: failed to verify certificate",
		"http://" + internal.Addr().String(): "--url: this address serves gRPC",
	} {
		ask := &Ask{Question: []string{"Cats?"}, Client: Client{URL: url, GiveUpAfter: time.Hour}}
		if err := ask.Run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}

// TestInput checks that an idle terminal does not keep the program from ending.
func TestInput(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		terminal, keyboard := io.Pipe()
		defer func() { _ = keyboard.Close() }()
		ctx, interrupt := context.WithTimeout(t.Context(), time.Hour)
		defer interrupt()
		if _, err := input(ctx, terminal); !errors.Is(err, config.ErrInterrupted) {
			t.Errorf("%v, want %v", err, config.ErrInterrupted)
		}
	})
	if _, err := input(t.Context(), strings.NewReader(strings.Repeat("a", maxQuestion+1))); err == nil || !strings.Contains(err.Error(), "may have 8388608 bytes") {
		t.Errorf("a question that is too long: %v", err)
	}
}

// TestKey checks that the error for a missing key or a wrong file says how to give the key.
func TestKey(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	t.Cleanup(server.Close)
	for text, want := range map[string]string{
		"":                        "set --key-file or PAWSTREAM_API_KEY",
		"paw_WRONG":               "the edge answered 401 Unauthorized at " + server.URL + ": is that pawstream?",
		"- {name: a, sha256: 00}": "is the server's file of hashes; this takes the key itself (paw_…)",
	} {
		client := Client{URL: server.URL, GiveUpAfter: time.Hour}
		if text != "" {
			client.KeyFile = filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(client.KeyFile, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		ask := &Ask{Question: []string{"Cats?"}, Client: client}
		if err := ask.Run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("with %q: %v, want %q", text, err, want)
		}
	}
}
