package openaibackend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/route"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"), goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"))
}

// TestContinuation breaks an answer in the middle. Each kind of server continues it, as
// after a takeover.
func TestContinuation(t *testing.T) {
	shown := []chat.Event{chat.Opening(0), chat.Text(0, "Luna is")}
	for kind, test := range map[Continuation]struct {
		stream string
		last   string
		extra  map[string]any
	}{
		ContinueVLLM:     {says(" a cat.") + ends, `{"role":"assistant","content":"Luna is"}`, map[string]any{"continue_final_message": true, "add_generation_prompt": false}},
		ContinueLlamaCPP: {says(" a cat.") + ends, `{"role":"assistant","content":"Luna is"}`, nil},
		ContinueMistral:  {says("Luna", " is a", " cat.") + ends, `{"role":"assistant","content":"Luna is","prefix":true}`, nil},
		ContinueDeepSeek: {says(" a cat.") + ends, `{"role":"assistant","content":"Luna is","prefix":true}`, nil},
		ContinueNone:     {"", "", nil},
	} {
		for _, takeover := range []bool{false, true} {
			t.Run(fmt.Sprint(kind, " takeover ", takeover), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var calls int
					var sent map[string]any
					transport := plays(func(r *http.Request) (*http.Response, error) {
						calls++
						if calls == 1 && !takeover {
							return body(strings.NewReader(says("Luna is")))(r)
						}
						sent = nil
						if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
							t.Error(err)
						}
						return body(strings.NewReader(test.stream))(r)
					})
					c := counter(t)
					r := through(c, transport, kind)
					req := question1()
					req.MaxTokens = new(100)
					var resume []chat.Event
					want := "Luna is a cat."
					if takeover {
						resume, want = shown, " a cat."
					}
					got := collect(t, r.Complete(t.Context(), req, resume))
					if kind == ContinueNone {
						var e *chat.Error
						switch {
						case takeover && !errors.Is(got.err, chat.ErrCannotContinue),
							!takeover && (!errors.As(got.err, &e) || e.Code != chat.CodeUpstreamError || e.RetryAfter == 0):
							t.Errorf("error %v", got.err)
						}
						return
					}
					if got.err != nil || got.text != want {
						t.Fatalf("%q, error %v", got.text, got.err)
					}
					messages := sent["messages"].([]any)
					last, _ := json.Marshal(messages[len(messages)-1])
					var a, b any
					_, _ = json.Unmarshal(last, &a), json.Unmarshal([]byte(test.last), &b)
					if diff := cmp.Diff(b, a); diff != "" {
						t.Error(diff)
					}
					for k, v := range test.extra {
						if sent[k] != v {
							t.Errorf("%s is %v", k, sent[k])
						}
					}
					if n := sent["max_tokens"].(float64); n >= 100 || n < 90 {
						t.Errorf("asked for %v tokens more", n)
					}
					if !got.usage.Estimated || got.usage.CompletionTokens < 4 {
						t.Errorf("usage %+v", got.usage)
					}
				})
			})
		}
	}
}

func TestWhatCannotBeContinued(t *testing.T) {
	var calls atomic.Int32
	r := through(counter(t), plays(func(r *http.Request) (*http.Response, error) {
		calls.Add(1)
		return body(strings.NewReader(says("x") + ends))(r)
	}), ContinueVLLM)
	for name, shown := range map[string]chat.Delta{
		"tool calls": {ToolCalls: []chat.ToolCallDelta{{ID: "c", Name: "f"}}}, "reasoning": {Reasoning: "hm"}, "a refusal": {Refusal: "No."},
	} {
		got := collect(t, r.Complete(t.Context(), question1(), []chat.Event{chat.Opening(0), {Kind: chat.KindDelta, Delta: shown}}))
		if !errors.Is(got.err, chat.ErrCannotContinue) || calls.Load() != 0 {
			t.Errorf("%s: error %v, %d calls", name, got.err, calls.Load())
		}
	}
	got := collect(t, r.Complete(t.Context(), question1(), []chat.Event{chat.Opening(0), chat.Text(0, "x"), chat.Finish(0, chat.FinishStop)}))
	if got.err != nil || got.usage == nil || calls.Load() != 0 {
		t.Errorf("a whole answer: error %v, %d calls", got.err, calls.Load())
	}
}

