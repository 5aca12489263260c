package service_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// A continuer is an engine that continues after the shown events, or returns why it cannot.
type continuer struct {
	all []chat.Event
	err error
}

func (continuer) Check(context.Context, *chat.Request) error { return nil }

func (c continuer) Complete(_ context.Context, _ *chat.Request, shown []chat.Event) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		if c.err != nil {
			yield(chat.Event{}, c.err)
			return
		}
		for _, e := range c.all[len(shown):] {
			if !yield(e, nil) {
				return
			}
		}
		yield(chat.UsageEvent(cost), nil)
	}
}

// books counts the reported ends.
type books struct {
	chat.Observer
	mu    sync.Mutex
	ended []string
}

func (b *books) Ended(_ context.Context, m *chat.Meta, terminal *chat.Event, _, _ time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = append(b.ended, m.ID+": "+string(terminal.Err.Code))
}

func TestAdoptionOfAnEndIsItsEntryInTheBooks(t *testing.T) {
	entries := &books{}
	s := newService(t, nil, service.Config{Observer: entries})
	s.Adopt(t.Context(), &chat.Orphan{Meta: &chat.Meta{ID: "ended"}, Ended: &chat.Event{Kind: chat.KindError, Err: chat.Errorf(chat.CodeInterrupted, "")}, Settle: func(book func()) { book() }})
	if want := []string{"ended: COMPLETION_INTERRUPTED"}; !slices.Equal(entries.ended, want) {
		t.Errorf("entries %q, want %q", entries.ended, want)
	}
}

func TestAdopt(t *testing.T) {
	all := spoken(1, "a", "b", "c")
	for _, test := range []struct {
		name      string
		model     string
		shown     int
		takeovers int
		cannot    error
		want      chat.Code // empty: it is completed
	}{
		{name: "in the middle", model: "model", shown: 2, takeovers: 1},
		{name: "before the first event", model: "model", takeovers: 1},
		{name: "all but the end", model: "model", shown: len(all), takeovers: 1},
		{name: "as often as can be", model: "model", shown: 2, takeovers: service.MaxTakeovers},
		{name: "too often", model: "model", shown: 2, takeovers: service.MaxTakeovers + 1, want: chat.CodeInternal},
		{name: "a model that is gone", model: "gone", shown: 2, takeovers: 1, want: chat.CodeModelNotFound},
		{name: "an engine that cannot", model: "model", shown: 2, takeovers: 1, cannot: chat.ErrCannotContinue, want: chat.CodeInterrupted},
		{name: "an engine that fails", model: "model", shown: 2, takeovers: 1, cannot: errors.New(secret), want: chat.CodeInternal},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := newLog(t, memlog.Config{})
				// The service is busy, but it must not refuse a completion that was admitted elsewhere.
				s := newService(t, nil, service.Config{Log: log, MaxRunning: 1, Models: []chat.Model{
					{ID: "model", Engine: continuer{all: all, err: test.cannot}},
					{ID: "busy", Engine: newPuppet()},
				}})
				stream(t, s, "", ask(func(r *chat.Request) { r.Model = "busy" }))
				meta := &chat.Meta{ID: "orphan", Principal: anna, Model: test.model, Request: ask(), OnDisconnect: chat.OnDisconnectContinue}
				w, err := log.Create(t.Context(), meta)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range all[:test.shown] {
					if err := w.Append(t.Context(), e); err != nil {
						t.Fatal(err)
					}
				}
				s.Adopt(t.Context(), &chat.Orphan{Meta: meta, Shown: all[:test.shown], Writer: w, Takeovers: test.takeovers})
				synctest.Wait()
				var got []chat.Event
				for entry, err := range log.Follow(t.Context(), meta.ID, chat.FromStart, false) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, entry.Event)
				}
				end, got := got[len(got)-1], got[:len(got)-1]
				if test.want != "" {
					if end.Kind != chat.KindError || end.Err.Code != test.want {
						t.Errorf("it ends with %+v, want %v", end, test.want)
					}
					return
				}
				if diff := cmp.Diff(all, got); diff != "" || end.Kind != chat.KindDone {
					t.Errorf("it ends with %+v (-want +got)\n%s", end, diff)
				}
			})
		})
	}
}

// TestAReaderOfALogThatWasSetBack adopts a completion of which an older backup has two events, after more were
// shown. A reader with the number of a lost event gets an error, so that it does not take silence for an end.
func TestAReaderOfALogThatWasSetBack(t *testing.T) {
	all := spoken(1, "a", "b", "c")
	for _, test := range []struct {
		cursor int64
		want   chat.Code // empty: the events that follow
	}{
		{chat.FromStart, ""},
		{0, ""},
		{1, ""},
		{2, chat.CodeInvalidCursor}, // the number of the end
		{3, chat.CodeInvalidCursor},
		{30, chat.CodeInvalidCursor},
	} {
		synctest.Test(t, func(t *testing.T) {
			log := newLog(t, memlog.Config{})
			s := newService(t, nil, service.Config{Log: log, Models: []chat.Model{{ID: "model", Engine: continuer{all: all}}}})
			meta := &chat.Meta{ID: "orphan", Principal: anna, Model: "model", Request: ask(), OnDisconnect: chat.OnDisconnectContinue}
			w, err := log.Create(t.Context(), meta)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range all[:2] {
				if err := w.Append(t.Context(), e); err != nil {
					t.Fatal(err)
				}
			}
			s.Adopt(t.Context(), &chat.Orphan{Meta: meta, Shown: all[:2], Writer: w, Takeovers: 1, Lost: true})
			synctest.Wait()
			st, err := s.Resume(t.Context(), anna, meta.ID, test.cursor, false)
			if test.want != "" {
				wantCode(t, "Resume", err, test.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			entries, err := collect(st)
			if n := int(2 - test.cursor); err != nil || len(entries) != n || entries[n-1].Event.Kind != chat.KindError {
				t.Errorf("after %d: %v, %v", test.cursor, entries, err)
			}
		})
	}
}
