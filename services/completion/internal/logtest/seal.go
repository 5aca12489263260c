package logtest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

//nolint:gochecknoglobals // a table
var sealRules = []rule{
	{"the writer is told when somebody else seals", outsideSealIsTold},
	{"the writer is told when somebody deletes", deleteIsTold},
	{"the writer is not told of its own seal", ownSealIsNotTold},
	{"a completion is sealed once, whoever tries again", sealOnce},
	{"a seal from outside stops the writer", sealOutside},
	{"one of many concurrent seals wins", oneSealWins},
	{"a sealed completion takes no event", appendAfterSeal},
	{"readers end after the terminal event", readersEnd},
	{"nothing follows the terminal event, not even an error", nothingFollows},
	{"whoever has seen something else in the place of the end is told", setBackIsTold},
	{"whoever has ended it enters that into the books", endIsSettled},
	{"a seal that races with appends loses none that was read", sealRacesAppend},
}

func sealOnce(t *testing.T, log chat.Log) {
	ctx := within(t)
	s := create(t, log)
	s.append(words(2)...)
	s.seal(done())
	wantError(t, "second Seal of the writer", s.writer.Seal(ctx, failed("writer")), chat.ErrSealed)
	wantError(t, "Seal from outside", outside(log.Seal(ctx, s.meta.ID, failed("outside"))), chat.ErrSealed)
	s.check(s.read(ctx, chat.FromStart, false), chat.FromStart)
}

func sealOutside(t *testing.T, log chat.Log) {
	ctx := within(t)
	s := create(t, log)
	s.append(words(2)...)
	s.await()
	terminal := failed("outside")
	if err := outside(log.Seal(ctx, s.meta.ID, terminal)); err != nil {
		t.Fatalf("Seal: %v", err)
	}
	s.events = append(s.events, terminal)
	if diff := cmp.Diff(&terminal, s.head().Terminal, withoutCause); diff != "" {
		t.Errorf("Head's terminal event (-want +got):\n%s", diff)
	}
	wantError(t, "Append", s.untilRefused(), chat.ErrSealed)
	wantError(t, "Seal of the writer", s.writer.Seal(ctx, done()), chat.ErrSealed)
	s.check(s.read(ctx, chat.FromStart, false), chat.FromStart)
}

func oneSealWins(t *testing.T, log chat.Log) {
	const rivals = 8
	ctx := within(t)
	s := create(t, log)
	s.append(words(3)...)
	s.await()
	waiting := s.start(ctx, chat.FromStart)

	results := make([]chan error, rivals)
	for i := range rivals {
		results[i] = make(chan error, 1)
		go func() {
			if terminal := failed(fmt.Sprint(i)); i == 0 {
				results[i] <- s.writer.Seal(ctx, terminal)
			} else {
				results[i] <- outside(log.Seal(ctx, s.meta.ID, terminal))
			}
		}()
	}
	winners := 0
	for i := range rivals {
		switch err := <-results[i]; {
		case err == nil:
			winners++
			s.events = append(s.events, failed(fmt.Sprint(i)))
		case !errors.Is(err, chat.ErrSealed):
			t.Errorf("Seal: error %v, want %v", err, chat.ErrSealed)
		}
	}
	if winners != 1 {
		t.Fatalf("%d seals won, want 1", winners)
	}
	s.check(<-waiting, chat.FromStart)
	s.check(s.read(ctx, chat.FromStart, false), chat.FromStart)
}

func appendAfterSeal(t *testing.T, log chat.Log) {
	s := create(t, log)
	s.append(words(2)...)
	s.seal(done())
	wantError(t, "Append", s.writer.Append(within(t), chat.Text(0, "late")), chat.ErrSealed)
	s.check(s.read(within(t), chat.FromStart, false), chat.FromStart)
}

func readersEnd(t *testing.T, log chat.Log) {
	for _, terminal := range []chat.Event{done(), failed("failed")} {
		s := create(t, log)
		s.append(words(3)...)
		s.await()
		waiting := s.start(within(t), 2)
		s.seal(terminal)
		s.check(<-waiting, 2)
	}
}

func nothingFollows(t *testing.T, log chat.Log) {
	var s *subject
	for what, disturb := range map[string]func(cancel func()){
		"end of the context": func(cancel func()) { cancel() },
		"delete": func(func()) {
			if err := log.Delete(within(t), s.meta.ID); err != nil {
				t.Errorf("Delete: %v", err)
			}
		},
	} {
		s = create(t, log)
		s.append(words(3)...)
		s.seal(done())
		ctx, cancel := context.WithCancel(within(t))
		ended := false
		for entry, err := range log.Follow(ctx, s.meta.ID, chat.FromStart, true) {
			if ended {
				t.Errorf("%s: %v, %v follows the terminal event", what, entry, err)
			}
			if entry.Event.Terminal() {
				ended = true
				disturb(cancel)
			}
		}
		cancel()
		if !ended {
			t.Errorf("%s: the reader ended before the terminal event", what)
		}
	}
}

