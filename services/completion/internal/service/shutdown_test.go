package service_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// wantOverloaded fails the test unless new completions are refused with a hint when to retry.
func wantOverloaded(t *testing.T, s *service.Service) {
	t.Helper()
	for _, ask := range []func() error{
		func() error { _, err := s.Stream(t.Context(), anna, "", ask(stored)); return err },
		func() error { _, err := s.Create(t.Context(), anna, "", ask(stored)); return err },
	} {
		if shown := wantCode(t, "a new completion", ask(), chat.CodeOverloaded); shown.RetryAfter <= 0 {
			t.Error("it does not say when to come back")
		}
	}
	if listed, _, err := s.List(t.Context(), anna, chat.Filter{}, chat.Page{}); err != nil || len(listed) != 0 {
		t.Errorf("List: %d, %v, want that what was refused is not stored", len(listed), err)
	}
}

func TestShutdownWaitsForWhatRunsAndRefusesWhatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		st := stream(t, s, "", ask())
		p.say(chat.Opening(0))
		ended := make(chan error, 1)
		go func() { ended <- s.Shutdown(t.Context()) }()
		pass(time.Hour)
		if len(ended) != 0 {
			t.Fatal("it did not wait")
		}
		wantOverloaded(t, s)
		joined, err := s.Resume(t.Context(), anna, st.Meta().ID, chat.FromStart, false)
		if err != nil {
			t.Fatalf("Resume while it waits: %v", err)
		}
		p.finish()
		if err := <-ended; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if n := len(all(t, joined)); n != 3 {
			t.Errorf("a reader saw %d events, want 3", n)
		}
		wantStatus(t, get(t, s, st.Meta().ID), chat.StatusCompleted, "")
		wantOverloaded(t, s)
	})
}

// TestShutdownLeavesWhatOthersTakeUp stops a process of a cluster during a long answer.
func TestShutdownLeavesWhatOthersTakeUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, self := newLog(t, memlog.Config{}), new(line)
		self.other = self
		p := newPuppet()
		s := newService(t, p, service.Config{Log: log, Cluster: self})
		st := stream(t, s, "", ask())
		p.say(chat.Opening(0))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: error %v, want %v", err, context.DeadlineExceeded)
		}
		if head, err := log.Head(t.Context(), st.Meta().ID); err != nil || head.Terminal != nil {
			t.Errorf("it is ended: %+v, %v", head.Terminal, err)
		}
	})
}

func TestShutdownEndsWhatTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		first, second := stream(t, s, "", ask()), stream(t, s, "", ask())
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: error %v, want %v", err, context.DeadlineExceeded)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it took %v, want as long as its context", took)
		}
		for _, st := range []*service.Stream{first, second} {
			entries := all(t, st)
			end := entries[len(entries)-1].Event
			if end.Err == nil || end.Err.Code != chat.CodeOverloaded || end.Err.RetryAfter <= 0 || end.Usage == nil || *end.Usage != cost {
				t.Errorf("it ends with %+v, %+v", end, end.Err)
			}
		}
	})
}

func TestShutdownOfAnIdleServiceReturnsAtOnce(t *testing.T) {
	s := newService(t, says("yes"), service.Config{})
	if _, err := s.Create(t.Context(), anna, "", ask()); err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestOnlySoManyCompletionsRunAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{MaxRunning: 2, Anybody: anna})
		first := stream(t, s, "", ask())
		stream(t, s, "", ask())
		for range 3 { // a refusal takes no place
			wantOverloaded(t, s)
		}
		cancelIt(t, s, first.Meta().ID)
		synctest.Wait()
		stream(t, s, "", ask())
		wantOverloaded(t, s)
	})
}

