package jetlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/record"
	"github.com/pawstream/pawstream/services/completion/internal/tape"
)

// Bounds of what waits for an append of one completion, in events and in bytes: an engine that is further ahead
// of the log has to wait.
const (
	maxPending      = 1024
	maxPendingBytes = 1 << 20
)

// maxRecord bounds the events of one record, in bytes; a single event may be larger.
// By default, an external server accepts messages of up to 1 MiB.
const maxRecord = 256 << 10

// keptPending is for how many events a writer keeps memory while nothing waits.
const keptPending = 4

// A writer is a completion's only writer, as long as the fence says so. It implements
// [chat.Writer].
type writer struct {
	log    *Log
	shared *shared
	era    era
	meta   *chat.Meta // as it was at the beginning: the stream has the metadata that replaced its own
	epoch  uint64
	term   uint32 // of what it stores
	owner  uint64 // stream sequence of the message that says who writes; 0: not known
	noted  int    // bytes that this writer has counted against the principal's share; only the current append writes it

	mu       sync.Mutex
	last     uint64 // stream sequence of the last record: the fence
	next     int64  // sequence number of the next event that is stored
	pending  []chat.Event
	waiting  int           // bytes of pending
	bytes    int           // of all events, as stored
	busy     bool          // an append is in flight
	sealed   bool          // the terminal event is pending or stored
	ended    bool          // the terminal event is stored, so the end has to be settled
	err      error         // why nothing more can be stored
	onEnd    func()        // nil once it has been called, or is not needed
	appended chan struct{} // closed when the append in flight has ended; nil while nobody waits
}

// OnEnd implements [chat.Writer].
func (w *writer) OnEnd(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.onEnd = f
	if w.err != nil || w.sealed {
		w.notify()
	}
}

// notifyEnd notifies the generation that somebody else has ended the completion.
func (w *writer) notifyEnd() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notify()
}

// notify is notifyEnd for a caller that holds the lock.
func (w *writer) notify() {
	if w.onEnd != nil {
		go w.onEnd()
		w.onEnd = nil
	}
}

// Append implements [chat.Writer].
func (w *writer) Append(ctx context.Context, e chat.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for (len(w.pending) >= maxPending || w.waiting >= maxPendingBytes) && w.err == nil {
		w.log.stats.waits.Add(1)
		if err := w.await(ctx); err != nil {
			return err
		}
	}
	switch {
	case w.err != nil:
		return w.err
	case w.sealed:
		return chat.ErrSealed
	case w.bytes >= w.log.cfg.MaxCompletion:
		return chat.ErrTooLong
	}
	w.add(e)
	return nil
}

// Progress implements [chat.Writer].
func (w *writer) Progress(p chat.Progress) {
	w.shared.tape.Progress(p)
	w.log.publishProgress(w.shared.name, p)
}

// Seal implements [chat.Writer].
func (w *writer) Seal(ctx context.Context, terminal chat.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	again := w.sealed
	if w.err == nil && !again {
		w.sealed = true
		w.add(terminal)
	}
	for w.err == nil && (w.busy || len(w.pending) > 0) {
		if err := w.await(ctx); err != nil {
			return err
		}
	}
	if w.err == nil && again {
		return chat.ErrSealed
	}
	return w.err
}

// Settle implements [chat.Writer].
func (w *writer) Settle(book func()) {
	if !w.meta.Request.Store {
		w.log.shares.Shorten(w.meta.Principal, w.noted)
	}
	w.log.settleEnd(w.era, w.meta, w.owner, book)
}

// add queues an event to be stored. The caller holds the lock.
func (w *writer) add(e chat.Event) {
	size := tape.SizeOf(&e)
	w.bytes += record.Size(&e)
	w.waiting += size
	w.pending = append(w.pending, e)
	if !w.busy {
		w.busy = true
		w.log.work.Go(w.commit)
	}
}

