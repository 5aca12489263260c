package route

import (
	"context"
	"iter"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A Backend calls one model of one server in the server's protocol. It is safe for concurrent
// use.
type Backend interface {
	// Complete asks the server for the answer to a call, or for the rest of it. For each message of the
	// server, it yields the events that the message stands for. There may be none: the yield
	// still shows that the server is not silent. A batch is valid until the next iteration.
	//
	// The events are those of a [chat.Engine] with three differences. An opening may be repeated.
	// The finishes come last, and only once the server has said that the answer is complete. An
	// iteration that ends without an error has finished each choice. The usage is the cost of this
	// call only, marked as estimated if the server has not reported it.
	//
	// An error is yielded last. It is a [*Failure] if another attempt may help, or if
	// the caller may see the cause. Anything yielded after ctx has ended is ignored.
	Complete(ctx context.Context, call *Call) iter.Seq2[[]chat.Event, error]

	// CanContinue reports whether Complete can continue from exactly what the reader has been shown.
	// It is called only for a call that continues.
	CanContinue(call *Call) bool
}

// A Call is one call to a backend.
type Call struct {
	Request *chat.Request // its Model is the public one
	// Shown is what the reader has seen of each choice, from any target.
	Shown []Shown
	// Patience bounds the silence before the first message if the target has no such bound of
	// its own; 0: no bound. [Timed] enforces it.
	Patience time.Duration
}

// Shown is what a reader has seen of one choice.
type Shown struct {
	Text, Reasoning string
	Other           bool // it also has a refusal, tool calls or pets
	Finished        bool
}

// Continues reports whether more than the openings of choices has been shown.
func (c *Call) Continues() bool {
	for i := range c.Shown {
		s := &c.Shown[i]
		if s.Text != "" || s.Reasoning != "" || s.Other || s.Finished {
			return true
		}
	}
	return false
}
