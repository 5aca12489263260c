// Package turns limits concurrent work. Waiting principals are admitted in rotation, and share the
// waiting room equally. It does not know what the work is.
package turns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

var (
	// ErrFull says that the waiting room is full.
	ErrFull = errors.New("the queue is full")
	// ErrShare is the [ErrFull] of a principal that has all the turns that it may have, while others may have more.
	ErrShare = fmt.Errorf("%w for this principal", ErrFull)
)

// Config is the configuration of a [Queue].
type Config struct {
	Limit int // the maximum number of concurrent turns; 0: unlimited
	// Room is how many may wait. If there is no more room, a waiter of the principal that has the most gives
	// way to a principal that would still have fewer.
	Room int
	// Reserve keeps turns free for principals that have not come yet: a principal that holds as many as are
	// free waits for one of its own to end. So one principal holds at most half of them, and two leave a
	// quarter. The empty principal stands for unknown callers, and may hold all turns.
	Reserve bool
}

// A Queue limits how many work at once. It admits waiting principals in rotation, so that no principal waits
// for all waiters of another. It is safe for concurrent use.
type Queue struct {
	cfg Config

	mu      sync.Mutex
	working int
	held    map[string]int // the turns of each principal
	waiting int
	// lines are the principals that wait, in the order in which they are admitted next.
	lines []*line
	// told says that some waiter wants its position.
	told bool
}

// A line is the waiters of one principal.
type line struct {
	principal string
	tickets   []*ticket
}

// A ticket stands for one waiter.
type ticket struct {
	settled  chan struct{} // closed when the wait ends
	in       bool          // it was admitted; otherwise it has given way to another
	position int
	moved    chan int // the newest unread position; nil: the waiter does not want it
}

// New returns an empty queue.
func New(cfg Config) *Queue { return &Queue{cfg: cfg, held: make(map[string]int)} }

// Acquire waits for a turn. It returns ErrFull, perhaps as ErrShare, if the waiting room is full or this waiter had to give
// way, and ctx's error if ctx ends. It calls moved, if not nil, with the position in the queue whenever that changes; 1
// is the next to be admitted. An error of moved ends the wait and is returned. The caller must call release
// exactly once.
func (q *Queue) Acquire(ctx context.Context, principal string, moved func(position int) error) (release func(), err error) {
	if q.cfg.Limit == 0 {
		return func() {}, nil
	}
	t, err := q.join(principal, moved != nil)
	if err != nil {
		return nil, err
	}
	release = func() { q.release(principal) }
	for {
		select {
		case <-t.settled:
			return t.end(release)
		default:
		}
		select {
		case <-t.settled:
			return t.end(release)
		case position := <-t.moved:
			err = moved(position)
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			q.abandon(principal, t)
			return nil, err
		}
	}
}

// end returns the results of Acquire for a settled ticket.
func (t *ticket) end(release func()) (func(), error) {
	if !t.in {
		return nil, ErrFull
	}
	return release, nil
}

// Working returns the number of turns in use.
func (q *Queue) Working() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.working
}

// Waiting returns the number of waiters.
func (q *Queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting
}

// join returns a ticket: ErrFull or ErrShare if there is no room.
func (q *Queue) join(principal string, told bool) (*ticket, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := &ticket{settled: make(chan struct{})}
	if told {
		t.moved, q.told = make(chan int, 1), true
	}
	switch {
	case q.may(principal): // then none of its waiters is waiting
		q.let(principal, t)
		return t, nil
	case q.waiting < q.cfg.Room, q.makeRoom(principal):
	case q.working < q.cfg.Limit:
		return nil, ErrShare
	default:
		return nil, ErrFull
	}
	i := q.line(principal)
	if i < 0 {
		i = len(q.lines)
		q.lines = append(q.lines, &line{principal: principal})
	}
	q.lines[i].tickets = append(q.lines[i].tickets, t)
	q.waiting++
	q.announce()
	return t, nil
}

// may reports whether a principal may have one more turn. The queue asks again for its waiters whenever a turn
// ends. The caller holds the lock, as for every function below.
func (q *Queue) may(principal string) bool {
	free := q.cfg.Limit - q.working
	return free > 0 && (!q.cfg.Reserve || principal == "" || q.held[principal] < free)
}

// let admits a ticket of a principal.
func (q *Queue) let(principal string, t *ticket) {
	q.working++
	q.held[principal]++
	t.in = true
	close(t.settled)
}

// line returns the index of a principal's line, or -1 if it has none.
func (q *Queue) line(principal string) int {
	return slices.IndexFunc(q.lines, func(l *line) bool { return l.principal == principal })
}

// makeRoom makes the last ticket of the longest line give way, if the principal would then have no more than
// remain in that line.
func (q *Queue) makeRoom(principal string) bool {
	longest, own := -1, 0
	for i, l := range q.lines {
		if longest < 0 || len(l.tickets) > len(q.lines[longest].tickets) {
			longest = i
		}
		if l.principal == principal {
			own = len(l.tickets)
		}
	}
	if longest < 0 || own+1 >= len(q.lines[longest].tickets) {
		return false
	}
	l := q.lines[longest]
	last := len(l.tickets) - 1
	close(l.tickets[last].settled)
	l.tickets = l.tickets[:last] // which leaves some
	q.waiting--
	return true
}

// release ends a turn.
func (q *Queue) release(principal string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.end(principal)
}

func (q *Queue) end(principal string) {
	q.working--
	if q.held[principal]--; q.held[principal] == 0 {
		delete(q.held, principal)
	}
	q.admit()
}

// admit admits as many waiters as possible.
func (q *Queue) admit() {
	for i := 0; i < len(q.lines) && q.working < q.cfg.Limit; {
		l := q.lines[i]
		if !q.may(l.principal) {
			i++
			continue
		}
		t := l.tickets[0]
		l.tickets = l.tickets[1:]
		q.lines = slices.Delete(q.lines, i, i+1)
		if len(l.tickets) > 0 {
			q.lines = append(q.lines, l) // after all others
		}
		q.waiting--
		q.let(l.principal, t)
	}
	q.announce()
}

// abandon ends a wait.
func (q *Queue) abandon(principal string, t *ticket) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.in { // it has been admitted meanwhile
		q.end(principal)
		return
	}
	i := q.line(principal)
	if i < 0 { // it has given way meanwhile
		return
	}
	l := q.lines[i]
	before := len(l.tickets)
	l.tickets = slices.DeleteFunc(l.tickets, func(other *ticket) bool { return other == t })
	q.waiting -= before - len(l.tickets)
	if len(l.tickets) == 0 {
		q.lines = slices.Delete(q.lines, i, i+1)
	}
	q.announce()
}

// announce gives each ticket its new position, if any of them wants it.
func (q *Queue) announce() {
	position := 1
	for round := 0; q.told && position <= q.waiting; round++ {
		for _, l := range q.lines {
			if round >= len(l.tickets) {
				continue
			}
			if t := l.tickets[round]; t.moved != nil && t.position != position {
				t.position = position
				select {
				case <-t.moved: // drop the unread position, which is out of date
				default:
				}
				t.moved <- position
			}
			position++
		}
	}
}
