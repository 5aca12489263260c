package jetlog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/liveness"
	"github.com/pawstream/pawstream/services/completion/internal/logtest"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

func meta(id string) *chat.Meta {
	return &chat.Meta{
		ID: id, Principal: "ann", Created: time.Unix(1700000000, 0), Model: "m", OnDisconnect: chat.OnDisconnectGrace,
		Request: &chat.Request{Model: "m", Messages: []chat.Message{{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: "Hi"}}}}},
	}
}

// within bounds a test's waiting, even on a busy machine.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func appendAll(t *testing.T, w chat.Writer, words ...string) {
	t.Helper()
	for _, word := range words {
		if err := w.Append(within(t), chat.Text(0, word)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMetadataIsWhatAnyReplicaHasReplaced reads a completion's metadata where it is written.
func TestMetadataIsWhatAnyReplicaHasReplaced(t *testing.T) {
	url := startNATS(t)
	a, b := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	m := meta("labelled")
	m.Request.Store = true
	w, err := a.Create(within(t), m)
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "x")
	for _, replacing := range []*Log{b, a, b} {
		want := map[string]string{"by": replacing.replica}
		if err := replacing.SetMetadata(within(t), "labelled", want); err != nil {
			t.Fatal(err)
		}
		for name, l := range map[string]*Log{"its writer": a, "another replica": b} {
			head, err := l.Latest(within(t), "labelled")
			if err != nil || !maps.Equal(head.Meta.Metadata, want) {
				t.Errorf("%s says %v, %v", name, head.Meta, err)
			}
			for head, err := range l.List(within(t), m.Principal, "", false) {
				if err != nil || !maps.Equal(head.Meta.Metadata, want) {
					t.Errorf("%s lists %v, %v", name, head.Meta, err)
				}
			}
		}
	}
}

// awaitLast waits until the stream holds the event with that number.
func awaitLast(t *testing.T, l *Log, id string, last int64) {
	t.Helper()
	ctx := within(t)
	for {
		head, _, err := l.archive.head(ctx, id)
		if err == nil && head.Last >= last {
			return
		}
		if !pause(ctx, time.Millisecond) {
			t.Fatalf("head of %s is %v, %v; want %d", id, head.Last, err, last)
		}
	}
}

// text returns a completion's whole text, and the kind of its last event.
func text(t *testing.T, l *Log, id string) (string, chat.EventKind) {
	t.Helper()
	return follow(within(t), t, l, id)
}

// longText is text for a completion that may take a minute.
func longText(t *testing.T, l *Log, id string) (string, chat.EventKind) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return follow(ctx, t, l, id)
}

func follow(ctx context.Context, t *testing.T, l *Log, id string) (string, chat.EventKind) {
	var b strings.Builder
	next := int64(0)
	for entry, err := range l.Follow(ctx, id, chat.FromStart, false) {
		if err != nil {
			t.Errorf("%s: %v", id, err)
			return b.String(), 0
		}
		if entry.Sequence != next {
			t.Errorf("%s: event %d follows event %d", id, entry.Sequence, next-1)
		}
		next++
		b.WriteString(entry.Event.Delta.Content)
		if entry.Event.Terminal() {
			return b.String(), entry.Event.Kind
		}
	}
	t.Errorf("%s: no terminal event", id)
	return b.String(), 0
}

func TestLogOnAServerKeepsTheContract(t *testing.T) {
	t.Parallel()
	l := open(t, Config{NATS: at(startNATS(t))})
	logtest.Run(t, func(*testing.T) chat.Log { return l })
}

