// Package budget bounds what a program's requests hold in memory together. It counts bytes
// that its users tell it of, and knows neither what they are for nor how large they really
// are: who takes a share tells the most that it comes to.
package budget

import (
	"errors"
	"sync"
)

// Why a share cannot grow.
var (
	// ErrSpent: what there is for all is taken.
	ErrSpent = errors.New("budget: spent")
	// ErrCaller: the caller has half of it already, the most that one may have.
	ErrCaller = errors.New("budget: the caller's part is spent")
	// ErrReleased: the share has been given back.
	ErrReleased = errors.New("budget: share was released")
)

// A Budget is an amount of memory for all. It is safe for concurrent use.
type Budget struct {
	size int

	mu      sync.Mutex
	held    int
	callers map[string]int // what each holds
}

// New returns a budget of so many bytes; 0: without a bound.
func New(size int) *Budget { return &Budget{size: size, callers: make(map[string]int)} }

// Size returns how many bytes there are; 0: without a bound.
func (b *Budget) Size() int { return b.size }

// Held returns how many bytes are taken.
func (b *Budget) Held() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}

// Share returns a share that has nothing yet. What it takes up to free is not counted:
// something else bounds how many there are of these. An empty caller may be anybody.
func (b *Budget) Share(caller string, free int) *Share {
	return &Share{budget: b, caller: caller, free: free}
}

// A Share is what one request has taken. It is safe for concurrent use.
type Share struct {
	budget *Budget
	caller string
	free   int

	// Guarded by budget.mu.
	taken    int
	released bool
}

// Grow takes n bytes more, or says why not.
func (s *Share) Grow(n int) error {
	b := s.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	more := s.counted(s.taken+n) - s.counted(s.taken)
	switch {
	case s.released:
		return ErrReleased
	case b.size == 0 || more <= 0:
	case b.held+more > b.size:
		return ErrSpent
	case s.caller != "" && b.callers[s.caller]+more > b.size/2:
		return ErrCaller
	}
	s.take(n)
	return nil
}

// Force takes n bytes whether they are there or not: for what cannot be refused any more.
func (s *Share) Force(n int) {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	if !s.released {
		s.take(n)
	}
}

// Shrink gives n bytes back.
func (s *Share) Shrink(n int) {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	if !s.released {
		s.take(-n)
	}
}

// Release gives back what is left. Further calls do nothing.
func (s *Share) Release() {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	if !s.released {
		s.take(-s.taken)
		s.released = true
	}
}

// counted returns how much of so many bytes counts.
func (s *Share) counted(taken int) int { return max(taken-s.free, 0) }

// take changes what is taken. The caller holds the lock.
func (s *Share) take(n int) {
	b := s.budget
	more := s.counted(s.taken+n) - s.counted(s.taken)
	s.taken += n
	b.held += more
	if s.caller == "" || more == 0 {
		return
	}
	if b.callers[s.caller] += more; b.callers[s.caller] == 0 {
		delete(b.callers, s.caller)
	}
}
