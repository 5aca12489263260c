package upstream

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// errFull says that a queue takes no more.
var errFull = errors.New("the queue is full")

// A queue bounds how many work at once. Those that wait are let in by turns of their
// principals, so that nobody waits for the whole crowd of another one.
type queue struct {
	limit, room int // limit 0: no bound

	mu      sync.Mutex
	working int
	waiting int
	// lines are the principals that wait, in the order of their turns.
	lines []*line
}

// A line is one principal's.
type line struct {
	principal string
	tickets   []*ticket
}

// A ticket is one's place in a queue.
type ticket struct {
	admitted chan struct{} // closed when it is one's turn
	in       bool
	place    int
	moved    chan int // the newest place that was not told yet
}

func newQueue(limit, room int) *queue { return &queue{limit: limit, room: room} }

// enter waits for a place: errFull where too many wait already. moved is told one's place
// in the queue, 1 for the next, whenever it changes; what it returns ends the waiting. The
// place is given back by leave.
func (q *queue) enter(ctx context.Context, principal string, moved func(place int) error) (leave func(), err error) {
	if q.limit == 0 {
		return func() {}, nil
	}
	t := q.join(principal)
	if t == nil {
		return nil, errFull
	}
	for {
		select {
		case <-t.admitted:
			return q.leave, nil
		default:
		}
		select {
		case <-t.admitted:
			return q.leave, nil
		case place := <-t.moved:
			err = moved(place)
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			q.desert(principal, t)
			return nil, err
		}
	}
}

// join returns a ticket, nil where there is no room.
func (q *queue) join(principal string) *ticket {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := &ticket{admitted: make(chan struct{}), moved: make(chan int, 1)}
	switch {
	case q.working < q.limit && q.waiting == 0:
		q.working++
		t.in = true
		close(t.admitted)
		return t
	case q.waiting >= q.room:
		return nil
	}
	i := slices.IndexFunc(q.lines, func(l *line) bool { return l.principal == principal })
	if i < 0 {
		i = len(q.lines)
		q.lines = append(q.lines, &line{principal: principal})
	}
	q.lines[i].tickets = append(q.lines[i].tickets, t)
	q.waiting++
	q.tell()
	return t
}

// leave gives a place back.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.working--
	q.admit()
}

// admit lets in whoever's turn it is.
func (q *queue) admit() {
	for q.working < q.limit && len(q.lines) > 0 {
		l := q.lines[0]
		t := l.tickets[0]
		l.tickets = l.tickets[1:]
		q.lines = q.lines[1:]
		if len(l.tickets) > 0 {
			q.lines = append(q.lines, l) // its next turn is after everybody else's
		}
		q.waiting--
		q.working++
		t.in = true
		close(t.admitted)
	}
	q.tell()
}

// desert gives up waiting.
func (q *queue) desert(principal string, t *ticket) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.in { // it was let in meanwhile
		q.working--
		q.admit()
		return
	}
	i := slices.IndexFunc(q.lines, func(l *line) bool { return l.principal == principal })
	l := q.lines[i]
	l.tickets = slices.DeleteFunc(l.tickets, func(other *ticket) bool { return other == t })
	if len(l.tickets) == 0 {
		q.lines = slices.Delete(q.lines, i, i+1)
	}
	q.waiting--
	q.tell()
}

// tell tells everybody who waits their places. The crowd is bounded by the queue's room.
func (q *queue) tell() {
	place := 1
	for round := 0; place <= q.waiting; round++ {
		for _, l := range q.lines {
			if round >= len(l.tickets) {
				continue
			}
			if t := l.tickets[round]; t.place != place {
				t.place = place
				select {
				case <-t.moved: // nobody has seen the last one: it is old
				default:
				}
				t.moved <- place
			}
			place++
		}
	}
}
