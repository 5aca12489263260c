package jetlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/pawstream/pawstream/gen/petstore/completion/log/v1"
	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

// A name, which is what an idempotency key of a principal stands for, is claimed before its completion is
// stored. If the completion does not come for too long, the next claimer gives the name to its own completion.
// The order of the stream decides between the two: the first completion has the name if its meta was stored
// before the name was given away; else it is withdrawn. A replica that gives a name away looks for that meta
// once more. A create that has taken long checks its name, and so does a replica that adopts a completion. A
// name that is given away records its previous holder, so the decision is always possible, even if all of them
// have died.

// admission is how long a completion may take from claiming its name to storing its meta.
const admission = 2 * time.Second

// Names are what idempotency keys stand for, as the stream holds them.
type names struct {
	archive   *archive
	admission time.Duration // how long to wait for a completion whose name is claimed
}

// A holder is the completion that has a name, by the last message of its subject.
type holder struct {
	id       string
	before   string // the previous holder, of which nothing was stored yet; "": none
	sequence uint64 // of the message: when the holder got the name
}

// holder returns the holder of a subject's name: [chat.ErrNotFound] if there is none.
func (n *names) holder(ctx context.Context, subject string) (holder, error) {
	msg, err := n.archive.io.LastOf(ctx, subject)
	if err != nil {
		return holder{}, err
	}
	var name logv1.Name
	h := holder{sequence: msg.Sequence}
	if err := proto.Unmarshal(msg.Data, &name); err == nil {
		h.id, h.before = name.GetCompletionId(), name.GetPreviousCompletionId()
	}
	if !validID(h.id) || h.before != "" && !validID(h.before) {
		return holder{}, fmt.Errorf("name of a completion: %w", record.ErrCorrupt)
	}
	return h, nil
}

// give gives a name to a completion if the last message of its subject is the expected one, and returns the
// sequence of the message that does so.
func (n *names) give(ctx context.Context, in era, m *chat.Meta, before string, expect uint64) (uint64, error) {
	data, err := proto.Marshal(&logv1.Name{CompletionId: m.ID, RequestHash: m.RequestHash[:], PreviousCompletionId: before})
	if err != nil {
		return 0, err
	}
	return n.archive.io.Append(ctx, in, nameSubject(m.Principal, m.IdempotencyKey), data, expect)
}

// claim gives a completion the name of its idempotency key: [*chat.ExistsError] if another one has it.
func (n *names) claim(ctx context.Context, in era, m *chat.Meta) error {
	var had holder // from whom it is taken
	for {
		at, err := n.give(ctx, in, m, had.id, had.sequence)
		switch {
		case err == nil && had.id != "":
			return n.giveBack(ctx, in, had.id, at)
		case !errors.Is(err, jetio.ErrFenced):
			return err
		}
		meta, now, err := n.named(ctx, nameSubject(m.Principal, m.IdempotencyKey))
		switch {
		case err == nil:
			return &chat.ExistsError{Meta: meta}
		case !isGone(err):
			return err
		}
		had = now
	}
}

// giveBack returns a name to its previous holder, with [*chat.ExistsError], if that one was stored in the
// meantime. If giveBack fails, the rule above decides whose the name is.
func (n *names) giveBack(ctx context.Context, in era, had string, at uint64) error {
	meta, err := n.storedBefore(ctx, had, at)
	if meta == nil || err != nil {
		return err
	}
	if _, err := n.give(ctx, in, meta, "", at); err != nil && !errors.Is(err, jetio.ErrFenced) {
		return err
	}
	return &chat.ExistsError{Meta: meta}
}

// storedBefore returns a completion's meta if it was stored before a sequence of the stream, otherwise nil.
func (n *names) storedBefore(ctx context.Context, id string, sequence uint64) (*chat.Meta, error) {
	meta, first, err := n.archive.meta(ctx, id)
	if isGone(err) || err == nil && first > sequence {
		return nil, nil //nolint:nilnil // there is none
	}
	return meta, err
}

// isGone reports whether an error says that a completion is not, or no longer, stored.
func isGone(err error) bool {
	return errors.Is(err, chat.ErrNotFound) || errors.Is(err, chat.ErrTrimmed)
}

