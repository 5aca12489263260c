package service

import (
	"context"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// How much memory a completion counts as, by its parts.
const (
	// requestCost is how much a byte of a request counts as: as received, and as sent to a model's server.
	requestCost = 3
	// earlierCost is how much a byte that a request takes from earlier completions counts as until the request is
	// admitted: as stored, as encoded for the log, and on its way there.
	earlierCost = 6
	// answerCost is how much a byte of an answer counts as: on its tape, in the engine that continues it, and
	// on its way to the log.
	answerCost = 3
	// answerStep is how much an answer grows before it reserves more room.
	answerStep = 32 << 10
)

type admittedKey struct{}

// OnAdmitted returns a call's context that calls f as soon as the call holds no resources that others need: its
// request is admitted or refused, or does not exist. f may be called more than once. Functions registered in
// ctx earlier are called too.
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

type readingKey struct{}

// OnReading returns the context of a call that creates a completion. The call waits for begin before it reads
// earlier completions, and calls end when it has read them: begin bounds how many calls read at once.
func OnReading(ctx context.Context, begin func() (end func(), err error)) context.Context {
	return context.WithValue(ctx, readingKey{}, begin)
}

// beginReading waits until the call may read earlier completions.
func beginReading(ctx context.Context) (end func(), err error) {
	if begin, ok := ctx.Value(readingKey{}).(func() (func(), error)); ok {
		return begin()
	}
	return func() {}, nil
}

// hold reserves the memory for an event, a step at a time.
func (g *generation) hold(e *chat.Event) error {
	g.unheld += answerCost * e.Size()
	if g.unheld < answerStep {
		return nil
	}
	n := g.unheld
	g.unheld = 0
	return g.share.Grow(n)
}
