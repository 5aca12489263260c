package route

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

func TestBeforeTheFirstEvent(t *testing.T) {
	for name, test := range map[string]struct {
		first, second []reply
		code          chat.Code // empty: no error
		calls         [2]int32
		took          time.Duration
	}{
		"at once":                 {[]reply{fine()}, []reply{fine()}, "", [2]int32{1, 0}, 0},
		"429 for a moment":        {[]reply{{status: 429}, fine()}, []reply{fine()}, "", [2]int32{2, 0}, retryWait},
		"500 for a moment":        {[]reply{{status: 500}, fine()}, []reply{fine()}, "", [2]int32{2, 0}, retryWait},
		"absent for a moment":     {[]reply{absent(), fine()}, []reply{fine()}, "", [2]int32{2, 0}, retryWait},
		"broken for a moment":     {[]reply{garbled(), fine()}, []reply{fine()}, "", [2]int32{2, 0}, retryWait},
		"429 and the next":        {[]reply{{status: 429}}, []reply{fine()}, "", [2]int32{2, 1}, retryWait},
		"500 and the next":        {[]reply{{status: 500}}, []reply{fine()}, "", [2]int32{2, 1}, retryWait},
		"absent, the next":        {[]reply{absent()}, []reply{fine()}, "", [2]int32{2, 1}, retryWait},
		"broken, the next":        {[]reply{garbled()}, []reply{fine()}, "", [2]int32{2, 1}, retryWait},
		"wrong key, the next":     {[]reply{{status: 401}}, []reply{fine()}, "", [2]int32{1, 1}, 0},
		"503 for a while":         {[]reply{{status: 503, after: 2 * time.Second}}, []reply{fine()}, "", [2]int32{1, 1}, 0},
		"silent, the next":        {[]reply{{silent: true}}, []reply{fine()}, "", [2]int32{1, 1}, 5 * time.Second},
		"silent twice":            {[]reply{absent(), {silent: true}}, []reply{{status: 503}, fine()}, "", [2]int32{2, 2}, 2*retryWait + (10*time.Second-retryWait)/2},
		"400 of the next":         {[]reply{{status: 503}}, []reply{{status: 400}}, chat.CodeInvalidValue, [2]int32{2, 1}, retryWait},
		"400 is for the caller":   {[]reply{{status: 400}}, []reply{fine()}, chat.CodeInvalidValue, [2]int32{1, 0}, 0},
		"tried once more":         {[]reply{{status: 503}, {status: 503}, fine()}, []reply{{status: 503}}, "", [2]int32{3, 2}, 3 * retryWait},
		"given up":                {[]reply{{status: 503}}, []reply{{status: 500}}, chat.CodeUpstreamError, [2]int32{3, 3}, 3 * retryWait},
		"asked to wait":           {[]reply{{status: 429, after: 2 * time.Second}, fine()}, []reply{{status: 429, after: 2 * time.Second}}, "", [2]int32{2, 1}, 2 * time.Second},
		"asked to wait too long":  {[]reply{{status: 429, after: 90 * time.Second}}, []reply{{status: 429, after: 90 * time.Second}}, chat.CodeOverloaded, [2]int32{1, 1}, 0},
		"one of them too long":    {[]reply{{status: 503}, {status: 503}, fine()}, []reply{{status: 429, after: 90 * time.Second}}, "", [2]int32{3, 1}, 2 * retryWait},
		"all keys wrong":          {[]reply{{status: 401}}, []reply{{status: 403}}, chat.CodeUpstreamError, [2]int32{1, 1}, 0},
		"one of them wrong":       {[]reply{{status: 503}, {status: 503}, fine()}, []reply{{status: 401}}, "", [2]int32{3, 1}, 2 * retryWait},
		"begun, then tried again": {[]reply{garbled(""), fine()}, []reply{fine()}, "", [2]int32{2, 0}, retryWait},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls [2]atomic.Int32
				c := counter(t)
				r := New(Config{Counter: c, FirstEvent: 10 * time.Second, Targets: []*Target{
					target(replies(&calls[0], test.first...), TargetConfig{}), target(replies(&calls[1], test.second...), TargetConfig{}),
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
					if got.err != nil || got.text != "fine" || got.openings != 1 {
						t.Errorf("%q, %d openings, error %v", got.text, got.openings, got.err)
					}
					return
				}
				var shown *chat.Error
				if !errors.As(got.err, &shown) || shown.Code != test.code {
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

func TestTraceTellsWhoAnsweredAndForHowMuch(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	ctx, span := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)).Tracer("").Start(t.Context(), "chat")
	var calls atomic.Int32
	p := target(replies(&calls, fine()), TargetConfig{Name: "served@host", Price: Price{Input: 0.15, Output: 0.6}})
	got := collect(t, New(Config{Counter: counter(t), Targets: []*Target{p}}).Complete(ctx, question1(), nil))
	span.End()
	if got.err != nil {
		t.Fatal(got.err)
	}
	if last := got.events[len(got.events)-1]; last.Usage == nil || last.Usage.CostUSD != 0.6 {
		t.Errorf("the answer's cost is in %+v", last)
	}
	want := []attribute.KeyValue{attribute.String("pawstream.target", "served@host"), attribute.String("gen_ai.response.model", "served"), attribute.Float64("pawstream.cost_usd", 0.6)}
	if diff := cmp.Diff(want, recorder.Ended()[0].Attributes(), cmp.AllowUnexported(attribute.Value{})); diff != "" {
		t.Error(diff)
	}
}

func TestATargetThatKeepsFailingRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r := New(Config{Counter: counter(t), FirstEvent: time.Nanosecond, Targets: []*Target{
			target(replies(&calls, absent()), TargetConfig{}),
		}})
		for range tripAfter + 3 {
			collect(t, r.Complete(t.Context(), question1(), nil))
		}
		if n := calls.Load(); n != tripAfter {
			t.Errorf("%d calls, want %d", n, tripAfter)
		}
		<-time.After(openFor + time.Millisecond)
		collect(t, r.Complete(t.Context(), question1(), nil))
		if n := calls.Load(); n != tripAfter+1 {
			t.Errorf("%d calls after the rest, want %d", n, tripAfter+1)
		}
	})
}

