package chat

import (
	"context"
	"time"
)

// Memory bounds what completions hold together while they are generated.
type Memory interface {
	// Share returns a share that begins empty, of work for a principal.
	Share(principal string) Share
}

// A Share is what one completion has taken of the memory. It is safe for concurrent use.
type Share interface {
	// Grow takes n bytes more, or says for the caller why not.
	Grow(n int) error
	// Force takes n bytes more whether they are there or not.
	Force(n int)
	// Release gives back what is left.
	Release()
}

// What a completion takes, by what it is made of.
const (
	// requestCost is what a byte of a request takes: as it was asked, and as a model's server
	// is asked.
	requestCost = 3
	// answerCost is what a byte of an answer takes: on its tape, with the engine that goes on
	// from it, and on its way to the log.
	answerCost = 3
	// answerStep is how much an answer grows before more room is taken.
	answerStep = 32 << 10
)

// NoRoom returns the error for a caller whose request there is no memory for. why may be nil.
func NoRoom(why error) *Error {
	return &Error{
		Code: CodeOverloaded, RetryAfter: time.Second, Err: why,
		Message: "The service holds as many large requests and answers as it can. Please try again, or ask for less.",
	}
}

// boundless is the memory of a service that has no bound.
type boundless struct{}

func (boundless) Share(string) Share { return boundless{} }
func (boundless) Grow(int) error     { return nil }
func (boundless) Force(int)          {}
func (boundless) Release()           {}

type admittedKey struct{}

// OnAdmitted returns a context of a call that has f called as soon as the call holds nothing
// that others could have: what it asks for is admitted or refused, or there is no such thing.
// It may be called again. What ctx had called before is called too.
func OnAdmitted(ctx context.Context, f func()) context.Context {
	return context.WithValue(ctx, admittedKey{}, func() {
		f()
		admitted(ctx)
	})
}

func admitted(ctx context.Context) {
	if f, ok := ctx.Value(admittedKey{}).(func()); ok {
		f()
	}
}

// hold takes what an event takes, a step at a time.
func (g *generation) hold(e *Event) error {
	g.unheld += answerCost * e.size()
	if g.unheld < answerStep {
		return nil
	}
	n := g.unheld
	g.unheld = 0
	return g.share.Grow(n)
}
