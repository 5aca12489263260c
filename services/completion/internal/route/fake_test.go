package route

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// errCut is the error of a connection that was cut.
var errCut = errors.New("connection reset")

// A script is a backend that gives one reply per call, and repeats the last one.
type script struct {
	calls     *atomic.Int32
	list      []reply
	continues bool // it can continue anything
}

// A reply yields its words, and then ends as scripted.
type reply struct {
	words  []string
	ends   bool          // completes the answer
	status int           // refuses with that HTTP status
	after  time.Duration // with that Retry-After
	fails  *Failure      // fails otherwise
	silent bool          // nothing follows
}

func fine() reply { return reply{words: []string{"fine"}, ends: true} }

func absent() reply { return reply{fails: Broken(errCut)} }

func garbled(words ...string) reply {
	return reply{words: words, fails: Broken(errors.New("malformed"))}
}

func replies(calls *atomic.Int32, list ...reply) *script { return &script{calls: calls, list: list} }

// CanContinue implements Backend.
func (s *script) CanContinue(*Call) bool { return s.continues }

// Complete implements Backend.
func (s *script) Complete(ctx context.Context, _ *Call) iter.Seq2[[]chat.Event, error] {
	next := s.list[min(int(s.calls.Add(1)), len(s.list))-1]
	return func(yield func([]chat.Event, error) bool) {
		for _, word := range next.words {
			events := []chat.Event{chat.Opening(0)}
			if word != "" {
				events = append(events, chat.Text(0, word))
			}
			if !yield(events, nil) {
				return
			}
		}
		switch {
		case next.ends:
			yield([]chat.Event{chat.UsageEvent(chat.Usage{PromptTokens: 2_000_000, CompletionTokens: 500_000}), chat.Finish(0, chat.FinishStop)}, nil)
		case next.silent:
			<-ctx.Done()
			yield(nil, ctx.Err())
		case next.fails != nil:
			f, shown := *next.fails, *next.fails.Shown
			f.Shown = &shown
			yield(nil, &f)
		case next.status != 0:
			yield(nil, refusal(next.status, next.after))
		default:
			yield(nil, Broken(errors.New("ended too early")))
		}
	}
}

// refusal returns the failure that a server's error status stands for.
func refusal(status int, after time.Duration) *Failure {
	cause := errors.New("refused")
	var f *Failure
	switch status {
	case 400:
		f = Refused(cause, "tools", "because")
	case 401, 403:
		f = Denied(cause)
	case 429:
		f = Busy(cause, after)
	default:
		f = Broken(cause)
		f.RetryAfter = after
	}
	f.Reported = true
	return f
}

func target(b Backend, cfg TargetConfig) *Target {
	cfg.Backend, cfg.Model, cfg.Capabilities = Timed(b, Timeouts{}), "served", chat.Capabilities{Tools: chat.Used}
	return NewTarget(cfg)
}

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

// asked is the result of one call of an attempt or a route.
type asked struct {
	events          []chat.Event
	text, reasoning string
	finishes        []chat.FinishReason
	openings        int
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
			if e.Delta.Role != "" {
				a.openings++
			}
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
