package upstream

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
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"), goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"))
}

func says(words ...string) string {
	var b strings.Builder
	for _, w := range words {
		fmt.Fprintf(&b, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%q}}]}\n\n", w)
	}
	return b.String()
}

const ends = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"

// replies answers call by call: with a stream, or with a status where that is not 0.
type reply struct {
	status int
	after  string
	stream string
	absent bool // nobody answers the connection
	silent bool // after the stream, nothing follows
}

func replies(calls *atomic.Int32, list ...reply) plays {
	return func(r *http.Request) (*http.Response, error) {
		next := list[min(int(calls.Add(1)), len(list))-1]
		switch {
		case next.absent:
			return nil, errCut
		case next.silent:
			return body(io.MultiReader(strings.NewReader(next.stream), silent{r.Context()}))(r)
		case next.status == 0:
			return body(strings.NewReader(next.stream))(r)
		}
		h := http.Header{"Content-Type": {"application/json"}}
		if next.after != "" {
			h.Set("Retry-After", next.after)
		}
		return &http.Response{
			StatusCode: next.status, Header: h, Request: r,
			Body: io.NopCloser(strings.NewReader(`{"error":{"message":"because of sk-secret","param":"tools"}}`)),
		}, nil
	}
}

func place(t *testing.T, transport http.RoundTripper, cfg TargetConfig) Place {
	cfg.BaseURL, cfg.Model, cfg.Transport, cfg.Counter, cfg.Key = "http://upstream.test/v1", "served", transport, counter(t), "sk-secret"
	return Place{Target: NewTarget(cfg), Capabilities: chat.Capabilities{Tools: chat.Used}}
}

func TestBeforeTheFirstEvent(t *testing.T) {
	fine := reply{stream: says("fine") + ends}
	for name, test := range map[string]struct {
		first, second []reply
		code          chat.Code // empty: it is fine
		calls         [2]int32
		took          time.Duration
	}{
		"at once":                 {[]reply{fine}, []reply{fine}, "", [2]int32{1, 0}, 0},
		"429 for a moment":        {[]reply{{status: 429}, fine}, []reply{fine}, "", [2]int32{2, 0}, firstWait},
		"500 for a moment":        {[]reply{{status: 500}, fine}, []reply{fine}, "", [2]int32{2, 0}, firstWait},
		"absent for a moment":     {[]reply{{absent: true}, fine}, []reply{fine}, "", [2]int32{2, 0}, firstWait},
		"broken for a moment":     {[]reply{{stream: "data: {\n\n"}, fine}, []reply{fine}, "", [2]int32{2, 0}, firstWait},
		"429 and the next":        {[]reply{{status: 429}}, []reply{fine}, "", [2]int32{2, 1}, firstWait},
		"500 and the next":        {[]reply{{status: 500}}, []reply{fine}, "", [2]int32{2, 1}, firstWait},
		"absent, the next":        {[]reply{{absent: true}}, []reply{fine}, "", [2]int32{2, 1}, firstWait},
		"broken, the next":        {[]reply{{stream: "data: {\n\n"}}, []reply{fine}, "", [2]int32{2, 1}, firstWait},
		"wrong key, the next":     {[]reply{{status: 401}}, []reply{fine}, "", [2]int32{1, 1}, 0},
		"503 for a while":         {[]reply{{status: 503, after: "2"}}, []reply{fine}, "", [2]int32{1, 1}, 0},
		"silent, the next":        {[]reply{{silent: true}}, []reply{fine}, "", [2]int32{1, 1}, 5 * time.Second},
		"silent twice":            {[]reply{{absent: true}, {silent: true}}, []reply{{status: 503}, fine}, "", [2]int32{2, 2}, 2*firstWait + (10*time.Second-firstWait)/2},
		"400 of the next":         {[]reply{{status: 503}}, []reply{{status: 400}}, chat.CodeInvalidValue, [2]int32{2, 1}, firstWait},
		"400 is for the caller":   {[]reply{{status: 400}}, []reply{fine}, chat.CodeInvalidValue, [2]int32{1, 0}, 0},
		"tried once more":         {[]reply{{status: 503}, {status: 503}, fine}, []reply{{status: 503}}, "", [2]int32{3, 2}, 3 * firstWait},
		"given up":                {[]reply{{status: 503}}, []reply{{status: 500}}, chat.CodeUpstreamError, [2]int32{3, 3}, 3 * firstWait},
		"asked to wait":           {[]reply{{status: 429, after: "2"}, fine}, []reply{{status: 429, after: "2"}}, "", [2]int32{2, 1}, 2 * time.Second},
		"asked to wait too long":  {[]reply{{status: 429, after: "90"}}, []reply{{status: 429, after: "90"}}, chat.CodeOverloaded, [2]int32{1, 1}, 0},
		"one of them too long":    {[]reply{{status: 503}, {status: 503}, fine}, []reply{{status: 429, after: "90"}}, "", [2]int32{3, 1}, 2 * firstWait},
		"all keys wrong":          {[]reply{{status: 401}}, []reply{{status: 403}}, chat.CodeUpstreamError, [2]int32{1, 1}, 0},
		"one of them wrong":       {[]reply{{status: 503}, {status: 503}, fine}, []reply{{status: 401}}, "", [2]int32{3, 1}, 2 * firstWait},
		"begun, then tried again": {[]reply{{stream: says("") + "data: {\n\n"}, fine}, []reply{fine}, "", [2]int32{2, 0}, firstWait},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls [2]atomic.Int32
				c := counter(t)
				r := NewRoute(RouteConfig{Counter: c, FirstEvent: 10 * time.Second, Places: []Place{
					place(t, replies(&calls[0], test.first...), TargetConfig{}), place(t, replies(&calls[1], test.second...), TargetConfig{}),
				}})
				begun := time.Now()
				got := collect(t, r.Complete(t.Context(), question1(), nil))
				if took := time.Since(begun); took != test.took {
					t.Errorf("took %s, want %s", took, test.took)
				}
				if n := [2]int32{calls[0].Load(), calls[1].Load()}; n != test.calls {
					t.Errorf("calls %v, want %v", n, test.calls)
				}
				if test.code == "" {
					if got.err != nil || got.text != "fine" {
						t.Errorf("%q, error %v", got.text, got.err)
					}
					return
				}
				var shown *chat.Error
				if !errors.As(got.err, &shown) || shown.Code != test.code || strings.Contains(got.err.Error(), "sk-secret") {
					t.Fatalf("error %v, want %s", got.err, test.code)
				}
				saysWhetherToRetry(t, shown)
				if want := !strings.Contains(name, "wrong") && test.code != chat.CodeInvalidValue; shown.RetryAfter > 0 != want {
					t.Errorf("a retry makes sense: %t, want %t", !want, want)
				}
			})
		})
	}
}

