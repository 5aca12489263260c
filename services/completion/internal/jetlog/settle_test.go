package jetlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
)

// entries counts entries into the books, whoever makes them.
type entries struct{ n atomic.Int64 }

func (e *entries) book() { e.n.Add(1) }

// settleAll lets a log settle what it finds, until that many looks are over.
func settleAll(t *testing.T, l *Log, books *entries, looks int) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(looks)*lookAgain)
	defer cancel()
	for orphan := range l.Orphans(ctx) {
		if orphan.Ended == nil {
			t.Errorf("%s is to be gone on with", orphan.Meta.ID)
			continue
		}
		orphan.Settle(books.book)
	}
}

// ended returns a log, and the writer of a completion whose end it has stored.
func ended(t *testing.T, url string) (*Log, *writer) {
	t.Helper()
	l, err := Open(t.Context(), Config{NATS: at(url), ResumeRetention: notYet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	w, err := l.Create(within(t), meta("ended"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	return l, w.(*writer)
}

// look makes a log rescue the ended completion, although its writer may live.
func look(t *testing.T, l *Log) *chat.Orphan {
	t.Helper()
	said, err := l.io.LastOf(within(t), ownerSubject(l.replica, "ended"))
	if err != nil {
		t.Fatal(err)
	}
	l.abandon("ended")
	deafen(l)
	return l.rescue(within(t), l.gate.era(), l.replica, "ended", said)
}

// TestAnEndIsInTheBooksOnce interrupts the replica that ends a completion, in every way, before and after the entry
// into the books.
func TestAnEndIsInTheBooksOnce(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	cancelled := chat.Event{Kind: chat.KindError, Err: chat.Errorf(chat.CodeCompletionCancelled, "")}
	for _, test := range []struct {
		name string
		run  func(t *testing.T, url string, books *entries)
	}{
		{"it goes on", func(t *testing.T, url string, books *entries) {
			_, w := ended(t, url)
			w.Settle(books.book)
			settleAll(t, open(t, Config{NATS: at(url)}), books, 4)
		}},
		{"it dies", func(t *testing.T, url string, books *entries) {
			l, _ := ended(t, url)
			l.Close()
			settleAll(t, open(t, Config{NATS: at(url)}), books, 4)
		}},
		{"it stands still, and goes on later", func(t *testing.T, url string, books *entries) {
			_, w := ended(t, url)
			settleAll(t, open(t, Config{NATS: at(url)}), books, 4)
			w.Settle(books.book)
		}},
		{"it stands still, and two others see to that", func(t *testing.T, url string, books *entries) {
			_, w := ended(t, url)
			var others sync.WaitGroup
			for range 2 {
				other := open(t, Config{NATS: at(url)})
				others.Go(func() { settleAll(t, other, books, 4) })
			}
			others.Wait()
			w.Settle(books.book)
		}},
		{"who sees to that takes a while", func(t *testing.T, url string, books *entries) {
			l, _ := ended(t, url)
			l.Close()
			var others sync.WaitGroup
			for range 2 {
				other := open(t, Config{NATS: at(url)})
				ctx, cancel := context.WithTimeout(t.Context(), 6*lookAgain)
				defer cancel()
				others.Go(func() {
					for orphan := range other.Orphans(ctx) {
						pause(ctx, 2*lookAgain)
						orphan.Settle(books.book)
					}
				})
			}
			others.Wait()
		}},
		{"who sees to that dies", func(t *testing.T, url string, books *entries) {
			l, _ := ended(t, url)
			l.Close()
			other, err := Open(t.Context(), Config{NATS: at(url)})
			if err != nil {
				t.Fatal(err)
			}
			for range other.Orphans(within(t)) {
				break // and does not settle it
			}
			other.Close()
			settleAll(t, open(t, Config{NATS: at(url)}), books, 8) // the dead one's word is respected for a while
		}},
		{"its word that it sees to that is stored, and it does not hear so", func(t *testing.T, url string, books *entries) {
			l, w := ended(t, url)
			subject := ownerSubject(l.replica, "ended")
			if _, err := l.io.Append(within(t), w.era, subject, []byte(l.replica), w.owner); err != nil {
				t.Fatal(err)
			}
			w.Settle(books.book) // is refused because of its own word
			if n := books.n.Load(); n != 1 {
				t.Errorf("%d entries before anybody looks, want 1", n)
			}
			settleAll(t, l, books, 4)
		}},
		{"another one has said that it sees to that, and does not hear that this is stored", func(t *testing.T, url string, books *entries) {
			l, w := ended(t, url)
			other := open(t, Config{NATS: at(url)})
			subject := ownerSubject(l.replica, "ended")
			if _, err := other.io.Append(within(t), other.gate.era(), subject, []byte(other.replica), w.owner); err != nil {
				t.Fatal(err)
			}
			var both sync.WaitGroup
			both.Go(func() { settleAll(t, other, books, 6) })
			both.Go(func() { settleAll(t, l, books, 6) })
			w.Settle(books.book) // is refused because of the other's word
			both.Wait()
		}},
		{"a look has seen to that, and its word is taken for the writer's", func(t *testing.T, url string, books *entries) {
			v := newValve(t, strings.TrimPrefix(url, "nats://"))
			l, w := ended(t, "nats://"+v.listener.Addr().String())
			orphan := look(t, l)
			v.hold(true)
			time.AfterFunc(2*jetio.AckTimeout+jetio.AckTimeout/2, func() { v.hold(false) }) // after it was sent again
			w.Settle(books.book)
			orphan.Settle(books.book)
		}},
		{"a look comes while it is entered", func(t *testing.T, url string, books *entries) {
			l, w := ended(t, url)
			w.Settle(func() {
				if orphan := look(t, l); orphan != nil {
					orphan.Settle(books.book)
				}
				books.book()
			})
		}},
		{"another one that takes it for dead looks while it is entered", func(t *testing.T, url string, books *entries) {
			l, w := ended(t, url)
			other := open(t, Config{NATS: at(url)})
			deafen(other)
			w.Settle(func() {
				said, err := other.io.LastOf(within(t), ownerSubject(l.replica, "ended"))
				if err != nil {
					t.Error(err)
					return
				}
				if orphan := other.rescue(within(t), other.gate.era(), l.replica, "ended", said); orphan != nil {
					orphan.Settle(books.book)
				}
				books.book()
			})
			settleAll(t, other, books, 4)
		}},
		{"its writer gives it up while a look sees to that", func(t *testing.T, url string, books *entries) {
			l, _ := ended(t, url)
			orphan := look(t, l)
			l.abandon("ended")
			if again := look(t, l); again != nil {
				again.Settle(books.book)
			}
			orphan.Settle(books.book)
		}},
		{"it ends while another one takes it for dead", func(t *testing.T, url string, books *entries) {
			late := newGateway(t, strings.TrimPrefix(url, "nats://"))
			l, other := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at("nats://" + late.address)})
			w, err := l.Create(within(t), meta("ended"))
			if err != nil {
				t.Fatal(err)
			}
			subject := ownerSubject(l.replica, "ended")
			said, err := l.io.LastOf(within(t), subject)
			if err != nil {
				t.Fatal(err)
			}
			late.late.Store(int64(time.Second))
			rescued := make(chan *chat.Orphan, 1)
			deafen(other)
			go func() { rescued <- other.rescue(within(t), other.gate.era(), l.replica, "ended", said) }()
			pause(t.Context(), 500*time.Millisecond) // its question about the head is answered by now
			if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
				t.Fatal(err)
			}
			late.late.Store(0)
			if orphan := <-rescued; orphan != nil {
				t.Errorf("%+v is to be gone on with", orphan)
			}
			w.Settle(books.book)
		}},
		{"who cancels it is taken for dead meanwhile", func(t *testing.T, url string, books *entries) {
			late := newGateway(t, strings.TrimPrefix(url, "nats://"))
			l, heir := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
			canceller := open(t, Config{NATS: at("nats://" + late.address)})
			if _, err := l.Create(within(t), meta("ended")); err != nil {
				t.Fatal(err)
			}
			late.late.Store(int64(500 * time.Millisecond))
			settles := make(chan chat.Settle, 1)
			go func() {
				settle, err := canceller.Seal(within(t), "ended", cancelled)
				if err != nil {
					t.Error(err)
				}
				settles <- settle
			}()
			subject := ownerSubject(canceller.replica, "ended")
			said, err := heir.io.LastOf(within(t), subject)
			for errors.Is(err, chat.ErrNotFound) {
				pause(t.Context(), time.Millisecond)
				said, err = heir.io.LastOf(within(t), subject)
			}
			if err != nil {
				t.Fatal(err)
			}
			deafen(heir)
			if heir.rescue(within(t), heir.gate.era(), canceller.replica, "ended", said) == nil {
				t.Fatal("it is not taken over")
			}
			late.late.Store(0)
			if settle := <-settles; settle != nil {
				settle(books.book)
			}
			settleAll(t, open(t, Config{NATS: at(url)}), books, 4)
		}},
		{"it is deleted before", func(t *testing.T, url string, books *entries) {
			l, w := ended(t, url)
			if err := l.Delete(within(t), "ended"); err != nil {
				t.Fatal(err)
			}
			pause(t.Context(), jetio.RetryPause)
			w.Settle(books.book)
		}},
		{"it is cancelled elsewhere", func(t *testing.T, url string, books *entries) {
			l, canceller := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
			if _, err := l.Create(within(t), meta("ended")); err != nil {
				t.Fatal(err)
			}
			settle, err := canceller.Seal(within(t), "ended", cancelled)
			if err != nil {
				t.Fatal(err)
			}
			settle(books.book)
			settleAll(t, open(t, Config{NATS: at(url)}), books, 4)
		}},
		{"it is cancelled elsewhere, and who does dies", func(t *testing.T, url string, books *entries) {
			l := open(t, Config{NATS: at(url)})
			if _, err := l.Create(within(t), meta("ended")); err != nil {
				t.Fatal(err)
			}
			canceller, err := Open(within(t), Config{NATS: at(url), ResumeRetention: notYet})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := canceller.Seal(within(t), "ended", cancelled); err != nil {
				t.Fatal(err)
			}
			canceller.Close()
			settleAll(t, open(t, Config{NATS: at(url)}), books, 4)
		}},
		{"two cancel it", func(t *testing.T, url string, books *entries) {
			l := open(t, Config{NATS: at(url)})
			if _, err := l.Create(within(t), meta("ended")); err != nil {
				t.Fatal(err)
			}
			var cancels sync.WaitGroup
			for range 2 {
				canceller := open(t, Config{NATS: at(url)})
				cancels.Go(func() {
					settle, err := canceller.Seal(within(t), "ended", cancelled)
					if err == nil {
						settle(books.book)
					} else if !errors.Is(err, chat.ErrSealed) {
						t.Error(err)
					}
				})
			}
			cancels.Wait()
			settleAll(t, open(t, Config{NATS: at(url)}), books, 4)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := startNATS(t)
			var books entries
			test.run(t, url, &books)
			if n := books.n.Load(); n != 1 {
				t.Errorf("%d entries, want 1", n)
			}
			late := open(t, Config{NATS: at(url)})
			info, err := late.stream.Info(within(t), jetstream.WithSubjectFilter(ownersPrefix+">"))
			if err != nil || len(info.State.Subjects) > 0 {
				t.Errorf("it still has owners: %v, %v", info.State.Subjects, err)
			}
			_, gone := late.Latest(within(t), "ended")
			if _, err := late.io.LastOf(within(t), duePrefix+"ended"); err != nil && gone == nil {
				t.Errorf("nobody is told to delete it: %v", err)
			}
		})
	}
}

// TestTheEndOfWhatWasPutBackIsInTheBooks lets a replica end its own completions that a backup brought back.
func TestTheEndOfWhatWasPutBackIsInTheBooks(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	t.Parallel()
	const completions = 20
	f := newFarm(t)
	l := open(t, Config{NATS: at(f.url())})
	for i := range completions {
		w, err := l.Create(within(t), meta(fmt.Sprint("running", i)))
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, w, "a")
		awaitLast(t, l, fmt.Sprint("running", i), 0)
	}
	restore := f.backup()
	createSoon(t, l, "more")
	restore()
	var books entries
	n := 0
	for orphan := range l.Orphans(within(t)) {
		if orphan.Ended != nil {
			t.Errorf("%s has ended", orphan.Meta.ID)
			continue
		}
		if err := orphan.Writer.Seal(within(t), chat.Event{Kind: chat.KindError, Err: chat.Errorf(chat.CodeInterrupted, "")}); err != nil {
			t.Fatal(err)
		}
		orphan.Writer.Settle(books.book)
		if n++; n == completions {
			break
		}
	}
	if n := books.n.Load(); n != completions {
		t.Errorf("%d entries, want %d", n, completions)
	}
}

