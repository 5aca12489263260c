package pages

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A recorder is a proxy between the page and an edge, which records the calls about completions.
type recorder struct {
	*httptest.Server

	mu        sync.Mutex
	exchanges []*exchange
}

// An exchange is a request, and the part of its answer that has passed.
type exchange struct {
	Request     string // method and path
	LastEventID string
	Status      int
	body        bytes.Buffer
}

// record starts a recorder in front of an address.
func record(t *testing.T, address string) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.Out.URL.Scheme, pr.Out.URL.Host, pr.Out.Host = "http", address, address
		},
		ModifyResponse: func(resp *http.Response) error {
			if strings.HasPrefix(resp.Request.URL.Path, "/v1/chat/completions") {
				resp.Body = r.keep(resp)
			}
			return nil
		},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0), // the test itself stops the edge
	})
	t.Cleanup(r.CloseClientConnections) // before Close, which waits for streams
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) keep(resp *http.Response) io.ReadCloser {
	e := &exchange{
		Request: resp.Request.Method + " " + resp.Request.URL.Path, LastEventID: resp.Request.Header.Get("Last-Event-ID"), Status: resp.StatusCode,
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges = append(r.exchanges, e)
	return struct {
		io.Reader
		io.Closer
	}{io.TeeReader(resp.Body, writer(func(p []byte) {
		r.mu.Lock()
		defer r.mu.Unlock()
		e.body.Write(p)
	})), resp.Body}
}

type writer func(p []byte)

func (w writer) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}

// passed returns the exchanges so far.
func (r *recorder) passed() []*exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.exchanges)
}

// A frame is an event or a comment of a stream, as text.
type frame struct{ Kind, Text string }

// frames returns an exchange's complete frames.
func (e *exchange) frames() []frame {
	var all []frame
	var lines []string
	kind := "message"
	for line := range strings.Lines(e.body.String()) {
		line, whole := strings.CutSuffix(line, "\n")
		switch {
		case !whole:
		case strings.HasPrefix(line, ":"):
			all = append(all, frame{"heartbeat", line})
		case line != "":
			lines = append(lines, line)
			if name, ok := strings.CutPrefix(line, "event: "); ok {
				kind = name
			} else if id, ok := strings.CutPrefix(line, "id: "); ok {
				kind += " #" + id[strings.LastIndex(id, ".")+1:]
			}
		case len(lines) > 0:
			all = append(all, frame{kind, strings.Join(lines, "\n")})
			lines, kind = nil, "message"
		}
	}
	return all
}
