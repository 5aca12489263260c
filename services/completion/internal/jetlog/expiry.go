package jetlog

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/due"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/record"
	"github.com/pawstream/pawstream/services/completion/internal/shares"
)

// A completion that is not to be stored is kept for readers that resume it, and deleted a while after its end.
// The replica that settles the end stores that the completion has ended, in a separate entry, before it disowns
// the completion; so nothing is forgotten if it dies in between. Each replica deletes the completions whose
// entries have its own name, and later, in case their replica has died, those with other names. If all of that
// fails, the stream's own retention deletes everything.

// An expiry deletes completions that are not to be stored.
type expiry struct {
	log  *Log
	list due.List
}

// begin starts to delete what is not to be stored, if that is due before the stream's retention.
func (e *expiry) begin(l *Log) {
	if l.cfg.ResumeRetention >= l.cfg.Retention {
		return
	}
	e.log = l
	e.list = due.List{
		IO: l.io, Prefix: duePrefix, Replica: l.replica, Alone: l.server != nil, Logger: l.cfg.Logger,
		Spared: l.followed, Delete: e.delete,
	}
	l.work.Go(func() { e.list.Run(l.ctx, l.cfg.ResumeRetention, e.forget) })
}

// note stores that a completion has ended which may have to be deleted.
func (e *expiry) note(ctx context.Context, in era, id string) error {
	if e.log == nil {
		return nil
	}
	return e.list.Note(ctx, in, id)
}

// forget drops from memory what has been kept long enough and has no readers. It returns the era.
func (e *expiry) forget() era {
	l := e.log
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = slices.DeleteFunc(l.ended, func(s *shared) bool {
		if !time.Now().After(s.until) {
			return false
		}
		delete(l.tapes, s.name)
		l.held -= s.size
		s.idle = false
		return true
	})
	return l.gate.era()
}

// delete deletes a completion, unless it is to be kept, and then the entry that says that it has ended.
func (e *expiry) delete(ctx context.Context, in era, id, subject string, entry uint64) error {
	l := e.log
	meta, _, err := l.archive.meta(ctx, id)
	switch {
	case isGone(err):
	case errors.Is(err, record.ErrCorrupt): // nobody can read it, and it may hold a text
		err = e.purge(ctx, in, id)
	case err == nil:
		err = e.deleteUnkept(ctx, in, meta)
	}
	if err != nil && !isGone(err) {
		return err
	}
	err = l.archive.deleteUpTo(ctx, in, subject, entry)
	if errors.Is(err, chat.ErrNotFound) {
		return nil // another replica was faster
	}
	return err
}

// deleteUnkept deletes a completion with its name, unless it is to be stored, or has got metadata since. What
// is remembered of it stays.
func (e *expiry) deleteUnkept(ctx context.Context, in era, m *chat.Meta) error {
	l := e.log
	labels, err := l.io.LastOf(ctx, labelsPrefix+m.ID)
	switch {
	case err != nil && !errors.Is(err, chat.ErrNotFound):
		return err
	case m.Request.Store:
		return nil
	case err == nil && len(labels.Data) > 0:
		return e.countAgain(ctx, m)
	}
	if err := l.names.free(ctx, in, m); err != nil {
		return err
	}
	if err := e.purge(ctx, in, m.ID); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.tapes[m.ID]; s != nil {
		l.remove(s) // readers that have come meanwhile keep the tape
	}
	return nil
}

// purge deletes a completion's records and its metadata, as long as it is still the stream of an era.
func (e *expiry) purge(ctx context.Context, in era, id string) error {
	l := e.log
	if err := l.gate.Pass(ctx, in, time.Now().Add(l.cfg.Patience)); err != nil {
		return jetio.Failure(err)
	}
	return purge(ctx, l.stream, eventsPrefix+id, labelsPrefix+id)
}

// countAgain counts a completion against its principal's share again, because it stays after all: see
// [shares.Count.Shorten].
func (e *expiry) countAgain(ctx context.Context, m *chat.Meta) error {
	l := e.log
	if !l.shares.Bounds() {
		return nil
	}
	size := shares.CompletionOverhead
	_, err := l.archive.records(ctx, m.ID, 0, func(data []byte) error {
		size += len(data) + recordOverhead
		return nil
	})
	if err == nil {
		l.shares.Note(m.Principal, size)
	}
	return err
}

// purge deletes what subjects of a stream hold.
func purge(ctx context.Context, stream jetstream.Stream, subjects ...string) error {
	for _, subject := range subjects {
		if err := stream.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
			return jetio.Failure(err)
		}
	}
	return nil
}