// TestAnEndOutlivesAnOutage removes the stream for longer than one append waits during a settlement, and restores it
// without the end: nobody else would enter it, or end the completion there.
func TestAnEndOutlivesAnOutage(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	t.Parallel()
	f := newFarm(t)
	l := open(t, Config{NATS: at(f.url())})
	w, err := l.Create(within(t), meta("ended"))
	if err != nil {
		t.Fatal(err)
	}
	restore := f.backup()
	createSoon(t, l, "more")
	appendAll(t, w, "a")
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	f.stop()
	var books entries
	settled := make(chan struct{})
	go func() {
		defer close(settled)
		w.(*writer).Settle(books.book)
	}()
	pause(t.Context(), 5*admission/2)
	restore()
	<-settled
	if n := books.n.Load(); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
	// The backup holds it unfinished, and its owner has already settled the end.
	for orphan := range l.Orphans(within(t)) {
		if orphan.Meta.ID == "ended" && orphan.Ended == nil {
			return
		}
	}
	t.Error("what was put back is left unfinished")
}

// TestAnEndOutlivesAServerThatStandsStill suspends NATS, for longer than an append first waits, while many ends are
// settled. Nothing may be left to a look, because a backup may be restored before that.
func TestAnEndOutlivesAServerThatStandsStill(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	t.Parallel()
	const completions = 20
	p := startProcess(t, buildNATS(t), "-a", "127.0.0.1", "-p", "-1", "-c", roomy(t, t.TempDir()))
	l := open(t, Config{NATS: at(p.url)})
	var writers []*writer
	for i := range completions {
		w, err := l.Create(within(t), meta(fmt.Sprint("ended", i)))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
			t.Fatal(err)
		}
		writers = append(writers, w.(*writer))
	}
	var books entries
	var settles sync.WaitGroup
	p.suspend(t, 3*admission/2, func() {
		for _, w := range writers {
			settles.Go(func() { w.Settle(books.book) })
		}
	})
	settles.Wait()
	if n := books.n.Load(); n != completions {
		t.Errorf("%d entries, want %d", n, completions)
	}
}

