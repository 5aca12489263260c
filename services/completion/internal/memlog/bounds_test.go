package memlog_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
)

const (
	large       = 100 << 10        // a question
	roomForThem = 3*large + 50<<10 // for three completions with such questions
)

func TestTheOldestThatHasEndedMakesRoom(t *testing.T) {
	log := open(t, memlog.Config{MaxBytes: roomForThem})
	writers := map[string]chat.Writer{}
	for _, id := range []string{"a", "b", "c"} {
		writers[id] = create(t, log, meta(id, large))
	}
	seal(t, writers["b"])
	seal(t, writers["a"])
	create(t, log, meta("d", large))
	if got := listed(t, log); got != "a c d" {
		t.Errorf("List yields %q, want that b has gone", got)
	}
	wantHead(t, log, "b", chat.ErrTrimmed)
	create(t, log, meta("e", large))
	if got := listed(t, log); got != "c d e" {
		t.Errorf("List yields %q, want that a has gone", got)
	}
}

func TestTheLogIsFullWhereAllAreRunning(t *testing.T) {
	log := open(t, memlog.Config{MaxBytes: roomForThem})
	for _, id := range []string{"a", "b", "c"} {
		create(t, log, meta(id, large))
	}
	late := meta("d", large)
	late.IdempotencyKey = "key"
	if _, err := log.Create(t.Context(), late); !errors.Is(err, chat.ErrLogFull) {
		t.Fatalf("Create: error %v, want %v", err, chat.ErrLogFull)
	}
	wantHead(t, log, "d", chat.ErrNotFound)
	if got := listed(t, log); got != "a b c" {
		t.Errorf("List yields %q, want those that run", got)
	}
	if err := log.Delete(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	create(t, log, late) // there is room now, and the refused call has not used up the key
}

func TestEventsCountTowardsTheBound(t *testing.T) {
	for _, ended := range []bool{false, true} {
		log := open(t, memlog.Config{MaxBytes: roomForThem})
		w := create(t, log, meta("a", 0))
		for range 300 {
			if err := w.Append(t.Context(), chat.Text(0, strings.Repeat("x", 1<<10))); err != nil {
				t.Fatal(err)
			}
		}
		if ended {
			seal(t, w)
		}
		_, err := log.Create(t.Context(), meta("b", large))
		switch {
		case ended && err != nil:
			t.Errorf("Create after a long answer: %v", err)
		case ended:
			wantHead(t, log, "a", chat.ErrTrimmed)
		case !errors.Is(err, chat.ErrLogFull):
			t.Errorf("Create beside a long answer that goes on: error %v, want %v", err, chat.ErrLogFull)
		}
	}
}

func TestAnAnswerThatGrowsDropsTheOldest(t *testing.T) {
	log := open(t, memlog.Config{MaxBytes: roomForThem})
	seal(t, create(t, log, meta("a", large)))
	seal(t, create(t, log, meta("b", large)))
	w := create(t, log, meta("c", 0))
	grow := func(kib int) {
		t.Helper()
		for range kib {
			if err := w.Append(t.Context(), chat.Text(0, strings.Repeat("x", 1<<10))); err != nil {
				t.Fatal(err)
			}
		}
	}
	grow(220)
	if got := listed(t, log); got != "b c" {
		t.Errorf("List yields %q while it runs, want that a has gone", got)
	}
	grow(60) // too little to be counted before the completion ends
	seal(t, w)
	if got := listed(t, log); got != "c" {
		t.Errorf("List yields %q after the end, want that b has gone", got)
	}
}

func TestACompletionThatIsTooLongMayStillBeSealed(t *testing.T) {
	const most = 64 << 10
	log := open(t, memlog.Config{MaxCompletion: most})
	for name, event := range map[string]chat.Event{
		"text":       chat.Text(0, strings.Repeat("x", 1<<10)),
		"tool calls": {Kind: chat.KindDelta, Delta: chat.Delta{ToolCalls: []chat.ToolCallDelta{{Arguments: strings.Repeat("x", 1<<10)}}}},
	} {
		w := create(t, log, meta(name, 0))
		n := 0
		var err error
		for ; err == nil && n <= 2*most>>10; n++ {
			err = w.Append(t.Context(), event)
		}
		if !errors.Is(err, chat.ErrTooLong) || n > 1+most>>10 {
			t.Errorf("%s: error %v after %d KiB, want %v", name, err, n, chat.ErrTooLong)
		}
		seal(t, w)
		if err := follow(t.Context(), log, name); err != nil {
			t.Errorf("%s: Follow: %v", name, err)
		}
	}
}
