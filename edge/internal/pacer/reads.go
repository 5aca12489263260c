package pacer

import "time"

const (
	// eagerReads is how many reads within a beat make a connection a busy one. It is more than
	// the opening of a stream takes.
	eagerReads = 4
	// idleRead is how few bytes of a beat make a connection one that is not busy any more.
	idleRead = 256
)

// Reads paces the reads of one connection. It is not safe for concurrent use.
type Reads struct {
	pacer Pacer
	beat  int64 // the number of the last one in which there was a read
	reads int   // within it
	busy  bool
}

// Reads returns the pace of a connection that is opened now.
func (p Pacer) Reads() Reads { return Reads{pacer: p} }

// Wait returns how long to wait before the connection is read: until the next beat if it
// is a busy one, and else not at all. A connection that is not shared by many is never busy.
func (r *Reads) Wait(now time.Time, shared bool) time.Duration {
	length := int64(r.pacer.ReadBeat())
	at := now.UnixNano()
	if beat := at / length; beat != r.beat {
		r.beat, r.reads = beat, 0
	}
	if !shared || r.reads < eagerReads && (!r.busy || r.reads == 0) {
		return 0
	}
	r.beat++
	r.reads, r.busy = 0, true
	return time.Duration(length - at%length)
}

// Read notes what a read gave. One that fills its buffer leaves more to be read at once.
func (r *Reads) Read(bytes int, full bool) {
	r.busy = r.busy && bytes >= idleRead
	if !full {
		r.reads++
	}
}