// TestRunningIsShared checks that a caller may run as many completions as it leaves free.
func TestRunningIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const berta, nobody = "berta", "anonymous"
		s := newService(t, newPuppet(), service.Config{MaxRunning: 8, Anybody: nobody})
		var running []string
		for _, step := range []struct {
			principal string
			most      int
			code      chat.Code
			told      string
		}{
			{anna, 4, chat.CodeRateLimited, "4 running"},
			{berta, 2, chat.CodeRateLimited, "2 running"},
			{nobody, 2, chat.CodeOverloaded, "overloaded"},
		} {
			for n := 0; ; n++ {
				f, err := s.Stream(t.Context(), step.principal, "", ask())
				if err == nil {
					running = append(running, f.Meta().ID)
					continue
				}
				var shown *chat.Error
				if n != step.most || !errors.As(err, &shown) || shown.Code != step.code || !strings.Contains(shown.Message, step.told) || shown.RetryAfter <= 0 {
					t.Errorf("%s runs %d, want %d, and is refused: %v", step.principal, n, step.most, err)
				}
				break
			}
		}
		for _, id := range running[:4] { // anna's
			cancelIt(t, s, id)
		}
		synctest.Wait()
		stream(t, s, "", ask())
	})
}

func TestARefusalOfTheLogTakesNoPlace(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		code chat.Code
	}{
		{"full", chat.ErrLogFull, chat.CodeOverloaded},
		{"broken", errors.New(secret), chat.CodeInternal},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := &failingLog{Log: newLog(t, memlog.Config{}), create: test.err}
			s := newService(t, says("yes"), service.Config{Log: log, MaxRunning: 1})
			for range 3 {
				_, err := s.Create(t.Context(), anna, "", ask())
				shown := wantCode(t, "Create", err, test.code)
				if strings.Contains(shown.Message, secret) || (shown.RetryAfter > 0) != (test.code == chat.CodeOverloaded) {
					t.Errorf("the caller is told %q and to come back after %v", shown.Message, shown.RetryAfter)
				}
			}
			log.create = nil
			if _, err := s.Create(t.Context(), anna, "", ask()); err != nil {
				t.Errorf("Create when the log is well again: %v", err)
			}
		})
	}
}

func TestWhatTheLogDoesNotStoreEndsTheCompletion(t *testing.T) {
	var out record
	log := &failingLog{Log: newLog(t, memlog.Config{}), append: errors.New(secret)}
	s := newService(t, says("yes"), service.Config{Log: log, Logger: out.logger()})
	st := stream(t, s, "", ask())
	entries := all(t, st)
	if len(entries) != 1 {
		t.Errorf("readers saw %d events, want the error only", len(entries))
	}
	c := get(t, s, st.Meta().ID)
	wantStatus(t, c, chat.StatusFailed, chat.CodeInternal)
	if strings.Contains(c.Err.Message, secret) || !out.contains(secret) {
		t.Errorf("the caller is told %q and our log %s", c.Err.Message, out.text.String())
	}
}

func TestAnEndThatTheLogDoesNotStoreIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out record
		log := &failingLog{Log: newLog(t, memlog.Config{}), seal: errors.New(secret)}
		s := newService(t, says("yes"), service.Config{Log: log, Logger: out.logger(), MaxRunning: 1})
		stream(t, s, "", ask()).Close()
		synctest.Wait()
		if !out.contains(secret) {
			t.Errorf("our log says %q", out.text.String())
		}
		stream(t, s, "", ask()).Close() // its place is free again
		synctest.Wait()
	})
}

// A failingLog is a log whose methods return the given errors.
type failingLog struct {
	chat.Log
	create, append, seal error
}

func (l *failingLog) Create(ctx context.Context, m *chat.Meta) (chat.Writer, error) {
	if l.create != nil {
		return nil, l.create
	}
	w, err := l.Log.Create(ctx, m)
	return failingWriter{w, l}, err
}

type failingWriter struct {
	chat.Writer
	log *failingLog
}

func (w failingWriter) Append(ctx context.Context, e chat.Event) error {
	if w.log.append != nil {
		return w.log.append
	}
	return w.Writer.Append(ctx, e)
}

func (w failingWriter) Seal(ctx context.Context, terminal chat.Event) error {
	if w.log.seal != nil {
		return w.log.seal
	}
	return w.Writer.Seal(ctx, terminal)
}