// await waits for the end of the append in flight, without the lock.
func (w *writer) await(ctx context.Context) error {
	if w.appended == nil {
		w.appended = make(chan struct{})
	}
	appended := w.appended
	w.mu.Unlock()
	defer w.mu.Lock()
	select {
	case <-appended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// commit stores pending events, one record after the other, until none is left.
func (w *writer) commit() {
	var spare []chat.Event
	for {
		w.mu.Lock()
		if len(w.pending) == 0 || w.err != nil {
			w.busy = false
			if cap(w.pending) > keptPending {
				w.pending = nil
			}
			w.wake()
			w.mu.Unlock()
			return
		}
		batch, last := w.nextBatch(spare), w.last
		w.wake()
		w.mu.Unlock()

		sequence, err := w.store(batch, last)
		if err != nil {
			w.fail(err)
			continue
		}
		w.acknowledge(batch, sequence)
		clear(batch)
		spare = batch[:0]
	}
}

// nextBatch returns the events of the next record, with the remaining capacity of their slice, and leaves the
// others in spare's memory. The caller holds the lock.
func (w *writer) nextBatch(spare []chat.Event) []chat.Event {
	n := len(w.pending)
	if w.waiting > w.log.maxRecord {
		size := 0
		for n = 0; n < len(w.pending) && (n == 0 || size < w.log.maxRecord); n++ {
			size += tape.SizeOf(&w.pending[n])
		}
		if n > 1 && size > w.log.maxRecord {
			n-- // the last one goes with the next record
			size -= tape.SizeOf(&w.pending[n])
		}
		w.waiting -= size
	} else {
		w.waiting = 0
	}
	batch, rest := w.pending[:n], w.pending[n:]
	spare = append(spare, rest...)
	w.pending = spare
	clear(rest)
	return batch
}

// acknowledge shows a stored batch. If the writer's part has ended meanwhile, a mirror feeds the tape and shows
// it; hence the lock.
func (w *writer) acknowledge(batch []chat.Event, sequence uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return
	}
	w.last = sequence
	w.next += int64(len(batch))
	w.ended = batch[len(batch)-1].Terminal()
	w.shared.tape.Turn(w.term)
	w.shared.show(batch)
}

// fail ends the writer's part, once: nothing more can be stored.
func (w *writer) fail(err error) {
	w.mu.Lock()
	if w.err != nil {
		w.mu.Unlock()
		return
	}
	w.err = err
	w.wake()
	w.notify()
	ended := w.ended
	w.mu.Unlock()
	w.shared.lose(w, err)
	if ended {
		return // its owner settles it
	}
	if errors.Is(err, chat.ErrSealed) || errors.Is(err, chat.ErrTrimmed) {
		w.log.work.Go(w.disown)
		return
	}
	w.log.abandon(w.shared.name) // it is unfinished, and the log may come back
}

// disown tells the other replicas that this one no longer writes the completion.
func (w *writer) disown() { w.log.disown(w.era, w.shared.name, w.owner) }

// wake wakes all callers of await. The caller holds the lock.
func (w *writer) wake() {
	if w.appended != nil {
		close(w.appended)
		w.appended = nil
	}
}

// store appends a batch as one record.
func (w *writer) store(batch []chat.Event, last uint64) (uint64, error) {
	data, err := record.Encode(&record.Record{Writer: w.log.replica, Epoch: w.epoch, First: w.next, Events: batch})
	if err != nil {
		return last, err
	}
	start := time.Now()
	sequence, err := w.appendFenced(data, last)
	if err == nil {
		took := time.Since(start)
		w.log.stats.stored(len(batch), len(data), took)
		w.noted += len(data) + recordOverhead
		w.log.shares.Note(w.meta.Principal, len(data)+recordOverhead)
		if w.log.cfg.Observer != nil {
			w.log.cfg.Observer.Appended(len(batch), len(data), took)
		}
	}
	return sequence, err
}

// appendFenced appends a record after the last one: [chat.ErrSealed] if somebody else has written, which means
// that the completion was ended or taken over and our part is done; [chat.ErrLost] if the stream is another
// one.
func (w *writer) appendFenced(data []byte, last uint64) (uint64, error) {
	l := w.log
	sequence, err := l.io.AppendPatiently(l.ctx, w.era, eventsPrefix+w.shared.name, data, last)
	switch {
	case !errors.Is(err, jetio.ErrFenced):
		return sequence, err
	case l.keeper.lost(l.ctx, w.era):
		return last, chat.ErrLost
	}
	return last, fmt.Errorf("%w: %w", chat.ErrSealed, err)
}
