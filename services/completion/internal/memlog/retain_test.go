package memlog_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
)

func TestACompletionIsKeptForItsRetentionAfterItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := open(t, memlog.Config{Retention: time.Minute})
		w := create(t, log, meta("a", 0))
		pass(time.Hour)
		wantHead(t, log, "a", nil)
		seal(t, w)
		pass(time.Minute - 1)
		wantHead(t, log, "a", nil)
		pass(1)
		wantHead(t, log, "a", chat.ErrTrimmed)
	})
}

func TestRetentionIsAnHourByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := open(t, memlog.Config{})
		seal(t, create(t, log, meta("a", 0)))
		pass(time.Hour - 1)
		wantHead(t, log, "a", nil)
		pass(1)
		wantHead(t, log, "a", chat.ErrTrimmed)
	})
}

func TestWhatHasExpiredIsTrimmedWhateverIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := open(t, memlog.Config{Retention: time.Minute})
		w := create(t, log, meta("a", 0))
		seal(t, w)
		pass(time.Minute)

		head, err := log.Head(t.Context(), "a")
		if want := (chat.Head{Meta: &chat.Meta{ID: "a", Principal: "anna"}, Last: -1}); !errors.Is(err, chat.ErrTrimmed) || !cmp.Equal(want, head) {
			t.Errorf("Head: %+v, %v, want %+v, %v", head, err, want, chat.ErrTrimmed)
		}
		for what, err := range map[string]error{
			"Follow":      follow(t.Context(), log, "a"),
			"Seal":        second(log.Seal(t.Context(), "a", chat.Event{Kind: chat.KindDone})),
			"SetMetadata": log.SetMetadata(t.Context(), "a", nil),
			"Append":      w.Append(t.Context(), chat.Text(0, "late")),
		} {
			if !errors.Is(err, chat.ErrTrimmed) {
				t.Errorf("%s: error %v, want %v", what, err, chat.ErrTrimmed)
			}
		}
		if got := listed(t, log); got != "" {
			t.Errorf("List yields %s", got)
		}
	})
}

func TestWhatIsNotToBeStoredIsKeptForItsOwnTime(t *testing.T) {
	for _, test := range []struct {
		name          string
		config        memlog.Config
		stored, other time.Duration
	}{
		{"shorter", memlog.Config{Retention: time.Hour, ResumeRetention: 15 * time.Minute}, time.Hour, 15 * time.Minute},
		{"longer", memlog.Config{Retention: time.Minute, ResumeRetention: 15 * time.Minute}, time.Minute, time.Minute},
		{"none", memlog.Config{Retention: time.Minute}, time.Minute, time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := open(t, test.config)
				unstored := meta("b", 0)
				unstored.Request.Store = false
				stored := create(t, log, meta("a", 0))
				other := create(t, log, unstored)
				pass(24 * time.Hour)
				seal(t, stored) // it is the first to expire
				seal(t, other)
				pass(test.other - 1)
				wantHead(t, log, "b", nil)
				pass(1)
				wantHead(t, log, "b", chat.ErrTrimmed)
				pass(test.stored - test.other)
				wantHead(t, log, "a", chat.ErrTrimmed)
			})
		})
	}
}

// TestAReaderPutsOffAnExpiryAsFarAsTheLongerRetention has a reader that never reads on.
func TestAReaderPutsOffAnExpiryAsFarAsTheLongerRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := open(t, memlog.Config{Retention: time.Hour, ResumeRetention: 25 * time.Minute})
		m := meta("a", 0)
		m.Request.Store = false
		w := create(t, log, m)
		if err := w.Append(t.Context(), chat.Text(0, "text")); err != nil {
			t.Fatal(err)
		}
		seal(t, w)
		for range log.Follow(t.Context(), "a", chat.FromStart, false) {
			pass(time.Hour - 1)
			wantHead(t, log, "a", nil)
			pass(1)
			wantHead(t, log, "a", chat.ErrTrimmed)
			break
		}
	})
}

func TestEachCompletionHasItsOwnRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := open(t, memlog.Config{Retention: time.Minute})
		writers := map[string]chat.Writer{}
		for _, id := range []string{"a", "b", "c", "d"} {
			writers[id] = create(t, log, meta(id, 0))
		}
		for _, id := range []string{"c", "b", "a"} {
			seal(t, writers[id])
			pass(10 * time.Second)
		}
		if err := log.Delete(t.Context(), "c"); err != nil { // the one that the timer waits for
			t.Fatalf("Delete: %v", err)
		}
		for _, step := range []struct {
			after time.Duration
			left  string
		}{{20 * time.Second, "a b d"}, {10 * time.Second, "a b d"}, {10 * time.Second, "a d"}, {10 * time.Second, "d"}, {time.Hour, "d"}} {
			pass(step.after)
			if got := listed(t, log); got != step.left {
				t.Errorf("List yields %q, want %q", got, step.left)
			}
		}
		wantHead(t, log, "b", chat.ErrTrimmed)
		wantHead(t, log, "c", chat.ErrNotFound)
	})
}

func TestCloseStopsTheClock(t *testing.T) {
	for _, running := range []bool{true, false} { // whether the timer is already running
		synctest.Test(t, func(t *testing.T) {
			log := open(t, memlog.Config{Retention: time.Minute})
			early, late := create(t, log, meta("a", 0)), create(t, log, meta("b", 0))
			if running {
				seal(t, early)
			}
			log.Close()
			seal(t, late)
			pass(time.Hour)
			if got := listed(t, log); got != "a b" {
				t.Errorf("List yields %q, want both", got)
			}
		})
	}
}

func TestAnExpiryFreesTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := open(t, memlog.Config{Retention: time.Minute})
		keyed := func(id string) *chat.Meta {
			m := meta(id, 0)
			m.IdempotencyKey = "key"
			return m
		}
		seal(t, create(t, log, keyed("a")))
		pass(time.Minute - 1)
		var exists *chat.ExistsError
		if _, err := log.Create(t.Context(), keyed("b")); !errors.As(err, &exists) || exists.Meta.ID != "a" {
			t.Errorf("Create before the expiry: error %v, want that the key names a", err)
		}
		pass(1)
		create(t, log, keyed("b"))
	})
}

func TestAnExpiryEndsReadersThatLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := open(t, memlog.Config{Retention: time.Minute})
		w := create(t, log, meta("a", 0))
		if err := w.Append(t.Context(), chat.Text(0, "text")); err != nil {
			t.Fatal(err)
		}
		ended := false
		for entry, err := range log.Follow(t.Context(), "a", chat.FromStart, false) {
			if ended = err != nil; ended {
				if !errors.Is(err, chat.ErrTrimmed) {
					t.Errorf("Follow: error %v, want %v", err, chat.ErrTrimmed)
				}
				continue
			}
			if entry.Sequence == 0 {
				seal(t, w)
				pass(time.Hour)
			}
		}
		if !ended {
			t.Error("Follow ended without an error")
		}
	})
}

func TestAWriterOfADeletedCompletionIsRefused(t *testing.T) {
	log := open(t, memlog.Config{})
	w := create(t, log, meta("a", 0))
	if err := w.Append(t.Context(), chat.Text(0, "text")); err != nil {
		t.Fatal(err)
	}
	if err := log.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(t.Context(), chat.Text(0, "late")); !errors.Is(err, chat.ErrTrimmed) {
		t.Errorf("Append: error %v, want %v", err, chat.ErrTrimmed)
	}
	if err := w.Seal(t.Context(), chat.Event{Kind: chat.KindDone}); !errors.Is(err, chat.ErrTrimmed) {
		t.Errorf("Seal: error %v, want %v", err, chat.ErrTrimmed)
	}
	w.Progress(chat.Progress{Stage: chat.StageGenerating})
	wantHead(t, log, "a", chat.ErrNotFound)
}

func TestTheEndOfTheContextEndsAReaderOfARunningCompletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := open(t, memlog.Config{Retention: time.Minute})
		create(t, log, meta("a", 0))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := follow(ctx, log, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Follow: error %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

func second[T any](_ T, err error) error { return err }