// Lookup implements [chat.Log].
func (l *Log) Lookup(ctx context.Context, principal, key string) (*chat.Meta, error) {
	meta, _, err := l.names.named(ctx, nameSubject(principal, key))
	if errors.Is(err, chat.ErrTrimmed) {
		err = chat.ErrNotFound // the key is free again
	}
	return meta, err
}

// named returns the completion that a name stands for, and the holder by the last message: [chat.ErrNotFound]
// if no part of it is stored, or arrives in time.
func (n *names) named(ctx context.Context, subject string) (*chat.Meta, holder, error) {
	h, err := n.holder(ctx, subject)
	if err != nil {
		return nil, holder{}, err
	}
	for until := time.Now().Add(n.admission); ; {
		meta, err := n.meant(ctx, h)
		missing := errors.Is(err, chat.ErrNotFound)
		patient := missing && time.Now().Before(until) && wait.For(ctx, jetio.RetryPause) == nil
		if err != nil && !patient {
			return nil, h, err
		}
		now, again := n.holder(ctx, subject)
		switch {
		case again != nil:
			return nil, holder{}, again
		case !missing && now == h: // otherwise it may have come too late
			return meta, h, nil
		}
		h = now
	}
}

// meant returns the completion that a name stands for, if it is stored.
func (n *names) meant(ctx context.Context, h holder) (*chat.Meta, error) {
	if h.before != "" {
		if meta, err := n.storedBefore(ctx, h.before, h.sequence); meta != nil || err != nil {
			return meta, err
		}
	}
	meta, _, err := n.archive.meta(ctx, h.id)
	return meta, err
}

// has reports whether a completion whose meta has that sequence has its name, and if so makes sure that
// everybody can know. A name without a holder belongs to it: the name was lost with another stream, or deleted
// with its last holder.
func (n *names) has(ctx context.Context, in era, m *chat.Meta, meta uint64) (bool, error) {
	for {
		h, err := n.holder(ctx, nameSubject(m.Principal, m.IdempotencyKey))
		switch {
		case err != nil && !errors.Is(err, chat.ErrNotFound):
			return false, err
		case err == nil && h.id == m.ID:
			return true, nil
		case err == nil && (h.before != m.ID || h.sequence < meta):
			return false, nil
		}
		if _, err = n.give(ctx, in, m, "", h.sequence); !errors.Is(err, jetio.ErrFenced) {
			return err == nil, err
		}
	}
}

// keepName ensures that a completion that has lost its name is not admitted: [*chat.ExistsError], or another
// error if nobody knows yet. A replica that adopts the completion asks again.
func (l *Log) keepName(ctx context.Context, w *writer) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.cfg.Patience)
	defer cancel()
	has, err := l.names.has(ctx, w.era, w.meta, w.last)
	if err == nil && !has {
		err = l.purge(ctx, w.meta)
	}
	switch {
	case err != nil:
		l.abandon(w.meta.ID)
		return err
	case has:
		return nil
	}
	l.work.Go(func() { l.disown(w.era, w.meta.ID, w.owner) })
	other, err := l.Lookup(ctx, w.meta.Principal, w.meta.IdempotencyKey)
	if err != nil {
		return jetio.Failure(err) // the other one may have died: the next attempt will show
	}
	return &chat.ExistsError{Meta: other}
}

// free deletes the name of a stored completion, if the completion has it.
func (n *names) free(ctx context.Context, in era, m *chat.Meta) error {
	if m.IdempotencyKey == "" {
		return nil
	}
	subject := nameSubject(m.Principal, m.IdempotencyKey)
	h, err := n.holder(ctx, subject)
	if err == nil {
		var named *chat.Meta
		if named, err = n.meant(ctx, h); err == nil && named.ID == m.ID {
			err = n.archive.deleteUpTo(ctx, in, subject, h.sequence)
		}
	}
	if isGone(err) {
		return nil
	}
	return err
}

func nameSubject(principal, key string) string {
	return namesPrefix + digest(principal+"\x00"+key)
}
