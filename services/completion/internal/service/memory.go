package service

import (
	"context"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

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
func (g *generation) hold(e *chat.Event) error {
	g.unheld += answerCost * e.Size()
	if g.unheld < answerStep {
		return nil
	}
	n := g.unheld
	g.unheld = 0
	return g.share.Grow(n)
}
