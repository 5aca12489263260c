// Package limit decides how much of the edge one caller may use: requests per minute and
// open streams. It also bounds the open streams of all callers together.
//
// A caller is a key: a principal or, without authentication, an address. The limiter keeps
// state only for callers that have used some of their quota.
//
// Several edges count together. Each reports in a [Limiter.Report] what its callers have used,
// and the others [Limiter.Merge] it into their own counts. So no decision waits for another
// edge: what one edge admits counts at the others as soon as the report arrives. The package does not
// know how reports travel.
package limit

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Config is the configuration of a [Limiter]. Zero means no limit.
type Config struct {
	// RequestsPerMinute is the default share of one caller. The caller may use it in one burst if it
	// sent nothing in the minute before.
	RequestsPerMinute int
	// Streams is how many responses one caller may have open at once.
	Streams int
	// AllStreams is how many streams may be open at once in total, at all edges that count together.
	// A caller without a limit of its own may hold no more streams than it leaves free: half
	// of all, or a quarter if another caller holds half.
	AllStreams int
}

// Share is what one caller may use, if it differs from the default; zero: the default.
type Share struct {
	RequestsPerMinute, Streams int
	// Anybody says that the caller may stand for any number of people: it has no share of the streams, but may open all of them.
	Anybody bool
}

// maxCallers bounds the state that is kept.
const maxCallers = 100_000

// A Limiter counts. It is safe for concurrent use.
type Limiter struct {
	cfg Config

	changed chan struct{} // has room for one

	mu        sync.Mutex
	callers   map[callerID]*caller
	open      int                      // streams of all callers
	elsewhere int                      // streams at other edges
	edges     map[string]*contribution // of other edges
	swept     time.Time                // when callers was last looked through
}

// caller is the state of one caller. It is dropped when it equals that of a new one.
type caller struct {
	bucket    *rate.Limiter // nil: no bound
	streams   int
	elsewhere int    // streams at other edges
	spent     uint64 // requests that were let through here
}

// A callerID identifies a caller. It is the same at every edge.
type callerID uint64

// identify returns the id of a key: a part of its digest, long enough that a second key
// with the same id cannot be found.
func identify(key string) callerID {
	digest := sha256.Sum256([]byte(key))
	return callerID(binary.LittleEndian.Uint64(digest[:]))
}

// New returns a limiter.
func New(cfg Config) *Limiter {
	return &Limiter{
		cfg: cfg, changed: make(chan struct{}, 1),
		callers: make(map[callerID]*caller), edges: make(map[string]*contribution),
	}
}

// A Reason is why something is refused.
type Reason string

// The reasons.
const (
	ReasonRate    Reason = "rate"    // the caller asks too often
	ReasonStreams Reason = "streams" // the caller has too many streams open
	ReasonFull    Reason = "full"    // all callers together have
)

// A Refusal tells why a caller is refused.
type Refusal struct {
	Reason Reason
	// RetryAfter is how long to wait before a retry may succeed.
	RetryAfter time.Duration
	// Limit is the share that the caller has used up; 0 for ReasonFull.
	Limit int
}

// Quota is the state of a caller's request limit.
type Quota struct {
	Limit     int           // requests per minute; 0: no bound
	Remaining int           // of them, at once
	Reset     time.Duration // until all of them are there again
}

// busyRetry is the hint if the caller has to wait for the end of a stream.
const busyRetry = time.Second

// Request counts a request of the caller, or returns why it is refused.
func (l *Limiter) Request(key string, s Share) (Quota, *Refusal) {
	limit := s.RequestsPerMinute
	if limit == 0 {
		limit = l.cfg.RequestsPerMinute
	}
	if limit == 0 {
		return Quota{}, nil
	}
	id := identify(key)
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.caller(id)
	if c == nil {
		return Quota{Limit: limit}, &Refusal{Reason: ReasonFull, RetryAfter: busyRetry}
	}
	now := time.Now()
	c.bound(now, limit)
	allowed := c.bucket.AllowN(now, 1)
	tokens := c.bucket.TokensAt(now) // negative: other edges have spent more than was left
	q := Quota{Limit: limit, Remaining: int(max(tokens, 0)), Reset: after(float64(limit)-tokens, limit)}
	if !allowed {
		return q, &Refusal{ReasonRate, after(1-tokens, limit), limit}
	}
	c.spent++
	l.note()
	return q, nil
}

// bound makes a caller's bucket fill up to limit within a minute.
func (c *caller) bound(now time.Time, limit int) {
	if c.bucket == nil {
		c.bucket = rate.NewLimiter(0, limit)
	}
	if c.bucket.Burst() != limit || c.bucket.Limit() == 0 { // new, or the share has changed
		c.bucket.SetLimitAt(now, rate.Limit(limit)/60)
		c.bucket.SetBurstAt(now, limit)
	}
}

// after returns how long that many tokens take to arrive, at limit per minute.
func after(tokens float64, limit int) time.Duration {
	return time.Duration(math.Ceil(tokens * float64(time.Minute) / float64(limit)))
}

// Open counts a stream of the caller until release is called, or returns why the
// stream is refused. release must be called once.
func (l *Limiter) Open(key string, s Share) (release func(), refused *Refusal) {
	limit := s.Streams
	if limit == 0 {
		limit = l.cfg.Streams
	}
	id := identify(key)
	l.mu.Lock()
	defer l.mu.Unlock()
	free := math.MaxInt
	if l.cfg.AllStreams > 0 {
		free = l.cfg.AllStreams - l.open - l.elsewhere
	}
	if free <= 0 {
		return nil, &Refusal{Reason: ReasonFull, RetryAfter: busyRetry}
	}
	c := l.caller(id)
	switch {
	case c == nil:
		return nil, &Refusal{Reason: ReasonFull, RetryAfter: busyRetry}
	case limit > 0 && c.streams+c.elsewhere >= limit:
		return nil, &Refusal{ReasonStreams, busyRetry, limit}
	case limit == 0 && !s.Anybody && c.streams+c.elsewhere >= free:
		return nil, &Refusal{ReasonStreams, busyRetry, c.streams + c.elsewhere}
	}
	c.streams++
	l.open++
	l.note()
	return func() { l.close(id, c) }, nil
}

func (l *Limiter) close(id callerID, c *caller) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.streams--
	l.open--
	l.note()
	if c.idle(time.Now()) {
		delete(l.callers, id)
	}
}

// note signals that a report would contain news.
func (l *Limiter) note() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// caller returns the state of a caller, or nil if there is no room for another one.
func (l *Limiter) caller(id callerID) *caller {
	if c, ok := l.callers[id]; ok {
		return c
	}
	if len(l.callers) >= maxCallers {
		l.sweep(time.Now())
		if len(l.callers) >= maxCallers {
			return nil
		}
	}
	c := new(caller)
	l.callers[id] = c
	return c
}

// sweep drops the state of idle callers. It is slow, so it runs rarely.
func (l *Limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < busyRetry {
		return
	}
	l.swept = now
	for id, c := range l.callers {
		if c.idle(now) {
			delete(l.callers, id)
		}
	}
}

func (c *caller) idle(now time.Time) bool {
	return c.streams == 0 && c.elsewhere == 0 && (c.bucket == nil || c.bucket.TokensAt(now) >= float64(c.bucket.Burst()))
}
