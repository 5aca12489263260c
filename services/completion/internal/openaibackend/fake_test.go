package openaibackend

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/route"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// errCut is the error of a connection that was cut.
var errCut = errors.New("connection reset")

// plays is a server without a network.
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

// cut returns the first bytes of a stream, which then breaks or ends.
func cut(stream []byte, at int, clean bool) io.Reader {
	if clean {
		return bytes.NewReader(stream[:at])
	}
	return io.MultiReader(bytes.NewReader(stream[:at]), broke{})
}

type broke struct{}

func (broke) Read([]byte) (int, error) { return 0, errCut }

// newCounter makes the counter that all tests share: making one is slow.
var newCounter = sync.OnceValues(tokencount.New)

func counter(t testing.TB) tokencount.Counter {
	t.Helper()
	c, err := newCounter()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// recordings returns the streams of testdata, by the name of the server that sends such streams.
func recordings(t *testing.T) map[string][]byte {
	t.Helper()
	return streamsIn(t, "testdata", 6)
}

// streamsIn returns the streams in a folder. It fails the test if there are fewer than least.
func streamsIn(t *testing.T, folder string, least int) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.sse"))
	if err != nil || len(paths) < least {
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

// asked is the result of one call of an attempt or a route.
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

// once asks a backend once, through a route that does not retry.
func once(t *testing.T, c tokencount.Counter, transport http.RoundTripper, req *chat.Request, cfg Config) asked {
	t.Helper()
	cfg.BaseURL, cfg.Model, cfg.Transport = "http://upstream.test/v1", "served", transport
	r := route.New(route.Config{Counter: c, FirstEvent: 1, Targets: []*route.Target{target(New(cfg))}})
	return collect(t, r.Complete(t.Context(), req, nil))
}

// target returns a target that supports everything.
func target(b route.Backend) *route.Target {
	return route.NewTarget(route.TargetConfig{Backend: b, Model: "served", Capabilities: chat.Capabilities{
		Tools: chat.Used, Logprobs: chat.Used, JSONOutput: chat.Used, Images: chat.Used, Reasoning: chat.Used, LogitBias: chat.Used,
		Files: chat.Used, Prediction: chat.Used,
	}})
}

func says(words ...string) string {
	var b strings.Builder
	for _, w := range words {
		fmt.Fprintf(&b, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%q}}]}\n\n", w)
	}
	return b.String()
}

const ends = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"

func question1() *chat.Request {
	return &chat.Request{Model: "m", Messages: []chat.Message{
		{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: "Who is Luna?"}}},
	}}
}

// saysWhetherToRetry checks that a failure's message agrees with its retry hint: a
// stream's error frame has only the message.
func saysWhetherToRetry(t *testing.T, e *chat.Error) {
	t.Helper()
	if words := strings.Contains(e.Message, "try again"); words != (e.RetryAfter > 0) {
		t.Errorf("%q, with a hint of %s", e.Message, e.RetryAfter)
	}
}
