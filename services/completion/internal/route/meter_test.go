package route

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A notebook is a Meter that records its calls.
type notebook struct {
	mu    sync.Mutex
	lines []string
	last  Attempt
}

// Attempted implements Meter.
func (n *notebook) Attempted(a *Attempt) {
	n.mu.Lock()
	defer n.mu.Unlock()
	line := a.Model + " " + string(a.Outcome)
	if a.Retry {
		line += ", retry"
	}
	if a.Fallback {
		line += ", fallback"
	}
	n.lines, n.last = append(n.lines, line), *a
}

// Counted implements Meter.
func (n *notebook) Counted(model string, usage *chat.Usage, dollars float64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, fmt.Sprintf("%s counted %d+%d for %g", model, usage.PromptTokens, usage.CompletionTokens, dollars))
}

func TestEachAttemptIsMetered(t *testing.T) {
	for name, test := range map[string]struct {
		first, second []reply
		want          [2][]string
	}{
		"at once":      {[]reply{fine()}, nil, [2][]string{{"m answered"}, nil}},
		"second try":   {[]reply{{status: 503}, fine()}, nil, [2][]string{{"m failed", "m answered, retry"}, nil}},
		"the next":     {[]reply{{status: 503}}, []reply{fine()}, [2][]string{{"m failed", "m failed, retry"}, {"m answered, fallback"}}},
		"busy":         {[]reply{{status: 429, after: time.Second}}, []reply{fine()}, [2][]string{{"m busy"}, {"m answered, fallback"}}},
		"denied":       {[]reply{{status: 401}}, []reply{fine()}, [2][]string{{"m denied"}, {"m answered, fallback"}}},
		"unreachable":  {[]reply{{fails: Unreachable(errCut)}, fine()}, nil, [2][]string{{"m unreachable", "m answered, retry"}, nil}},
		"malformed":    {[]reply{{fails: Malformed(errCut)}, fine()}, nil, [2][]string{{"m malformed", "m answered, retry"}, nil}},
		"silent":       {[]reply{{silent: true}}, []reply{fine()}, [2][]string{{"m timeout"}, {"m answered, fallback"}}},
		"the caller's": {[]reply{{status: 400}}, nil, [2][]string{{"m refused"}, nil}},
		"too long":     {[]reply{{fails: TooLong(errCut)}}, nil, [2][]string{{"m refused"}, nil}},
		"cannot go on": {[]reply{garbled("half")}, []reply{fine()}, [2][]string{{"m failed"}, {"m cannot_continue, fallback"}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls [2]atomic.Int32
				var told [2]notebook
				list := test.second
				if list == nil {
					list = []reply{fine()}
				}
				r := New(Config{Model: "m", Counter: counter(t), FirstEvent: 10 * time.Second, Targets: []*Target{
					target(replies(&calls[0], test.first...), TargetConfig{Meter: &told[0]}),
					target(replies(&calls[1], list...), TargetConfig{Meter: &told[1]}),
				}})
				collect(t, r.Complete(t.Context(), question1(), nil))
				got := [2][]string{told[0].attempts(), told[1].attempts()}
				if name == "cannot go on" { // the route decides how often it is tried again
					got[0], got[1] = got[0][:1], got[1][:1]
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// attempts returns the lines of attempts.
func (n *notebook) attempts() []string {
	var lines []string
	for _, line := range n.lines {
		var dollars float64
		var in, out int
		var model string
		if _, err := fmt.Sscanf(line, "%s counted %d+%d for %g", &model, &in, &out, &dollars); err != nil {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestCostIsMetered checks that the cost of an attempt is attributed to its target, as reported by the server or as counted.
func TestCostIsMetered(t *testing.T) {
	var calls atomic.Int32
	var told notebook
	p := target(replies(&calls, fine()), TargetConfig{Price: Price{Input: 0.15, Output: 0.6}, Meter: &told})
	collect(t, New(Config{Model: "m", Counter: counter(t), Targets: []*Target{p}}).Complete(t.Context(), question1(), nil))
	if told.last.Usage.PromptTokens != 2_000_000 || told.last.Usage.CompletionTokens != 500_000 || told.last.Dollars != 0.6 {
		t.Errorf("%+v", told.last)
	}
	if len(told.lines) != 1 {
		t.Errorf("reported, and counted too: %q", told.lines)
	}

	told = notebook{}
	calls.Store(0)
	p = target(replies(&calls, garbled("half")), TargetConfig{Price: Price{Input: 1e6}, Meter: &told})
	collect(t, New(Config{Model: "m", Counter: counter(t), Targets: []*Target{p}}).Complete(t.Context(), question1(), nil))
	last := told.lines[len(told.lines)-1]
	var in, out int
	var dollars float64
	if _, err := fmt.Sscanf(last, "m counted %d+%d for %g", &in, &out, &dollars); err != nil || in == 0 || out == 0 || dollars != float64(in) {
		t.Errorf("%q, %v", last, err)
	}
}

func TestTimesAreMetered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told notebook
		var calls atomic.Int32
		slow := &late{Backend: replies(&calls, fine()), by: time.Second}
		p := target(slow, TargetConfig{Meter: &told, MaxConcurrent: 1, MaxQueue: 1})
		r := New(Config{Model: "m", Counter: counter(t), Targets: []*Target{p}})
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { collect(t, r.Complete(t.Context(), question1(), nil)) })
		}
		synctest.Wait()
		if got, want := p.State(), (State{Active: 1, Waiting: 1}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		collect(t, r.Complete(t.Context(), question1(), nil)) // the queue is full
		both.Wait()
		if told.last.Queued != time.Second || told.last.FirstEvent != time.Second {
			t.Errorf("queued for %v, first event after %v", told.last.Queued, told.last.FirstEvent)
		}
		want := []string{"m queue_full", "m answered", "m answered"}
		if diff := cmp.Diff(want, told.attempts()); diff != "" {
			t.Error(diff)
		}
		if got := p.State(); got != (State{}) {
			t.Errorf("%+v in the end", got)
		}
	})
}

// A late backend takes its time before the first message.
type late struct {
	Backend
	by time.Duration
}

// Complete implements Backend.
func (l *late) Complete(ctx context.Context, call *Call) iter.Seq2[[]chat.Event, error] {
	return func(yield func([]chat.Event, error) bool) {
		<-time.After(l.by)
		l.Backend.Complete(ctx, call)(yield)
	}
}

func TestStateOfABreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		var told notebook
		list := []reply{}
		for range 2*tripAfter + 1 { // the third caller opens it for all
			list = append(list, absent())
		}
		p := target(replies(&calls, append(list, fine())...), TargetConfig{Meter: &told})
		r := New(Config{Model: "m", Counter: counter(t), FirstEvent: time.Nanosecond, Targets: []*Target{p}})
		ask := func(principal string, times int) {
			for range times {
				collect(t, r.Complete(chat.WithPrincipal(t.Context(), principal), question1(), nil))
			}
		}
		ask("a", tripAfter)
		if got := p.State(); got != (State{RestsFor: 1}) {
			t.Errorf("after one caller's failures: %+v", got)
		}
		ask("b", tripAfter)
		ask("c", tripAfter)
		if got := p.State(); got != (State{Resting: true, RestsFor: 2}) {
			t.Errorf("after three callers' failures: %+v", got)
		}
		ask("d", 1)
		if told.last.Outcome != OutcomeResting {
			t.Errorf("a fourth caller: %s", told.last.Outcome)
		}
		<-time.After(openFor + time.Millisecond)
		if got := p.State(); got != (State{Resting: true}) {
			t.Errorf("before anybody has found it well: %+v", got)
		}
		ask("d", 1)
		if got := p.State(); got != (State{}) {
			t.Errorf("answered, and still resting: %+v", got)
		}
	})
}

func TestWhoAnsweredIsNoted(t *testing.T) {
	var calls [2]atomic.Int32
	r := New(Config{Model: "m", Counter: counter(t), FirstEvent: time.Second, Targets: []*Target{
		target(replies(&calls[0], reply{status: 401}), TargetConfig{Name: "first@host"}),
		target(replies(&calls[1], fine()), TargetConfig{Name: "second@host"}),
	}})
	collect(t, r.Complete(t.Context(), question1(), nil))
	if chat.TargetOf(t.Context()) != "" {
		t.Error("somebody was asked in a context that notes nobody")
	}
	ctx := chat.WithTarget(t.Context())
	collect(t, r.Complete(chat.WithTarget(ctx), question1(), nil))
	if got := chat.TargetOf(ctx); got != "second@host" {
		t.Errorf("asked %q", got)
	}
}
