package chat

import (
	"context"
	"iter"
	"sync"
)

// A Stream is one reader's view of a completion. Entries or Close has to be called,
// or the completion keeps a reader that nobody is.
type Stream struct {
	ctx      context.Context //nolint:containedctx // a Stream is one call's iterator and ends with it
	service  *Service
	meta     *Meta
	run      *run
	after    int64
	progress bool
	leave    sync.Once
}

func (s *Service) newStream(ctx context.Context, m *Meta, r *run, after int64, progress bool) *Stream {
	return &Stream{ctx: ctx, service: s, meta: m, run: r, after: after, progress: progress}
}

// Meta returns what holds for the completion as a whole.
func (st *Stream) Meta() *Meta { return st.meta }

// Entries yields the completion's events up to the terminal one. It ends without
// one only by an error, which is the last thing yielded: [*Error], or the
// context's. It may be ranged over once, and closes the stream.
func (st *Stream) Entries() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		defer st.Close()
		for entry, err := range st.service.log.Follow(st.ctx, st.meta.ID, st.after, st.progress) {
			if err != nil {
				yield(Entry{}, st.service.failure(err))
				return
			}
			if !yield(entry, nil) {
				return
			}
		}
	}
}

// Close ends the stream without a reader having seen its end. Further calls do nothing.
func (st *Stream) Close() {
	st.leave.Do(func() {
		if st.run != nil {
			st.run.leave()
		}
	})
}
