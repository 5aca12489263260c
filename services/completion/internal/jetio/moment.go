package jetio

import (
	"math"
	"sync/atomic"
	"time"
)

// A Moment is when something last happened. Several goroutines may use it. It is a [time.Time] of this process,
// which does not move when the system's clock is set.
type Moment struct{ at atomic.Pointer[time.Time] } // nil: never

// Now says that it happens now.
func (m *Moment) Now() { m.at.Store(new(time.Now())) }

// Ago returns how long ago it was: a very long time if it never happened.
func (m *Moment) Ago() time.Duration {
	if at := m.at.Load(); at != nil {
		return time.Since(*at)
	}
	return math.MaxInt64
}

// Again records that it happens now, unless it happened within the given time, or another goroutine is just
// recording it.
func (m *Moment) Again(within time.Duration) bool {
	before := m.at.Load()
	if before != nil && time.Since(*before) < within {
		return false
	}
	return m.at.CompareAndSwap(before, new(time.Now()))
}
