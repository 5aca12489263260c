package tape

import (
	"context"
	"strings"
	"testing"
	"unsafe"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// tokens are about as long as those of an answer in English: 4.5 bytes.
var tokens = []string{"The ", "dog", " is ", "friendly", " and", " lov", "es ", "kids", " a lot"}

// held returns how much memory the tape's text has been given.
func (t *Tape) held() int {
	held := cap(t.blocks) * int(unsafe.Sizeof(block{}))
	for _, b := range t.blocks {
		held += b.text.Cap() + int(unsafe.Sizeof(*b.text))
	}
	return held
}

func TestLiveTextTakesAtMostTwiceItsLengthAnd8KiB(t *testing.T) {
	var tape Tape
	text := 0
	for i := range 100_000 {
		token := tokens[i%len(tokens)]
		text += len(token)
		if err := tape.Append(chat.Text(0, token)); err != nil {
			t.Fatal(err)
		}
		if held, most := tape.held(), 2*text+8<<10; held > most {
			t.Fatalf("%d bytes of text take %d, want at most %d", text, held, most)
		}
		if size := tape.Size(); size > tape.held() || size < text || size > text*3/2+16 {
			t.Fatalf("%d bytes of text count as %d while they take %d", text, size, tape.held())
		}
	}
}

func TestSizeCountsWhatIsKeptAsItCame(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	probability := chat.TokenLogprob{Token: "x", Top: make([]chat.TopLogprob, 20)}
	for _, test := range []struct {
		name  string
		event chat.Event
		least int
	}{
		{"the text of a first delta", chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{Role: chat.RoleAssistant, Content: long}}, len(long)},
		{"reasoning and refusal", chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{Reasoning: long, Refusal: long}}, 2 * len(long)},
		{"the arguments of tool calls", chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{
			ToolCalls: []chat.ToolCallDelta{{Arguments: long}, {Index: 1, Arguments: long}},
		}}, 2 * len(long)},
		{"the names of tool calls", chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{
			ToolCalls: []chat.ToolCallDelta{{ID: long, Name: long}},
		}}, 2 * len(long)},
		{"text", chat.Text(1, long), len(long)},
		{"the texts of pets", chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{
			Pets: []chat.Pet{{ID: long, Name: long, Species: long}, {Breed: long, Sex: long, Portrait: long, Coat: []string{long, long}}},
		}}, 8 * len(long)},
		{"questions", chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{Content: "x", RelatedQuestions: []string{long, long}}}, 2 * len(long)},
		{"pets", chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{Content: "x", Pets: make([]chat.Pet, 100)}}, 13_600},
		{"log probabilities", chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{
			Content: "x", Logprobs: &chat.Logprobs{Content: []chat.TokenLogprob{probability}, Refusal: []chat.TokenLogprob{probability}},
		}}, 2 * 20 * int(unsafe.Sizeof(chat.TopLogprob{}))},
		{"a finish", chat.Finish(0, chat.FinishStop), int(unsafe.Sizeof(chat.Event{}))},
	} {
		t.Run(test.name, func(t *testing.T) {
			var tape Tape
			if err := tape.Append(test.event); err != nil {
				t.Fatal(err)
			}
			if size := tape.Size(); size < test.least || size > 2*test.least+2*otherSize {
				t.Errorf("Size is %d, want about %d", size, test.least)
			}
			if got, size := SizeOf(&test.event), tape.Size(); got != size {
				t.Errorf("SizeOf is %d, and Size has grown by %d", got, size)
			}
		})
	}
}

func TestFollowingAllocatesNothingPerEvent(t *testing.T) {
	var tape Tape
	const events = 10_000
	for i := range events {
		if err := tape.Append(chat.Text(0, tokens[i%len(tokens)])); err != nil {
			t.Fatal(err)
		}
	}
	if err := tape.Append(chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	seen := 0
	allocs := testing.AllocsPerRun(10, func() {
		for _, err := range tape.Follow(ctx, chat.FromStart, true) {
			if err != nil {
				t.Fatal(err)
			}
			seen++
		}
	})
	if seen != 11*(events+1) {
		t.Fatalf("saw %d events in all", seen)
	}
	if allocs > 8 { // the reader, its channel and the iterator
		t.Errorf("following %d events allocates %v times", events, allocs)
	}
}

// TestFollowingLiveAllocatesNothing appends to a tape that is followed, each event after
// the one before has been seen.
func TestFollowingLiveAllocatesNothing(t *testing.T) {
	var tape Tape
	seen, left := make(chan struct{}), make(chan struct{})
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		defer close(left)
		for _, err := range tape.Follow(ctx, chat.FromStart, false) {
			if err != nil {
				return
			}
			seen <- struct{}{}
		}
	}()
	allocs := testing.AllocsPerRun(10_000, func() {
		if err := tape.Append(chat.Text(0, "x")); err != nil {
			t.Fatal(err)
		}
		<-seen
	})
	if leave(); allocs != 0 {
		t.Errorf("%v allocations for an event that is followed, want 0", allocs)
	}
	<-left
}

func TestAppendingTextAllocatesOnlyBlocks(t *testing.T) {
	const events = 10_000
	allocs := testing.AllocsPerRun(10, func() {
		var tape Tape
		for i := range events {
			if err := tape.Append(chat.Text(i&7, tokens[i%len(tokens)])); err != nil {
				t.Fatal(err)
			}
		}
	})
	if perEvent := allocs / events; perEvent > 0.01 {
		t.Errorf("appending allocates %v times an event", perEvent)
	}
}
