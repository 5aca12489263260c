package pages

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/browser"
)

// A wild model says what a test wants, when the test wants it.
type wild struct {
	*httptest.Server
	t      *testing.T
	pieces chan piece
	quit   chan struct{}

	mu    sync.Mutex
	asked []string // the bodies of its requests
}

// A piece is an addition to the model's answer: text or reasoning.
type piece struct{ text, reasoning string }

// model starts a model server with one wild model.
func model(t *testing.T) *wild {
	t.Helper()
	m := &wild{t: t, pieces: make(chan piece), quit: make(chan struct{})}
	m.Server = httptest.NewServer(http.HandlerFunc(m.answer))
	t.Cleanup(m.Close)
	t.Cleanup(func() { close(m.quit) })
	return m
}

// serveWild starts a server with the model, and opens a page that uses it.
func serveWild(t *testing.T, m *wild, prepare func(chat)) chat {
	t.Helper()
	c := open(t)
	if prepare != nil {
		prepare(c)
	}
	server := serve(t, "--log=memory", "--upstream-url="+m.URL, "--upstream-model=wild")
	c.Go(url(server))
	c.Wait(`document.querySelector("#model:enabled")`)
	c.choose()
	return c
}

// choose selects the wild model.
func (c chat) choose() {
	browser.Eval[bool](c.Page, `((e) => (e.value = "wild", e.dispatchEvent(new Event("change")), e.value === "wild"))(document.querySelector("#model"))`)
}

func (m *wild) answer(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	m.mu.Lock()
	m.asked = append(m.asked, string(body))
	m.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	_ = http.NewResponseController(w).Flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-m.quit:
			return
		case p := <-m.pieces:
			if p == (piece{}) {
				_, _ = io.WriteString(w, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
				return
			}
			delta := map[string]string{"content": p.text}
			if p.reasoning != "" {
				delta = map[string]string{"reasoning_content": p.reasoning}
			}
			data, _ := json.Marshal(delta)
			_, _ = fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":null}]}\n\n", data)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// send waits until a request takes the piece.
func (m *wild) send(p piece) {
	select {
	case m.pieces <- p:
	case <-time.After(30 * time.Second):
		m.t.Fatal("nobody asks the model")
	}
}

// say adds text to the answer.
func (m *wild) say(text string) { m.send(piece{text: text}) }

// think adds reasoning.
func (m *wild) think(text string) { m.send(piece{reasoning: text}) }

// end ends the answer.
func (m *wild) end() { m.send(piece{}) }

// requests returns the requests so far.
func (m *wild) requests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.asked...)
}