// TestAnotherWordOnABackupTakesNothing lets another replica notice a backup late. What this one has begun since then
// counts as restored, but keeps its owner.
func TestAnotherWordOnABackupTakesNothing(t *testing.T) {
	t.Parallel()
	l := open(t, Config{NATS: at(startNATS(t))})
	w, err := l.Create(within(t), meta("running"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, l, "running", 0)
	l.putBack.Store(l.io.Last())
	var books entries
	settleAll(t, l, &books, 4)
	if _, err := l.io.LastOf(within(t), ownerSubject(l.replica, "running")); err != nil {
		t.Errorf("its owner: %v", err)
	}
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	w.Settle(books.book)
	if n := books.n.Load(); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
}

// TestOneOfSeveralOwnersIsEnough stores several owner's messages of dead replicas for each completion.
func TestOneOfSeveralOwnersIsEnough(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	dead, heir := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	const completions = 20
	for i := range completions {
		id := fmt.Sprint("owned", i)
		if _, err := dead.Create(within(t), meta(id)); err != nil {
			t.Fatal(err)
		}
		for _, owner := range []string{"dead-too", "dead-as-well"} {
			if _, err := dead.io.Append(within(t), dead.gate.era(), ownerSubject(owner, id), nil, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	var books entries
	n := 0
	for orphan := range heir.Orphans(within(t)) {
		if err := orphan.Writer.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
			t.Error(err)
		}
		orphan.Writer.Settle(books.book)
		if n++; n == completions {
			break
		}
	}
	if n := books.n.Load(); n != completions {
		t.Errorf("%d entries, want %d", n, completions)
	}
}