// saysWhetherToRetry checks that a failure tells by its words what it tells by its hint: a
// stream's error frame has the words alone.
func saysWhetherToRetry(t *testing.T, e *chat.Error) {
	t.Helper()
	if words := strings.Contains(e.Message, "try again"); words != (e.RetryAfter > 0) {
		t.Errorf("%q, with a hint of %s", e.Message, e.RetryAfter)
	}
}

func TestTraceTellsWhoAnsweredAndForHowMuch(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	ctx, span := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)).Tracer("").Start(t.Context(), "chat")
	var calls atomic.Int32
	told := says("fine") + strings.Replace(ends, "}]}", `}],"usage":{"prompt_tokens":2000000,"completion_tokens":500000}}`, 1)
	p := place(t, replies(&calls, reply{stream: told}), TargetConfig{})
	p.Price = Price{Input: 0.15, Output: 0.6}
	got := collect(t, NewRoute(RouteConfig{Counter: counter(t), Places: []Place{p}}).Complete(ctx, question1(), nil))
	span.End()
	if got.err != nil {
		t.Fatal(got.err)
	}
	want := []attribute.KeyValue{attribute.String("gen_ai.response.model", "served"), attribute.Float64("pawstream.cost_usd", 0.6)}
	if diff := cmp.Diff(want, recorder.Ended()[0].Attributes(), cmp.AllowUnexported(attribute.Value{})); diff != "" {
		t.Error(diff)
	}
}

func TestATargetThatKeepsFailingRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r := NewRoute(RouteConfig{Counter: counter(t), FirstEvent: time.Nanosecond, Places: []Place{
			place(t, replies(&calls, reply{absent: true}), TargetConfig{}),
		}})
		for range tripAfter + 3 {
			collect(t, r.Complete(t.Context(), question1(), nil))
		}
		if n := calls.Load(); n != tripAfter {
			t.Errorf("%d calls, want %d", n, tripAfter)
		}
		<-time.After(restedFor + time.Millisecond)
		collect(t, r.Complete(t.Context(), question1(), nil))
		if n := calls.Load(); n != tripAfter+1 {
			t.Errorf("%d calls after the rest, want %d", n, tripAfter+1)
		}
	})
}

// TestATargetDoesNotRestForEver has a server ask to be left alone for eleven days.
func TestATargetDoesNotRestForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r := NewRoute(RouteConfig{Counter: counter(t), Places: []Place{
			place(t, replies(&calls, reply{status: 503, after: "950400"}, reply{stream: says("fine") + ends}), TargetConfig{}),
		}})
		for range 2 {
			collect(t, r.Complete(t.Context(), question1(), nil))
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("%d calls at first", n)
		}
		<-time.After(maxRest)
		if got := collect(t, r.Complete(t.Context(), question1(), nil)); got.err != nil || got.text != "fine" {
			t.Errorf("%q, error %v", got.text, got.err)
		}
	})
}

