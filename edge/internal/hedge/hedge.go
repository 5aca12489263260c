// Package hedge repeats a call on another target if the first does not answer soon (a hedged request: Dean
// and Barroso, "The Tail at Scale"). gRPC takes some fifteen seconds to notice that a connection has died
// silently. Use it only for calls that are safe to repeat.
//
// It knows neither gRPC nor the call.
package hedge

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// Patience is how long a call may go unanswered before the second attempt. It is many times the usual
	// latency, so that second attempts do not add to an overload.
	Patience = 2 * time.Second
	// interval is the time between later attempts.
	interval = time.Second
	// pause is the time between an attempt that lost its target and the next one.
	pause = 50 * time.Millisecond
)

// Call makes up to the given number of attempts, and returns the first answer: a value, or an error for which
// lost is false. Without an answer, it returns the last error. The context of the answered attempt lasts until
// ctx ends. All other attempts have ended when Call returns. It calls call concurrently.
//
// A balancer can pass the context to [TriedBy] to see which targets were tried. Normally there is one attempt,
// in the caller's own goroutine.
func Call[T any](ctx context.Context, attempts int, call func(context.Context) (T, error), lost func(error) bool) (T, error) {
	ctx = context.WithValue(ctx, triedKey{}, new(Tried))
	r := &race[T]{ctx: ctx, call: call, lost: lost, left: attempts, over: make(chan struct{})}
	if attempts > 1 {
		r.mu.Lock() // more reads r.next under the lock
		r.next = time.AfterFunc(Patience, r.more)
		r.mu.Unlock()
	}
	r.run()
	<-r.over
	if r.next != nil {
		r.next.Stop()
	}
	r.others.Wait()
	return r.value, r.err
}

// Tried are the targets that were tried for one [Call]. It is safe for concurrent use.
type Tried struct {
	mu      sync.Mutex
	targets []any
}

type triedKey struct{}

// TriedBy returns the targets that were tried for the call of this context, or nil outside of a [Call].
func TriedBy(ctx context.Context) *Tried {
	tried, _ := ctx.Value(triedKey{}).(*Tried)
	return tried
}

// Add adds a target, which must be comparable, and reports whether it is new.
func (t *Tried) Add(target any) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if slices.Contains(t.targets, target) {
		return false
	}
	t.targets = append(t.targets, target)
	return true
}

// A race is one call's attempts, of which the first answered one wins.
type race[T any] struct {
	ctx  context.Context //nolint:containedctx // a race is as long as one call
	call func(context.Context) (T, error)
	lost func(error) bool

	others sync.WaitGroup // all attempts but the first
	over   chan struct{}  // closed once value and err are final

	mu      sync.Mutex
	next    *time.Timer
	left    int // attempts
	running []*attempt
	ended   bool // over is closed
	value   T
	err     error
}

type attempt struct{ cancel context.CancelFunc }

// more makes another attempt, on the timer's goroutine.
func (r *race[T]) more() {
	r.mu.Lock()
	if r.ended || r.left == 0 {
		r.mu.Unlock()
		return
	}
	r.next.Reset(interval)
	r.others.Add(1)
	r.mu.Unlock()
	defer r.others.Done()
	r.run()
}

// run makes an attempt, and further ones as long as the target is lost and no other attempt runs.
func (r *race[T]) run() {
	for {
		ctx, me := r.enter()
		if me == nil {
			return
		}
		value, err := r.call(ctx)
		if !r.leave(me, value, err) {
			return
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-r.over:
		case <-r.ctx.Done():
		}
		wait.Stop()
	}
}

// enter starts an attempt. It returns nil if none should start.
func (r *race[T]) enter() (context.Context, *attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || r.left == 0 {
		return nil, nil
	}
	r.left--
	ctx, cancel := context.WithCancel(r.ctx)
	me := &attempt{cancel}
	r.running = append(r.running, me)
	return ctx, me
}

// leave records the end of an attempt. It reports whether to make another one.
func (r *race[T]) leave(me *attempt, value T, err error) (again bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, other := range r.running {
		if other == me {
			r.running = append(r.running[:i], r.running[i+1:]...)
			break
		}
	}
	if r.ended { // another attempt was first
		me.cancel()
		return false
	}
	if err != nil && r.lost(err) {
		me.cancel()
		r.err = err
		again = len(r.running) == 0 && r.left > 0 && r.ctx.Err() == nil
		if again || len(r.running) > 0 {
			return again
		}
	} else {
		r.value, r.err = value, err
		context.AfterFunc(r.ctx, me.cancel)
	}
	r.ended = true
	for _, other := range r.running {
		other.cancel()
	}
	close(r.over)
	return false
}
