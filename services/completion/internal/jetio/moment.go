package jetio

import (
	"math"
	"sync/atomic"
	"time"
)

// A Moment is when something happened last. It may be used by several goroutines. It is kept as
// a [time.Time] of this process, which no step of the system's clock moves.
type Moment struct{ at atomic.Pointer[time.Time] } // nil: never

// Now says that it happens now.
func (m *Moment) Now() { m.at.Store(new(time.Now())) }

// Ago returns how long ago it was: for ever, if it never was.
func (m *Moment) Ago() time.Duration {
	if at := m.at.Load(); at != nil {
		return time.Since(*at)
	}
	return math.MaxInt64
}

// Again says that it happens now, unless it did within a time, or just does elsewhere.
func (m *Moment) Again(within time.Duration) bool {
	before := m.at.Load()
	if before != nil && time.Since(*before) < within {
		return false
	}
	return m.at.CompareAndSwap(before, new(time.Now()))
}
