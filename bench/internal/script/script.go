// Package script defines the answers of the scripted origin: a known text, at a pace as exact as the machine
// allows. All contenders carry the same events.
package script

import (
	"strconv"
	"time"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A Script is one answer. A request asks for it by max_completion_tokens and seed.
type Script struct {
	Words int           // the number of deltas with text
	Gap   time.Duration // from one event to the next; 0: as fast as possible
	Size  int           // bytes of each delta's text, if there is no gap; 0: short texts
}

// Parse returns the script for a request's max_completion_tokens and seed.
func Parse(words, seed int64) Script {
	if seed < 0 {
		return Script{Words: int(words), Size: int(-seed)}
	}
	return Script{Words: int(words), Gap: time.Duration(seed) * time.Microsecond}
}

// Seed returns the seed for a request: the gap in microseconds or, negative, the size.
func (s Script) Seed() int64 {
	if s.Size > 0 {
		return -int64(s.Size)
	}
	return s.Gap.Microseconds()
}

// AppendWord appends the text of the k-th delta with text.
func (s Script) AppendWord(b []byte, k int) []byte {
	from := len(b)
	b = strconv.AppendInt(append(b, " word"...), int64(k), 10)
	if s.Size == 0 {
		return b
	}
	for len(b)-from < s.Size {
		b = append(b, b[from:]...)
	}
	return b[:from+s.Size]
}

// Text returns the whole answer.
func (s Script) Text() string {
	var b []byte
	for k := range s.Words {
		b = s.AppendWord(b, k)
	}
	return string(b)
}

// Events returns the number of events of an answer: the role, the words, the finish and the end.
func (s Script) Events() int { return s.Words + 3 }

// Event returns the event with a sequence number.
func (s Script) Event(sequence int) *completionv1.CompletionEvent {
	e := &completionv1.CompletionEvent{Sequence: uint64(sequence)} //nolint:gosec // not negative
	switch sequence {
	case 0:
		e.Event = &completionv1.CompletionEvent_Delta{Delta: &completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT}}
	case s.Words + 1:
		e.Event = &completionv1.CompletionEvent_Finish{Finish: &completionv1.Finish{Reason: completionv1.FinishReason_FINISH_REASON_STOP}}
	case s.Words + 2:
		e.Event = &completionv1.CompletionEvent_Done{Done: &completionv1.Done{}}
	default:
		e.Event = &completionv1.CompletionEvent_Delta{Delta: &completionv1.Delta{Content: string(s.AppendWord(nil, sequence-1))}}
	}
	return e
}