func TestAnyReplicaShowsACompletion(t *testing.T) {
	url := startNATS(t)
	a, b := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	w, err := a.Create(t.Context(), meta("one"))
	if err != nil {
		t.Fatal(err)
	}
	type result struct {
		text string
		kind chat.EventKind
	}
	read := make(chan result, 2)
	for _, l := range []*Log{a, b} {
		go func() {
			text, kind := text(t, l, "one")
			read <- result{text, kind}
		}()
	}
	for range 300 {
		appendAll(t, w, "x", "y")
	}
	if err := w.Seal(t.Context(), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	want := result{strings.Repeat("xy", 300), chat.KindDone}
	for range 2 {
		if got := <-read; got != want {
			t.Errorf("got %q, %v", got.text, got.kind)
		}
	}
}

func TestWhatEndedOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	first, err := Open(t.Context(), Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	w, err := first.Create(t.Context(), meta("kept"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "still ", "here")
	if err := w.Seal(t.Context(), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	first.Close()
	got, kind := text(t, open(t, Config{DataDir: dir}), "kept")
	if got != "still here" || kind != chat.KindDone {
		t.Errorf("got %q, %v", got, kind)
	}
}

func TestOrphanIsTakenOverWhereItWasLeft(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	dead, err := Open(t.Context(), Config{NATS: at(url)})
	if err != nil {
		t.Fatal(err)
	}
	zombie, err := dead.Create(t.Context(), meta("orphan"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, zombie, "a", "b")
	awaitLast(t, dead, "orphan", 1)
	// dead does not call Orphans, so it sends no beats and the others consider it dead, although it still writes.
	defer dead.Close()

	heir := open(t, Config{NATS: at(url)})
	for orphan := range heir.Orphans(within(t)) {
		if orphan.Meta.ID != "orphan" || len(orphan.Shown) != 2 || orphan.Takeovers != 1 {
			t.Errorf("orphan = %+v", orphan)
		}
		if diff := orphan.Meta.Request.Messages[0].Text(); diff != "Hi" {
			t.Errorf("request = %+v", orphan.Meta.Request)
		}
		appendAll(t, orphan.Writer, "c")
		// From here on, what the zombie says reaches nobody.
		_ = zombie.Append(t.Context(), chat.Text(0, "LOST"))
		if err := zombie.Seal(within(t), chat.Event{Kind: chat.KindDone}); !errors.Is(err, chat.ErrSealed) {
			t.Errorf("the zombie's seal: %v, want ErrSealed", err)
		}
		if err := orphan.Writer.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
			t.Error(err)
		}
		break
	}
	for name, l := range map[string]*Log{"heir": heir, "zombie": dead} {
		if got, kind := text(t, l, "orphan"); got != "abc" || kind != chat.KindDone {
			t.Errorf("%s shows %q, %v", name, got, kind)
		}
	}
}

func TestRestartTakesItsOwnPastOver(t *testing.T) {
	dir := t.TempDir()
	first, err := Open(t.Context(), Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	w, err := first.Create(t.Context(), meta("cut"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, first, "cut", 0)
	first.Close()

	second := open(t, Config{DataDir: dir})
	for orphan := range second.Orphans(within(t)) {
		appendAll(t, orphan.Writer, "b")
		if err := orphan.Writer.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
			t.Error(err)
		}
		break
	}
	if got, _ := text(t, second, "cut"); got != "ab" {
		t.Errorf("got %q", got)
	}
}

// TestAnOutageMakesNoOrphans stops the server for longer than a replica may be silent. Nobody has died, so nobody may
// take over.
func TestAnOutageMakesNoOrphans(t *testing.T) {
	for run := range 4 { // each hits another moment of the replicas' beats
		t.Run(fmt.Sprint(run), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			nats := runNATS(t, server.RANDOM_PORT, dir)
			ctx, cancel := context.WithCancel(t.Context())
			var all sync.WaitGroup
			for i := range 2 {
				l := open(t, Config{NATS: at(nats.ClientURL())})
				all.Go(func() {
					for orphan := range l.Orphans(ctx) {
						t.Errorf("%s was taken over", orphan.Meta.ID)
					}
				})
				for k := range 5 {
					w, err := l.Create(within(t), meta(fmt.Sprintf("%d-%d", i, k)))
					if err != nil {
						t.Fatal(err)
					}
					all.Go(func() {
						for pause(ctx, 50*time.Millisecond) {
							if err := w.Append(ctx, chat.Text(0, "a")); err != nil && ctx.Err() == nil {
								t.Error(err)
							}
						}
					})
				}
			}
			pause(ctx, liveness.DeadAfter+time.Duration(run)*liveness.Every/4)
			port := nats.Addr().(*net.TCPAddr).Port
			nats.Shutdown()
			nats.WaitForShutdown()
			pause(ctx, liveness.DeadAfter+time.Second)
			runNATS(t, port, dir)
			pause(ctx, 2*liveness.DeadAfter)
			cancel()
			all.Wait()
		})
	}
}

// TestAnEndThatIsNotInTheBooksIsSomebodysOnce lets owners die with ended completions. Those that were not settled are
// yielded once, to one heir.
func TestAnEndThatIsNotInTheBooksIsSomebodysOnce(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	dead, err := Open(t.Context(), Config{NATS: at(url)})
	if err != nil {
		t.Fatal(err)
	}
	canceller := open(t, Config{NATS: at(url)})
	for id, end := range map[string]func(w chat.Writer) error{
		"settled": func(w chat.Writer) error {
			err := w.Seal(within(t), chat.Event{Kind: chat.KindDone})
			w.Settle(func() {})
			return err
		},
		"unsettled": func(w chat.Writer) error { return w.Seal(within(t), chat.Event{Kind: chat.KindDone}) },
		"ended by another": func(chat.Writer) error {
			settle, err := canceller.Seal(within(t), "ended-by-another", chat.Event{Kind: chat.KindError, Err: chat.Errorf(chat.CodeCompletionCancelled, "")})
			if err == nil {
				settle(func() {})
			}
			return err
		},
	} {
		w, err := dead.Create(within(t), meta(strings.ReplaceAll(id, " ", "-")))
		if err != nil {
			t.Fatal(err)
		}
		if err := end(w); err != nil {
			t.Fatal(err)
		}
	}
	dead.Close()

	ctx, cancel := context.WithTimeout(t.Context(), liveness.DeadAfter+30*lookAgain)
	defer cancel()
	ended := make(chan string, 10)
	var heirs sync.WaitGroup
	for range 3 {
		heir := open(t, Config{NATS: at(url)})
		heirs.Go(func() {
			for orphan := range heir.Orphans(ctx) {
				if orphan.Ended == nil {
					t.Errorf("orphan %+v", orphan)
				}
				orphan.Settle(func() { ended <- orphan.Meta.ID })
				time.AfterFunc(3*lookAgain, cancel) // so that other heirs could yield it too
			}
		})
	}
	heirs.Wait()
	close(ended)
	var got []string
	for id := range ended {
		got = append(got, id)
	}
	if !slices.Equal(got, []string{"unsettled"}) {
		t.Errorf("yielded %q, want the one that was not settled, once", got)
	}
}

func TestWriterLearnsThatAnotherReplicaHasEndedItsCompletion(t *testing.T) {
	url := startNATS(t)
	a, b := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	w, err := a.Create(t.Context(), meta("cancelled"))
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{})
	w.OnEnd(func() { close(told) })
	appendAll(t, w, "x")
	awaitLast(t, a, "cancelled", 0)
	cancelled := chat.Event{Kind: chat.KindError, Err: chat.Errorf(chat.CodeCompletionCancelled, "cancelled")}
	if _, err := b.Seal(within(t), "cancelled", cancelled); err != nil {
		t.Fatal(err)
	}
	select {
	case <-told:
	case <-within(t).Done():
		t.Error("the writer was not told")
	}
	for name, l := range map[string]*Log{"writer's": a, "other": b} {
		if got, kind := text(t, l, "cancelled"); got != "x" || kind != chat.KindError {
			t.Errorf("%s replica shows %q, %v", name, got, kind)
		}
	}
}

// TestLateWordOfATakeover lets two replicas take over a completion in quick succession. The first one's announcement
// arrives when the second one already writes. If both considered themselves replaced, nobody would end the
// completion.
func TestLateWordOfATakeover(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	dead := open(t, Config{NATS: at(url)})
	if _, err := dead.Create(t.Context(), meta("orphan")); err != nil {
		t.Fatal(err)
	}
	second := open(t, Config{NATS: at(url)})
	for orphan := range second.Orphans(within(t)) { // with epoch 1
		hear := func(word string) {
			second.hearEnd(&nats.Msg{Subject: endedPrefix + "orphan", Data: []byte(word)})
		}
		for _, late := range []string{"first 0", "first 1", "first", "first x"} {
			hear(late)
		}
		if err := orphan.Writer.Append(t.Context(), chat.Text(0, "a")); err != nil {
			t.Fatalf("after a word that came late: %v", err)
		}
		awaitLast(t, second, "orphan", 0)
		hear("third 2")
		if err := orphan.Writer.Append(t.Context(), chat.Text(0, "b")); !errors.Is(err, chat.ErrSealed) {
			t.Errorf("after the word of a takeover that followed: %v, want ErrSealed", err)
		}
		break
	}
}

// TestOwnCompletionStaysOwned lets a replica fail to claim its own completion, as when the log disappears again. It
// stays the owner, and claims it once the log is back.
func TestOwnCompletionStaysOwned(t *testing.T) {
	t.Parallel()
	l := open(t, Config{NATS: at(startNATS(t)), Patience: time.Second})
	w, err := l.Create(t.Context(), meta("own"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, l, "own", 0)
	w.(*writer).fail(chat.ErrLogFull)
	l.putBack.Store(1 << 62) // as after a backup: only message numbers identify its own completions

	limit := func(bytes int32) {
		config := l.stream.CachedInfo().Config
		config.MaxMsgSize = bytes
		if _, err := l.js.UpdateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
	}
	limit(90) // room for the owner's message, but not for a claim
	in := l.gate.era()
	said, err := l.io.LastOf(t.Context(), ownerSubject(l.replica, "own"))
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	clear(l.mine)
	l.mu.Unlock()
	deafen(l)
	if orphan := l.rescue(within(t), in, l.replica, "own", said); orphan != nil {
		t.Fatalf("it was claimed: %+v", orphan)
	}
	if last, err := l.io.LastOf(t.Context(), ownerSubject(l.replica, "own")); err != nil || last.Sequence == said.Sequence {
		t.Errorf("after a claim that failed, %v says who owns it, %v", last, err)
	}
	limit(-1)
	l.putBack.Store(0)
	ctx, found := context.WithCancel(within(t))
	defer found()
	for orphan := range l.Orphans(ctx) { // once for each owner's message
		if orphan.Meta.ID != "own" {
			t.Errorf("orphan = %+v", orphan)
		}
		found()
	}
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		t.Error("it is nobody's")
	}
}

func TestCompletionThatTheLogFailedIsAdoptedWhenItIsBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	nats := runNATS(t, server.RANDOM_PORT, dir)
	l := open(t, Config{NATS: at(nats.ClientURL()), Patience: 500 * time.Millisecond})
	w, err := l.Create(t.Context(), meta("stalled"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, l, "stalled", 0)
	address := nats.Addr().(*net.TCPAddr)
	nats.Shutdown()
	nats.WaitForShutdown()
	appendAll(t, w, "LOST")
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); !errors.Is(err, chat.ErrLogFull) {
		t.Errorf("Seal while the log is down: %v, want ErrLogFull", err)
	}
	runNATS(t, address.Port, dir)
	for orphan := range l.Orphans(within(t)) {
		if len(orphan.Shown) != 1 || orphan.Meta.ID != "stalled" {
			t.Errorf("orphan = %+v", orphan)
		}
		appendAll(t, orphan.Writer, "b")
		if err := orphan.Writer.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
			t.Error(err)
		}
		break
	}
	if got, kind := text(t, l, "stalled"); got != "ab" || kind != chat.KindDone {
		t.Errorf("got %q, %v", got, kind)
	}
}

