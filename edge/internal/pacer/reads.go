package pacer

import "time"

const (
	// eagerReads is how many reads within a beat make a connection busy. Opening a stream takes fewer.
	eagerReads = 4
	// idleRead is the number of bytes below which a read ends a connection's busy state.
	idleRead = 256
)

// Reads paces the reads of one connection. It is not safe for concurrent use.
type Reads struct {
	pacer Pacer
	beat  int64 // the number of the last beat with a read
	reads int   // in that beat
	busy  bool
}

// Reads returns the pace of a new connection.
func (p Pacer) Reads() Reads { return Reads{pacer: p} }

// Wait returns how long to wait before the next read: until the next beat if the connection is busy, otherwise
// 0. Only a shared connection can be busy.
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

// Read records the result of a read. A full read, which filled its buffer, does not count: more data may be
// there.
func (r *Reads) Read(bytes int, full bool) {
	r.busy = r.busy && bytes >= idleRead
	if !full {
		r.reads++
	}
}
