package service

import (
	"context"
	"iter"
	"log/slog"
	"sync"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A Stream is one reader's view of a completion. Call Entries or Close, or the completion keeps counting a
// reader that does not exist.
type Stream struct {
	ctx      context.Context //nolint:containedctx // a Stream is one call's iterator and ends with it
	service  *Service
	meta     *chat.Meta
	run      *run
	after    int64
	term     uint32 // of the event that it resumes after; 0: not known
	until    *int64 // the last event of a stream that does not wait; nil: it waits
	progress bool
	leave    sync.Once
}

func (s *Service) newStream(ctx context.Context, m *chat.Meta, r *run, after int64, progress bool) *Stream {
	return &Stream{ctx: ctx, service: s, meta: m, run: r, after: after, progress: progress}
}

// Meta returns the completion's meta, without the request once Entries has begun: a request may be large, and a
// stream long.
func (st *Stream) Meta() *chat.Meta { return st.meta }

// Entries yields the completion's events up to the terminal one. It ends without one only with an error, which
// is yielded last: [*chat.Error], or the context's. It may be ranged over once, and closes the stream.
func (st *Stream) Entries() iter.Seq2[chat.Entry, error] {
	return func(yield func(chat.Entry, error) bool) {
		defer st.Close()
		st.meta = st.meta.WithoutRequest()
		if st.until != nil && *st.until <= st.after {
			return
		}
		after, unsure := st.after, st.term != 0 && st.after != chat.FromStart
		if unsure {
			after-- // includes the event that its reader has, to check its term
		}
		for entry, err := range st.service.log.Follow(st.ctx, st.meta.ID, after, st.progress) {
			switch {
			case err != nil:
				yield(chat.Entry{}, st.service.failure(err))
				return
			case unsure && entry.Sequence == st.after:
				if unsure = entry.Term != st.term; unsure {
					yield(chat.Entry{}, st.interrupt(st.ctx))
					return
				}
				continue
			}
			if !yield(entry, nil) || st.until != nil && entry.Sequence == *st.until {
				return
			}
		}
		if unsure && st.ctx.Err() == nil { // the event that its reader has is gone
			yield(chat.Entry{}, errInterrupted)
		}
	}
}

// AfterTerm sets the term of the event that the stream resumes after, as its reader received it; 0: not known.
// If the log has that event with another term, the stream ends with CodeInterrupted: the log was restored from
// a backup, and its reader has seen events that no longer exist. So does the completion, because other readers
// may have seen them too, and cannot tell.
func (st *Stream) AfterTerm(term uint32) { st.term = term }

// interrupt ends the completion, because the reader has seen events that the log no longer has. It returns the
// error for that reader.
func (st *Stream) interrupt(ctx context.Context) error {
	s, m := st.service, st.meta
	told := *errInterrupted
	told.SetBack, told.Throughout = true, true
	terminal := chat.Event{Kind: chat.KindError, Err: &told}
	s.logger.ErrorContext(ctx, "a reader has seen events that the log no longer has, because it was restored from a backup: ending the completion",
		slog.String("completion", m.ID))
	ctx = context.WithoutCancel(ctx)
	switch settle, err := s.log.Seal(ctx, m.ID, terminal); {
	case err == nil:
		settle(func() { s.observer.Ended(ctx, m, &terminal, 0, 0) })
	case !endedElsewhere(err):
		return s.failure(err)
	}
	return errInterrupted
}

// Close ends the stream without a reader having seen its end. Further calls do nothing.
func (st *Stream) Close() {
	st.leave.Do(func() {
		if st.run != nil {
			st.run.leave()
		}
	})
}
