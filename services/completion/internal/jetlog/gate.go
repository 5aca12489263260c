package jetlog

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
)

// An era is the time during which the stream is the same one.
type era = jetio.Era

// A gate lets appends pass while the stream is known to be that of their era. It shuts on each new connection,
// because anything may be behind one, and opens once the keeper has found the stream unchanged. It is safe for
// concurrent use.
type gate struct {
	state atomic.Uint64 // the era, times two, and one if the gate is open

	mu      sync.Mutex
	shuts   uint64        // how often it was shut
	changed chan struct{} // closed with the next change
}

func newGate() *gate { return &gate{changed: make(chan struct{})} }

// era returns the current era.
func (g *gate) era() era { return era(g.state.Load() >> 1) }

// Is implements [jetio.Gate].
func (g *gate) Is(in era) bool { return g.era() == in }

// Pass implements [jetio.Gate].
func (g *gate) Pass(ctx context.Context, in era, deadline time.Time) error {
	if g.state.Load() == uint64(in)<<1|1 {
		return nil
	}
	timeout := time.NewTimer(time.Until(deadline))
	defer timeout.Stop()
	for {
		g.mu.Lock()
		state, changed := g.state.Load(), g.changed
		g.mu.Unlock()
		switch {
		case era(state>>1) != in:
			return chat.ErrLost
		case state&1 == 1:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-timeout.C:
			return fmt.Errorf("the stream is not known to be there: %w", nats.ErrTimeout)
		}
	}
}

// shut holds appends back until the gate is opened again.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shuts++
	g.set(g.state.Load() &^ 1)
}

// look returns the argument of open: call it before examining the stream.
func (g *gate) look() (shuts uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shuts
}

// open lets appends pass, unless the gate has been shut since look returned that value.
func (g *gate) open(shuts uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shuts == shuts {
		g.set(g.state.Load() | 1)
	}
}

// isShut reports whether appends have to wait.
func (g *gate) isShut() bool { return g.state.Load()&1 == 0 }

// next ends the era, and leaves the gate shut.
func (g *gate) next() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shuts++
	g.set((g.state.Load()>>1 + 1) << 1)
}

// set changes the state. The caller holds the lock.
func (g *gate) set(state uint64) {
	g.state.Store(state)
	close(g.changed)
	g.changed = make(chan struct{})
}

// saw notes that a record is stored in the stream of an era.
func (l *Log) saw(in era, sequence uint64) {
	if l.gate.Is(in) {
		l.io.Stored(sequence)
	}
}
