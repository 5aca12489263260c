package service_test

import (
	"context"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// A counter is an engine that counts the runs of another engine.
type counter struct {
	chat.Engine
	runs atomic.Int32
}

func (c *counter) Complete(ctx context.Context, req *chat.Request, resume []chat.Event) iter.Seq2[chat.Event, error] {
	c.runs.Add(1)
	return c.Engine.Complete(ctx, req, resume)
}

func TestARepeatedKeyAttachesToItsCompletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		first := stream(t, s, "key", ask(withUsage))
		meta := first.Meta()
		p.say(chat.Opening(0), chat.Text(0, "Lab"))
		synctest.Wait()
		second := stream(t, s, "key", ask(withUsage))
		unary := make(chan *chat.Completion, 1)
		go func() {
			c, err := s.Create(t.Context(), anna, "key", ask(withUsage))
			if err != nil {
				t.Errorf("Create: %v", err)
			}
			unary <- c
		}()
		synctest.Wait()
		p.finish()
		want := all(t, first)
		third := stream(t, s, "key", ask(withUsage)) // the completion has ended
		for i, st := range []*service.Stream{second, third} {
			if diff := cmp.Diff(meta, st.Meta()); diff != "" {
				t.Errorf("meta of repeat %d (-first +repeat):\n%s", i, diff)
			}
			if diff := cmp.Diff(want, all(t, st)); diff != "" {
				t.Errorf("repeat %d (-first +repeat):\n%s", i, diff)
			}
		}
		if c := <-unary; c.Meta.ID != first.Meta().ID || c.Choices[0].Content != "Lab" {
			t.Errorf("Create returns %s that says %q", c.Meta.ID, c.Choices[0].Content)
		}
		if n := p.runs.Load(); n != 1 {
			t.Errorf("the engine ran %d times", n)
		}
	})
}

func TestAKeyOfAnotherRequestConflicts(t *testing.T) {
	s := newService(t, says("yes"), service.Config{})
	all(t, stream(t, s, "key", ask()))
	for name, change := range map[string]func(*chat.Request){
		"another question": messages(user("Which cat?")),
		"other options":    withUsage,
		"another seed":     func(r *chat.Request) { r.Seed = new(int64(0)) },
		"stored":           stored,
	} {
		_, err := s.Stream(t.Context(), anna, "key", ask(change))
		if err == nil {
			t.Errorf("%s: it attached", name)
			continue
		}
		wantCode(t, name, err, chat.CodeIdempotencyConflict)
		_, err = s.Create(t.Context(), anna, "key", ask(change))
		wantCode(t, name, err, chat.CodeIdempotencyConflict)
	}
	if _, err := s.Create(t.Context(), anna, "key", ask()); err != nil {
		t.Errorf("the same request: %v", err)
	}
}

func TestKeysOfDifferentPrincipalsAndNoKeysAreDifferent(t *testing.T) {
	s := newService(t, says("yes"), service.Config{})
	seen := map[string]bool{}
	for _, caller := range []struct{ principal, key string }{{anna, "key"}, {mallo, "key"}, {anna, ""}, {anna, ""}, {anna, "yek"}} {
		c, err := s.Create(t.Context(), caller.principal, caller.key, ask())
		if err != nil {
			t.Fatal(err)
		}
		seen[c.Meta.ID] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d completions, want 5", len(seen))
	}
}

func TestConcurrentRequestsWithOneKeyAreOneGeneration(t *testing.T) {
	e := &counter{Engine: says("Lab", "ra", "dor")}
	s := newService(t, e, service.Config{})
	const callers = 32
	ids := make(chan string, callers)
	for i := range callers {
		go func() {
			if i%2 == 0 {
				c, err := s.Create(t.Context(), anna, "key", ask())
				if err != nil || c.Choices[0].Content != "Labrador" {
					t.Errorf("Create: %v, %v", c, err)
					ids <- ""
					return
				}
				ids <- c.Meta.ID
				return
			}
			st, err := s.Stream(t.Context(), anna, "key", ask())
			if err != nil {
				t.Errorf("Stream: %v", err)
				ids <- ""
				return
			}
			if entries, err := collect(st); err != nil || len(entries) != 6 {
				t.Errorf("the stream: %v, %v", entries, err)
			}
			ids <- st.Meta().ID
		}()
	}
	first := <-ids
	for range callers - 1 {
		if id := <-ids; id != first {
			t.Errorf("one key names %s and %s", first, id)
		}
	}
	if n := e.runs.Load(); n != 1 {
		t.Errorf("the engine ran %d times", n)
	}
}

func TestAKeyIsFreeAgainWhenItsCompletionHasExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, says("yes"), service.Config{Log: newLog(t, memlog.Config{Retention: time.Minute})})
		first := stream(t, s, "key", ask())
		all(t, first)
		pass(time.Minute)
		if second := stream(t, s, "key", ask(withUsage)); second.Meta().ID == first.Meta().ID {
			t.Error("the key still names what has expired")
		}
	})
}

func TestAKeyHasABound(t *testing.T) {
	s := newService(t, says("yes"), service.Config{})
	if _, err := s.Create(t.Context(), anna, strings.Repeat("k", 255), ask()); err != nil {
		t.Errorf("a key of 255 bytes: %v", err)
	}
	_, err := s.Create(t.Context(), anna, strings.Repeat("k", 256), ask())
	wantCode(t, "a key of 256 bytes", err, chat.CodeStringTooLong)
}

func TestARepeatOfWhatFailedTellsTheFailureAgain(t *testing.T) {
	e := &counter{Engine: failsWith(chat.Errorf(chat.CodeUpstreamError, "failed"))}
	s := newService(t, e, service.Config{})
	for range 3 {
		_, err := s.Create(t.Context(), anna, "key", ask())
		wantCode(t, "Create", err, chat.CodeUpstreamError)
	}
	if n := e.runs.Load(); n != 1 {
		t.Errorf("the engine ran %d times", n)
	}
}
