package upstream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// errCut is what a connection gives that is cut.
var errCut = errors.New("connection reset")

// plays is a server without a network, which answers with a body as it is read.
type plays func(*http.Request) (*http.Response, error)

func (p plays) RoundTrip(r *http.Request) (*http.Response, error) { return p(r) }

func body(r io.Reader) plays {
	return func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}},
			Body: io.NopCloser(r), Request: req,
		}, nil
	}
}

// cut gives the first bytes of a stream, and then breaks or ends.
func cut(stream []byte, at int, clean bool) io.Reader {
	if clean {
		return bytes.NewReader(stream[:at])
	}
	return io.MultiReader(bytes.NewReader(stream[:at]), broke{})
}

type broke struct{}

func (broke) Read([]byte) (int, error) { return 0, errCut }

// newCounter makes the one counter of all tests: it takes a while.
var newCounter = sync.OnceValues(tokencount.New)

func counter(t testing.TB) tokencount.Counter {
	t.Helper()
	c, err := newCounter()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// recordings are the streams of testdata, by the name of who sends such ones.
func recordings(t *testing.T) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.sse")
	if err != nil || len(paths) < 6 {
		t.Fatal(paths, err)
	}
	streams := make(map[string][]byte)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		streams[strings.TrimSuffix(filepath.Base(path), ".sse")] = data
	}
	return streams
}

// asked is what came of one call of an attempt or a route.
type asked struct {
	events          []chat.Event
	text, reasoning string
	finishes        []chat.FinishReason
	usage           *chat.Usage
	err             error
}

func collect(t *testing.T, seq func(func(chat.Event, error) bool)) asked {
	t.Helper()
	var a asked
	for e, err := range seq {
		if a.err != nil {
			t.Fatal("an event after the error")
		}
		if err != nil {
			a.err = err
			continue
		}
		a.events = append(a.events, e)
		switch e.Kind {
		case chat.KindDelta:
			a.text += e.Delta.Content
			a.reasoning += e.Delta.Reasoning
		case chat.KindFinish:
			a.finishes = append(a.finishes, e.Reason)
		case chat.KindUsage:
			a.usage = e.Usage
		default:
		}
	}
	return a
}

// once asks a target once, as a route does.
func once(t *testing.T, c tokencount.Counter, transport http.RoundTripper, req *chat.Request, cfg TargetConfig) asked {
	t.Helper()
	cfg.BaseURL, cfg.Model, cfg.Counter, cfg.Transport = "http://upstream.test/v1", "served", c, transport
	target := NewTarget(cfg)
	return collect(t, func(yield func(chat.Event, error) bool) {
		a := newAnswer(req, nil, yield)
		err := target.attempt(context.Background(), a, 0)
		if err == nil {
			yield(chat.UsageEvent(a.cost(t.Context(), c)), nil)
			return
		}
		yield(chat.Event{}, err)
	})
}

func question1() *chat.Request {
	return &chat.Request{Model: "m", Messages: []chat.Message{
		{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: "Who is Luna?"}}},
	}}
}
