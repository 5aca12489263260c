// Package memlog keeps completions in memory. It is for tests, and for single processes
// whose answers need not outlive them: when the process ends, its completions are gone.
package memlog

import (
	"cmp"
	"container/heap"
	"container/list"
	"context"
	"iter"
	"maps"
	"sync"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/record"
	"github.com/pawstream/pawstream/services/completion/internal/tape"
)

// Defaults of [Config].
const (
	DefaultRetention     = time.Hour
	DefaultMaxBytes      = 512 << 20
	DefaultMaxCompletion = 8 << 20
)

// countStep is how much a running completion grows before it is counted again, so that not every event takes
// the log's lock.
const countStep = 64 << 10

// maxTombstones bounds how many expired completions are remembered as such.
const maxTombstones = 100_000

// Config bounds a [Log]. The zero value is useful.
type Config struct {
	// Retention is how long a completion is kept after its end.
	Retention time.Duration
	// ResumeRetention is how long a completion that its caller did not ask to store is kept; 0, or more than
	// Retention: as long as the others.
	ResumeRetention time.Duration
	// MaxBytes bounds all completions together. When it is reached, the oldest ended ones are dropped; if none
	// has ended, no new one is admitted.
	MaxBytes int
	// MaxCompletion bounds the events of one completion, in bytes as a log would store them.
	MaxCompletion int
}

// Log is a [chat.Log] in memory.
type Log struct {
	cfg Config

	mu     sync.Mutex
	byID   map[string]*completion
	byKey  map[key]*completion
	order  *list.List // all completions, by creation
	ended  expiring   // the ended ones
	ends   int        // how many have ended so far
	bytes  int
	idle   int         // bytes of ended
	expiry *time.Timer // drops the first of ended; nil while ended is empty
	due    time.Time   // when expiry fires
	tombs  tombstones
	closed bool
}

var _ chat.Log = (*Log)(nil)

type key struct{ principal, key string }

type completion struct {
	meta  *chat.Meta
	tape  tape.Tape
	bytes int    // as counted in Log.bytes
	onEnd func() // nil once it has been called, or is not needed
	order *list.Element

	// Set when it ends; guarded by Log.mu.
	ended   bool
	nth     int       // its number among the ends
	at      time.Time // when it ended
	until   time.Time // how long it is kept
	place   int       // in Log.ended
	readers int       // valid before the end too
	labels  bool      // its metadata was replaced, and is not empty
}

// New returns an empty log. [Log.Close] stops its timer.
func New(cfg Config) *Log {
	cfg.Retention = cmp.Or(cfg.Retention, DefaultRetention)
	cfg.ResumeRetention = min(cmp.Or(cfg.ResumeRetention, cfg.Retention), cfg.Retention)
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, DefaultMaxBytes)
	cfg.MaxCompletion = cmp.Or(cfg.MaxCompletion, DefaultMaxCompletion)
	return &Log{
		cfg:   cfg,
		byID:  make(map[string]*completion),
		byKey: make(map[key]*completion),
		order: list.New(),
		tombs: tombstones{byID: make(map[string]*list.Element), order: list.New()},
	}
}

// Close stops the retention timer. After that, the log no longer drops expired completions.
func (l *Log) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.expiry != nil {
		l.expiry.Stop()
	}
}

// Create implements [chat.Log].
func (l *Log) Create(_ context.Context, m *chat.Meta) (chat.Writer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := key{m.Principal, m.IdempotencyKey}
	if c := l.byKey[k]; c != nil {
		return nil, &chat.ExistsError{Meta: c.meta}
	}
	c := &completion{meta: m, bytes: metaSize(m)}
	if l.bytes-l.idle+c.bytes > l.cfg.MaxBytes {
		return nil, chat.ErrLogFull // too much is running: dropping ended completions would not make enough room
	}
	l.makeRoom(c.bytes)
	l.byID[m.ID] = c
	if m.IdempotencyKey != "" {
		l.byKey[k] = c
	}
	c.order = l.order.PushBack(c)
	l.bytes += c.bytes
	return &writer{log: l, c: c}, nil
}

// Lookup implements [chat.Log].
func (l *Log) Lookup(_ context.Context, principal, k string) (*chat.Meta, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.byKey[key{principal, k}]
	if !ok {
		return nil, chat.ErrNotFound
	}
	return c.meta, nil
}

// Head implements [chat.Log].
func (l *Log) Head(_ context.Context, id string) (chat.Head, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.byID[id]
	if !ok {
		return l.tombs.head(id)
	}
	return c.head(), nil
}

// Latest implements [chat.Log].
func (l *Log) Latest(ctx context.Context, id string) (chat.Head, error) { return l.Head(ctx, id) }

func (c *completion) head() chat.Head {
	last, terminal := c.tape.Last()
	return chat.Head{Meta: c.meta, Last: last, Terminal: terminal}
}

// Follow implements [chat.Log].
func (l *Log) Follow(ctx context.Context, id string, after int64, progress bool) iter.Seq2[chat.Entry, error] {
	return func(yield func(chat.Entry, error) bool) {
		c, err := l.join(id)
		if err != nil {
			yield(chat.Entry{}, err)
			return
		}
		defer l.leave(c)
		for entry, err := range c.tape.Follow(ctx, after, progress) {
			if !yield(entry, err) {
				return
			}
		}
	}
}

