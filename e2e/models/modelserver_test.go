package models

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// sayWord is a chunk of a model server's stream, and wordBeat the time between two.
const (
	sayWord  = `data: {"choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}` + "\n\n"
	sayStop  = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	sayDone  = "data: [DONE]\n\n"
	wordBeat = 10 * time.Millisecond
)

// A patient is a model server that runs until it is released or its client leaves. Below /silent it sends nothing,
// below /talk one word after the other.
type patient struct {
	t   *testing.T
	URL string

	mu    sync.Mutex
	calls map[string]*serverCall
}

// A serverCall is what a patient knows about the request of one "user".
type serverCall struct {
	begun, left chan time.Time // each receives one time
	release     chan struct{}  // closed to let it end normally
}

func newPatient(t *testing.T) *patient {
	t.Helper()
	p := &patient{t: t, calls: make(map[string]*serverCall)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /silent/chat/completions", p.serve)
	mux.HandleFunc("POST /talk/chat/completions", p.serve)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// call returns the call of a user, even before it arrives.
func (p *patient) call(user string) *serverCall {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.calls[user]
	if c == nil {
		c = &serverCall{begun: make(chan time.Time, 1), left: make(chan time.Time, 1), release: make(chan struct{})}
		p.calls[user] = c
	}
	return c
}

func (p *patient) serve(w http.ResponseWriter, r *http.Request) {
	var asked struct{ User string }
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		p.t.Error(err)
	}
	_, _ = io.Copy(io.Discard, r.Body) // otherwise the server would not notice that the client leaves
	c := p.call(asked.User)
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w).Flush
	_ = flush()
	c.begun <- time.Now()
	var beat <-chan time.Time
	if r.URL.Path == "/talk/chat/completions" {
		ticker := time.NewTicker(wordBeat)
		defer ticker.Stop()
		beat = ticker.C
	}
	for {
		select {
		case <-beat:
			_, _ = io.WriteString(w, sayWord)
			_ = flush()
		case <-c.release:
			_, _ = io.WriteString(w, sayWord+sayStop+sayDone)
			return
		case <-r.Context().Done():
			c.left <- time.Now()
			return
		}
	}
}

// soon returns the next value of c.
func soon(t *testing.T, c <-chan time.Time, what string) time.Time {
	t.Helper()
	select {
	case at := <-c:
		return at
	case <-time.After(20 * time.Second):
		t.Fatal("not in time: " + what)
		panic("unreachable")
	}
}
