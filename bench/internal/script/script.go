// Package script is what the scripted origin answers: a text that is known beforehand,
// at a pace that is as exact as the machine allows. All contenders carry the same
// events, whoever sends them.
package script

import (
	"fmt"
	"strings"
	"time"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A Script is one answer. A request asks for it by max_completion_tokens and seed.
type Script struct {
	Words int           // how many deltas with text there are
	Gap   time.Duration // from one event to the next one; 0: as fast as possible
}

// Parse reads a script from a request's parameters.
func Parse(words, seed int64) Script {
	return Script{Words: int(words), Gap: time.Duration(seed) * time.Microsecond}
}

// Seed is what a request has as its seed to get the gap.
func (s Script) Seed() int64 { return s.Gap.Microseconds() }

// Word is the text of the k-th delta with text.
func Word(k int) string { return fmt.Sprintf(" word%d", k) }

// Text is the whole answer.
func (s Script) Text() string {
	var b strings.Builder
	for k := range s.Words {
		b.WriteString(Word(k))
	}
	return b.String()
}

// Events is how many events an answer has: the one with the role, the words, the finish
// and the end.
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
		e.Event = &completionv1.CompletionEvent_Delta{Delta: &completionv1.Delta{Content: Word(sequence - 1)}}
	}
	return e
}
