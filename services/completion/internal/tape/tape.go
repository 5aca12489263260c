// Package tape keeps the events of one completion in memory, for one writer and any
// number of readers.
//
// A reader is a cursor and a wake-up, not a queue: readers share the stored
// events, a slow reader merely lags, and following allocates nothing per event. A text event,
// the most frequent kind, takes two to four bytes in addition to its text; other events are
// stored as structs.
//
// The package stores nothing on disk and has no retention: the logs, which hold a tape for each
// completion, are responsible for both.
package tape

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"sync"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Sizes of a block. The first one is small, because many answers are short. Each further one
// doubles, so that at most half of a long tape is unused, up to maxBlock.
const (
	minBlock = 512
	maxBlock = 8 << 10
)

// What an event that is stored as a struct counts for, without its texts.
const (
	otherSize   = 256 // the event
	callSize    = 64  // each tool call in it
	logprobSize = 48  // each log probability in it; a token's own takes two
)

// A Tape holds the events of one completion. The zero value is an empty tape. It is
// safe for concurrent use; events keep the order in which they are appended.
type Tape struct {
	mu     sync.Mutex
	blocks []block
	others []chat.Event // events that are not text, in order
	terms  []term       // in order
	next   int64        // sequence number of the next event
	size   int
	sealed bool
	err    error // why the tape was dropped

	progress  chat.Progress
	progressN int // how many times progress was shown

	waiting []*reader
}

// A block is a piece of the tape. Its builder never exceeds its capacity, so the
// string of the text so far stays valid while more is appended.
type block struct {
	text  *strings.Builder
	first int64 // sequence number of its first event
	other int   // index in others of its first event that is not text
}

// A term identifies the writer of the events from a sequence number onwards ([chat.Entry]).
type term struct {
	first  int64
	number uint32
}

// Each event begins with a tag. A text event's tag has its field in the low two bits, and its choice
// above them; the length follows as a varint, then the text. Any other event is just tagOther.
const (
	tagOther     byte = 0
	tagContent   byte = 1
	tagReasoning byte = 2
	tagRefusal   byte = 3

	maxTextChoice = 63
)

// textOf returns the tag and the text of an event that consists of only one piece of text.
func textOf(e *chat.Event) (tag byte, text string) {
	d := &e.Delta
	if e.Kind != chat.KindDelta || e.Choice > maxTextChoice || d.Role != "" || d.ToolCalls != nil || d.Logprobs != nil || d.Pets != nil || d.RelatedQuestions != nil || d.More != "" || d.NoContent || d.EncryptedReasoning != "" {
		return tagOther, ""
	}
	switch choice := byte(e.Choice) << 2; { //nolint:gosec // at most maxTextChoice
	case d.Reasoning == "" && d.Refusal == "":
		return tagContent | choice, d.Content
	case d.Content == "" && d.Refusal == "":
		return tagReasoning | choice, d.Reasoning
	case d.Content == "" && d.Reasoning == "":
		return tagRefusal | choice, d.Refusal
	}
	return tagOther, ""
}

// Append adds an event and wakes the readers. It returns [chat.ErrSealed] after the terminal
// event, or the error that the tape was dropped with.
func (t *Tape) Append(e chat.Event) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.err != nil:
		return t.err
	case t.sealed:
		return chat.ErrSealed
	}
	tag, text := textOf(&e)
	size := sizeOf(&e, tag, text)
	if tag == tagOther {
		_ = t.room(1).WriteByte(tagOther) // a strings.Builder never fails
		t.others = append(t.others, e)
	} else {
		var length [binary.MaxVarintLen64]byte
		n := binary.PutUvarint(length[:], uint64(len(text)))
		b := t.room(size)
		b.WriteByte(tag)
		b.Write(length[:n])
		b.WriteString(text)
	}
	t.size += size
	t.next++
	t.sealed = e.Terminal()
	t.wake()
	return nil
}

// Turn sets the term of the events that are appended from now on. The first term is 0.
func (t *Tape) Turn(number uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.terms); n == 0 && number != 0 || n > 0 && t.terms[n-1].number != number {
		t.terms = append(t.terms, term{t.next, number}) // append leaves the terms that readers hold intact
	}
}

// Term returns the term of an event on the tape.
func (t *Tape) Term(sequence int64) uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	number, _ := termOf(t.terms, sequence)
	return number
}

// termOf returns the term of an event, and the terms that later events may have.
func termOf(terms []term, sequence int64) (number uint32, rest []term) {
	for len(terms) > 1 && terms[1].first <= sequence {
		terms = terms[1:]
	}
	if len(terms) > 0 && terms[0].first <= sequence {
		number = terms[0].number
	}
	return number, terms
}

// SizeOf returns about how many bytes an event takes on a tape: [Tape.Size] grows by that
// when the event is appended.
func SizeOf(e *chat.Event) int {
	tag, text := textOf(e)
	return sizeOf(e, tag, text)
}

// sizeOf is SizeOf with the results of textOf. It is exact for text events.
func sizeOf(e *chat.Event, tag byte, text string) int {
	if tag != tagOther {
		return 1 + (bits.Len(uint(len(text))|1)+6)/7 + len(text)
	}
	d := &e.Delta
	size := otherSize + len(d.Content) + len(d.Refusal) + len(d.Reasoning) + len(d.EncryptedReasoning) + len(d.More)
	for i := range d.ToolCalls {
		c := &d.ToolCalls[i]
		size += callSize + len(c.ID) + len(c.Name) + len(c.Arguments) + len(c.More)
	}
	for i := range d.Pets {
		size += d.Pets[i].Size()
	}
	size += chat.SizeOfTexts(d.RelatedQuestions)
	if d.Logprobs != nil {
		for _, tokens := range [][]chat.TokenLogprob{d.Logprobs.Content, d.Logprobs.Refusal} {
			for i := range tokens {
				size += 2*logprobSize + len(tokens[i].Top)*logprobSize
			}
		}
	}
	return size
}

// room returns the builder for the next n bytes.
func (t *Tape) room(n int) *strings.Builder {
	capacity := minBlock
	if len(t.blocks) > 0 {
		last := t.blocks[len(t.blocks)-1].text
		if last.Cap()-last.Len() >= n {
			return last
		}
		capacity = min(2*last.Cap(), maxBlock)
	}
	text := &strings.Builder{}
	text.Grow(max(capacity, n))
	t.blocks = append(t.blocks, block{text: text, first: t.next, other: len(t.others)})
	return text
}

// Progress shows live progress to the readers that asked for it.
func (t *Tape) Progress(p chat.Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.progress = p
	t.progressN++
	t.wake()
}

// Drop ends every reader with err. All later calls fail with err too.
func (t *Tape) Drop(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = err
	t.wake()
}

// Last returns the sequence number of the last event, or -1 if there is none, and
// the terminal event if the tape has ended.
func (t *Tape) Last() (last int64, terminal *chat.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sealed {
		terminal = &t.others[len(t.others)-1]
	}
	return t.next - 1, terminal
}

// Size returns about how many bytes the events take.
func (t *Tape) Size() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.size
}

func (t *Tape) wake() {
	for i, r := range t.waiting {
		r.wake <- struct{}{} // never blocks: it has room for one, and a reader waits only once at a time
		t.waiting[i] = nil
	}
	t.waiting = t.waiting[:0]
}
