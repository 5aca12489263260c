package jetlog

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

// Liveness. A replica that is taken for dead too early costs tokens, never truth: the
// fence alone decides who may write.
const (
	beatEvery = 500 * time.Millisecond
	deadAfter = 2500 * time.Millisecond
)

// replicas knows who was heard of and when.
type replicas struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

func (r *replicas) saw(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[name] = time.Now()
}

func (r *replicas) alive(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.seen[name]) < deadAfter
}

// Orphans takes completions over whose writers have died, and yields them, until ctx
// ends. It is to be ranged over by one goroutine, while the process lives: its being
// ranged over is what tells the other replicas that this one does.
func (l *Log) Orphans(ctx context.Context) iter.Seq[*chat.Orphan] {
	return func(yield func(*chat.Orphan) bool) {
		known := &replicas{seen: make(map[string]time.Time)}
		sub, err := l.conn.Subscribe(beatPrefix+"*", func(m *nats.Msg) {
			known.saw(strings.TrimPrefix(m.Subject, beatPrefix))
		})
		if err != nil {
			l.cfg.Logger.ErrorContext(ctx, "cannot listen to the other replicas", slog.Any("error", err))
			return
		}
		defer func() { _ = sub.Unsubscribe() }()
		beat := time.NewTicker(beatEvery)
		defer beat.Stop()
		// Whoever lives is heard of before anybody is taken for dead. A server inside
		// this process has no other replica, so what it finds is its own past.
		look := time.Now()
		if l.server == nil {
			look = look.Add(deadAfter)
		}
		for {
			_ = l.conn.Publish(beatPrefix+l.replica, nil)
			if !time.Now().Before(look) {
				if !l.takeOver(ctx, known, yield) {
					return
				}
				look = time.Now().Add(deadAfter / 2)
			}
			select {
			case <-beat.C:
			case <-ctx.Done():
				return
			}
		}
	}
}

// takeOver yields the completions of every replica that is not alive.
func (l *Log) takeOver(ctx context.Context, known *replicas, yield func(*chat.Orphan) bool) bool {
	for msg, err := range l.messages(ctx, ownersPrefix+"*.*", 1) {
		if err != nil {
			l.cfg.Logger.WarnContext(ctx, "cannot look for completions to take over", slog.Any("error", err))
			return ctx.Err() == nil
		}
		owner, id, _ := strings.Cut(strings.TrimPrefix(msg.Subject, ownersPrefix), ".")
		if owner == l.replica && !l.isMine(id) || owner != l.replica && known.alive(owner) {
			continue
		}
		orphan, err := l.claim(ctx, id)
		switch {
		case err == nil:
			if owner != l.replica {
				_ = l.stream.DeleteMsg(ctx, msg.Sequence)
			}
			if !yield(orphan) {
				return false
			}
		case errors.Is(err, chat.ErrSealed), errors.Is(err, chat.ErrNotFound), errors.Is(err, chat.ErrTrimmed):
			_ = l.stream.DeleteMsg(ctx, msg.Sequence) // it needs nobody
			l.mu.Lock()
			delete(l.mine, id)
			l.mu.Unlock()
		case errors.Is(err, errFenced): // another replica was faster
		default:
			l.cfg.Logger.ErrorContext(ctx, "cannot take a completion over",
				slog.String("completion", id), slog.Any("error", err))
		}
	}
	return true
}

// claim makes this replica the writer of a completion: [chat.ErrSealed] where it has
// ended, errFenced where another replica has claimed it.
func (l *Log) claim(ctx context.Context, id string) (*chat.Orphan, error) {
	past, err := l.history(ctx, id)
	if err != nil {
		return nil, err
	}
	if n := len(past.events); n > 0 && past.events[n-1].Terminal() {
		return nil, chat.ErrSealed
	}
	// If it is ours already, it stays ours.
	if _, err := l.append(ctx, ownerSubject(l.replica, id), nil, 0); err != nil && !errors.Is(err, errFenced) {
		return nil, err
	}
	next := int64(len(past.events))
	data, err := record.Encode(&record.Record{Writer: l.replica, Epoch: past.epoch + 1, Claim: true, First: next})
	if err != nil {
		return nil, err
	}
	last, err := l.append(ctx, eventsPrefix+id, data, past.last)
	if err != nil {
		l.disown(id)
		return nil, err
	}
	w := &writer{log: l, epoch: past.epoch + 1, last: last, next: next}
	for i := range past.events {
		w.bytes += sizeOf(&past.events[i])
	}
	if err := l.install(w, past); err != nil {
		return nil, err
	}
	return &chat.Orphan{Meta: past.meta, Shown: past.events, Writer: w, Takeovers: int(past.epoch) + 1}, nil //nolint:gosec // bounded by chat.MaxTakeovers
}

// A history is what the stream holds of a completion.
type history struct {
	meta   *chat.Meta
	events []chat.Event
	epoch  uint64
	last   uint64 // stream sequence of the last record
}

// history reads a completion whole. What does not add up is an error: nobody goes on
// from a guess.
func (l *Log) history(ctx context.Context, id string) (*history, error) {
	meta, err := l.storedMeta(ctx, id)
	if err != nil {
		return nil, err
	}
	h := &history{meta: meta}
	for msg, err := range l.messages(ctx, eventsPrefix+id, 1) {
		if err != nil {
			return nil, err
		}
		r, err := record.Decode(msg.Data)
		switch {
		case err != nil:
			return nil, err
		case r.Epoch < h.epoch, r.Meta == nil && r.First != int64(len(h.events)):
			return nil, errors.Join(record.ErrCorrupt, errGap)
		}
		h.epoch, h.last = r.Epoch, msg.Sequence
		h.events = append(h.events, r.Events...)
	}
	return h, nil
}

// install puts a writer in the place of the mirror that readers may follow already.
func (l *Log) install(w *writer, past *history) error {
	l.mu.Lock()
	s := l.tapes[past.meta.ID]
	if s == nil {
		s = &shared{log: l, name: past.meta.ID}
		l.tapes[past.meta.ID] = s
	}
	delete(l.mine, past.meta.ID)
	stop, stopped := s.stop, s.stopped
	s.meta, s.writer, w.shared = past.meta, w, s
	l.mu.Unlock()
	if stop != nil {
		stop()
		<-stopped
	}
	return s.feed(&record.Record{Events: past.events}, past.meta.Request.Choices())
}

// isMine reports whether a completion of this replica has lost its writer.
func (l *Log) isMine(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mine[id]
}

// abandon leaves a completion to whoever looks for orphans next: its writer could not
// reach the log, or may not have.
func (l *Log) abandon(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mine[id] = true
}

// disown tells the other replicas that this one does not write a completion any more.
func (l *Log) disown(id string) {
	ctx, cancel := context.WithTimeout(l.ctx, l.cfg.Patience)
	defer cancel()
	msg, err := l.lastOf(ctx, ownerSubject(l.replica, id))
	if err == nil {
		err = l.stream.DeleteMsg(ctx, msg.Sequence)
	}
	if err != nil && !errors.Is(err, chat.ErrNotFound) && l.ctx.Err() == nil {
		l.cfg.Logger.WarnContext(ctx, "cannot disown a completion", slog.String("completion", id), slog.Any("error", err))
	}
}

func ownerSubject(replica, id string) string { return ownersPrefix + replica + "." + id }
