package jetlog

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

// termsOf returns the terms of a completion's first events.
func termsOf(t *testing.T, l *Log, id string, events int) (terms []uint32) {
	t.Helper()
	for entry, err := range l.Follow(within(t), id, chat.FromStart, false) {
		if err != nil {
			t.Fatal(err)
		}
		if terms = append(terms, entry.Term); len(terms) == events {
			break
		}
	}
	return terms
}

// TestTermsTellHistoriesApart restores a backup after everybody who saw later events is gone. The log does not show
// that there were any, but the new events have another term.
func TestTermsTellHistoriesApart(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	t.Parallel()
	f := newFarm(t)
	const id = "running"
	opened := func() *Log {
		l, err := Open(t.Context(), Config{NATS: at(f.url())})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	claimed := func(l *Log, from, word string) {
		orphan, err := l.claim(within(t), l.gate.era(), from, id)
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, orphan.Writer, word)
	}
	a := opened()
	w, err := a.Create(within(t), meta(id))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a", "b")
	awaitLast(t, a, id, 1)
	a.Close()
	restore := f.backup()

	b := opened()
	claimed(b, a.replica, "c")
	awaitLast(t, b, id, 2)
	first := termsOf(t, b, id, 3)
	reading := open(t, Config{NATS: at(f.url())})
	if diff := cmp.Diff(first, termsOf(t, reading, id, 3)); diff != "" {
		t.Errorf("replicas differ (-writing +reading):\n%s", diff)
	}
	if first[0] == 0 || first[0] != first[1] || first[2] == first[1] {
		t.Errorf("terms of two events, and of one by another writer: %v", first)
	}
	b.Close()
	reading.Close()
	restore()

	c := open(t, Config{NATS: at(f.url())})
	claimed(c, a.replica, "x")
	awaitLast(t, c, id, 2)
	second := termsOf(t, c, id, 3)
	if second[0] != first[0] || second[1] != first[1] {
		t.Errorf("what the backup holds is of terms %v, and was of %v", second[:2], first[:2])
	}
	if second[2] == first[2] {
		t.Errorf("another event has the term of the one that is no more: %v", second)
	}
}

// TestAReaderOfTwoHistories replaces the records of a followed completion by others with the same numbers. They must
// not continue what was shown.
func TestAReaderOfTwoHistories(t *testing.T) {
	l := open(t, Config{NATS: at(startNATS(t))})
	w, err := l.Create(within(t), meta("two"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, l, "two", 0)
	s := w.(*writer).shared
	other := record.Record{Writer: "another", Epoch: 1, Events: []chat.Event{chat.Text(0, "b"), chat.Text(0, "c")}}
	if err := s.feed(&other); !errors.Is(err, chat.ErrLost) {
		t.Errorf("another's records: %v, want %v", err, chat.ErrLost)
	}
	other.Writer, other.Epoch = l.replica, 0
	if err := s.feed(&other); err != nil {
		t.Errorf("its own: %v", err)
	}
}
