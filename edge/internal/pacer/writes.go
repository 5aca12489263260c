package pacer

import "time"

// Writes paces the writes of one stream. It is not safe for concurrent use.
type Writes struct {
	gap, beat time.Duration
	last      time.Time
}

// Writes returns the pace of a stream that begins now.
func (p Pacer) Writes(now time.Time) Writes { return Writes{p.Gap(), p.WriteBeat(), now} }

// Wrote records a write.
func (w *Writes) Wrote(now time.Time) { w.last = now }

// Silence returns the time since the last write, or since the stream began.
func (w *Writes) Silence(now time.Time) time.Duration { return now.Sub(w.last) }

// Due reports whether the last write is at least a gap ago, so that a new event may be written at once.
func (w *Writes) Due(now time.Time) bool { return now.Sub(w.last) >= w.gap }

// Late returns how long an event that is not due may wait for others to share its write. The
// wait ends on a beat, more than one gap and at most one and a half gaps after the last write.
func (w *Writes) Late(now time.Time) time.Duration {
	wait := w.gap + w.gap/2 - now.Sub(w.last)
	return wait - time.Duration(now.Add(wait).UnixNano()%int64(w.beat))
}
