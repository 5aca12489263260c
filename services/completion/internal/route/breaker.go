package route

import (
	"errors"
	"sync"
	"time"
)

// When a breaker opens, and for how long.
const (
	tripAfter   = 5 // failed requests in a row
	tripCallers = 3 // callers with failed requests, before it opens for all
	openFor     = 15 * time.Second
)

// Bounds on a server's Retry-After: a server that asks for too long is asked again without
// intervention, and what it asks of one caller stops the others only for a moment.
const (
	maxRetryAfter    = time.Hour
	sharedRetryAfter = 15 * time.Second
)

// maxKnown bounds the callers that a breaker keeps counts for.
const maxKnown = 10_000

// errAlone says that a server has asked to be left alone.
var errAlone = errors.New("asked to be left alone for a while")

// A verdict is what a request says about a target.
type verdict int

const (
	inconclusive verdict = iota // nothing
	healthy
	failing
)

// A breaker stops requests to a failing target. One caller's failures open it only for that caller,
// whose requests may be the cause. Failures of several callers open it for all. The zero value
// admits every request.
type breaker struct {
	mu      sync.Mutex
	shared  circuit
	met     map[string]bool // callers with a failure since the target was last healthy; bounded
	callers map[string]*circuit
	last    *Failure // the last failure
}

// A circuit is the state of the breaker for one caller, or for all.
type circuit struct {
	failures   int
	open       bool      // no requests, except for a probe
	until      time.Time // when it may be probed
	probing    bool
	retryAfter time.Time // the server asked to be left alone until then
}

// blocks reports whether the target must not be asked now.
func (c *circuit) blocks(now time.Time) bool { return c.open && (c.probing || now.Before(c.until)) }

// failed counts a failure, and opens the circuit if it trips.
func (c *circuit) failed(now time.Time, trips bool) {
	if c.failures++; c.open || trips && c.failures >= tripAfter {
		c.open, c.until = true, now.Add(openFor)
	}
}

// allow admits a caller's request to the target, or refuses it with the target's last failure, so
// that callers see the same error whether or not it was asked. done must be called once, with the
// verdict and, if the target is failing, with its failure.
func (b *breaker) allow(principal string) (done func(verdict, *Failure), refused *Failure) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := b.refusalLocked(principal); f != nil {
		return nil, f
	}
	probes := []*circuit{}
	for _, c := range []*circuit{&b.shared, b.of(principal)} {
		if c.open {
			c.probing = true
			probes = append(probes, c)
		}
	}
	return func(v verdict, f *Failure) {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range probes {
			c.probing = false
		}
		b.record(principal, v, f)
	}, nil
}

// refusal returns why a caller's request would be refused now, or nil.
func (b *breaker) refusal(principal string) *Failure {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refusalLocked(principal)
}

// refusalLocked is refusal for a caller that holds the lock.
func (b *breaker) refusalLocked(principal string) *Failure {
	now := time.Now()
	own := circuit{}
	if c := b.callers[principal]; c != nil {
		own = *c
	}
	if left := max(b.shared.retryAfter.Sub(now), own.retryAfter.Sub(now)); left > 0 {
		f := Busy(errAlone, left).Because("its server " + errAlone.Error())
		f.outcome = OutcomeResting
		return f
	}
	if b.shared.blocks(now) || own.blocks(now) {
		f := *b.last
		f.Retry = false // it stays open for longer than callers wait
		f.outcome = OutcomeResting
		return &f
	}
	return nil
}

// state reports whether the breaker has opened for all and no request has succeeded since, and for how
// many callers it is open now.
func (b *breaker) state() (all bool, callers int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for _, c := range b.callers {
		if c.blocks(now) || now.Before(c.retryAfter) {
			callers++
		}
	}
	return b.shared.open || now.Before(b.shared.retryAfter), callers
}

// record counts a request's verdict. The caller holds the lock.
func (b *breaker) record(principal string, v verdict, f *Failure) {
	now := time.Now()
	own := b.of(principal)
	switch v {
	case inconclusive:
	case healthy:
		b.shared.failures, b.shared.open, b.met = 0, false, nil
		own.failures, own.open = 0, false
	case failing:
		b.last = f
		if b.met == nil {
			b.met = make(map[string]bool)
		}
		if len(b.met) < tripCallers {
			b.met[principal] = true
		}
		b.shared.failed(now, len(b.met) >= tripCallers)
		own.failed(now, true)
	}
	if *own == (circuit{}) {
		delete(b.callers, principal)
	}
}

// of returns a caller's own circuit. The caller holds the lock.
func (b *breaker) of(principal string) *circuit {
	if c, ok := b.callers[principal]; ok {
		return c
	}
	if b.callers == nil || len(b.callers) >= maxKnown {
		b.callers = make(map[string]*circuit) // the counts start again
	}
	c := new(circuit)
	b.callers[principal] = c
	return c
}

// leave stops requests for as long as a server asks for, in its answer to a caller's request.
func (b *breaker) leave(principal string, d time.Duration) {
	if d <= 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.of(principal).retryAfter = now.Add(min(d, maxRetryAfter))
	if all := now.Add(min(d, sharedRetryAfter)); all.After(b.shared.retryAfter) {
		b.shared.retryAfter = all
	}
}