// TestAQueueLeavesTheNextItsTime has the first target answer others all the time.
func TestAQueueLeavesTheNextItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls [2]atomic.Int32
		fine := reply{stream: says("fine") + ends}
		r := NewRoute(RouteConfig{Counter: counter(t), FirstEvent: 10 * time.Second, Places: []Place{
			place(t, replies(&calls[0], fine), TargetConfig{MaxConcurrent: 1, MaxQueue: 9}), place(t, replies(&calls[1], fine), TargetConfig{}),
		}})
		leave, err := r.cfg.Places[0].Target.queue.enter(t.Context(), "other", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
		begun := time.Now()
		got := collect(t, r.Complete(t.Context(), question1(), nil))
		if took := time.Since(begun); got.err != nil || got.text != "fine" || took != 5*time.Second {
			t.Errorf("%q, error %v, after %s", got.text, got.err, took)
		}
		if n := calls[0].Load(); n != 0 {
			t.Errorf("the busy one was asked %d times", n)
		}
	})
}

// TestARefusedContinuation has a server refuse to go on. The caller's request is not at fault
// for that: it was answered once.
func TestARefusedContinuation(t *testing.T) {
	for _, takeover := range []bool{false, true} {
		t.Run(fmt.Sprint("takeover ", takeover), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int32
				list := []reply{{stream: says("Luna is")}, {status: 400}}
				var resume []chat.Event
				if takeover {
					list, resume = list[1:], []chat.Event{chat.Opening(0), chat.Text(0, "Luna is")}
				}
				r := NewRoute(RouteConfig{Counter: counter(t), Places: []Place{
					place(t, replies(&calls, list...), TargetConfig{Continuation: ContinueVLLM}),
				}})
				got := collect(t, r.Complete(t.Context(), question1(), resume))
				var shown *chat.Error
				switch {
				case takeover && !errors.Is(got.err, chat.ErrCannotContinue),
					!takeover && (!errors.As(got.err, &shown) || shown.Code != chat.CodeUpstreamError || shown.RetryAfter == 0):
					t.Errorf("error %v", got.err)
				}
			})
		})
	}
}

// TestContinuation breaks an answer in the middle: each kind of server goes on with it, as
// it does after a takeover.
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
					r := NewRoute(RouteConfig{Counter: c, Places: []Place{place(t, transport, TargetConfig{Continuation: kind})}})
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
	r := NewRoute(RouteConfig{Counter: counter(t), Places: []Place{
		place(t, replies(&calls, reply{stream: says("x") + ends}), TargetConfig{Continuation: ContinueVLLM}),
	}})
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

