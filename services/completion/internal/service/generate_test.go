package service_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// secret must not reach a caller.
const secret = "postgres://secret"

// ends returns an engine that yields an opening and its usage, and then calls f.
func ends(f func(yield func(chat.Event, error) bool)) engine {
	return engine{complete: func(_ context.Context, _ *chat.Request, yield func(chat.Event, error) bool) {
		if yield(chat.Opening(0), nil) && yield(chat.UsageEvent(cost), nil) {
			f(yield)
		}
	}}
}

func yieldsThen(events ...chat.Event) engine {
	return ends(func(yield func(chat.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	})
}

func failsWith(err error) engine {
	return ends(func(yield func(chat.Event, error) bool) { yield(chat.Event{}, err) })
}

func toolCall(index int) chat.Event {
	return chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{ToolCalls: []chat.ToolCallDelta{{Index: index, Name: "f"}}}}
}

func TestWhatGoesWrongInTheEngineEndsTheCompletion(t *testing.T) {
	shown := &chat.Error{Code: chat.CodeUpstreamTimeout, Message: "The model did not answer.", RetryAfter: time.Minute, Err: errors.New(secret)}
	finish := chat.Finish(0, chat.FinishStop)
	for _, test := range []struct {
		name   string
		engine engine
		n      int
		code   chat.Code
		logged string
	}{
		{"an error for the caller", failsWith(shown), 1, shown.Code, secret},
		{"an error for the caller, wrapped", failsWith(fmt.Errorf("attempt 2: %w", shown)), 1, shown.Code, secret},
		{"any other error", failsWith(errors.New(secret)), 1, chat.CodeInternal, secret},
		{"a time limit of its own", failsWith(context.DeadlineExceeded), 1, chat.CodeInternal, "deadline"},
		{"that it cannot continue", failsWith(chat.ErrCannotContinue), 1, chat.CodeInterrupted, "cannot continue"},
		{"a panic", ends(func(func(chat.Event, error) bool) { panic(secret) }), 1, chat.CodeInternal, secret},
		{"no finish", yieldsThen(), 1, chat.CodeInternal, "choice"},
		{"a choice without finish", yieldsThen(finish), 2, chat.CodeInternal, "choice"},
		{"two finishes of one choice", yieldsThen(finish, finish), 2, chat.CodeInternal, "choice 0"},
		{"a delta after the finish", yieldsThen(finish, chat.Text(0, "late")), 1, chat.CodeInternal, "choice 0"},
		{"a choice that nobody asked for", yieldsThen(chat.Text(1, "b")), 1, chat.CodeInternal, "choice 1"},
		{"a choice below zero", yieldsThen(chat.Text(-1, "b")), 1, chat.CodeInternal, "choice -1"},
		{"a finish of a choice that nobody asked for", yieldsThen(chat.Finish(1, chat.FinishStop)), 1, chat.CodeInternal, "choice 1"},
		{"a tool call below zero", yieldsThen(toolCall(-1)), 1, chat.CodeInternal, "tool call -1"},
		{"a tool call out of all bounds", yieldsThen(toolCall(1 << 40)), 1, chat.CodeInternal, "tool call"},
		{"a terminal event", yieldsThen(finish, chat.Event{Kind: chat.KindDone}), 1, chat.CodeInternal, "kind 5"},
		{"an event of no kind", yieldsThen(chat.Event{}), 1, chat.CodeInternal, "kind 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log record
			s := newService(t, test.engine, service.Config{Logger: log.logger()})
			st := stream(t, s, "", ask(choices(test.n)))
			entries := all(t, st)
			end := entries[len(entries)-1].Event
			if end.Kind != chat.KindError || end.Err == nil || end.Err.Code != test.code {
				t.Fatalf("it ends with %+v, want %s", end, test.code)
			}
			if strings.Contains(end.Err.Message, secret) || end.Err.Message == "" {
				t.Errorf("the caller is told %q", end.Err.Message)
			}
			if test.code == shown.Code && (end.Err.Message != shown.Message || end.Err.RetryAfter != time.Minute) {
				t.Errorf("the caller is told %+v, want %+v", end.Err, shown)
			}
			if end.Usage == nil || *end.Usage != cost {
				t.Errorf("the books say %v, want %v", end.Usage, cost)
			}
			if !log.contains(test.logged) || !log.contains(st.Meta().ID) {
				t.Errorf("our log does not tell the cause: %s", log.text.String())
			}
			if ours := test.code == chat.CodeInternal; log.contains("level=ERROR") != ours {
				t.Errorf("told as an error: %t, want %t: %s", !ours, ours, log.text.String())
			}
			wantStatus(t, get(t, s, st.Meta().ID), chat.StatusFailed, test.code)
			_, err := s.Create(t.Context(), anna, "", ask(choices(test.n)))
			wantCode(t, "Create", err, test.code)
		})
	}
}

