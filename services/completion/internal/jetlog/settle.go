package jetlog

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/books"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/liveness"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

// The end of a completion must be in the books once. The message that says who owns the completion stays until
// then. The replica that is about to enter the end, either the one that stored it or one that found that one
// dead, announces this first: with a message on the same subject, which the stream accepts from only one of
// them. That message, called the word, also stays until the entry is made.

// sealOver ends a completion over the head of its writer: [chat.ErrSealed] if it has ended. Owned first, as in
// [Log.Create]: if this replica dies, another one settles the end.
func (l *Log) sealOver(ctx context.Context, id string, terminal chat.Event) (chat.Settle, error) {
	defer l.hold(id)()
	in, owned := l.gate.era(), uint64(0)
	for {
		head, at, err := l.archive.head(ctx, id)
		if err == nil && head.Terminal != nil {
			err = chat.ErrSealed
		}
		if err == nil { // each time: a writer since then may have taken it over
			var said uint64
			if said, err = l.own(ctx, in, id); err == nil {
				owned = said
			}
		}
		var data []byte
		if err == nil {
			data, err = record.Encode(&record.Record{
				Writer: l.replica, Epoch: at.epoch, First: head.Last + 1, Events: []chat.Event{terminal},
			})
		}
		if err != nil {
			if owned != 0 && l.writing(id) == nil { // otherwise it may have been taken over here
				l.disown(in, id, owned)
			}
			return nil, err
		}
		switch _, err := l.io.AppendPatiently(ctx, in, eventsPrefix+id, data, at.sequence); {
		case errors.Is(err, jetio.ErrFenced): // somebody has written since: read again
		case err != nil:
			l.abandon(id) // it may be stored
			return nil, err
		default:
			l.announce(id, nil)
			return func(book func()) { l.settleEnd(in, head.Meta, owned, book) }, nil
		}
	}
}

// settleEnd enters an end into the books if this replica is the first to announce that it does: owned is the
// sequence of its message that says who owns the completion.
func (l *Log) settleEnd(in era, m *chat.Meta, owned uint64, book func()) {
	id := m.ID
	defer l.hold(id)()
	subject := ownerSubject(l.replica, id)
	// An outage during which a backup is restored may last longer than one append waits.
	for until := time.Now().Add(2 * l.cfg.Patience); ; {
		at, err := l.vow(in, id, subject, owned)
		switch {
		case err == nil:
			if !l.books.Begin(id) {
				l.abandon(id) // a look of this replica is settling it, or the next one will
				return
			}
			book()
			l.settled(in, m, subject, at)
		case errors.Is(err, chat.ErrLost):
			if l.books.Of(id) == books.None {
				book() // the stream that held it is gone
			}
			l.abandon(id) // a backup may have brought it back, unfinished
		case errors.Is(err, jetio.ErrFenced):
			// Another replica considers this one dead, or a look of this one was faster. If neither settles it,
			// for example because it has died, the next look does.
			l.abandon(id)
		case time.Now().Before(until) && wait.For(l.ctx, jetio.RetryPause) == nil:
			continue
		default:
			l.abandon(id) // for the next look
		}
		return
	}
}

// vow announces that this replica is about to enter an end into the books, and returns the sequence of that
// word: jetio.ErrFenced if another replica does so, [chat.ErrLost] if the stream is another one.
func (l *Log) vow(in era, id, subject string, owned uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(l.ctx, l.cfg.Patience)
	defer cancel()
	for expect := owned; ; {
		at, err := l.io.AppendPatiently(ctx, in, subject, []byte(l.replica), expect)
		if !errors.Is(err, jetio.ErrFenced) {
			return at, err
		}
		if l.keeper.lost(ctx, in) {
			return 0, chat.ErrLost
		}
		said, err := l.io.LastOf(ctx, subject)
		switch {
		case err == nil && string(said.Data) == l.replica && l.books.Of(id) == books.None:
			// Our own word, from an attempt that gave up before it was acknowledged. If it were left to the
			// next look, and a backup restored first, an end that was shown would be missing from the books.
			expect = said.Sequence
			if wait.For(ctx, jetio.RetryPause) != nil {
				return 0, jetio.Failure(ctx.Err())
			}
		case err == nil, errors.Is(err, chat.ErrNotFound):
			return 0, jetio.ErrFenced
		default:
			return 0, err
		}
	}
}

// settled deletes the word that an end is about to be entered into the books, because it has been. If it
// cannot, the next look does, without another entry.
func (l *Log) settled(in era, m *chat.Meta, subject string, at uint64) {
	id := m.ID
	ctx, cancel := context.WithTimeout(l.ctx, l.cfg.Patience)
	defer cancel()
	var err error
	if !m.Request.Store {
		err = l.expiry.note(ctx, in, id)
	}
	if err == nil {
		err = l.archive.deleteUpTo(ctx, in, subject, at)
	}
	if err == nil || errors.Is(err, chat.ErrNotFound) {
		l.adopted(id)
		if l.gate.era() != in {
			// A backup may have brought it back, unfinished. A look meanwhile considered it ours.
			l.abandon(id)
		}
		return
	}
	l.books.Enter(id)
	l.abandon(id)
	if l.ctx.Err() == nil {
		l.cfg.Logger.WarnContext(ctx, "cannot disown a completion", slog.String("completion", id), slog.Any("error", err))
	}
}

// unsettled returns a completion whose owner ended it and died before the end was in the books: only to the
// replica that is the first to announce that it settles it.
func (l *Log) unsettled(ctx context.Context, in era, id string, terminal *chat.Event, said *jetstream.RawStreamMsg) *chat.Orphan {
	said, err := l.io.LastOf(ctx, said.Subject) // another replica may have begun to settle it
	if err != nil {
		if !errors.Is(err, chat.ErrNotFound) {
			l.left.Store(true)
		}
		return nil
	}
	ours := l.books.Of(id)
	switch other := string(said.Data); {
	case ours == books.Entered && l.expiry.note(ctx, in, id) == nil: // whether it is to be stored is checked later
		l.unown(ctx, in, id, said)
		return nil
	case ours == books.Entered:
		l.left.Store(true)
		return nil
	case ours == books.Pending:
		return nil
	case other != "" && other != l.replica && (!l.peers.Dead(other) || l.awaited(said.Sequence) < liveness.DeadAfter):
		// It may die. One that was cut off says its word before it is heard again, and enters the end right after.
		l.left.Store(true)
		return nil
	}
	meta, _, err := l.archive.meta(ctx, id)
	if err == nil {
		return l.heir(ctx, in, meta, terminal, said)
	}
	if isGone(err) {
		l.unown(ctx, in, id, said)
	} else {
		l.left.Store(true) // the log is unreachable
	}
	return nil
}

// heir is unsettled for a completion that may be this replica's to settle.
func (l *Log) heir(ctx context.Context, in era, meta *chat.Meta, terminal *chat.Event, said *jetstream.RawStreamMsg) *chat.Orphan {
	id := meta.ID
	if !l.books.Begin(id) { // before the announcement: so the writer here can distinguish this word from its own, see vow
		return nil
	}
	at, err := l.io.Append(ctx, in, said.Subject, []byte(l.replica), said.Sequence)
	if err != nil { // another replica was faster, or the log is unreachable
		l.books.GiveBack(id)
		l.left.Store(true)
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.mine, id)
	return &chat.Orphan{Meta: meta, Ended: terminal, Settle: func(book func()) {
		book()
		l.settled(in, meta, said.Subject, at)
	}}
}
