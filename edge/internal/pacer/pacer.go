// Package pacer says when a busy stream is written and when a busy connection is read, so
// that a wake-up of the process serves as many of both as possible.
//
// Writes of one stream are a gap apart. A write that no event brings on falls on a beat of
// the wall clock, which all streams share. Reads of a busy connection fall on a beat too,
// and each beat of the writes is one of the reads: what is read then is written then.
//
// The package knows neither HTTP nor gRPC. It starts no timer: it says how long to wait.
package pacer

import "time"

const (
	// shortestGap bounds the writes of a stream where nobody asks for a gap: one that is
	// sent as fast as it can be would else be a write for each event.
	shortestGap = time.Millisecond
	// longestBeat bounds what a read may wait for, whatever the gap is.
	longestBeat = 2 * time.Millisecond
	// beats is how many beats a gap has at least: a late write is at most one of them early.
	beats = 8
)

// A Pacer has the times of all streams of a process. The zero Pacer is New(0).
type Pacer struct{ gap time.Duration }

// New returns a pacer for the least time between two writes of a busy stream. Zero is a
// millisecond.
func New(gap time.Duration) Pacer { return Pacer{gap} }

// Gap returns the least time between two writes of a busy stream.
func (p Pacer) Gap() time.Duration { return max(p.gap, shortestGap) }

// ReadBeat returns the time between two reads of a busy connection: an eighth of the gap,
// and 2 ms at most.
func (p Pacer) ReadBeat() time.Duration { return min(p.Gap()/beats, longestBeat) }

// WriteBeat returns the time between two moments at which late writes are made: about an
// eighth of the gap, and a whole number of beats of the reads.
func (p Pacer) WriteBeat() time.Duration {
	return (p.Gap() / beats).Truncate(p.ReadBeat())
}
