package memlog

import (
	"container/list"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// makeRoom expires completions that have ended, oldest end first, until n more bytes
// fit.
func (l *Log) makeRoom(n int) {
	for l.bytes+n > l.cfg.MaxBytes {
		oldest := l.ended.Front()
		if oldest == nil {
			return
		}
		l.expire(oldest.Value.(*completion)) //nolint:forcetypeassert // the list holds nothing else
	}
}

// schedule sees to it that the oldest completion is dropped in time.
func (l *Log) schedule() {
	oldest := l.ended.Front()
	if oldest == nil || l.expiry != nil || l.closed {
		return
	}
	until := oldest.Value.(*completion).until //nolint:forcetypeassert // the list holds nothing else
	l.expiry = time.AfterFunc(time.Until(until), l.sweep)
}

// sweep drops what has been kept for long enough.
func (l *Log) sweep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for e := l.ended.Front(); e != nil; e = l.ended.Front() {
		c := e.Value.(*completion) //nolint:forcetypeassert // the list holds nothing else
		if c.until.After(now) {
			break
		}
		l.expire(c)
	}
	l.expiry = nil
	l.schedule()
}

// expire drops a completion but remembers that there was one.
func (l *Log) expire(c *completion) {
	l.drop(c)
	l.tombs.add(c.meta)
}

// drop forgets a completion and ends its readers.
func (l *Log) drop(c *completion) {
	delete(l.byID, c.meta.ID)
	delete(l.byKey, key{c.meta.Principal, c.meta.IdempotencyKey})
	l.order.Remove(c.order)
	if c.ended != nil {
		l.ended.Remove(c.ended)
		l.idle -= c.bytes
	}
	l.bytes -= c.bytes
	c.tape.Drop(chat.ErrTrimmed)
	if c.ended == nil {
		c.tellEnd()
	}
}

// tombstones remember which completions have expired, and whose they were. They are
// bounded by number: the oldest is forgotten first.
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

// head returns what is left of a completion: ErrTrimmed, or ErrNotFound where there
// was none.
func (t *tombstones) head(id string) (chat.Head, error) {
	e, ok := t.byID[id]
	if !ok {
		return chat.Head{}, chat.ErrNotFound
	}
	return chat.Head{Meta: e.Value.(*chat.Meta), Last: -1}, chat.ErrTrimmed //nolint:forcetypeassert // the list holds nothing else
}
