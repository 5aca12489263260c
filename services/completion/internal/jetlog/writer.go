package jetlog

import (
	"context"
	"errors"
	"sync"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

// maxPending bounds the events of one completion that wait for an append; an engine
// that is ahead of the log by more has to wait.
const maxPending = 1024

// A writer is a completion's only writer, as long as the fence says so. It implements
// [chat.Writer].
type writer struct {
	log    *Log
	shared *shared
	epoch  uint64

	mu      sync.Mutex
	last    uint64 // stream sequence of the last record: the fence
	next    int64  // sequence number of the next event that is stored
	pending []chat.Event
	bytes   int           // of all events
	busy    bool          // an append is in flight
	sealed  bool          // the terminal event is pending or stored
	err     error         // why nothing more can be stored
	onEnd   func()        // nil once there is nobody to tell
	turn    chan struct{} // closed when an append has ended; nil while nobody waits
}

// OnEnd implements [chat.Writer].
func (w *writer) OnEnd(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.onEnd = f
	if w.err != nil || w.sealed {
		w.tell()
	}
}

// tellEnd tells the generation that somebody else has ended the completion.
func (w *writer) tellEnd() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tell()
}

// tell is tellEnd for a caller that holds the lock.
func (w *writer) tell() {
	if w.onEnd != nil {
		go w.onEnd()
		w.onEnd = nil
	}
}

// Append implements [chat.Writer].
func (w *writer) Append(ctx context.Context, e chat.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.pending) >= maxPending && w.err == nil {
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
	w.log.publishProgress(w.shared.id(), p)
}

// Seal implements [chat.Writer].
func (w *writer) Seal(ctx context.Context, terminal chat.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sealed {
		return chat.ErrSealed
	}
	if w.err == nil {
		w.sealed = true
		w.add(terminal)
	}
	for w.err == nil && (w.busy || len(w.pending) > 0) {
		if err := w.await(ctx); err != nil {
			return err
		}
	}
	return w.err
}

// add queues an event, and sees to it that it is stored. The caller holds the lock.
func (w *writer) add(e chat.Event) {
	w.bytes += sizeOf(&e)
	w.pending = append(w.pending, e)
	if !w.busy {
		w.busy = true
		w.log.work.Go(w.commit)
	}
}

// sizeOf returns about how many bytes an event takes.
func sizeOf(e *chat.Event) int {
	size := 8 + len(e.Delta.Content) + len(e.Delta.Reasoning) + len(e.Delta.Refusal)
	for _, c := range e.Delta.ToolCalls {
		size += 16 + len(c.ID) + len(c.Name) + len(c.Arguments)
	}
	if l := e.Delta.Logprobs; l != nil {
		for _, t := range l.Content {
			size += 32 * (1 + len(t.Top))
		}
	}
	return size
}

// await waits for the end of the append in flight, without the lock.
func (w *writer) await(ctx context.Context) error {
	if w.turn == nil {
		w.turn = make(chan struct{})
	}
	turn := w.turn
	w.mu.Unlock()
	defer w.mu.Lock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// commit stores what is pending, one record after the other, until nothing is.
func (w *writer) commit() {
	var spare []chat.Event
	for {
		w.mu.Lock()
		if len(w.pending) == 0 || w.err != nil {
			w.busy = false
			w.wake()
			w.mu.Unlock()
			return
		}
		batch, last := w.pending, w.last
		w.pending = spare[:0]
		w.wake()
		w.mu.Unlock()

		sequence, err := w.store(batch, last)
		if err != nil {
			w.fail(err)
			continue
		}
		w.acknowledge(batch, sequence)
		clear(batch)
		spare = batch
	}
}

// acknowledge shows a batch that is stored. If the writer's part has ended meanwhile,
// a mirror feeds the tape and shows it; hence the lock.
func (w *writer) acknowledge(batch []chat.Event, sequence uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return
	}
	w.last = sequence
	w.next += int64(len(batch))
	w.shared.show(batch)
	if batch[len(batch)-1].Terminal() {
		w.log.work.Go(func() { w.log.disown(w.shared.id()) })
	}
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
	w.tell()
	w.mu.Unlock()
	w.shared.lose(err)
	if errors.Is(err, chat.ErrSealed) || errors.Is(err, chat.ErrTrimmed) {
		w.log.work.Go(func() { w.log.disown(w.shared.id()) })
		return
	}
	w.log.abandon(w.shared.id()) // it is unfinished, and the log may come back
}

// wake lets those go on that await. The caller holds the lock.
func (w *writer) wake() {
	if w.turn != nil {
		close(w.turn)
		w.turn = nil
	}
}

// store appends a batch as one record.
func (w *writer) store(batch []chat.Event, last uint64) (uint64, error) {
	data, err := record.Encode(&record.Record{Writer: w.log.replica, Epoch: w.epoch, First: w.next, Events: batch})
	if err != nil {
		return last, err
	}
	sequence, err := w.log.append(w.log.ctx, eventsPrefix+w.shared.id(), data, last)
	if errors.Is(err, errFenced) {
		// Somebody else has ended or taken over the completion: what is ours to do has been done.
		return last, errors.Join(chat.ErrSealed, err)
	}
	return sequence, err
}
