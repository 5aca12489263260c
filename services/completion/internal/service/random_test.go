package service_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// A chaos is an engine that does everything that engines do, and also what they must not do.
type chaos struct {
	mu   sync.Mutex
	rand *rand.Rand
	runs map[string]int // by the user of the request, which is unique
}

func (c *chaos) n(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rand.IntN(n)
}

// wait waits up to d. It returns false if ctx ends first.
func (c *chaos) wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(time.Duration(c.n(int(d)))):
		return true
	case <-ctx.Done():
		return false
	}
}

func (c *chaos) Check(context.Context, *chat.Request) error { return nil }

func (c *chaos) Complete(ctx context.Context, req *chat.Request, _ []chat.Event) iter.Seq2[chat.Event, error] {
	c.mu.Lock()
	c.runs[req.User]++
	c.mu.Unlock()
	deaf := c.n(10) == 0
	return func(yield func(chat.Event, error) bool) {
		for _, e := range spoken(req.Choices(), "Lab", "ra", "dor", "s", " are", " good") {
			if !c.wait(ctx, 3*time.Second) && !deaf {
				yield(chat.UsageEvent(cost), nil)
				yield(chat.Event{}, ctx.Err())
				return
			}
			switch c.n(60) {
			case 0:
				panic("chaos")
			case 1:
				yield(chat.Event{}, errors.New("chaos"))
				return
			case 2:
				return
			case 3:
				e.Choice = 99
			}
			if !yield(e, nil) {
				return
			}
		}
		yield(chat.UsageEvent(cost), nil)
	}
}

// A crowd is many callers of one service.
type crowd struct {
	*chaos
	t       *testing.T
	service *service.Service
	log     chat.Log

	mu  sync.Mutex
	ids map[string]string // the user of each admitted completion's request
}

func (c *crowd) admitted(m *chat.Meta) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids[m.ID] = m.Request.User
}

// any returns an admitted completion, if there is one.
func (c *crowd) any() (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	skip := 0
	if len(c.ids) > 1 {
		skip = c.n(len(c.ids))
	}
	for id := range c.ids {
		if skip--; skip < 0 {
			return id, true
		}
	}
	return "", false
}

// call makes one random call.
func (c *crowd) call(i int) {
	ctx, leave := context.WithTimeout(c.t.Context(), time.Duration(1+c.n(int(40*time.Second))))
	defer leave()
	if c.n(3) == 0 {
		ctx = c.t.Context() // stays to the end
	}
	id, _ := c.any()
	switch c.n(8) {
	case 0:
		_, _ = c.service.Cancel(ctx, anna, id)
	case 1:
		_, _ = c.service.Get(ctx, anna, id)
	case 2, 3:
		if st, err := c.service.Resume(ctx, anna, id, int64(c.n(8))-1, c.n(2) == 0); err == nil {
			c.follow(st)
		}
	default:
		// A key names its request: two in three repeat one.
		name := i / 3
		policies := []chat.OnDisconnect{"", chat.OnDisconnectCancel, chat.OnDisconnectGrace, chat.OnDisconnectContinue}
		request := ask(choices(1+name%2), func(r *chat.Request) {
			r.User, r.OnDisconnect, r.Store = fmt.Sprint(name), policies[name%4], true
			r.Stream.IncludeUsage = name%3 == 0
		})
		if st, err := c.service.Stream(ctx, anna, fmt.Sprint("key ", name), request); err == nil {
			c.admitted(st.Meta())
			c.follow(st)
		}
	}
}

// follow reads a stream, and checks that its numbers are dense and that it ends once.
func (c *crowd) follow(st *service.Stream) {
	next, ended := int64(-1), false
	for entry, err := range st.Entries() {
		if ended {
			c.t.Errorf("%s: %+v, %v follows the terminal event", st.Meta().ID, entry, err)
		}
		if err != nil {
			return
		}
		if next >= 0 && entry.Sequence != next {
			c.t.Errorf("%s: event %d, want %d", st.Meta().ID, entry.Sequence, next)
		}
		next, ended = entry.Sequence+1, entry.Event.Terminal()
		if c.n(50) == 0 {
			return
		}
	}
	if next >= 0 && !ended {
		c.t.Errorf("%s: the stream ends without a terminal event and without an error", st.Meta().ID)
	}
}

func TestEveryAdmittedCompletionHasExactlyOneTerminalEventWhateverHappens(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &crowd{
					chaos: &chaos{rand: rand.New(rand.NewPCG(seed, 0)), runs: map[string]int{}},
					t:     t, log: newLog(t, memlog.Config{}), ids: map[string]string{},
				}
				var out record
				c.service = newService(t, c.chaos, service.Config{Log: c.log, MaxRunning: 60, Logger: out.logger()})
				var callers sync.WaitGroup
				for i := range 300 {
					callers.Go(func() {
						c.wait(t.Context(), time.Minute)
						c.call(i)
					})
				}
				pass(time.Duration(20+c.n(50)) * time.Second)
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				_ = c.service.Shutdown(ctx)
				callers.Wait()
				c.checkAll()
				if out.contains("cannot store the end") {
					t.Errorf("an end was not stored: %s", out.text.String())
				}
			})
		})
	}
}

// checkAll checks the completions in the log.
func (c *crowd) checkAll() {
	if len(c.ids) < 20 {
		c.t.Fatalf("only %d completions were admitted", len(c.ids))
	}
	for id, user := range c.ids {
		head, err := c.log.Head(c.t.Context(), id)
		if err != nil || head.Terminal == nil {
			c.t.Errorf("%s has not ended: %+v, %v", id, head, err)
			continue
		}
		next := int64(0)
		for entry, err := range c.log.Follow(c.t.Context(), id, chat.FromStart, true) {
			if err != nil || entry.Sequence != next || entry.Event.Terminal() != (next == head.Last) {
				c.t.Errorf("%s: %+v, %v at %d of %d", id, entry, err, next, head.Last)
			}
			next++
		}
		if next != head.Last+1 {
			c.t.Errorf("%s: %d events, want %d", id, next, head.Last+1)
		}
		if runs := c.runs[user]; runs > 1 {
			c.t.Errorf("%s: the engine ran %d times", id, runs)
		}
	}
}
