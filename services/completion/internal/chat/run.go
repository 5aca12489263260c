package chat

import (
	"context"
	"sync"
	"time"
)

// A run is a completion that is being generated in this process, with those who
// follow it here.
type run struct {
	id     string
	policy OnDisconnect
	grace  time.Duration
	// stop ends the generation; the cause is what its readers are shown.
	stop context.CancelCauseFunc
	done chan struct{} // closed when the completion has ended

	mu      sync.Mutex
	readers int
	ended   bool
	left    int         // how often the last reader has left
	timer   *time.Timer // counts the grace down; nil while there are readers
}

// join counts a reader in.
func (r *run) join() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readers++
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
}

// leave counts a reader out. What the last one leaves behind is up to the policy.
func (r *run) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readers--
	if r.readers > 0 || r.ended {
		return
	}
	switch r.policy {
	case OnDisconnectCancel:
		r.stop(errAbandoned)
	case OnDisconnectContinue:
	case OnDisconnectDefault, OnDisconnectGrace:
		r.left++
		left := r.left
		r.timer = time.AfterFunc(r.grace, func() { r.abandon(left) })
	}
}

// abandon is the end of a grace: a reader that joined meanwhile has won.
func (r *run) abandon(left int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer != nil && r.left == left {
		r.stop(errAbandoned)
	}
}

// end lets go of what the run holds: it has ended.
func (r *run) end() {
	r.stop(nil)
	close(r.done)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
}
