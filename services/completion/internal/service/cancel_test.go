package service_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

func cancelIt(t *testing.T, s *service.Service, id string) *chat.Completion {
	t.Helper()
	c, err := s.Cancel(t.Context(), anna, id)
	if err != nil {
		t.Fatalf("Cancel: %v", err)
	}
	return c
}

func TestCancelEndsACompletionForAllOfItsReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		st := stream(t, s, "", ask(stored, withUsage))
		p.say(chat.Opening(0), chat.Text(0, "Lab"))
		synctest.Wait()
		pass(time.Minute)
		asked := time.Now()
		c := cancelIt(t, s, st.Meta().ID)

		wantStatus(t, c, chat.StatusCancelled, chat.CodeCompletionCancelled)
		if c.Choices[0].Content != "Lab" || c.Usage == nil || *c.Usage != cost {
			t.Errorf("it says %q and cost %v, want %q and %v", c.Choices[0].Content, c.Usage, "Lab", cost)
		}
		if stopped := <-p.stopped; !stopped.Equal(asked) || !time.Now().Equal(asked) {
			t.Errorf("the engine was stopped %v and Cancel returned %v after it was asked to", stopped.Sub(asked), time.Since(asked))
		}
		want := numbered(0, chat.Opening(0), chat.Text(0, "Lab"), chat.Event{Kind: chat.KindError, Usage: new(cost), Err: c.Err})
		for range 2 { // the existing reader, and a later one
			if diff := cmp.Diff(want, all(t, st)); diff != "" {
				t.Errorf("a reader (-want +got):\n%s", diff)
			}
			pass(time.Hour / 4)
			st, _ = s.Resume(t.Context(), anna, st.Meta().ID, chat.FromStart, false)
		}
	})
}

func TestCancelIsIdempotent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		st := stream(t, s, "", ask())
		p.say(chat.Opening(0))
		results := make(chan *chat.Completion, 8)
		for range cap(results) {
			go func() { results <- cancelIt(t, s, st.Meta().ID) }()
		}
		first := <-results
		wantStatus(t, first, chat.StatusCancelled, chat.CodeCompletionCancelled)
		for range cap(results) - 1 {
			if diff := cmp.Diff(first, <-results); diff != "" {
				t.Errorf("a concurrent cancel (-first +this):\n%s", diff)
			}
		}
		if diff := cmp.Diff(first, cancelIt(t, s, st.Meta().ID)); diff != "" {
			t.Errorf("a later cancel (-first +this):\n%s", diff)
		}
	})
}

func TestWhatHasEndedStaysAsItIs(t *testing.T) {
	s := newService(t, says("Labradors"), service.Config{})
	st := stream(t, s, "", ask())
	entries := all(t, st)
	wantStatus(t, cancelIt(t, s, st.Meta().ID), chat.StatusCompleted, "")
	if diff := cmp.Diff(entries, resume(t, s, st.Meta().ID, chat.FromStart)); diff != "" {
		t.Errorf("entries (-before +after):\n%s", diff)
	}
}

func TestAnEngineThatDoesNotHeedACancelIsSealedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var log record
		s := newService(t, stuck(release), service.Config{Logger: log.logger()})
		st := stream(t, s, "", ask())
		synctest.Wait()
		asked := time.Now()
		c := cancelIt(t, s, st.Meta().ID)
		wantStatus(t, c, chat.StatusCancelled, chat.CodeCompletionCancelled)
		if took := time.Since(asked); took > time.Second {
			t.Errorf("Cancel took %v, want a second at most", took)
		}
		entries := all(t, st)
		close(release)
		synctest.Wait()
		if diff := cmp.Diff(entries, resume(t, s, st.Meta().ID, chat.FromStart)); diff != "" {
			t.Errorf("entries before and after the engine came back (-before +after):\n%s", diff)
		}
		if c := get(t, s, st.Meta().ID); c.Choices[0].Content != "before" {
			t.Errorf("it says %q, want what was there before the cancel", c.Choices[0].Content)
		}
		if log.contains("ERROR") {
			t.Errorf("that is no error: %s", log.text.String())
		}
	})
}

func TestACancelThatIsGivenUpHasStillBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := newService(t, stuck(release), service.Config{})
		st := stream(t, s, "", ask())
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := s.Cancel(ctx, anna, st.Meta().ID); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Cancel: error %v, want %v", err, context.DeadlineExceeded)
		}
		close(release)
		synctest.Wait()
		wantStatus(t, get(t, s, st.Meta().ID), chat.StatusCancelled, chat.CodeCompletionCancelled)
	})
}

func TestACompletionOfAnotherProcessIsCancelledInTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		log := newLog(t, memlog.Config{})
		here := newService(t, p, service.Config{Log: log})
		there := newService(t, says("no"), service.Config{Log: log})
		st := stream(t, here, "", ask())
		p.say(chat.Opening(0))
		synctest.Wait()
		wantStatus(t, cancelIt(t, there, st.Meta().ID), chat.StatusCancelled, chat.CodeCompletionCancelled)
		select {
		case p.events <- chat.Text(0, "late"): // the log refuses it
		case <-p.stopped: // the log has notified the service, which has stopped the engine
		}
		synctest.Wait()
		c := get(t, here, st.Meta().ID)
		wantStatus(t, c, chat.StatusCancelled, chat.CodeCompletionCancelled)
		if c.Choices[0].Content != "" {
			t.Errorf("it says %q after the cancel", c.Choices[0].Content)
		}
	})
}

func TestDeleteEndsACompletionAndForgetsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		var log record
		s := newService(t, p, service.Config{Logger: log.logger()})
		st := stream(t, s, "key", ask(stored))
		p.say(chat.Opening(0))
		ended := make(chan error, 1)
		go func() {
			entries, err := collect(st)
			if last := entries[len(entries)-1].Event; err == nil && last.Kind == chat.KindError {
				err = last.Err
			}
			ended <- err
		}()
		synctest.Wait()
		id := st.Meta().ID
		if err := s.Delete(t.Context(), anna, id); err != nil {
			t.Fatalf("Delete: %v", err)
		}
		if len(p.stopped) != 1 {
			t.Error("the engine was not stopped")
		}
		// A reader learns of the cancel, or of the deletion if it is slower than that.
		var shown *chat.Error
		if err := <-ended; !errors.As(err, &shown) || shown.Code != chat.CodeCompletionCancelled && shown.Code != chat.CodeCompletionExpired {
			t.Errorf("the reader ends with %v", err)
		}
		_, err := s.Get(t.Context(), anna, id)
		wantCode(t, "Get", err, chat.CodeCompletionNotFound)
		wantCode(t, "second Delete", s.Delete(t.Context(), anna, id), chat.CodeCompletionNotFound)
		if again := stream(t, s, "key", ask(stored)); again.Meta().ID == id {
			t.Error("the key still names what was deleted")
		}
		if log.contains("ERROR") {
			t.Errorf("that is no error: %s", log.text.String())
		}
	})
}

func TestDeleteOfWhatTheEngineDoesNotLetGoOfIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var log record
		s := newService(t, stuck(release), service.Config{Logger: log.logger()})
		st := stream(t, s, "", ask())
		synctest.Wait()
		if err := s.Delete(t.Context(), anna, st.Meta().ID); err != nil {
			t.Fatalf("Delete: %v", err)
		}
		st.Close()
		close(release)
		synctest.Wait()
		if log.contains("ERROR") {
			t.Errorf("that is no error: %s", log.text.String())
		}
	})
}
