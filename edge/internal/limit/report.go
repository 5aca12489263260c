package limit

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// A contribution is what one other edge has last reported, so far as it was counted in.
type contribution struct {
	open    int
	callers map[callerID]usage
}

// usage is what one caller has taken at one edge.
type usage struct {
	streams int
	spent   uint64 // requests since that edge knows the caller; it may begin anew
	perMinute,
	used int // size of the caller's bucket there, and what is missing in it
}

const (
	// reportVersion is the first byte of a report.
	reportVersion = 1
	// maxReported bounds the callers in a report, for one to fit into a message of NATS.
	// The streams of those beyond count towards all streams, and otherwise where they are.
	maxReported = 32 << 10
	// maxEdges bounds the other edges that are counted in.
	maxEdges = 1000
)

// Changed returns a channel from which can be read when a report would tell something new.
func (l *Limiter) Changed() <-chan struct{} { return l.changed }

// Report returns what callers have taken here, for [Limiter.Merge] at another edge.
// Callers are in it by a digest of their keys. It drops the state of those who have not
// taken anything for a while, so that a report costs by who is there.
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

// Merge counts another edge's report in, in place of its last one. The first one of an
// edge tells how much is left to its callers; what they have spent since then, each later
// one. Merge returns an error, and nothing has changed, if the report is not one.
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

// Forget takes out what an edge has reported: it has stopped, or is not heard of. What
// its callers have spent stays spent.
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

// gone takes out what a caller had at another edge.
func (l *Limiter) gone(now time.Time, id callerID, u usage) {
	c := l.callers[id] // there: it is not idle before, or had no streams
	if c == nil {
		return
	}
	c.elsewhere -= u.streams
	if c.idle(now) {
		delete(l.callers, id)
	}
}

// charge takes from a caller's bucket what was spent elsewhere. It may owe, but no more
// than a minute's worth: then it waits for as long.
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

// level leaves no more in a caller's bucket than it has elsewhere.
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

// decode reads a report, whatever it is: it comes from another process.
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

// A reader reads numbers until one is bad.
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

// count reads a number that no sum of which overflows.
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