// TestStalledOwner suspends a replica between the two records that begin a completion, until another one considers it
// dead and looks for its completions.
func TestStalledOwner(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	stalledOne := open(t, Config{NATS: at(url)})
	m := meta("late")
	if _, err := stalledOne.io.Append(within(t), stalledOne.gate.era(), ownerSubject(stalledOne.replica, m.ID), nil, 0); err != nil {
		t.Fatal(err)
	}
	heir := open(t, Config{NATS: at(url)})
	ctx, cancel := context.WithCancel(t.Context())
	found := make(chan string, 1)
	var looking sync.WaitGroup
	looking.Go(func() {
		for orphan := range heir.Orphans(ctx) {
			found <- orphan.Meta.ID
		}
	})
	defer looking.Wait()
	defer cancel()
	select {
	case id := <-found:
		t.Fatalf("%s is taken over before it is stored", id)
	case <-time.After(liveness.DeadAfter + 2*lookAgain):
	}
	data, err := record.Encode(&record.Record{Writer: stalledOne.replica, Meta: m})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stalledOne.io.Append(within(t), stalledOne.gate.era(), eventsPrefix+m.ID, data, 0); err != nil {
		t.Fatal(err)
	}
	select {
	case id := <-found:
		if id != m.ID {
			t.Errorf("%s is taken over", id)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody sees to the end of the completion")
	}
}

func TestLogKeepsTheContractOfAClusterOfReplicas(t *testing.T) {
	t.Parallel()
	logtest.RunCluster(t, func(t *testing.T) func() logtest.Replica {
		t.Helper()
		url := startNATS(t)
		return func() logtest.Replica { return open(t, Config{NATS: at(url)}) }
	})
}
