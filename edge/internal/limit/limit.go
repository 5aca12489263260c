// Package limit decides how much of the edge one caller may take: requests per minute,
// streams at once, and of all callers together a number of open streams.
//
// A caller is a key: a principal or, where nobody is asked who they are, an address.
// State is kept for those alone who have used some of their share.
package limit

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Config is what a [Limiter] is made of. Zero means no bound.
type Config struct {
	// RequestsPerMinute is the usual share of one caller. So many may come at once, if
	// none came in the minute before.
	RequestsPerMinute int
	// Streams is how many responses one caller may have open at once.
	Streams int
	// AllStreams is how many may be open at once in all.
	AllStreams int
}

// Share is what one caller may do where that differs from the usual; zero: as usual.
type Share struct{ RequestsPerMinute, Streams int }

// maxCallers bounds the state that is kept.
const maxCallers = 100_000

// A Limiter counts. It is safe for concurrent use.
type Limiter struct {
	cfg Config

	mu      sync.Mutex
	callers map[string]*caller
	open    int       // streams of all callers
	swept   time.Time // when callers was last looked through
}

// caller is the state of one. It is dropped when it says no more than that of a new one.
type caller struct {
	bucket  *rate.Limiter // nil: no bound
	streams int
}

// New returns a limiter.
func New(cfg Config) *Limiter { return &Limiter{cfg: cfg, callers: make(map[string]*caller)} }

// A Reason is why something is refused.
type Reason string

// The reasons.
const (
	ReasonRate    Reason = "rate"    // the caller asks too often
	ReasonStreams Reason = "streams" // the caller has too many streams open
	ReasonFull    Reason = "full"    // all callers together have
)

// A Refusal is a decision against a caller.
type Refusal struct {
	Reason Reason
	// RetryAfter is when asking again may help.
	RetryAfter time.Duration
}

// Quota is where a caller stands with its requests.
type Quota struct {
	Limit     int           // requests per minute; 0: no bound
	Remaining int           // of them, at once
	Reset     time.Duration // until all of them are there again
}

// busyRetry is the hint where only the end of somebody's stream can help.
const busyRetry = time.Second

// Request takes a request of the caller's share: nil, or why not.
func (l *Limiter) Request(key string, s Share) (Quota, *Refusal) {
	limit := s.RequestsPerMinute
	if limit == 0 {
		limit = l.cfg.RequestsPerMinute
	}
	if limit == 0 {
		return Quota{}, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.caller(key)
	if c == nil {
		return Quota{Limit: limit}, &Refusal{ReasonFull, busyRetry}
	}
	now := time.Now()
	if c.bucket == nil {
		c.bucket = rate.NewLimiter(0, limit)
	}
	if c.bucket.Burst() != limit || c.bucket.Limit() == 0 { // new, or the share has changed
		c.bucket.SetLimitAt(now, rate.Limit(limit)/60)
		c.bucket.SetBurstAt(now, limit)
	}
	allowed := c.bucket.AllowN(now, 1)
	tokens := max(c.bucket.TokensAt(now), 0)
	q := Quota{Limit: limit, Remaining: int(tokens), Reset: after(float64(limit)-tokens, limit)}
	if !allowed {
		return q, &Refusal{ReasonRate, after(1-tokens, limit)}
	}
	return q, nil
}

// after returns how long so many tokens take to come, at limit a minute.
func after(tokens float64, limit int) time.Duration {
	return time.Duration(math.Ceil(tokens * float64(time.Minute) / float64(limit)))
}

// Open takes a stream of the caller's share until release is called, once: or says why
// not.
func (l *Limiter) Open(key string, s Share) (release func(), refused *Refusal) {
	limit := s.Streams
	if limit == 0 {
		limit = l.cfg.Streams
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cfg.AllStreams > 0 && l.open >= l.cfg.AllStreams {
		return nil, &Refusal{ReasonFull, busyRetry}
	}
	c := l.caller(key)
	switch {
	case c == nil:
		return nil, &Refusal{ReasonFull, busyRetry}
	case limit > 0 && c.streams >= limit:
		return nil, &Refusal{ReasonStreams, busyRetry}
	}
	c.streams++
	l.open++
	return func() { l.close(key, c) }, nil
}

func (l *Limiter) close(key string, c *caller) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.streams--
	l.open--
	if c.idle(time.Now()) {
		delete(l.callers, key)
	}
}

// caller returns the state of one: nil where there is no room for another.
func (l *Limiter) caller(key string) *caller {
	if c, ok := l.callers[key]; ok {
		return c
	}
	if len(l.callers) >= maxCallers {
		l.sweep(time.Now())
		if len(l.callers) >= maxCallers {
			return nil
		}
	}
	c := new(caller)
	l.callers[key] = c
	return c
}

// sweep drops the state that says nothing. It takes long, so it is not done often.
func (l *Limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < busyRetry {
		return
	}
	l.swept = now
	for key, c := range l.callers {
		if c.idle(now) {
			delete(l.callers, key)
		}
	}
}

func (c *caller) idle(now time.Time) bool {
	return c.streams == 0 && (c.bucket == nil || c.bucket.TokensAt(now) >= float64(c.bucket.Burst()))
}
