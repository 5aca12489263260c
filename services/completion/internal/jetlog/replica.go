package jetlog

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"maps"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

const (
	// lookEvery is how often a replica looks for orphans although it knows of none: a replica that it never
	// heard of may have died.
	lookEvery = 30 * time.Second
	// lookAgain is how soon it looks again for completions that it could not take over, or gave up.
	lookAgain = time.Second
	// stalled is how long to wait for a completion that its owner has announced but not stored: an owner that
	// stood still, and was considered dead, may store it when it resumes.
	stalled = 30 * time.Second
	// checkEvery is how soon it notices that there are orphans.
	checkEvery = 100 * time.Millisecond
	// claims is how many completions are claimed at once.
	claims = 16
)

// Orphans takes over completions whose writers have died, and yields them, until ctx ends. One goroutine may
// range over it, once: from then on, and until Close, this replica sends heartbeats to the others.
func (l *Log) Orphans(ctx context.Context) iter.Seq[*chat.Orphan] {
	return func(yield func(*chat.Orphan) bool) {
		l.work.Go(func() { l.peers.Beat(l.ctx) })
		look := time.Now()
		for {
			if !time.Now().Before(look) && l.peers.Hears() {
				l.left.Store(false)
				if !l.takeOver(ctx, yield) {
					return
				}
				look = time.Now().Add(lookEvery)
			}
			if wait.For(ctx, checkEvery) != nil {
				return
			}
			if l.peers.Lost() {
				look = time.Now()
			}
			if again := time.Now().Add(lookAgain); l.left.Load() && look.After(again) {
				look = again
			}
		}
	}
}

// takeOver yields the completions of every replica that is not alive. It claims several at once: readers are waiting.
func (l *Log) takeOver(ctx context.Context, yield func(*chat.Orphan) bool) bool {
	in, begun := l.gate.era(), l.io.Last()
	orphans := make(chan *chat.Orphan)
	go func() { // ends with the range over orphans
		defer close(orphans)
		var claiming errgroup.Group
		seen, listed := make(map[string]bool), make(map[uint64]bool)
		claiming.SetLimit(claims)
		for msg, err := range l.io.Messages(ctx, ownersPrefix+"*.*", 1) {
			if err != nil {
				if ctx.Err() == nil {
					l.cfg.Logger.WarnContext(ctx, "cannot look for completions to take over", slog.Any("error", err))
				}
				l.left.Store(true)
				break
			}
			listed[msg.Sequence] = true
			owner, id, _ := strings.Cut(strings.TrimPrefix(msg.Subject, ownersPrefix), ".")
			ours := string(msg.Data) == l.replica // we have announced that we settle its end
			switch {
			case owner == l.replica:
				if !l.ownOrphan(id, msg.Sequence, begun) {
					continue
				}
			case !ours && !l.peers.Dead(owner):
				if !l.peers.Alive(owner) {
					l.left.Store(true)
				}
				continue
			}
			if seen[id] { // otherwise one claim would take over what the other one has just owned
				l.left.Store(true)
				continue
			}
			seen[id] = true
			claiming.Go(func() error {
				if orphan := l.rescue(ctx, in, owner, id, msg); orphan != nil {
					orphans <- orphan
				}
				return nil
			})
		}
		_ = claiming.Wait() // none returns an error
		l.mu.Lock()
		maps.DeleteFunc(l.waiting, func(said uint64, _ time.Time) bool { return !listed[said] })
		l.mu.Unlock()
	}()
	more := true
	for orphan := range orphans { // to the end: claimed completions are ours
		if more {
			more = yield(orphan)
		} else { // the caller stopped before it got this one
			l.books.GiveBack(orphan.Meta.ID)
			l.abandon(orphan.Meta.ID)
		}
	}
	return more && ctx.Err() == nil
}

// ownOrphan reports whether a message with that sequence, by which this replica owns a completion, leads to an
// orphan: a completion that nothing here writes, holds or settles. Its writer has failed, or an older backup
// has brought it back, or the message was stored and its acknowledgement lost. Messages stored since the look
// began are left to the next look.
func (l *Log) ownOrphan(id string, said, begun uint64) bool {
	l.mu.Lock()
	s, held, mine := l.find(id), l.holding[id] > 0, l.mine[id]
	written := s != nil && s.writer != nil && (said > l.putBack.Load() || s.writer.owner == said)
	l.mu.Unlock()
	switch {
	case written && !held && !mine:
		return false
	case held, said > begun:
		l.left.Store(true)
		return false
	}
	return true
}

// hold prevents a look from mistaking a completion for an orphan while this replica owns it and is about to
// write or end it. It returns the function that ends this.
func (l *Log) hold(id string) (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holding[id]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.holding[id]--; l.holding[id] == 0 {
			delete(l.holding, id)
		}
	}
}