// TestCancel has the connection closed at once, in every phase.
func TestCancel(t *testing.T) {
	for _, phase := range []string{"before the headers", "before the first event", "streaming", "queued", "between two tries"} {
		t.Run(phase, func(t *testing.T) {
			here, closed := make(chan struct{}, 9), make(chan time.Time, 9)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if phase == "between two tries" {
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
			target := NewTarget(TargetConfig{BaseURL: server.URL, Model: "m", Counter: c, MaxConcurrent: 1, MaxQueue: 1})
			r := NewRoute(RouteConfig{Counter: c, Places: []Place{{Target: target}}})
			ctx, cancel := context.WithCancel(t.Context())
			var leave func()
			if phase == "queued" {
				leave, _ = target.queue.enter(ctx, "other", nil)
			}
			ended := make(chan asked)
			first := make(chan struct{}, 9)
			go func() {
				req := question1()
				req.Stream.IncludeEvents = true
				ended <- collect(t, func(yield func(chat.Event, error) bool) {
					for e, err := range r.Complete(ctx, req, nil) {
						first <- struct{}{}
						if !yield(e, err) {
							return
						}
					}
				})
			}()
			if phase == "queued" {
				<-first
			} else {
				<-here
			}
			begun := time.Now()
			cancel()
			got := <-ended
			if !errors.Is(got.err, context.Canceled) {
				t.Errorf("error %v", got.err)
			}
			if phase == "queued" {
				leave()
			} else if late := (<-closed).Sub(begun); late > time.Second {
				t.Errorf("closed after %s", late)
			}
			if took := time.Since(begun); took > time.Second {
				t.Errorf("ended after %s", took)
			}
			target.queue.mu.Lock()
			defer target.queue.mu.Unlock()
			if target.queue.waiting+target.queue.working != 0 {
				t.Errorf("%d wait, %d work", target.queue.waiting, target.queue.working)
			}
		})
	}
}

func TestDeadlinesOfATarget(t *testing.T) {
	for name, test := range map[string]struct {
		timeouts Timeouts
		stream   string
		code     chat.Code
	}{
		"first": {Timeouts{First: time.Second}, "", chat.CodeUpstreamTimeout},
		"idle":  {Timeouts{First: time.Second, Idle: 2 * time.Second}, says("Hi"), chat.CodeIdleTimeout},
		"total": {Timeouts{Total: 3 * time.Second}, says("Hi"), chat.CodeTotalTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := plays(func(r *http.Request) (*http.Response, error) {
					return body(io.MultiReader(strings.NewReader(test.stream), silent{r.Context()}))(r)
				})
				r := NewRoute(RouteConfig{Counter: counter(t), FirstEvent: time.Second, Places: []Place{place(t, transport, TargetConfig{Timeouts: test.timeouts})}})
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

// silent is a connection on which nothing comes until it is closed.
type silent struct{ ctx context.Context }

func (s silent) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func TestQueueIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 4)
		leave, err := q.enter(t.Context(), "a", nil)
		if err != nil {
			t.Fatal(err)
		}
		order := make(chan string, 9)
		places := make(map[string]*[]int)
		wait := func(name, principal string) {
			seen := new([]int)
			places[name] = seen
			go func() {
				leave, err := q.enter(t.Context(), principal, func(place int) error { *seen = append(*seen, place); return nil })
				if err != nil {
					t.Error(err)
					return
				}
				order <- name
				leave()
			}()
			synctest.Wait()
		}
		wait("a1", "a")
		wait("a2", "a")
		wait("a3", "a")
		wait("b1", "b")
		if _, err := q.enter(t.Context(), "c", nil); !errors.Is(err, errFull) {
			t.Errorf("error %v", err)
		}
		leave()
		synctest.Wait()
		var got []string
		for range 4 {
			got = append(got, <-order)
		}
		if diff := cmp.Diff([]string{"a1", "b1", "a2", "a3"}, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]int{2, 3}, (*places["a2"])[:2]); diff != "" {
			t.Error(diff)
		}
	})
}

func TestGrounding(t *testing.T) {
	store, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	var sent []map[string]any
	call := `data: {"choices":[{"index":0,"delta":{"content":"Let me look. ","tool_calls":[{"index":0,"id":"c1","function":{"name":"search_pets","arguments":"{\"species\":[\"cat\"]}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":5,"completion_tokens":2}}` + "\n\ndata: [DONE]\n\n"
	transport := plays(func(r *http.Request) (*http.Response, error) {
		var b map[string]any
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil {
			t.Error(err)
		}
		sent = append(sent, b)
		if len(sent) == 1 {
			return body(strings.NewReader(call))(r)
		}
		return body(strings.NewReader(says("Take Luna.") + strings.Replace(ends, `}]}`, `}],"usage":{"prompt_tokens":50,"completion_tokens":3}}`, 1)))(r)
	})
	r := NewRoute(RouteConfig{Counter: counter(t), Places: []Place{place(t, transport, TargetConfig{Grounding: true, Tools: true, Catalogue: store})}})
	req := question1()
	req.Messages[0].Parts[0].Text = "How often do I feed a kitten?"
	got := collect(t, r.Complete(t.Context(), req, nil))
	if got.err != nil || got.text != "Let me look. Take Luna." || len(got.finishes) != 1 || got.finishes[0] != chat.FinishStop {
		t.Fatalf("%q, %v, error %v", got.text, got.finishes, got.err)
	}
	if u := got.usage; u.PromptTokens != 55 || u.CompletionTokens != 5 || u.Estimated {
		t.Errorf("usage %+v", u)
	}
	for _, e := range got.events {
		if len(e.Delta.ToolCalls) > 0 {
			t.Error("the caller is shown a call of our tool")
		}
	}
	first := sent[0]["messages"].([]any)[0].(map[string]any)
	if first["role"] != "system" || !strings.Contains(first["content"].(string), "[kitten-care#") {
		t.Errorf("first message %v", first)
	}
	turns := sent[1]["messages"].([]any)
	if result := turns[len(turns)-1].(map[string]any); result["tool_call_id"] != "c1" || !strings.Contains(result["content"].(string), "cat") {
		t.Errorf("the tool's answer: %v", result)
	}
	sent = nil
	req.Tools = []chat.Tool{{Name: "mine"}}
	collect(t, r.Complete(t.Context(), req, nil))
	if tools := sent[0]["tools"].([]any); len(tools) != 1 {
		t.Errorf("tools %v", tools)
	}
}