func sealRacesAppend(t *testing.T, log chat.Log) {
	ctx := within(t)
	s := create(t, log)
	s.append(words(10)...)
	s.await()
	live := s.start(ctx, chat.FromStart)
	refused := make(chan error, 1)
	go func() {
		for {
			if err := s.writer.Append(ctx, chat.Text(0, "more ")); err != nil {
				refused <- err
				return
			}
		}
	}()
	if err := outside(log.Seal(ctx, s.meta.ID, failed("outside"))); err != nil {
		t.Fatalf("Seal: %v", err)
	}
	wantError(t, "Append", <-refused, chat.ErrSealed)
	first, second := <-live, s.read(ctx, chat.FromStart, false)
	if first.err != nil || second.err != nil {
		t.Fatalf("Follow: %v, %v", first.err, second.err)
	}
	if diff := cmp.Diff(first.entries, second.entries); diff != "" {
		t.Errorf("what was read live and again (-live +again):\n%s", diff)
	}
	for i, entry := range first.entries {
		if last := i == len(first.entries)-1; entry.Sequence != int64(i) || entry.Event.Terminal() != last {
			t.Fatalf("entry %d of %d has number %d and is of kind %d", i, len(first.entries), entry.Sequence, entry.Event.Kind)
		}
	}
}

// told returns a channel that is closed when the writer learns of an end by another.
func (s *subject) told() <-chan struct{} {
	ended := make(chan struct{})
	s.writer.OnEnd(func() { close(ended) })
	return ended
}

func outsideSealIsTold(t *testing.T, log chat.Log) {
	s := create(t, log)
	told := s.told()
	s.append(words(2)...)
	if err := outside(log.Seal(within(t), s.meta.ID, done())); err != nil {
		t.Fatal(err)
	}
	await(t, told)
}

func deleteIsTold(t *testing.T, log chat.Log) {
	s := create(t, log)
	told := s.told()
	if err := log.Delete(within(t), s.meta.ID); err != nil {
		t.Fatal(err)
	}
	await(t, told)
}

func ownSealIsNotTold(t *testing.T, log chat.Log) {
	s := create(t, log)
	told := s.told()
	s.seal(done())
	if err := outside(log.Seal(within(t), s.meta.ID, done())); !errors.Is(err, chat.ErrSealed) {
		t.Errorf("Seal: %v, want ErrSealed", err)
	}
	select {
	case <-told:
		t.Error("the writer was told")
	default:
	}
}

func await(t *testing.T, told <-chan struct{}) {
	t.Helper()
	select {
	case <-told:
	case <-within(t).Done():
		t.Error("the writer was not told")
	}
}

func setBackIsTold(t *testing.T, log chat.Log) {
	s := create(t, log)
	s.append(words(2)...)
	terminal := failed("set back")
	terminal.Err.SetBack = true
	waiting := make(chan reading, 1)
	s.await()
	go func() { waiting <- s.read(within(t), 2, false) }()
	s.seal(terminal)
	if head := s.latest(); head.Terminal == nil || !head.Terminal.Err.SetBack {
		t.Errorf("the head ends with %+v", head.Terminal)
	}
	s.check(s.read(within(t), chat.FromStart, false), chat.FromStart)
	s.check(s.read(within(t), 1, false), 1)
	for _, after := range []int64{2, 3, 30} {
		r := s.read(within(t), after, false)
		if len(r.entries) > 0 {
			t.Errorf("after %d: %v", after, r.entries)
		}
		wantError(t, "Follow", r.err, chat.ErrLost)
	}
	wantError(t, "Follow of who has waited", (<-waiting).err, chat.ErrLost)
}

func endIsSettled(t *testing.T, log chat.Log) {
	entries := 0
	book := func() { entries++ }
	s := create(t, log)
	s.append(words(1)...)
	s.seal(done())
	s.writer.Settle(book)
	if entries != 1 {
		t.Errorf("the writer has made %d entries, want 1", entries)
	}
	s = create(t, log)
	s.append(words(1)...)
	settle, err := log.Seal(within(t), s.meta.ID, failed("outside"))
	if err != nil {
		t.Fatalf("Seal: %v", err)
	}
	settle(book)
	if entries != 2 {
		t.Errorf("both have made %d entries, want 2", entries)
	}
}
