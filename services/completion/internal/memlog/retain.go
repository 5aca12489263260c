package memlog

import (
	"cmp"
	"container/heap"
	"container/list"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// An expiring is a heap of ended completions. The first one is due to expire soonest.
type expiring []*completion

// Len implements [heap.Interface].
func (e expiring) Len() int { return len(e) }

// Less implements [heap.Interface].
func (e expiring) Less(i, j int) bool {
	return cmp.Or(e[i].until.Compare(e[j].until), e[i].nth-e[j].nth) < 0
}

// Swap implements [heap.Interface].
func (e expiring) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].place, e[j].place = i, j
}

// Push implements [heap.Interface].
func (e *expiring) Push(c any) {
	ended := c.(*completion) //nolint:forcetypeassert // the heap holds nothing else
	ended.place = len(*e)
	*e = append(*e, ended)
}

// Pop implements [heap.Interface].
func (e *expiring) Pop() any {
	last := len(*e) - 1
	c := (*e)[last]
	(*e)[last] = nil
	*e = (*e)[:last]
	return c
}

// retention returns how long a completion is kept after its end. If its owner has added metadata, it is kept as long as
// a stored completion.
func (l *Log) retention(c *completion) time.Duration {
	if c.meta.Request.Store || c.labels {
		return l.cfg.Retention
	}
	return l.cfg.ResumeRetention
}

// makeRoom expires ended completions, starting with those due to expire soonest, until n more bytes fit.
func (l *Log) makeRoom(n int) {
	for l.bytes+n > l.cfg.MaxBytes && len(l.ended) > 0 {
		l.expire(l.ended[0])
	}
}

// schedule sets the timer that drops the first of ended.
func (l *Log) schedule() {
	if len(l.ended) == 0 || l.closed {
		return
	}
	first := l.ended[0].until
	if l.expiry != nil {
		if !first.Before(l.due) {
			return // when it fires, sweep sets it again
		}
		l.expiry.Stop()
	}
	l.expiry, l.due = time.AfterFunc(time.Until(first), l.sweep), first
}

// sweep drops expired completions. Completions that have readers, or have got metadata since, are kept
// for the longer retention.
func (l *Log) sweep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	now := time.Now()
	for len(l.ended) > 0 && !l.ended[0].until.After(now) {
		c := l.ended[0]
		most := c.at.Add(l.cfg.Retention)
		switch until := c.at.Add(l.retention(c)); {
		case until.After(now):
			c.until = until
		case c.readers > 0 && most.After(now):
			c.until = now.Add(min(l.cfg.ResumeRetention, most.Sub(now)))
		default:
			l.expire(c)
			continue
		}
		heap.Fix(&l.ended, 0)
	}
	l.expiry.Stop() // it may still be running, set for an earlier time
	l.expiry = nil
	l.schedule()
}

// expire drops a completion but remembers that it existed.
func (l *Log) expire(c *completion) {
	l.drop(c)
	l.tombs.add(c.meta)
}

// drop removes a completion and ends its readers.
func (l *Log) drop(c *completion) {
	delete(l.byID, c.meta.ID)
	delete(l.byKey, key{c.meta.Principal, c.meta.IdempotencyKey})
	l.order.Remove(c.order)
	if c.ended {
		heap.Remove(&l.ended, c.place)
		l.idle -= c.bytes
	}
	l.bytes -= c.bytes
	c.tape.Drop(chat.ErrTrimmed)
	if !c.ended {
		c.notifyEnd()
	}
}

// tombstones remember expired completions and their owners. Their number is bounded: the oldest is forgotten
// first.
type tombstones struct {
	byID  map[string]*list.Element
	order *list.List // of *chat.Meta
}

func (t *tombstones) add(m *chat.Meta) {
	if t.order.Len() >= maxTombstones {
		oldest := t.order.Front()
		delete(t.byID, oldest.Value.(*chat.Meta).ID) //nolint:forcetypeassert // the list holds nothing else
		t.order.Remove(oldest)
	}
	t.byID[m.ID] = t.order.PushBack(&chat.Meta{ID: m.ID, Principal: m.Principal})
}

// head returns what is left of a completion: ErrTrimmed, or ErrNotFound if there was none.
func (t *tombstones) head(id string) (chat.Head, error) {
	e, ok := t.byID[id]
	if !ok {
		return chat.Head{}, chat.ErrNotFound
	}
	return chat.Head{Meta: e.Value.(*chat.Meta), Last: -1}, chat.ErrTrimmed //nolint:forcetypeassert // the list holds nothing else
}