// join returns a completion with one more reader.
func (l *Log) join(id string) (*completion, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, err := l.get(id)
	if err == nil {
		c.readers++
	}
	return c, err
}

// leave removes a reader from the count.
func (l *Log) leave(c *completion) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.readers--
}

// Seal implements [chat.Log].
func (l *Log) Seal(_ context.Context, id string, terminal chat.Event) (chat.Settle, error) {
	c, err := l.find(id)
	if err != nil {
		return nil, err
	}
	if err := l.seal(c, terminal); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c.notifyEnd()
	return settle, nil
}

// settle is a [chat.Settle] for a single process: no other one could make the entry.
func settle(book func()) { book() }

// notifyEnd notifies the writer that another caller has ended the completion. The caller holds the lock.
func (c *completion) notifyEnd() {
	if c.onEnd != nil {
		go c.onEnd()
		c.onEnd = nil
	}
}

// SetMetadata implements [chat.Log].
func (l *Log) SetMetadata(_ context.Context, id string, metadata map[string]string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.byID[id]
	if !ok {
		_, err := l.tombs.head(id)
		return err
	}
	m := *c.meta // readers may hold the old one
	m.Metadata = maps.Clone(metadata)
	c.meta = &m
	c.labels = len(metadata) > 0
	return nil
}

// Delete implements [chat.Log].
func (l *Log) Delete(_ context.Context, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.byID[id]
	if !ok {
		return chat.ErrNotFound
	}
	l.drop(c)
	return nil
}

// List implements [chat.Log].
func (l *Log) List(_ context.Context, principal, after string, descending bool) iter.Seq2[chat.Head, error] {
	return func(yield func(chat.Head, error) bool) {
		listed, err := l.listed(principal, after, descending)
		if err != nil {
			yield(chat.Head{}, err)
			return
		}
		for _, c := range listed {
			l.mu.Lock()
			head, held := c.head(), l.byID[c.meta.ID] == c
			l.mu.Unlock()
			if held && !yield(head, nil) {
				return
			}
		}
	}
}

// listed returns the principal's stored completions after the one with that id.
func (l *Log) listed(principal, after string, descending bool) ([]*completion, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := func(c *completion) bool { return c.meta.Principal == principal && c.meta.Request.Store }
	first, next := l.order.Front, (*list.Element).Next
	if descending {
		first, next = l.order.Back, (*list.Element).Prev
	}
	at := first()
	if after != "" {
		c, ok := l.byID[after]
		if !ok || !mine(c) {
			return nil, chat.ErrNotFound
		}
		at = next(c.order)
	}
	var listed []*completion
	for ; at != nil; at = next(at) {
		if c := at.Value.(*completion); mine(c) { //nolint:forcetypeassert // the list holds nothing else
			listed = append(listed, c)
		}
	}
	return listed, nil
}

func (l *Log) find(id string) (*completion, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.get(id)
}

// get is find for a caller that holds the lock.
func (l *Log) get(id string) (*completion, error) {
	c, ok := l.byID[id]
	if !ok {
		_, err := l.tombs.head(id)
		return nil, err
	}
	return c, nil
}

// seal ends a completion and starts its retention.
func (l *Log) seal(c *completion, terminal chat.Event) error {
	if err := c.tape.Append(terminal); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byID[c.meta.ID] != c {
		return nil // deleted meanwhile
	}
	l.count(c)
	l.ends++
	c.ended, c.nth, c.at = true, l.ends, time.Now()
	c.until = c.at.Add(l.retention(c))
	heap.Push(&l.ended, c)
	l.idle += c.bytes
	l.makeRoom(0)
	l.schedule()
	return nil
}

// count updates the bytes of a completion.
func (l *Log) count(c *completion) {
	size := metaSize(c.meta) + c.tape.Size()
	l.bytes += size - c.bytes
	c.bytes = size
}

// grown counts a running completion again.
func (l *Log) grown(c *completion) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byID[c.meta.ID] == c {
		l.count(c)
		l.makeRoom(0)
	}
}

// metaSize returns the approximate size of a completion without its events.
func metaSize(m *chat.Meta) int { return 2048 + m.RequestSize }

// A writer implements [chat.Writer] for one completion.
type writer struct {
	log     *Log
	c       *completion
	counted int // size of the tape when the log counted it last
	stored  int // bytes of all events, as they would be stored
}

func (w *writer) OnEnd(f func()) {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	w.c.onEnd = f
	if _, terminal := w.c.tape.Last(); terminal != nil || w.log.byID[w.c.meta.ID] != w.c {
		w.c.notifyEnd()
	}
}

// Settle implements [chat.Writer].
func (*writer) Settle(book func()) { settle(book) }

func (w *writer) Append(_ context.Context, e chat.Event) error {
	if w.stored >= w.log.cfg.MaxCompletion {
		return chat.ErrTooLong
	}
	w.stored += record.Size(&e)
	if size := w.c.tape.Size(); size-w.counted >= countStep {
		w.counted = size
		w.log.grown(w.c)
	}
	return w.c.tape.Append(e)
}

func (w *writer) Progress(p chat.Progress) { w.c.tape.Progress(p) }

func (w *writer) Seal(_ context.Context, terminal chat.Event) error {
	return w.log.seal(w.c, terminal)
}
