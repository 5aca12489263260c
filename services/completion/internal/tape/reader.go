package tape

import (
	"context"
	"iter"
	"slices"
	"sort"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Follow yields the events after a sequence number and waits for more until the
// terminal one, with progress as it happens where wanted. A non-nil error is the
// last thing yielded: ctx's, the one that the tape was dropped with, or [chat.ErrLost] where
// the reader has seen what the tape does not end with ([chat.Event.EndsBefore]).
func (t *Tape) Follow(ctx context.Context, after int64, progress bool) iter.Seq2[chat.Entry, error] {
	return func(yield func(chat.Entry, error) bool) {
		r := &reader{tape: t, after: after, progress: progress, wake: make(chan struct{}, 1)}
		for {
			if err := r.look(ctx); err != nil {
				yield(chat.Entry{}, err)
				return
			}
			if !r.drain(yield) {
				return
			}
		}
	}
}

// A reader is a cursor on a tape.
type reader struct {
	tape     *Tape
	after    int64 // skip events up to here
	progress bool
	wake     chan struct{}

	// The position of the next event, once the tape has a block.
	placed bool
	block  int
	at     int
	seq    int64
	other  int

	// What look has found: text, up to where it may be read, and live progress.
	text    string
	others  []chat.Event
	terms   []term
	shown   int // how much of the progress: a new reader is shown the latest
	live    chat.Progress
	hasLive bool
}

// look waits for something to read.
func (r *reader) look(ctx context.Context) error {
	t := r.tape
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		t.mu.Lock()
		if t.err != nil {
			defer t.mu.Unlock()
			return t.err
		}
		if r.snapshot() {
			t.mu.Unlock()
			return nil
		}
		t.waiting = append(t.waiting, r)
		t.mu.Unlock()

		select {
		case <-r.wake:
		case <-ctx.Done():
			r.forget()
			return ctx.Err()
		}
	}
}

// forget removes the reader from the list of waiting readers.
func (r *reader) forget() {
	t := r.tape
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.waiting, r); i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
}

// snapshot copies what is new, under the tape's lock.
func (r *reader) snapshot() bool {
	t := r.tape
	if !r.placed {
		r.seek()
	}
	if r.hasLive = r.progress && !t.sealed && t.progressN > r.shown; r.hasLive {
		r.live, r.shown = t.progress, t.progressN
	}
	if r.seq == t.next {
		return r.hasLive
	}
	if r.at == t.blocks[r.block].text.Len() { // read to its end, and there is more
		r.block, r.at = r.block+1, 0
	}
	r.text, r.others, r.terms = t.blocks[r.block].text.String(), t.others, t.terms
	return true
}

// seek finds the block that holds the first event to be read.
func (r *reader) seek() {
	t := r.tape
	if len(t.blocks) == 0 {
		return
	}
	r.placed = true
	i := sort.Search(len(t.blocks), func(i int) bool { return t.blocks[i].first > r.after+1 })
	r.block = max(0, i-1)
	r.seq, r.other = t.blocks[r.block].first, t.blocks[r.block].other
}

// drain yields what look has found. It returns false if nothing is to follow, because the caller
// stopped or the terminal event was yielded. Then the reader is done, whatever happens to the
// tape or to the context.
func (r *reader) drain(yield func(chat.Entry, error) bool) bool {
	if r.hasLive {
		live := r.live
		if !yield(chat.Entry{Sequence: -1, Event: chat.Event{Kind: chat.KindProgress, Progress: &live}}, nil) {
			return false
		}
	}
	for r.at < len(r.text) {
		entry := chat.Entry{Sequence: r.seq}
		entry.Term, r.terms = termOf(r.terms, r.seq)
		r.decode(&entry.Event)
		r.seq++
		switch {
		case entry.Sequence > r.after && !yield(entry, nil):
			return false
		case !entry.Event.Terminal():
		case !entry.Event.EndsBefore(entry.Sequence, r.after):
			return false
		default: // the tape no longer has what the reader has seen
			yield(chat.Entry{}, chat.ErrLost)
			return false
		}
	}
	return true
}

// decode reads the next event.
func (r *reader) decode(e *chat.Event) {
	tag := r.text[r.at]
	r.at++
	if tag == tagOther {
		*e = r.others[r.other]
		r.other++
		return
	}
	start, length := uvarint(r.text, r.at)
	r.at = start + length
	e.Kind, e.Choice = chat.KindDelta, int(tag>>2)
	text := r.text[start:r.at]
	switch tag & 3 {
	case tagContent:
		e.Delta.Content = text
	case tagReasoning:
		e.Delta.Reasoning = text
	case tagRefusal:
		e.Delta.Refusal = text
	}
}

// uvarint reads the varint that Append wrote at s[at:], and returns where
// it ends. encoding/binary reads only bytes, but readers share a string.
func uvarint(s string, at int) (end, value int) {
	for shift := 0; ; shift += 7 {
		c := s[at]
		at++
		value |= int(c&0x7f) << shift
		if c < 0x80 {
			return at, value
		}
	}
}