// TestCancel cancels in every phase: the connection is closed at once, and the target is free for the next request.
func TestCancel(t *testing.T) {
	for _, phase := range []string{"before the headers", "before the first event", "streaming", "between two attempts"} {
		t.Run(phase, func(t *testing.T) {
			here, closed := make(chan struct{}, 9), make(chan time.Time, 9)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if phase == "between two attempts" {
					w.Header().Set("Retry-After", "5")
					w.WriteHeader(http.StatusTooManyRequests)
					closed <- time.Now()
					here <- struct{}{}
					return
				}
				w.Header().Set("Content-Type", "text/event-stream")
				if phase == "before the first event" {
					_ = http.NewResponseController(w).Flush()
				}
				if phase == "streaming" {
					_, _ = io.WriteString(w, says("Hi"))
					_ = http.NewResponseController(w).Flush()
				}
				here <- struct{}{}
				<-r.Context().Done()
				closed <- time.Now()
			}))
			defer server.Close()
			c := counter(t)
			r := route.New(route.Config{Counter: c, Targets: []*route.Target{route.NewTarget(route.TargetConfig{
				Backend: New(Config{BaseURL: server.URL, Model: "m"}), MaxConcurrent: 1,
			})}})
			for i := range 2 { // the queue has no room: the second request must find the target free
				ctx, cancel := context.WithCancel(chat.WithPrincipal(t.Context(), fmt.Sprint("caller ", i)))
				ended := make(chan asked)
				go func() { ended <- collect(t, r.Complete(ctx, question1(), nil)) }()
				<-here
				begun := time.Now()
				cancel()
				got := <-ended
				if !errors.Is(got.err, context.Canceled) {
					t.Errorf("error %v", got.err)
				}
				if late := (<-closed).Sub(begun); late > time.Second {
					t.Errorf("closed after %s", late)
				}
				if took := time.Since(begun); took > time.Second {
					t.Errorf("ended after %s", took)
				}
				if phase == "between two attempts" {
					break // it asks to be left alone, by all
				}
			}
		})
	}
}

// through returns a route to a server with that kind of continuation.
func through(c tokencount.Counter, transport http.RoundTripper, kind Continuation) *route.Route {
	return route.New(route.Config{Counter: c, Targets: []*route.Target{target(New(Config{
		BaseURL: "http://upstream.test/v1", Model: "served", Key: "sk-secret", Transport: transport, Continuation: kind,
	}))}})
}

// TestDeadlinesOfACall makes a server stop in the middle of an answer: the connection is closed.
func TestDeadlinesOfACall(t *testing.T) {
	for name, test := range map[string]struct {
		timeouts route.Timeouts
		stream   string
		code     chat.Code
	}{
		"first": {route.Timeouts{First: time.Second}, "", chat.CodeUpstreamTimeout},
		"idle":  {route.Timeouts{First: time.Second, Idle: 2 * time.Second}, says("Hi"), chat.CodeIdleTimeout},
		"total": {route.Timeouts{Total: 3 * time.Second}, says("Hi"), chat.CodeTotalTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := plays(func(r *http.Request) (*http.Response, error) {
					return body(io.MultiReader(strings.NewReader(test.stream), silent{r.Context()}))(r)
				})
				r := route.New(route.Config{Counter: counter(t), FirstEvent: time.Second, Targets: []*route.Target{
					target(route.Timed(New(Config{BaseURL: "http://upstream.test/v1", Transport: transport}), test.timeouts)),
				}})
				got := collect(t, r.Complete(t.Context(), question1(), nil))
				var shown *chat.Error
				if !errors.As(got.err, &shown) || shown.Code != test.code {
					t.Fatalf("error %v, want %s", got.err, test.code)
				}
				saysWhetherToRetry(t, shown)
			})
		})
	}
}

// silent is a connection on which nothing arrives until it is closed.
type silent struct{ ctx context.Context }

func (s silent) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}