// awaited returns for how long this replica has waited for what the message with that sequence announces, by its
// own clock: the time of the message is by the server's.
func (l *Log) awaited(said uint64) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	since, waiting := l.waiting[said]
	if !waiting {
		l.waiting[said] = time.Now()
		return 0
	}
	return time.Since(since)
}

// owns reports whether the message with that sequence says that a writer in this process owns a completion,
// even if only to settle its end.
func (l *Log) owns(id string, said uint64) bool {
	w := l.writing(id)
	return w != nil && w.owner == said
}

// rescue claims a completion whose owner, by that message, is dead: nil if there is nothing to do, or not now.
func (l *Log) rescue(ctx context.Context, in era, owner, id string, said *jetstream.RawStreamMsg) *chat.Orphan {
	last, err := l.unwritten(ctx, owner, id, string(said.Data) == l.replica)
	var orphan *chat.Orphan
	switch {
	case err != nil:
	case last.Terminal() != nil && last.Writer == owner:
		return l.unsettled(ctx, in, id, last.Terminal(), said)
	default:
		orphan, err = l.claim(ctx, in, owner, id)
		if err != nil && owner == l.replica {
			l.abandon(id) // the message that says that it is ours may by now be newer than a backup
		}
	}
	switch {
	case err == nil:
		_ = l.archive.deleteUpTo(ctx, in, said.Subject, said.Sequence) // replaced by the new owner's
		return orphan
	case errors.Is(err, record.ErrCorrupt):
		l.cfg.Logger.ErrorContext(ctx, "a completion cannot be read and is given up",
			slog.String("completion", id), slog.Any("error", err))
		l.unown(ctx, in, id, said)
	case errors.Is(err, chat.ErrNotFound) && l.awaited(said.Sequence) < stalled:
		l.left.Store(true)
	case errors.Is(err, errAlive):
		l.left.Store(true) // it may die
	case errors.Is(err, errWritten) && l.owns(id, said.Sequence): // by now
	case errors.Is(err, chat.ErrSealed) && last != nil && last.Terminal() == nil, // ended since the look began: whoever sealed it settles it
		errors.Is(err, jetio.ErrFenced), // another replica was faster, or the owner was not dead yet
		errors.Is(err, chat.ErrLost):    // the next look reads another stream
		l.left.Store(true)
	case errors.Is(err, errWritten), errors.Is(err, errGivenAway), errors.Is(err, chat.ErrSealed), errors.Is(err, chat.ErrNotFound), errors.Is(err, chat.ErrTrimmed):
		l.unown(ctx, in, id, said)
	case ctx.Err() != nil:
	default:
		l.left.Store(true)
		l.cfg.Logger.ErrorContext(ctx, "cannot take a completion over",
			slog.String("completion", id), slog.Any("error", err))
	}
	return nil
}

var (
	// errWritten says that a live replica writes a completion that another one is recorded to own.
	errWritten = errors.New("jetlog: completion has a living writer")
	// errAlive says that a completion's writer may live: its owner was heard again, or nobody can be heard now.
	errAlive = errors.New("jetlog: the writer may live")
)

// unwritten returns the last record of a completion whose last writer is dead, whichever replica is recorded as
// its owner: that record may be older than a claim. Otherwise it returns errWritten, or errAlive if the writer
// is the owner, which has been heard again, or if nobody can be heard. The exception is a completion that has
// ended and that this replica has announced to settle: its writer leaves that to us.
func (l *Log) unwritten(ctx context.Context, owner, id string, ours bool) (*record.Record, error) {
	r, _, err := l.archive.lastRecord(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case ours && r.Terminal() != nil:
	case r.Writer == l.replica && l.writing(id) != nil && !l.isMine(id), r.Writer != l.replica && r.Writer != owner && l.peers.Alive(r.Writer):
		return nil, errWritten
	case r.Writer != l.replica && !l.peers.Dead(r.Writer):
		return nil, errAlive
	}
	return r, nil
}

// unown deletes the message that says who owns a completion, because it needs no owner.
func (l *Log) unown(ctx context.Context, in era, id string, said *jetstream.RawStreamMsg) {
	err := l.archive.deleteUpTo(ctx, in, said.Subject, said.Sequence)
	if err == nil || errors.Is(err, chat.ErrNotFound) {
		l.adopted(id)
	}
}

// adopted is abandon's opposite.
func (l *Log) adopted(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.mine, id)
	l.books.Done(id)
}

