// Package elsewhere makes a call again, on another way, when it is not answered soon: a connection
// that has died without a word is found out by gRPC after some fifteen seconds only. It is for
// calls that may be made twice.
//
// It knows neither gRPC nor what is called.
package elsewhere

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// Patience is how long a call may go unanswered before it is made a second time. It is many times what
	// an answer takes, so that slow times do not become slower by it.
	Patience = 2 * time.Second
	// interval is how long it is then to the third time, and so on.
	interval = time.Second
	// pause is how long after a way was found to be lost the next one is tried.
	pause = 50 * time.Millisecond
)

// Call makes a call up to so many times until it is answered, and returns the first answer: a
// value, or an error for which lost is false. Where there is none it returns the last error. The context of
// the call that was answered goes on until ctx ends; the others have ended when Call returns.
//
// Who chooses the way by the context can ask [TriedBy] which ones have been tried. While all goes
// well there is one call, in the caller's own goroutine.
func Call[T any](ctx context.Context, times int, call func(context.Context) (T, error), lost func(error) bool) (T, error) {
	ctx = context.WithValue(ctx, triedKey{}, new(Tried))
	r := &race[T]{ctx: ctx, call: call, lost: lost, left: times, over: make(chan struct{})}
	if times > 1 {
		r.mu.Lock() // which it needs
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

// Tried are the ways that were tried for one [Call]. It is safe for concurrent use.
type Tried struct {
	mu   sync.Mutex
	ways []any
}

type triedKey struct{}

// TriedBy returns the ways that were tried for the call of this context; nil: it is made once only.
func TriedBy(ctx context.Context) *Tried {
	tried, _ := ctx.Value(triedKey{}).(*Tried)
	return tried
}

// Add adds a way, which can be compared, and reports whether it is a new one.
func (t *Tried) Add(way any) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if slices.Contains(t.ways, way) {
		return false
	}
	t.ways = append(t.ways, way)
	return true
}

// A race is between calls, of which one wins.
type race[T any] struct {
	ctx  context.Context //nolint:containedctx // a race is as long as one call
	call func(context.Context) (T, error)
	lost func(error) bool

	others sync.WaitGroup // those that are not the first
	over   chan struct{}  // closed when value and err are what Call returns

	mu      sync.Mutex
	next    *time.Timer
	left    int // times that it may be made still
	running []*runner
	ended   bool // over is closed
	value   T
	err     error
}

type runner struct{ cancel context.CancelFunc }

// more makes the call once more, when its time has come.
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

// run makes the call, and again when it was lost and no other one is under way.
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

// enter counts a call that begins. It is nil where none is to begin.
func (r *race[T]) enter() (context.Context, *runner) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || r.left == 0 {
		return nil, nil
	}
	r.left--
	ctx, cancel := context.WithCancel(r.ctx)
	me := &runner{cancel}
	r.running = append(r.running, me)
	return ctx, me
}

// leave takes how a call has ended. It reports whether it is to be made again.
func (r *race[T]) leave(me *runner, value T, err error) (again bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, other := range r.running {
		if other == me {
			r.running = append(r.running[:i], r.running[i+1:]...)
			break
		}
	}
	if r.ended { // somebody else was first
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