// TestATargetDoesNotRestForEver makes a server ask to be left alone for eleven days.
func TestATargetDoesNotRestForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r := New(Config{Counter: counter(t), Targets: []*Target{
			target(replies(&calls, reply{status: 503, after: 950400 * time.Second}, fine()), TargetConfig{}),
		}})
		for range 2 {
			collect(t, r.Complete(t.Context(), question1(), nil))
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("%d calls at first", n)
		}
		<-time.After(maxRetryAfter)
		if got := collect(t, r.Complete(t.Context(), question1(), nil)); got.err != nil || got.text != "fine" {
			t.Errorf("%q, error %v", got.text, got.err)
		}
	})
}

// TestAQueueLeavesTheNextItsTime keeps the first target busy with other requests.
func TestAQueueLeavesTheNextItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls [2]atomic.Int32
		r := New(Config{Counter: counter(t), FirstEvent: 10 * time.Second, Targets: []*Target{
			target(replies(&calls[0], fine()), TargetConfig{MaxConcurrent: 1, MaxQueue: 9}), target(replies(&calls[1], fine()), TargetConfig{}),
		}})
		release, err := r.cfg.Targets[0].queue.Acquire(t.Context(), "other", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
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

// TestAContinuedAnswerIsCountedByUs makes the second of two servers report its usage: that server has seen a part
// of the answer as a part of the prompt.
func TestAContinuedAnswerIsCountedByUs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		broken, whole := reply{words: []string{"Luna is"}}, reply{words: []string{" a cat."}, ends: true}
		r := New(Config{Counter: counter(t), Targets: []*Target{
			target(&script{calls: &calls, list: []reply{broken, whole}, continues: true}, TargetConfig{}),
		}})
		got := collect(t, r.Complete(t.Context(), question1(), nil))
		if got.err != nil || got.text != "Luna is a cat." || got.openings != 1 {
			t.Errorf("%q, %d openings, error %v", got.text, got.openings, got.err)
		}
		if u := got.usage; u == nil || !u.Estimated || u.CompletionTokens > 10 {
			t.Errorf("usage %+v", u)
		}
	})
}

