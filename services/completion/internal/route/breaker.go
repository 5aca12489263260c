package route

import (
	"errors"
	"sync"
	"time"
)

// When a breaker opens, and for how long.
const (
	tripAfter   = 5 // requests in a row that found the target failing
	tripCallers = 3 // callers who did, where it opens for all
	openFor     = 15 * time.Second
)

// Bounds of what a server's word can do: one that errs is asked again without anybody's
// doing, and what it asks of one caller stops the others for a moment only.
const (
	maxRetryAfter    = time.Hour
	sharedRetryAfter = 15 * time.Second
)

// maxKnown bounds the callers that a breaker keeps counts for.
const maxKnown = 10_000

// errAlone says that a server is not to be asked for now.
var errAlone = errors.New("asked to be left alone for a while")

// A verdict is what a request says about a target.
type verdict int

const (
	inconclusive verdict = iota // nothing
	healthy
	failing
)

// A breaker leaves a target alone while it fails. One caller's requests count for that caller:
// what fails them may be theirs. For all counts what several callers have met. The zero value
// lets everybody ask.
type breaker struct {
	mu      sync.Mutex
	shared  circuit
	met     map[string]bool // callers who found it failing since it was last healthy, some of them
	callers map[string]*circuit
	last    *Failure // of those who found it failing
}

// A circuit is the breaker as one caller has it, or all together.
type circuit struct {
	failures   int
	open       bool      // the target is left alone, or is being probed
	until      time.Time // when it may be probed
	probing    bool
	retryAfter time.Time // it asked to be left alone until then
}

// blocks reports whether the target is not to be asked now.
func (c *circuit) blocks(now time.Time) bool { return c.open && (c.probing || now.Before(c.until)) }

// failed counts a failure, after which the circuit may open.
func (c *circuit) failed(now time.Time, trips bool) {
	if c.failures++; c.open || trips && c.failures >= tripAfter {
		c.open, c.until = true, now.Add(openFor)
	}
}

// allow admits a caller's request to the target, or returns why not: the target's last failure, so
// that callers see the same whether it was asked or not. done is to be called once with the
// verdict; for a failing target with its failure.
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

// refusal says why a caller's request would be refused now, or nothing.
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
		f.Retry = false // it stays open for longer than anybody waits
		f.outcome = OutcomeResting
		return &f
	}
	return nil
}

// state reports whether the target is left alone by everybody, or has been and nobody has found it
// well since, and how many callers leave it alone now.
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

// record counts what a request has found. The caller holds the lock.
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
		b.callers = make(map[string]*circuit) // what is forgotten is found out again
	}
	c := new(circuit)
	b.callers[principal] = c
	return c
}

// leave keeps requests away for as long as a server asks for, in answer to a caller's request.
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