// claim makes this replica the writer of a completion: [chat.ErrSealed] if it has ended, jetio.ErrFenced if
// another replica has claimed it.
func (l *Log) claim(ctx context.Context, in era, owner, id string) (*chat.Orphan, error) {
	if _, _, err := l.restoreWord(ctx); err != nil {
		return nil, err
	}
	past, err := l.archive.history(ctx, id)
	if err != nil {
		return nil, err
	}
	if n := len(past.events); n > 0 && past.events[n-1].Terminal() {
		return nil, chat.ErrSealed
	}
	next := int64(len(past.events))
	if next == 0 && past.meta.IdempotencyKey != "" {
		if err := l.withdraw(ctx, in, past); err != nil {
			return nil, err
		}
	}
	setBack := l.shown(id) >= next // nobody else has written since: otherwise the claim is fenced
	mine, err := l.own(ctx, in, id)
	if err != nil {
		return nil, err
	}
	data, err := record.Encode(&record.Record{Writer: l.replica, Epoch: past.epoch + 1, Claim: true, First: next})
	if err != nil {
		return nil, err
	}
	last, err := l.io.Append(ctx, in, eventsPrefix+id, data, past.last)
	if err != nil {
		if owner != l.replica && errors.Is(err, jetio.ErrFenced) {
			l.disown(in, id, mine)
		} else {
			l.abandon(id) // the claim may be stored, and then others leave the completion to us
		}
		return nil, err
	}
	w := &writer{log: l, era: in, owner: mine, epoch: past.epoch + 1, term: l.term(past.epoch + 1), last: last, next: next}
	for i := range past.events {
		w.bytes += record.Size(&past.events[i])
	}
	if err := l.install(w, past, setBack); err != nil {
		l.abandon(id)
		return nil, err
	}
	l.announce(id, w)
	return &chat.Orphan{
		Meta: past.meta, Shown: past.events, Writer: w, Takeovers: past.claims + 1, Lost: setBack || past.first <= l.putBack.Load(),
	}, nil
}

// withdraw deletes a completion that was stored too late to get the name of its key, and of which nothing was
// shown: errGivenAway.
func (l *Log) withdraw(ctx context.Context, in era, past *history) error {
	has, err := l.names.has(ctx, in, past.meta, past.first)
	if has || err != nil {
		return err
	}
	if err := l.purge(ctx, past.meta); err != nil {
		return err
	}
	return errGivenAway
}

// errGivenAway says that a completion does not have the name of its key.
var errGivenAway = errors.New("jetlog: the idempotency key names another completion")

// shown returns the last event that readers in this process may have seen, -1 for none.
func (l *Log) shown(id string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.find(id)
	if s == nil {
		return -1
	}
	last, _ := s.tape.Last()
	return last
}

// install replaces the mirror that readers may already follow, or an earlier writer of this process that has
// not yet learned that it was replaced, with a writer. If the log was set back behind what these readers have
// seen, for example by a backup that the keeper has not noticed yet, nothing that follows belongs to their
// history: they get the error that the completion is lost.
func (l *Log) install(w *writer, past *history, setBack bool) error {
	if old := l.writing(past.meta.ID); old != nil {
		old.fail(errReplaced)
	}
	// If somebody ends its part at once, a mirror feeds the tape: after us.
	w.mu.Lock()
	defer w.mu.Unlock()
	l.mu.Lock()
	if l.gate.era() != w.era {
		l.mu.Unlock()
		return chat.ErrLost
	}
	// A caller that knows the idempotency key may already follow a completion that only now begins.
	s := l.tapes[past.meta.ID]
	if s != nil && setBack {
		if s.stop != nil {
			s.stop()
		}
		s.tape.Drop(chat.ErrLost)
		l.remove(s)
		s = nil
	}
	if s == nil {
		s = &shared{log: l, name: past.meta.ID}
		l.tapes[past.meta.ID] = s
	}
	delete(l.mine, past.meta.ID)
	stop, stopped := s.stop, s.stopped
	s.writer, w.meta, w.shared = w, past.meta, s
	s.whose, s.unstored = past.meta.Principal, !past.meta.Request.Store
	s.count(nil)
	l.mu.Unlock()
	if stop != nil {
		stop()
		<-stopped
	}
	return past.feed(s)
}

// isMine reports whether a completion of this replica has lost its writer.
func (l *Log) isMine(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mine[id]
}

// abandon leaves a completion to the next look for orphans: its writer could not, or may not, have reached the
// log.
func (l *Log) abandon(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mine[id] = true
	l.left.Store(true)
}

// own stores that this replica writes a completion, and returns the sequence of that message. Each writer has
// its own, because an earlier writer of this replica may yet disown the completion.
func (l *Log) own(ctx context.Context, in era, id string) (uint64, error) {
	return l.archive.replace(ctx, in, ownerSubject(l.replica, id), nil)
}

// disown deletes the message with that stream sequence, which says that this replica writes a completion.
func (l *Log) disown(in era, id string, owned uint64) {
	ctx, cancel := context.WithTimeout(l.ctx, l.cfg.Patience)
	defer cancel()
	err := l.archive.deleteUpTo(ctx, in, ownerSubject(l.replica, id), owned)
	if err != nil && !errors.Is(err, chat.ErrNotFound) && l.ctx.Err() == nil {
		l.cfg.Logger.WarnContext(ctx, "cannot disown a completion", slog.String("completion", id), slog.Any("error", err))
	}
}

func ownerSubject(replica, id string) string { return ownersPrefix + replica + "." + id }