func TestACheckOfTheEngineRefusesBeforeAnythingIsStored(t *testing.T) {
	refuses := func(err error) engine {
		e := says("never")
		e.check = func(*chat.Request) error { return err }
		return e
	}
	own := &chat.Error{Code: chat.CodeContextLengthExceeded, Param: "messages", Message: "Too long."}
	for _, test := range []struct {
		err  error
		code chat.Code
	}{{own, own.Code}, {errors.New(secret), chat.CodeInternal}} {
		s := newService(t, refuses(test.err), service.Config{})
		_, err := s.Stream(t.Context(), anna, "key", ask(stored))
		if shown := wantCode(t, "Stream", err, test.code); strings.Contains(shown.Message, secret) {
			t.Errorf("the caller is told %q", shown.Message)
		}
		if listed, _, err := s.List(t.Context(), anna, chat.Filter{}, chat.Page{}); err != nil || len(listed) != 0 {
			t.Errorf("List: %v, %v, want nothing", listed, err)
		}
	}
}

func TestAnAnswerThatIsTooLongForTheLogEndsSo(t *testing.T) {
	s := newService(t, says(strings.Repeat("x", 1000), "y", "z"), service.Config{Log: newLog(t, memlog.Config{MaxCompletion: 1000})})
	st := stream(t, s, "", ask())
	entries := all(t, st)
	if diff := cmp.Diff(numbered(0, chat.Opening(0), chat.Text(0, strings.Repeat("x", 1000))), entries[:len(entries)-1]); diff != "" {
		t.Errorf("before the end (-want +got):\n%s", diff)
	}
	wantStatus(t, get(t, s, st.Meta().ID), chat.StatusFailed, chat.CodeAnswerTooLong)
}

func TestUsageIsShownBeforeTheEndWhereAskedForAndBookedAlways(t *testing.T) {
	early := chat.UsageEvent(chat.Usage{PromptTokens: 1})
	finish := chat.Finish(0, chat.FinishStop)
	for _, test := range []struct {
		name   string
		change func(*chat.Request)
		engine engine
		want   []chat.Event
	}{
		{"asked for", withUsage, says("a"), append(spoken(1, "a"), chat.UsageEvent(cost), done())},
		{"not asked for", func(*chat.Request) {}, says("a"), append(spoken(1, "a"), done())},
		{
			"told too early and twice", withUsage,
			yields(early, chat.Opening(0), chat.UsageEvent(cost), finish),
			[]chat.Event{chat.Opening(0), finish, chat.UsageEvent(cost), done()},
		},
		{
			"the last counts", withUsage,
			yields(early, chat.Opening(0), finish, early, chat.UsageEvent(cost)),
			[]chat.Event{chat.Opening(0), finish, chat.UsageEvent(cost), done()},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newService(t, test.engine, service.Config{})
			st := stream(t, s, "", ask(test.change))
			if diff := cmp.Diff(numbered(0, test.want...), all(t, st)); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if c := get(t, s, st.Meta().ID); c.Usage == nil || *c.Usage != cost {
				t.Errorf("the completion cost %v, want %v", c.Usage, cost)
			}
		})
	}
}

func TestUsageComesAfterTheLastChoiceHasEnded(t *testing.T) {
	s := newService(t, says("a"), service.Config{})
	want := numbered(0, append(spoken(3, "a"), chat.UsageEvent(cost), done())...)
	if diff := cmp.Diff(want, all(t, stream(t, s, "", ask(withUsage, choices(3))))); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestAFailedCompletionShowsNoUsageEvent(t *testing.T) {
	s := newService(t, failsWith(errors.New("failed")), service.Config{})
	for _, entry := range all(t, stream(t, s, "", ask(withUsage))) {
		if entry.Event.Kind == chat.KindUsage {
			t.Errorf("usage is shown at %d", entry.Sequence)
		}
	}
}

func TestAnEngineThatTellsNothingOfItsEndIsStillCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quiet := engine{complete: func(ctx context.Context, _ *chat.Request, yield func(chat.Event, error) bool) {
			yield(chat.Opening(0), nil)
			<-ctx.Done() // and then no error
		}}
		var log record
		s := newService(t, quiet, service.Config{Logger: log.logger()})
		st := stream(t, s, "", ask())
		synctest.Wait()
		c, err := s.Cancel(t.Context(), anna, st.Meta().ID)
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, c, chat.StatusCancelled, chat.CodeCompletionCancelled)
		if log.contains("ERROR") {
			t.Errorf("a cancel is no error: %s", log.text.String())
		}
	})
}
