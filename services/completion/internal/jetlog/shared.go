package jetlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/record"
	"github.com/pawstream/pawstream/services/completion/internal/tape"
)

// A shared is a completion in memory, for all its readers in this process. Its writer, or a mirror of the
// stream, feeds it.
type shared struct {
	log  *Log
	name string // the completion's id
	tape tape.Tape

	// Guarded by log.mu.
	writer   *writer            // nil: a mirror
	stop     context.CancelFunc // ends the mirror, if there is one
	stopped  chan struct{}      // closed when it has ended
	readers  int
	idle     bool // in log.ended
	size     int  // as counted in log.held
	until    time.Time
	whose    string     // the principal, once it is known
	unstored bool       // it is known that it is not to be stored
	kept     chat.Share // of the memory: what only readers keep; nil: nothing
}

// readersCost is how many bytes of memory a byte of a tape counts as.
const readersCost = 2

// keep reserves room for what a mirror is about to add for readers. m is the completion's meta, if that comes
// too.
func (s *shared) keep(m *chat.Meta, bytes int) error {
	l := s.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if m != nil {
		s.whose, s.unstored = m.Principal, !m.Request.Store
	}
	if l.cfg.Memory == nil || s.readers == 0 || s.writer != nil {
		return nil
	}
	if s.kept == nil {
		s.kept = l.cfg.Memory.Share(s.whose)
	}
	return s.kept.Grow(readersCost * bytes)
}

// count tells the memory what only readers keep: nothing if there are none, or if the completion is written
// here, and counted there. The caller holds the log's lock.
func (s *shared) count(terminal *chat.Event) {
	switch {
	case s.log.cfg.Memory == nil:
	case s.kept != nil && (s.readers == 0 || s.writer != nil && terminal == nil):
		s.kept.Release()
		s.kept = nil
	case s.kept == nil && s.readers > 0 && (terminal != nil || s.writer == nil):
		size := s.tape.Size()
		if s.writer != nil {
			size += s.writer.meta.RequestSize // its run no longer counts it
		}
		if size > 0 {
			s.kept = s.log.cfg.Memory.Share(s.whose)
			s.kept.Force(readersCost * size) // it is in memory already
		}
	}
}

// show lets readers see events that the log has acknowledged.
func (s *shared) show(events []chat.Event) {
	for i := range events {
		if err := s.tape.Append(events[i]); err != nil {
			return // deleted: nobody may see it
		}
	}
	if len(events) > 0 && events[len(events)-1].Terminal() {
		s.log.settle(s)
	}
}

// lose ends the part of a writer whose append failed. If another one has written, readers continue with what
// the stream holds; otherwise they get the error.
func (s *shared) lose(w *writer, err error) {
	l := s.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.writer != w {
		return // another writer of this process has taken over
	}
	if !errors.Is(err, chat.ErrSealed) {
		s.tape.Drop(err)
		l.remove(s)
		return
	}
	s.writer = nil
	switch {
	case l.tapes[s.name] != s: // its era has ended meanwhile, and its readers got the error
	case s.readers == 0:
		l.remove(s) // new readers read the stream
	default:
		s.count(nil)
		l.startMirror(s, false)
	}
}

// writing returns the completion's writer if it is written here, otherwise nil.
func (l *Log) writing(id string) *writer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.find(id); s != nil {
		return s.writer
	}
	return nil
}

// find returns a completion that is in memory and has not expired. The caller holds
// the lock.
func (l *Log) find(id string) *shared {
	l.expire()
	s := l.tapes[id]
	if s != nil && s.idle && time.Now().After(s.until) {
		l.remove(s)
		return nil
	}
	return s
}

// expire drops completions that have been kept long enough. The caller holds the lock.
func (l *Log) expire() {
	now := time.Now()
	for len(l.ended) > 0 && (l.held > l.cfg.Cache || now.After(l.ended[0].until)) {
		l.remove(l.ended[0])
	}
}

// acquire returns the completion with one more reader. It starts a mirror if there is none.
func (l *Log) acquire(ctx context.Context, id string) (*shared, error) {
	if !validID(id) {
		return nil, chat.ErrNotFound
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.find(id)
	fresh := s == nil
	if fresh {
		s = &shared{log: l, name: id}
		l.tapes[id] = s
	}
	s.readers++
	l.unidle(s)
	_, terminal := s.tape.Last()
	s.count(terminal)
	if fresh {
		l.startMirror(s, false)
	}
	return s, nil
}

// release removes a reader from the count.
func (l *Log) release(s *shared) {
	l.mu.Lock()
	s.readers--
	l.mu.Unlock()
	l.settle(s)
}

// settle decides what happens to a completion that may have no reader: an ended one is kept as long as there is
// room, the mirror of a running one ends.
func (l *Log) settle(s *shared) {
	_, terminal := s.tape.Last()
	l.mu.Lock()
	defer l.mu.Unlock()
	s.count(terminal)
	if s.readers > 0 || s.idle || l.tapes[s.name] != s {
		return
	}
	switch {
	case terminal != nil:
		if s.until.IsZero() {
			s.until = time.Now().Add(l.cfg.Retention)
			if s.unstored {
				s.until = time.Now().Add(l.cfg.ResumeRetention)
			}
		}
		s.idle, s.size = true, s.tape.Size()
		if s.writer != nil {
			s.size += s.writer.meta.RequestSize
		}
		l.ended = append(l.ended, s)
		l.held += s.size
		l.expire()
	case s.writer == nil:
		s.stop()
		delete(l.tapes, s.name)
	}
}

// drop takes the completion out of memory; its readers keep their tape.
func (l *Log) drop(s *shared) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remove(s)
}

// remove is drop for a caller that holds the lock.
func (l *Log) remove(s *shared) {
	if l.tapes[s.name] != s {
		return
	}
	delete(l.tapes, s.name)
	l.unidle(s)
}

// unidle removes the completion from the list of those without readers. The caller holds the lock.
func (l *Log) unidle(s *shared) {
	if s.idle {
		s.idle = false
		l.held -= s.size
		l.ended = slices.DeleteFunc(l.ended, func(e *shared) bool { return e == s })
	}
}

// forget ends the readers of a deleted completion.
func (l *Log) forget(id string) {
	l.mu.Lock()
	s := l.tapes[id]
	l.mu.Unlock()
	if s == nil {
		return
	}
	if w := l.writing(id); w != nil {
		w.fail(chat.ErrTrimmed)
	}
	l.drop(s)
	s.tape.Drop(chat.ErrTrimmed)
}

// feed shows a record's events, except those already shown: [chat.ErrLost] if the completion ends before
// something that was shown.
func (s *shared) feed(r *record.Record) error {
	last, terminal := s.tape.Last()
	next := last + 1
	switch {
	case r.Terminal() != nil && (r.Next() < next || r.Next() == next && terminal == nil):
		return fmt.Errorf("completion %s: %w: it ends with event %d, and event %d was shown", s.name, chat.ErrLost, r.Next()-1, last)
	case len(r.Events) > 0 && r.First < next && s.tape.Term(r.First) != r.Term():
		return fmt.Errorf("completion %s: %w: event %d differs from the one that was shown", s.name, chat.ErrLost, r.First)
	case len(r.Events) == 0 || r.Next() <= next:
		return nil
	case r.First > next:
		return fmt.Errorf("%w: event %d follows event %d", record.ErrCorrupt, r.First, last)
	}
	s.tape.Turn(r.Term())
	s.show(r.Events[next-r.First:])
	return nil
}
