package tape_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tape"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func mustAppend(t testing.TB, tp *tape.Tape, events ...chat.Event) {
	t.Helper()
	for i, e := range events {
		if err := tp.Append(e); err != nil {
			t.Fatalf("Append of event %d: %v", i, err)
		}
	}
}

// collect follows a tape to its end.
func collect(ctx context.Context, tp *tape.Tape, after int64, progress bool) ([]chat.Entry, error) {
	var entries []chat.Entry
	for entry, err := range tp.Follow(ctx, after, progress) {
		if err != nil {
			return entries, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// checkFollow compares what follows a cursor with the events that were appended.
func checkFollow(t testing.TB, tp *tape.Tape, after int64, events []chat.Event) {
	t.Helper()
	next := after + 1
	for entry, err := range tp.Follow(t.Context(), after, false) {
		switch {
		case err != nil:
			t.Fatalf("Follow after %d: %v", after, err)
		case entry.Sequence != next || next >= int64(len(events)):
			t.Fatalf("Follow after %d: event %d of %d, want %d", after, entry.Sequence, len(events), next)
		case !same(&entry.Event, &events[next]):
			t.Fatalf("Follow after %d, event %d (-want +got):\n%s", after, next, cmp.Diff(events[next], entry.Event))
		}
		next++
	}
	if next != int64(len(events)) {
		t.Fatalf("Follow after %d ended before event %d of %d", after, next, len(events))
	}
}

// same compares text without cmp, which would be too slow for so much of it.
func same(a, b *chat.Event) bool {
	plain := a.Kind == chat.KindDelta && a.Delta.ToolCalls == nil && a.Delta.Logprobs == nil && a.Delta.Pets == nil && a.Delta.RelatedQuestions == nil
	if !plain {
		return cmp.Equal(a, b)
	}
	return a.Kind == b.Kind && a.Choice == b.Choice && b.Delta.ToolCalls == nil && b.Delta.Logprobs == nil && b.Delta.Pets == nil && b.Delta.RelatedQuestions == nil &&
		a.Delta.Role == b.Delta.Role && a.Delta.Content == b.Delta.Content &&
		a.Delta.Reasoning == b.Delta.Reasoning && a.Delta.Refusal == b.Delta.Refusal
}

// texts returns text events of one length, mixed with others, that fill
// more than three blocks.
func texts(length int) []chat.Event {
	events := []chat.Event{chat.Opening(0)}
	for size := 0; size < 8<<10 || len(events) < 8; size += length + 2 {
		text := strings.Repeat(string(rune('a'+len(events)%26)), length)
		switch e := chat.Text(len(events)%64, text); len(events) % 11 {
		case 3:
			e.Delta = chat.Delta{Reasoning: text}
			events = append(events, e)
		case 5:
			e.Delta = chat.Delta{Refusal: text}
			events = append(events, e)
		case 7:
			events = append(events, chat.Finish(0, chat.FinishStop))
		default:
			events = append(events, e)
		}
	}
	return append(events, chat.Event{Kind: chat.KindDone})
}

func TestEveryCursorYieldsWhatComesAfterItOverManyBlocks(t *testing.T) {
	for _, length := range []int{7, 61, 126, 127, 128, 507, 508, 509, 510, 511, 512, 513, 1022, 4 << 10, 16<<10 - 4, 16 << 10, 100_000} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			var tp tape.Tape
			events := texts(length)
			mustAppend(t, &tp, events...)
			for after := chat.FromStart; after < int64(len(events)); after++ {
				checkFollow(t, &tp, after, events)
			}
		})
	}
}

func TestShortTextsComeBackFromManyBlocks(t *testing.T) {
	for length := range 6 {
		var tp tape.Tape
		events := texts(length)
		mustAppend(t, &tp, events...)
		for after := chat.FromStart; after < int64(len(events)); after += 37 {
			checkFollow(t, &tp, after, events)
		}
	}
}

func TestAnEventThatIsNotTextMayBeginABlock(t *testing.T) {
	for length := 500; length <= 512; length++ {
		var tp tape.Tape
		events := []chat.Event{
			chat.Text(0, strings.Repeat("x", length)), chat.Finish(0, chat.FinishStop), chat.Finish(1, chat.FinishLength),
			chat.Text(1, strings.Repeat("y", 1100)), chat.Finish(2, chat.FinishStop),
			{Kind: chat.KindDone},
		}
		mustAppend(t, &tp, events...)
		for after := chat.FromStart; after < int64(len(events)); after++ {
			checkFollow(t, &tp, after, events)
		}
	}
}

func TestNothingIsAppendedAfterTheTerminalEvent(t *testing.T) {
	var tp tape.Tape
	if last, terminal := tp.Last(); last != -1 || terminal != nil {
		t.Errorf("Last of an empty tape: %d, %v", last, terminal)
	}
	events := []chat.Event{chat.Text(0, "text"), {Kind: chat.KindError, Err: chat.Errorf(chat.CodeInternal, "failed")}}
	mustAppend(t, &tp, events...)
	for _, e := range events {
		if err := tp.Append(e); !errors.Is(err, chat.ErrSealed) {
			t.Errorf("Append: error %v, want %v", err, chat.ErrSealed)
		}
	}
	last, terminal := tp.Last()
	if diff := cmp.Diff(&events[1], terminal); last != 1 || diff != "" {
		t.Errorf("Last: %d, terminal event (-want +got):\n%s", last, diff)
	}
	checkFollow(t, &tp, chat.FromStart, events)
}

func TestADroppedTapeRefusesReadersAndWriter(t *testing.T) {
	var tp tape.Tape
	mustAppend(t, &tp, chat.Text(0, "text"))
	tp.Drop(chat.ErrTrimmed)
	tp.Progress(chat.Progress{Stage: chat.StageGenerating})
	if err := tp.Append(chat.Text(0, "late")); !errors.Is(err, chat.ErrTrimmed) {
		t.Errorf("Append: error %v, want %v", err, chat.ErrTrimmed)
	}
	entries, err := collect(t.Context(), &tp, chat.FromStart, true)
	if len(entries) != 0 || !errors.Is(err, chat.ErrTrimmed) {
		t.Errorf("Follow: %v, %v, want %v", entries, err, chat.ErrTrimmed)
	}
}
