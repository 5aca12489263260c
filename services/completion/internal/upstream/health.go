package upstream

import (
	"errors"
	"sync"
	"time"
)

// When a target that keeps failing is left alone.
const (
	tripAfter   = 5 // requests in a row that found it ill
	tripCallers = 3 // callers who did, where it is to rest for all
	restedFor   = 15 * time.Second
)

// Bounds of what a server's word can do: one that errs is asked again without anybody's
// doing, and what it asks of one caller stops the others for a moment only.
const (
	maxRest    = time.Hour
	restForAll = 15 * time.Second
)

// maxKnown bounds the callers of whom a target knows something.
const maxKnown = 10_000

// A verdict is what a request says about a target's health.
type verdict int

const (
	unknown verdict = iota // nothing
	well
	ill
)

// A health is what is known of a target's. One caller's requests count for that caller: what
// ails them may be theirs. For all counts what several callers have met. The zero value is
// well.
type health struct {
	mu      sync.Mutex
	all     pulse
	met     map[string]bool // callers who found it ill since it was last well, some of them
	callers map[string]*pulse
	last    *failure // of those who found it ill
}

// A pulse is the health as one caller has it, or all together.
type pulse struct {
	failures int
	open     bool      // it rests, or is being tried
	until    time.Time // when it may be tried again
	trying   bool
	left     time.Time // it asked to be left alone until then
}

// rests reports whether it is not to be asked now.
func (p *pulse) rests(now time.Time) bool { return p.open && (p.trying || now.Before(p.until)) }

// failed counts a failure, after which it may rest.
func (p *pulse) failed(now time.Time, trips bool) {
	if p.failures++; p.open || trips && p.failures >= tripAfter {
		p.open, p.until = true, now.Add(restedFor)
	}
}

// allow lets a caller's request ask the target, or says why not: with what was wrong with it,
// so that callers are told the same whether it was asked or not. done is to be called once
// with what came of it; an ill target with its failure.
func (h *health) allow(principal string) (done func(verdict, *failure), refused *failure) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f := h.refusal(principal); f != nil {
		return nil, f
	}
	tries := []*pulse{}
	for _, p := range []*pulse{&h.all, h.of(principal)} {
		if p.open {
			p.trying = true
			tries = append(tries, p)
		}
	}
	return func(v verdict, f *failure) {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, p := range tries {
			p.trying = false
		}
		h.judge(principal, v, f)
	}, nil
}

// resting says why a caller's request would be refused now, or nothing.
func (h *health) resting(principal string) *failure {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.refusal(principal)
}

// refusal is resting for a caller that holds the lock.
func (h *health) refusal(principal string) *failure {
	now := time.Now()
	own := pulse{}
	if p := h.callers[principal]; p != nil {
		own = *p
	}
	if left := max(h.all.left.Sub(now), own.left.Sub(now)); left > 0 {
		return busy(errors.New("upstream asked to be left alone"), left)
	}
	if h.all.rests(now) || own.rests(now) {
		f := *h.last
		f.again = false // it rests for longer than anybody waits
		return &f
	}
	return nil
}

// judge takes what a request has found. The caller holds the lock.
func (h *health) judge(principal string, v verdict, f *failure) {
	now := time.Now()
	own := h.of(principal)
	switch v {
	case unknown:
	case well:
		h.all.failures, h.all.open, h.met = 0, false, nil
		own.failures, own.open = 0, false
	case ill:
		h.last = f
		if h.met == nil {
			h.met = make(map[string]bool)
		}
		if len(h.met) < tripCallers {
			h.met[principal] = true
		}
		h.all.failed(now, len(h.met) >= tripCallers)
		own.failed(now, true)
	}
	if *own == (pulse{}) {
		delete(h.callers, principal)
	}
}

// of returns a caller's own. The caller holds the lock.
func (h *health) of(principal string) *pulse {
	if p, ok := h.callers[principal]; ok {
		return p
	}
	if h.callers == nil || len(h.callers) >= maxKnown {
		h.callers = make(map[string]*pulse) // what is forgotten is found out again
	}
	p := new(pulse)
	h.callers[principal] = p
	return p
}

// rest is told how long a server asks to be left alone, in answer to a caller's request.
func (h *health) rest(principal string, d time.Duration) {
	if d <= 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	h.of(principal).left = now.Add(min(d, maxRest))
	if all := now.Add(min(d, restForAll)); all.After(h.all.left) {
		h.all.left = all
	}
}
