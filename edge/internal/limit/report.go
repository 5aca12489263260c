package limit

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// A contribution is the last report of another edge, as far as it was counted.
type contribution struct {
	open    int
	callers map[callerID]usage
}

// usage is what one caller has used at one edge.
type usage struct {
	streams int
	spent   uint64 // requests since that edge has known the caller; may restart from 0
	perMinute,
	used int // size of the caller's bucket there, and how much of it is used
}

const (
	// reportVersion is the first byte of a report.
	reportVersion = 1
	// maxReported bounds the callers in a report, so that it fits into one NATS message.
	// The streams of other callers still count towards all streams, but not per caller at other edges.
	maxReported = 32 << 10
	// maxEdges bounds how many other edges are counted.
	maxEdges = 1000
)

// Changed returns a channel that receives a value when a report would contain news.
func (l *Limiter) Changed() <-chan struct{} { return l.changed }

// Report returns what callers have used here, for [Limiter.Merge] at another edge.
// It identifies callers by a digest of their keys. Report drops the state of callers that have used
// nothing for a while, so that its cost depends only on active callers.
func (l *Limiter) Report() []byte {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	report := append([]byte(nil), reportVersion)
	report = binary.AppendUvarint(report, uint64(max(l.open, 0)))
	told := 0
	for id, c := range l.callers {
		if c.idle(now) {
			delete(l.callers, id)
			continue
		}
		if c.streams == 0 && c.spent == 0 || told == maxReported {
			continue
		}
		told++
		u := usage{streams: c.streams}
		if c.bucket != nil {
			u.spent, u.perMinute = c.spent, c.bucket.Burst()
			u.used = int(math.Ceil(max(float64(u.perMinute)-c.bucket.TokensAt(now), 0)))
		}
		report = u.append(binary.LittleEndian.AppendUint64(report, uint64(id)))
	}
	return report
}

func (u *usage) append(b []byte) []byte {
	for _, n := range [...]uint64{uint64(u.streams), u.spent, uint64(u.perMinute), uint64(u.used)} { //nolint:gosec // none is negative
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// Merge counts another edge's report in place of that edge's previous one. The first report of an
// edge says how much its callers have left. Each later one says what they have spent since.
// If the report is malformed, Merge returns an error and changes nothing.
func (l *Limiter) Merge(edge string, report []byte) error {
	told, err := decode(report)
	if err != nil {
		return err
	}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	last, known := l.edges[edge]
	if !known {
		if len(l.edges) >= maxEdges {
			return errors.New("limit: there are too many edges")
		}
		last = &contribution{}
	}
	for id, u := range told.callers {
		c := l.caller(id)
		if c == nil { // no room
			delete(told.callers, id)
			continue
		}
		before, seen := last.callers[id]
		c.elsewhere += u.streams - before.streams
		switch {
		case u.perMinute == 0:
		case !known:
			c.level(now, u)
		case seen && u.spent >= before.spent:
			c.charge(now, u.spent-before.spent, u.perMinute)
		default: // that edge had forgotten the caller in the meantime
			c.charge(now, u.spent, u.perMinute)
		}
	}
	for id, u := range last.callers {
		if _, still := told.callers[id]; !still {
			l.gone(now, id, u)
		}
	}
	l.elsewhere += told.open - last.open
	l.edges[edge] = told
	return nil
}

// Forget removes an edge that has stopped, or that no longer reports. The requests that
// its callers have spent stay spent.
func (l *Limiter) Forget(edge string) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	last, known := l.edges[edge]
	if !known {
		return
	}
	for id, u := range last.callers {
		l.gone(now, id, u)
	}
	l.elsewhere -= last.open
	delete(l.edges, edge)
}

// gone removes a caller's streams at another edge.
func (l *Limiter) gone(now time.Time, id callerID, u usage) {
	c := l.callers[id] // it exists unless the caller had no streams: with streams, it is not idle
	if c == nil {
		return
	}
	c.elsewhere -= u.streams
	if c.idle(now) {
		delete(l.callers, id)
	}
}

// charge takes from a caller's bucket what was spent elsewhere. The bucket may become negative, but by no
// more than a minute's worth: the caller never waits longer than that.
func (c *caller) charge(now time.Time, spent uint64, perMinute int) {
	if c.bucket == nil {
		c.bound(now, perMinute)
	}
	burst := c.bucket.Burst()
	left := burst + int(math.Floor(c.bucket.TokensAt(now)))
	if n := int(min(spent, uint64(burst), uint64(max(left, 0)))); n > 0 { //nolint:gosec // none is negative
		c.bucket.ReserveN(now, n)
	}
}

// level lowers a caller's bucket to what the caller has left at another edge.
func (c *caller) level(now time.Time, u usage) {
	if c.bucket == nil {
		c.bound(now, u.perMinute)
	}
	missing := float64(c.bucket.Burst()) - c.bucket.TokensAt(now)
	if more := u.used - int(math.Ceil(missing)); more > 0 {
		c.charge(now, uint64(more), u.perMinute)
	}
}

var errReport = errors.New("limit: not a report of this version")

// decode reads a report. The report comes from another process, so it may be malformed.
func decode(report []byte) (*contribution, error) {
	if len(report) == 0 || report[0] != reportVersion {
		return nil, errReport
	}
	r := reader{rest: report[1:]}
	told := &contribution{open: r.count(), callers: make(map[callerID]usage)}
	for len(r.rest) > 0 && !r.bad {
		id := r.id()
		u := usage{streams: r.count(), spent: r.uvarint(), perMinute: r.count(), used: r.count()}
		told.callers[id] = u
		if len(told.callers) > maxReported {
			return nil, errReport
		}
	}
	if r.bad {
		return nil, errReport
	}
	return told, nil
}

// A reader reads numbers until one is invalid.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// count reads a number that is small enough for sums not to overflow.
func (r *reader) count() int {
	n := r.uvarint()
	if n > math.MaxInt32 {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *reader) id() callerID {
	const size = 8
	if len(r.rest) < size {
		r.bad, r.rest = true, nil
		return 0
	}
	id := binary.LittleEndian.Uint64(r.rest)
	r.rest = r.rest[size:]
	return callerID(id)
}
