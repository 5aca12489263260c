package turns_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/internal/turns"
)

// A crowd is the waiters of a test, which runs in a bubble.
type crowd struct {
	t         *testing.T
	q         *turns.Queue
	mu        sync.Mutex // guards the fields below
	in        []string   // the admitted, in that order
	refused   []string
	positions map[string][]int
	leave     map[string]func()
}

func newCrowd(t *testing.T, cfg turns.Config) *crowd {
	return &crowd{t: t, q: turns.New(cfg), positions: make(map[string][]int), leave: make(map[string]func())}
}

// want makes each name ask for a turn and keep it until end. The first letter of a name is its principal.
func (c *crowd) want(names ...string) {
	for _, name := range names {
		ctx, stop := context.WithCancel(c.t.Context())
		c.leave[name] = stop
		go func() {
			principal := name[:1]
			if principal == "_" {
				principal = ""
			}
			release, err := c.q.Acquire(ctx, principal, func(position int) error {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.positions[name] = append(c.positions[name], position)
				return nil
			})
			c.mu.Lock()
			switch {
			case errors.Is(err, turns.ErrFull):
				c.refused = append(c.refused, name)
			case err == nil:
				c.in = append(c.in, name)
				defer release()
				defer func() { <-ctx.Done() }()
			}
			c.mu.Unlock()
		}()
		synctest.Wait()
	}
}

func (c *crowd) end(names ...string) {
	for _, name := range names {
		c.leave[name]()
		synctest.Wait()
	}
}

// is fails the test unless exactly these were admitted and refused so far, in this order.
func (c *crowd) is(in, refused []string) {
	c.t.Helper()
	if diff := cmp.Diff(in, c.in) + cmp.Diff(refused, c.refused); diff != "" {
		c.t.Error(diff)
	}
}

func TestQueueIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, turns.Config{Limit: 1, Room: 5})
		c.want("a0", "a1", "a2", "a3", "b1")
		c.is([]string{"a0"}, nil)
		c.end("a0", "a1", "b1", "a2", "a3")
		c.is([]string{"a0", "a1", "b1", "a2", "a3"}, nil)
		if diff := cmp.Diff([]int{2, 3}, c.positions["a2"][:2]); diff != "" {
			t.Error(diff)
		}
		if c.q.Working()+c.q.Waiting() != 0 {
			t.Errorf("%d work, %d wait", c.q.Working(), c.q.Waiting())
		}
	})
}

// TestRoomIsShared checks that the principal with the most waiters gives way.
func TestRoomIsShared(t *testing.T) {
	for name, test := range map[string]struct {
		room     int
		wait     []string // behind a0, which has the only turn
		in, full []string
	}{
		"one principal has all":        {4, []string{"a1", "a2", "a3", "a4", "a5"}, []string{"a1", "a2", "a3", "a4"}, []string{"a5"}},
		"another comes":                {4, []string{"a1", "a2", "a3", "a4", "b1"}, []string{"a1", "b1", "a2", "a3"}, []string{"a4"}},
		"up to its part":               {4, []string{"a1", "a2", "a3", "a4", "b1", "b2", "b3"}, []string{"a1", "b1", "a2", "b2"}, []string{"a4", "a3", "b3"}},
		"a third one":                  {4, []string{"a1", "a2", "a3", "b1", "c1"}, []string{"a1", "b1", "c1", "a2"}, []string{"a3"}},
		"everybody has one":            {2, []string{"a1", "b1", "c1"}, []string{"a1", "b1"}, []string{"c1"}},
		"who has given way comes back": {2, []string{"a1", "a2", "b1", "a3"}, []string{"a1", "b1"}, []string{"a2", "a3"}},
		"one place":                    {1, []string{"a1", "b1"}, []string{"a1"}, []string{"b1"}},
		"none":                         {0, []string{"a1", "b1"}, nil, []string{"a1", "b1"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCrowd(t, turns.Config{Limit: 1, Room: test.room})
				c.want("a0")
				c.want(test.wait...)
				c.is([]string{"a0"}, test.full)
				c.end("a0")
				c.end(test.in...)
				c.is(append([]string{"a0"}, test.in...), test.full)
				if c.q.Working()+c.q.Waiting() != 0 {
					t.Errorf("%d work, %d wait", c.q.Working(), c.q.Waiting())
				}
			})
		})
	}
}

// TestTurnsAreReserved checks that a principal leaves turns for later ones, however long its work takes.
func TestTurnsAreReserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, turns.Config{Limit: 8, Room: 100, Reserve: true})
		for i := range 20 {
			c.want(fmt.Sprint("a", i))
		}
		c.is([]string{"a0", "a1", "a2", "a3"}, nil)
		c.want("b0", "b1", "b2", "c0", "c1", "d0", "d1")
		first := []string{"a0", "a1", "a2", "a3", "b0", "b1", "c0", "d0"}
		c.is(first, nil)
		c.end("a0") // which leaves one: a, b, c and d have one or more
		c.is(first, nil)
		c.want("e0")
		c.is(append(slices.Clone(first), "e0"), nil)
		c.end("a1", "b0", "c0", "d0", "e0")
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			c.want(name + "x")
		}
		for name, end := range c.leave {
			if name[0] != 'a' {
				end()
			}
		}
		synctest.Wait()
		if n := c.q.Working(); n != 4 {
			t.Errorf("%d of one principal work at the end, want 4", n)
		}
		for _, end := range c.leave {
			end()
		}
		synctest.Wait()
		if c.q.Working()+c.q.Waiting() != 0 {
			t.Errorf("%d work, %d wait", c.q.Working(), c.q.Waiting())
		}
	})
}

// TestRefusalsSayWhy checks that who has its share is told so, and not that all turns are taken.
func TestRefusalsSayWhy(t *testing.T) {
	q := turns.New(turns.Config{Limit: 4, Reserve: true})
	for _, step := range []struct {
		principal string
		want      error
	}{{"a", nil}, {"a", nil}, {"a", turns.ErrShare}, {"b", nil}, {"b", turns.ErrShare}, {"c", nil}, {"d", turns.ErrFull}} {
		_, err := q.Acquire(t.Context(), step.principal, nil)
		if !errors.Is(err, step.want) || errors.Is(err, turns.ErrShare) != errors.Is(step.want, turns.ErrShare) {
			t.Errorf("%s: %v, want %v", step.principal, err, step.want)
		}
	}
}

// TestNobodyReservesForTheUnknown checks that unknown callers, which share one name, may have all turns.
func TestNobodyReservesForTheUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, turns.Config{Limit: 3, Room: 1, Reserve: true})
		c.want("_0", "_1", "_2", "_3", "_4")
		c.is([]string{"_0", "_1", "_2"}, []string{"_4"})
		c.end("_0", "_1", "_2", "_3")
	})
}

// TestGivingUp checks that a waiter that gives up leaves nothing behind, at any time.
func TestGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, turns.Config{Limit: 1, Room: 2})
		c.want("a0", "a1", "a2", "b0") // a2 gives way
		c.end("a1", "a0", "b0")
		c.is([]string{"a0", "b0"}, []string{"a2"})
		if c.q.Working()+c.q.Waiting() != 0 {
			t.Errorf("%d work, %d wait", c.q.Working(), c.q.Waiting())
		}
		release, err := c.q.Acquire(t.Context(), "a", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		reason := errors.New("enough")
		if _, err := c.q.Acquire(t.Context(), "b", func(int) error { return reason }); !errors.Is(err, reason) {
			t.Errorf("error %v, want that of the caller", err)
		}
	})
}
