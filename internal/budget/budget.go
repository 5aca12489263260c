// Package budget bounds the memory of all of a program's requests together. It counts the bytes that its users
// report, and knows neither what they are for nor how large they really are: users report the most that a share
// may amount to.
package budget

import (
	"errors"
	"sync"
)

// Why a share cannot grow.
var (
	// ErrSpent: the whole budget is in use.
	ErrSpent = errors.New("budget: spent")
	// ErrCaller: the caller already has half of the budget, the most that one caller may have.
	ErrCaller = errors.New("budget: the caller's share is used up")
	// ErrReleased: the share has been released.
	ErrReleased = errors.New("budget: share was released")
)

// A Budget is an amount of memory that all requests share. It is safe for concurrent use.
type Budget struct {
	size int

	mu      sync.Mutex
	held    int
	callers map[string]int // what each holds
}

// New returns a budget of that many bytes; 0: unlimited.
func New(size int) *Budget { return &Budget{size: size, callers: make(map[string]int)} }

// Size returns the budget in bytes; 0: unlimited.
func (b *Budget) Size() int { return b.size }

// Held returns how many bytes are in use.
func (b *Budget) Held() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}

// Share returns an empty share. Its first free bytes are not counted: something else limits the number of
// shares. An empty caller may be anybody.
func (b *Budget) Share(caller string, free int) *Share {
	return &Share{budget: b, caller: caller, free: free}
}

// A Share is the memory of one request. It is safe for concurrent use.
type Share struct {
	budget *Budget
	caller string
	free   int

	// Guarded by budget.mu.
	taken    int
	released bool
}

// Grow reserves n more bytes, or returns why it cannot.
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

// Force reserves n bytes even beyond the budget: for what can no longer be refused.
func (s *Share) Force(n int) {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	if !s.released {
		s.take(n)
	}
}

// Shrink returns n bytes.
func (s *Share) Shrink(n int) {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	if !s.released {
		s.take(-n)
	}
}

// Release returns all remaining bytes. Further calls do nothing.
func (s *Share) Release() {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	if !s.released {
		s.take(-s.taken)
		s.released = true
	}
}

// counted returns how many of n bytes count.
func (s *Share) counted(taken int) int { return max(taken-s.free, 0) }

// take changes the number of bytes in use. The caller holds the lock.
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
