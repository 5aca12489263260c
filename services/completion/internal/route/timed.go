package route

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Timeouts limit how long a server may take for one call; zero: only the service's own limits.
type Timeouts struct {
	First time.Duration // from the request to the first message
	Idle  time.Duration // between two messages
	Total time.Duration // for the whole call
}

// Timed returns a backend that ends a call if its server is silent for longer than the timeouts
// or the call's patience allow. The time that the reader takes does not count as silence.
func Timed(b Backend, t Timeouts) Backend { return &timed{Backend: b, timeouts: t} }

type timed struct {
	Backend
	timeouts Timeouts
}

// Complete implements [Backend].
func (t *timed) Complete(ctx context.Context, call *Call) iter.Seq2[[]chat.Event, error] {
	return func(yield func([]chat.Event, error) bool) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		clock := newClock(t.timeouts, call.Patience, cancel)
		defer clock.stop()
		clock.arm()
		for events, err := range t.Backend.Complete(ctx, call) {
			clock.heard()
			if ctx.Err() != nil {
				err = ended(ctx)
			}
			if !yield(events, err) || err != nil {
				return
			}
			clock.arm()
		}
	}
}

// ended tells our own deadlines apart from the end of the caller's context.
func ended(ctx context.Context) error {
	var because *Failure
	if errors.As(context.Cause(ctx), &because) {
		return because
	}
	return ctx.Err()
}

// A clock ends a call if its server is silent for too long.
type clock struct {
	timer, total *time.Timer // nil: no bound
	first, idle  time.Duration
	begun        bool
	cancel       context.CancelCauseFunc
}

var (
	errFirstLate = errors.New("no first event in time")
	errIdleLate  = errors.New("silent for too long")
	errTotalLate = errors.New("the whole answer took too long")
)

func newClock(t Timeouts, patience time.Duration, cancel context.CancelCauseFunc) *clock {
	c := &clock{first: cmp.Or(t.First, patience), idle: t.Idle, cancel: cancel}
	if t.Total > 0 {
		c.total = time.AfterFunc(t.Total, func() {
			cancel(&Failure{Shown: &chat.Error{Code: chat.CodeTotalTimeout, Message: chat.TotalTimeoutMessage, Err: errTotalLate}, outcome: OutcomeTimeout})
		})
	}
	return c
}

// arm starts the timer of a silence.
func (c *clock) arm() {
	switch {
	case c.timer != nil && c.begun:
		c.timer.Reset(c.idle)
	case c.timer != nil: // the first message is awaited already
	case !c.begun && c.first > 0:
		c.timer = time.AfterFunc(c.first, func() { c.cancel(Late(errFirstLate)) })
	case c.begun && c.idle > 0:
		c.timer = time.AfterFunc(c.idle, func() {
			f := Late(errIdleLate)
			f.Shown.Code, f.Shown.Message = chat.CodeIdleTimeout, idleMessage
			c.cancel(f)
		})
	}
}

// heard stops the timer of a silence. The time until the next arm is the reader's, not the server's.
func (c *clock) heard() {
	if c.timer != nil {
		c.timer.Stop()
	}
	if !c.begun {
		c.begun, c.timer = true, nil
	}
}

func (c *clock) stop() {
	for _, timer := range []*time.Timer{c.timer, c.total} {
		if timer != nil {
			timer.Stop()
		}
	}
}
