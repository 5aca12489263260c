package service_test

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// A termedLog is a log whose events before a sequence number have term 1, and later ones term 2.
type termedLog struct {
	chat.Log
	second int64
}

func (l *termedLog) Follow(ctx context.Context, id string, after int64, progress bool) iter.Seq2[chat.Entry, error] {
	return func(yield func(chat.Entry, error) bool) {
		for entry, err := range l.Log.Follow(ctx, id, after, progress) {
			if entry.Sequence >= 0 {
				entry.Term = 1
			}
			if entry.Sequence >= l.second {
				entry.Term = 2
			}
			if !yield(entry, err) {
				return
			}
		}
	}
}

// TestWhatAReaderHasIsOfThisLog resumes a completion after an event whose term the reader knows. If this log
// has another term there, the reader gets an error, and not the rest of another answer.
func TestWhatAReaderHasIsOfThisLog(t *testing.T) {
	for _, test := range []struct {
		name   string
		after  int64
		term   uint32
		events int // how many of three follow before the end
		lost   bool
	}{
		{"from the start", chat.FromStart, 0, 3, false},
		{"from the start, with a term that means nothing", chat.FromStart, 9, 3, false},
		{"of the first term", 0, 1, 2, false},
		{"of the second term", 1, 2, 1, false},
		{"not known", 1, 0, 1, false},
		{"of the term before", 1, 1, 0, true},
		{"of one that this log has never had", 0, 3, 0, true},
		{"the last event of all that there is", 2, 2, 0, false},
		{"the same, of another term", 2, 1, 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPuppet()
				s := newService(t, p, service.Config{Log: &termedLog{newLog(t, memlog.Config{}), 1}})
				st, err := s.Stream(t.Context(), anna, "", ask())
				if err != nil {
					t.Fatal(err)
				}
				id := st.Meta().ID
				for _, e := range []chat.Event{chat.Opening(0), chat.Text(0, "a"), chat.Text(0, "b")} {
					p.say(e)
				}
				synctest.Wait()
				reader, err := s.Resume(t.Context(), anna, id, test.after, false)
				if err != nil {
					t.Fatal(err)
				}
				reader.AfterTerm(test.term)
				got := make(chan error, 1)
				var entries []chat.Entry
				go func() {
					var err error
					entries, err = collect(reader)
					got <- err
				}()
				synctest.Wait()
				if !test.lost {
					p.finish()
				}
				err = <-got
				if !test.lost {
					if err != nil || len(entries) != test.events+2 || entries[len(entries)-1].Event.Kind != chat.KindDone {
						t.Errorf("%+v, %v; want %d events and the end", entries, err, test.events)
					}
					return
				}
				wantCode(t, "the reader", err, chat.CodeInterrupted)
				if len(entries) > 0 {
					t.Errorf("the reader gets %+v", entries)
				}
				// Other readers do not know the term, so their events may be from the other log.
				for cursor := range int64(5) {
					_, err := s.Resume(t.Context(), anna, id, cursor, false)
					wantCode(t, "Resume", err, chat.CodeInvalidCursor)
					_, err = s.UntilNow(t.Context(), anna, id, cursor)
					wantCode(t, "UntilNow", err, chat.CodeInvalidCursor)
				}
				anew, err := s.Resume(t.Context(), anna, id, chat.FromStart, false)
				if err != nil {
					t.Fatal(err)
				}
				entries, err = collect(anew)
				if err != nil || len(entries) != 4 || entries[3].Event.Kind != chat.KindError {
					t.Errorf("whoever reads it whole gets %+v, %v", entries, err)
				}
				if entries, err := collect(st); err != nil || entries[len(entries)-1].Event.Kind != chat.KindError {
					t.Errorf("whoever was there before gets %+v, %v", entries, err)
				}
			})
		})
	}
}
