package budget_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/pawstream/pawstream/internal/budget"
)

func TestShares(t *testing.T) {
	b := budget.New(1000)
	grow := func(s *budget.Share, n int, want error) {
		t.Helper()
		if err := s.Grow(n); !errors.Is(err, want) {
			t.Errorf("grow by %d: %v, want %v", n, err, want)
		}
	}
	first := b.Share("anna", 100)
	grow(first, 100, nil) // free
	grow(first, 500, nil)
	grow(first, 1, budget.ErrCaller)
	second := b.Share("ben", 100)
	grow(second, 100, nil)
	grow(second, 501, budget.ErrSpent)
	grow(second, 400, nil)
	third := b.Share("carl", 100)
	grow(third, 101, nil)
	grow(third, 100, budget.ErrSpent)
	grow(third, 99, nil)
	grow(b.Share("dora", 100), 100, nil) // a small share is never refused
	first.Shrink(300)
	grow(third, 200, nil)
	first.Release()
	first.Release()
	grow(first, 1000, budget.ErrReleased)
	if got := b.Held(); got != 700 {
		t.Errorf("held %d, want 700", got)
	}
	second.Release()
	third.Release()
	if got := b.Held(); got != 0 {
		t.Errorf("held %d after all, want 0", got)
	}
	grow(b.Share("anna", 0), 500, nil)
}

// Unknown callers have no bound of their own.
func TestNobody(t *testing.T) {
	b := budget.New(1000)
	if err := b.Share("", 0).Grow(1000); err != nil {
		t.Error(err)
	}
}

func TestNoBound(t *testing.T) {
	if err := budget.New(0).Share("anna", 0).Grow(1 << 40); err != nil {
		t.Error(err)
	}
}

// What was admitted before cannot be refused any more, but counts.
func TestForce(t *testing.T) {
	b := budget.New(1000)
	s := b.Share("", 0)
	s.Force(5000)
	if err := b.Share("", 0).Grow(1); !errors.Is(err, budget.ErrSpent) {
		t.Errorf("error = %v, want %v", err, budget.ErrSpent)
	}
	s.Release()
	if got := b.Held(); got != 0 {
		t.Errorf("held %d, want 0", got)
	}
}

func TestConcurrently(t *testing.T) {
	b := budget.New(1 << 20)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range 100 {
				s := b.Share("anna", 10)
				if s.Grow(1000) == nil && s.Grow(500) == nil {
					s.Shrink(700)
				}
				s.Release()
			}
		})
	}
	wg.Wait()
	if got := b.Held(); got != 0 {
		t.Errorf("held %d, want 0", got)
	}
}
