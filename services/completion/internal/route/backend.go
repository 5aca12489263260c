package route

import (
	"context"
	"iter"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A Backend speaks the protocol of one model of one server. It may be used by several goroutines
// at once.
type Backend interface {
	// Complete asks the server for the answer to a call, or for the rest of it. It yields once for
	// each message of the server, the events that the message stands for. There may be none: the
	// yield shows that the server is not silent. A batch is valid until the next one is asked for.
	//
	// The events are those of a [chat.Engine] with three differences. An opening may be repeated.
	// The finishes come last, and only once the server has said that the answer is whole; an
	// iteration that ends without an error has finished each choice. The usage is the cost of this
	// call alone, marked as estimated where the server has not reported it.
	//
	// An error is the last thing yielded. It is a [*Failure] where another attempt may help, or where
	// the caller may see why not. Nothing counts that is yielded after ctx has ended.
	Complete(ctx context.Context, call *Call) iter.Seq2[[]chat.Event, error]

	// CanContinue reports whether Complete can go on from exactly what the reader has been shown.
	// It is asked only of a call that continues.
	CanContinue(call *Call) bool
}

// A Call is what a backend is asked for.
type Call struct {
	Request *chat.Request // its Model is the public one
	// Shown is what the reader has of each choice, from any target.
	Shown []Shown
	// Patience bounds the silence before the first message where the target has no such bound of
	// its own; 0: no bound. [Timed] keeps it.
	Patience time.Duration
}

// Shown is what a reader has of one choice.
type Shown struct {
	Text, Reasoning string
	Other           bool // a refusal, tool calls or pets too
	Finished        bool
}

// Continues reports whether more has been shown than that choices have begun.
func (c *Call) Continues() bool {
	for i := range c.Shown {
		s := &c.Shown[i]
		if s.Text != "" || s.Reasoning != "" || s.Other || s.Finished {
			return true
		}
	}
	return false
}
