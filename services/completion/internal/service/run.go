package service

import (
	"context"
	"sync"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A run is a completion that is being generated in this process, with its readers here.
type run struct {
	id     string
	meta   *chat.Meta
	policy chat.OnDisconnect
	grace  time.Duration
	asked  *asked     // nil: it has a key
	share  chat.Share // of the memory: for the request, and the answer
	// watched reports whether the completion is followed through another process.
	watched func() bool
	// stop ends the generation; the cause is what its readers are shown.
	stop context.CancelCauseFunc
	done chan struct{} // closed when the completion has ended

	mu      sync.Mutex
	readers int
	ended   bool
	left    int         // how often the last reader has left
	timer   *time.Timer // counts the grace down; nil while there are readers
}

// join adds a reader to the count.
func (r *run) join() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readers++
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
}

// leave removes a reader from the count. When the last one leaves, the policy decides.
func (r *run) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readers--
	if r.readers > 0 || r.ended {
		return
	}
	r.left++
	switch r.policy {
	case chat.OnDisconnectCancel:
		r.countDown(0)
	case chat.OnDisconnectContinue:
	case chat.OnDisconnectDefault, chat.OnDisconnectGrace:
		r.countDown(r.grace)
	}
}

// countDown abandons the run after a while. The caller holds the lock.
func (r *run) countDown(after time.Duration) {
	left := r.left
	r.timer = time.AfterFunc(after, func() { r.abandon(left) })
}

// abandon is called at the end of a grace. A reader that joined meanwhile has won; if one follows through
// another process, abandon asks again later.
func (r *run) abandon(left int) {
	watched := r.watched()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.timer == nil || r.left != left:
	case watched:
		r.countDown(r.patience())
	default:
		r.stop(errAbandoned)
	}
}

// patience is how long the run waits before it asks other processes for readers again.
func (r *run) patience() time.Duration {
	if r.policy == chat.OnDisconnectCancel {
		return watchEvery
	}
	return r.grace
}

// watchEvery is how soon a completion with the policy cancel ends once its last reader has left another
// process.
const watchEvery = 500 * time.Millisecond

// end releases what the run holds: it has ended.
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
