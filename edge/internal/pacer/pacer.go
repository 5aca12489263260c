// Package pacer decides when to write to busy streams and read from busy connections, so that each wake-up of
// the process serves as many of them as possible.
//
// Writes of one stream are at least a gap apart. A delayed write happens on a beat of the wall clock, which all
// streams share. Reads of a busy connection happen on a beat too. Each beat of the writes is also one of the
// reads, so data that is read then is written then.
//
// The package knows neither HTTP nor gRPC. It starts no timer: it says how long to wait.
package pacer

import "time"

const (
	// shortestGap bounds the writes of a stream without a configured gap. Otherwise a fast stream would have a
	// write for each event.
	shortestGap = time.Millisecond
	// longestBeat bounds how long a read may wait, regardless of the gap.
	longestBeat = 2 * time.Millisecond
	// beats is the minimum number of beats in a gap. Rounding to a beat makes a delayed write at most one of
	// them early.
	beats = 8
)

// A Pacer has the intervals for all streams of a process. The zero Pacer is New(0). It is safe for concurrent
// use.
type Pacer struct{ gap time.Duration }

// New returns a pacer with the minimum time between two writes of a busy stream. Zero stands for a millisecond.
func New(gap time.Duration) Pacer { return Pacer{gap} }

// Gap returns the minimum time between two writes of a busy stream.
func (p Pacer) Gap() time.Duration { return max(p.gap, shortestGap) }

// ReadBeat returns the time between two reads of a busy connection: an eighth of the gap,
// and 2 ms at most.
func (p Pacer) ReadBeat() time.Duration { return min(p.Gap()/beats, longestBeat) }

// WriteBeat returns the time between two beats for delayed writes: about an eighth of the gap, and a multiple
// of the beat of the reads.
func (p Pacer) WriteBeat() time.Duration {
	return (p.Gap() / beats).Truncate(p.ReadBeat())
}
