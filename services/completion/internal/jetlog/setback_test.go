package jetlog

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// TestAReaderBeforeTheWriter follows a completion, as its idempotency key allows, before its writer begins.
func TestAReaderBeforeTheWriter(t *testing.T) {
	l := open(t, Config{NATS: at(startNATS(t))})
	w, err := l.create(within(t), l.gate.era(), meta("early"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.acquire(within(t), "early")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.install(w, &history{meta: w.meta}, false); err != nil {
		t.Fatal(err)
	}
	if w.shared != s {
		t.Error("the writer and the reader have a tape each")
	}
	select {
	case <-s.stopped:
	case <-within(t).Done():
		t.Error("a mirror follows beside the writer")
	}
	l.release(s)
	appendAll(t, w, "a")
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	if got, kind := text(t, l, "early"); got != "a" || kind != chat.KindDone {
		t.Errorf("got %q, %v", got, kind)
	}
}

// TestAReaderAheadOfTheLog ends a completion in a log that holds less than readers have seen, as after a restore.
// They get an error wherever the log ends, and the ended completion has no owner.
func TestAReaderAheadOfTheLog(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	for _, test := range []struct {
		name  string
		taken int // how many of the three events are deleted
	}{
		{"the end has the number of what was seen last", 1},
		{"the end is before that", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := startNATS(t)
			writing := open(t, Config{NATS: at(url)})
			w, err := writing.Create(within(t), meta("ahead"))
			if err != nil {
				t.Fatal(err)
			}
			for i, word := range []string{"a", "b", "c"} {
				appendAll(t, w, word)
				awaitLast(t, writing, "ahead", int64(i))
			}
			joined, ended := make(chan struct{}), make(chan error, 1)
			go func() { ended <- followFrom(t, writing, "ahead", 2, joined) }()
			<-joined
			for range test.taken {
				msg, err := writing.io.LastOf(within(t), eventsPrefix+"ahead")
				if err != nil {
					t.Fatal(err)
				}
				if err := writing.stream.DeleteMsg(within(t), msg.Sequence); err != nil {
					t.Fatal(err)
				}
			}
			if err := writing.stream.Purge(within(t), jetstream.WithPurgeSubject(ownerSubject("*", "ahead"))); err != nil {
				t.Fatal(err)
			}
			late := open(t, Config{NATS: at(url)}) // its announcement of the end replaces the writer by a mirror
			settle, err := late.Seal(within(t), "ahead", chat.Event{Kind: chat.KindError, Err: chat.Errorf(chat.CodeInterrupted, "")})
			if err != nil {
				t.Fatal(err)
			}
			settle(func() {})
			if err := <-ended; !errors.Is(err, chat.ErrLost) {
				t.Errorf("whoever has seen three events is told %v, want %v", err, chat.ErrLost)
			}
			if _, err := late.io.LastOf(within(t), ownerSubject("*", "ahead")); !errors.Is(err, chat.ErrNotFound) {
				t.Errorf("the owner of what has ended: %v, want none", err)
			}
		})
	}
}