// TestARefusedContinuation makes a server refuse to continue. The caller's request is not at
// fault: it was accepted before.
func TestARefusedContinuation(t *testing.T) {
	for _, takeover := range []bool{false, true} {
		t.Run(fmt.Sprint("takeover ", takeover), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int32
				list := []reply{{words: []string{"Luna is"}}, {status: 400}}
				var resume []chat.Event
				if takeover {
					list, resume = list[1:], []chat.Event{chat.Opening(0), chat.Text(0, "Luna is")}
				}
				r := New(Config{Counter: counter(t), Targets: []*Target{
					target(&script{calls: &calls, list: list, continues: true}, TargetConfig{}),
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

func TestDeadlinesOfATarget(t *testing.T) {
	for name, test := range map[string]struct {
		timeouts Timeouts
		words    []string
		code     chat.Code
	}{
		"first": {Timeouts{First: time.Second}, nil, chat.CodeUpstreamTimeout},
		"idle":  {Timeouts{First: time.Second, Idle: 2 * time.Second}, []string{"Hi"}, chat.CodeIdleTimeout},
		"total": {Timeouts{Total: 3 * time.Second}, []string{"Hi"}, chat.CodeTotalTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int32
				b := Timed(replies(&calls, reply{words: test.words, silent: true}), test.timeouts)
				r := New(Config{Counter: counter(t), FirstEvent: time.Second, Targets: []*Target{target(b, TargetConfig{})}})
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

// TestABackendThatEndsTooEarly tests a backend that violates its contract: the answer does not count as complete.
func TestABackendThatEndsTooEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Config{Counter: counter(t), Targets: []*Target{target(early{}, TargetConfig{})}})
		got := collect(t, r.Complete(t.Context(), question1(), nil))
		wantShown(t, got.err, chat.CodeUpstreamError, "broke off")
		if len(got.finishes) > 0 {
			t.Errorf("finishes %v", got.finishes)
		}
	})
}

type early struct{}

func (early) CanContinue(*Call) bool { return false }

func (early) Complete(context.Context, *Call) iter.Seq2[[]chat.Event, error] {
	return func(yield func([]chat.Event, error) bool) { yield([]chat.Event{chat.Text(0, "Hi")}, nil) }
}

// TestCancel cancels a completion in every phase. It must end at once, and leave nothing in the queue.
func TestCancel(t *testing.T) {
	for phase, reply := range map[string]reply{
		"before the first event": {silent: true},
		"streaming":              {words: []string{"Hi"}, silent: true},
		"queued":                 {},
		"between two attempts":   {status: 429, after: 5 * time.Second},
	} {
		t.Run(phase, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int32
				one := target(replies(&calls, reply), TargetConfig{MaxConcurrent: 1, MaxQueue: 1})
				r := New(Config{Counter: counter(t), Targets: []*Target{one}})
				ctx, cancel := context.WithCancel(t.Context())
				release := func() {}
				if phase == "queued" {
					release, _ = one.queue.Acquire(ctx, "other", nil)
				}
				ended := make(chan asked)
				go func() { ended <- collect(t, r.Complete(ctx, question1(), nil)) }()
				synctest.Wait()
				begun := time.Now()
				cancel()
				if got := <-ended; !errors.Is(got.err, context.Canceled) {
					t.Errorf("error %v", got.err)
				}
				if took := time.Since(begun); took > countPatience {
					t.Errorf("ended after %s", took)
				}
				release()
				if one.queue.Waiting()+one.queue.Working() != 0 {
					t.Errorf("%d wait, %d work", one.queue.Waiting(), one.queue.Working())
				}
				if want := phase != "queued"; calls.Load() > 0 != want {
					t.Errorf("%d calls", calls.Load())
				}
			})
		})
	}
}
