package jetlog

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/liveness"
)

// wantAdopted fails the test unless a look yields this completion, unfinished.
func wantAdopted(t *testing.T, l *Log, id string) {
	t.Helper()
	ctx, found := context.WithTimeout(t.Context(), stalled/2)
	defer found()
	for orphan := range l.Orphans(ctx) {
		if orphan.Meta.ID == id && orphan.Ended == nil {
			return
		}
	}
	t.Errorf("%s is nobody's", id)
}

// TestAClaimThatIsStoredUnheard lets a replica claim a dead one's completion and miss the acknowledgement. Other
// replicas believe that it writes, and leave the completion to it.
func TestAClaimThatIsStoredUnheard(t *testing.T) {
	t.Parallel()
	nats := runNATS(t, server.RANDOM_PORT, t.TempDir())
	dead, other := open(t, Config{NATS: at(nats.ClientURL())}), open(t, Config{NATS: at(nats.ClientURL())})
	w, err := dead.Create(within(t), meta("left"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, dead, "left", 0)
	dead.Close()
	said, err := other.io.LastOf(within(t), ownerSubject(dead.replica, "left"))
	if err != nil {
		t.Fatal(err)
	}

	v := newValve(t, nats.Addr().String())
	v.holdAt = "PUB " + eventsPrefix + "left "
	claimer := open(t, Config{NATS: at("nats://" + v.listener.Addr().String()), Patience: 3 * time.Second})
	deafen(claimer)
	rescued := make(chan *chat.Orphan, 1)
	go func() {
		rescued <- claimer.rescue(within(t), claimer.gate.era(), dead.replica, "left", said)
	}()
	if orphan := <-rescued; orphan != nil {
		t.Fatalf("it was claimed, and that heard: %+v", orphan)
	}
	v.cut()
	last, _, err := other.archive.lastRecord(within(t), "left")
	if err != nil || last.Writer != claimer.replica {
		t.Fatalf("the last record is %+v, %v, want the claim", last, err)
	}
	hear(other, claimer.replica)
	if orphan := other.rescue(within(t), other.gate.era(), dead.replica, "left", said); orphan != nil {
		t.Fatalf("it has a writer who lives, and is taken over: %+v", orphan)
	}
	wantAdopted(t, claimer, "left")
}

// TestWhatIsOwnedWithoutAWriter stores that a replica owns a completion which nothing there writes. Whatever the
// cause, a look of that replica adopts it.
func TestWhatIsOwnedWithoutAWriter(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(t *testing.T, l *Log, url string){
		"it was stored, and the era ended before its writer began": func(t *testing.T, l *Log, _ string) {
			if _, err := l.create(within(t), l.gate.era(), meta("left")); err != nil {
				t.Fatal(err)
			}
		},
		"it was to be claimed once more when the era ended": func(t *testing.T, l *Log, _ string) {
			w, err := l.Create(within(t), meta("left"))
			if err != nil {
				t.Fatal(err)
			}
			w.(*writer).fail(chat.ErrLogFull)
			l.keeper.mu.Lock()
			defer l.keeper.mu.Unlock()
			l.endEra() // by another replica's announcement, whose backup ends before this claim
		},
		"a reader has found that nobody owned it, and not heard that its word is stored": func(t *testing.T, l *Log, url string) {
			other := open(t, Config{NATS: at(url)})
			w, err := other.Create(within(t), meta("left"))
			if err != nil {
				t.Fatal(err)
			}
			if err := other.archive.deleteUpTo(within(t), other.gate.era(), ownerSubject(other.replica, "left"), w.(*writer).owner); err != nil {
				t.Fatal(err)
			}
			other.Close()
			if _, err := l.own(within(t), l.gate.era(), "left"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := startNATS(t)
			l := open(t, Config{NATS: at(url)})
			leave(t, l, url)
			wantAdopted(t, l, "left")
		})
	}
}

// deafen makes a log consider all other replicas dead. It must not look for orphans itself.
func deafen(l *Log) { l.peers = liveness.Alone() }

// hear makes such a log hear one replica only.
func hear(l *Log, replica string) {
	l.peers = liveness.New(l.conn, beatPrefix, l.replica)
	l.peers.Hear(&nats.Msg{Subject: beatPrefix + replica})
}

// TestALookThatIsInterrupted stops the program while it looks for orphans, which is no fault.
func TestALookThatIsInterrupted(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	l := open(t, Config{NATS: at(startNATS(t)), Logger: slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if l.takeOver(stopped, func(*chat.Orphan) bool { return true }) {
		t.Error("it goes on")
	}
	l.Close()
	if said.Len() > 0 {
		t.Errorf("it warns: %s", &said)
	}
}

// TestALookLeavesWhatIsHeld looks for orphans while a completion is about to get a writer.
func TestALookLeavesWhatIsHeld(t *testing.T) {
	t.Parallel()
	l := open(t, Config{NATS: at(startNATS(t))})
	release := l.hold("begun")
	w, err := l.create(within(t), l.gate.era(), meta("begun"))
	if err != nil {
		t.Fatal(err)
	}
	deafen(l)
	look := func() (n int) {
		l.takeOver(within(t), func(*chat.Orphan) bool { n++; return true })
		return n
	}
	if n := look(); n != 0 {
		t.Errorf("%d are taken over that are about to be written", n)
	}
	if err := l.install(w, &history{meta: w.meta}, false); err != nil {
		t.Fatal(err)
	}
	release()
	if n := look(); n != 0 {
		t.Errorf("%d are taken over that are written", n)
	}
	l.abandon("begun")
	if n := look(); n != 1 {
		t.Errorf("%d are taken over that were given up, want 1", n)
	}
}

// TestWhoIsHeardAgainOwnsStill lets a replica be heard again after a pause, during a look that considered it dead.
// Its completion stays its own: nobody else would end it.
func TestWhoIsHeardAgainOwnsStill(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	owner, other := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	w, err := owner.Create(within(t), meta("kept"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, owner, "kept", 0)
	for _, when := range []string{"it writes", "it has ended it"} {
		subject := ownerSubject(owner.replica, "kept")
		said, err := other.io.LastOf(within(t), subject)
		if err != nil {
			t.Fatal(err)
		}
		hear(other, owner.replica)
		if orphan := other.rescue(within(t), other.gate.era(), owner.replica, "kept", said); orphan != nil {
			t.Fatalf("%s, and it is taken over: %+v", when, orphan)
		}
		if _, err := other.io.LastOf(within(t), subject); err != nil {
			t.Fatalf("%s, and it owns nothing any more: %v", when, err)
		}
		if when == "it writes" {
			if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var books entries
	w.Settle(books.book)
	if n := books.n.Load(); n != 1 {
		t.Errorf("its end is in the books %d times", n)
	}
}
