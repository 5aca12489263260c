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

// A name, which is what an idempotency key of a principal stands for, is claimed before its
// completion is stored. Where that does not come for too long, the next claimer gives the name to
// its own. The order of the stream decides between the two: the completion has the name if its
// meta was stored before the name was given away, else it is withdrawn. Whoever gives a name away
// looks for that meta once more, whoever has taken long looks for its name, and so does whoever
// adopts a completion. Names that are given away tell by whom they were had before, so it can
// always be told, even if all of them have died.

// admission is how long a completion may take from its name to its meta.
const admission = 2 * time.Second

// Names are what idempotency keys stand for, as the stream holds them.
type names struct {
	archive   *archive
	admission time.Duration // how long a completion is waited for whose name is claimed
}

// A holder is who has a name, by the last message of its subject.
type holder struct {
	id       string
	before   string // who had it before, of which nothing was stored yet; "": nobody
	sequence uint64 // of the message: when the name was given to it
}

// holder returns who has the name of a subject: [chat.ErrNotFound].
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

// give gives a name to a completion where the last message of its subject is the expected
// one, and returns the sequence of the message that says so.
func (n *names) give(ctx context.Context, in era, m *chat.Meta, before string, expect uint64) (uint64, error) {
	data, err := proto.Marshal(&logv1.Name{CompletionId: m.ID, RequestHash: m.RequestHash[:], PreviousCompletionId: before})
	if err != nil {
		return 0, err
	}
	return n.archive.io.Append(ctx, in, nameSubject(m.Principal, m.IdempotencyKey), data, expect)
}

// claim gives the name of its idempotency key to a completion: [*chat.ExistsError] where
// another one has it.
func (n *names) claim(ctx context.Context, in era, m *chat.Meta) error {
	var had holder // whom it is taken from
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

// giveBack gives a name back to whom it was taken from, [*chat.ExistsError], if that was stored
// in the meantime. Should it fail to, the rule says whose the name is.
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

// storedBefore returns a completion's meta if it was stored before a sequence of the stream,
// else nil.
func (n *names) storedBefore(ctx context.Context, id string, sequence uint64) (*chat.Meta, error) {
	meta, first, err := n.archive.meta(ctx, id)
	if isGone(err) || err == nil && first > sequence {
		return nil, nil //nolint:nilnil // there is none
	}
	return meta, err
}

// isGone reports whether an error says that a completion is not stored, be it any more.
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

// named returns the completion that a name stands for, and who has it by the last message:
// [chat.ErrNotFound] where nothing of it is stored, nor comes in time.
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
		case !missing && now == h: // else it may have come too late
			return meta, h, nil
		}
		h = now
	}
}

// meant returns the completion that a name stands for, as far as it is stored.
func (n *names) meant(ctx context.Context, h holder) (*chat.Meta, error) {
	if h.before != "" {
		if meta, err := n.storedBefore(ctx, h.before, h.sequence); meta != nil || err != nil {
			return meta, err
		}
	}
	meta, _, err := n.archive.meta(ctx, h.id)
	return meta, err
}

// has reports whether a completion whose meta has that sequence has its name, and sees to it
// that everybody knows if it has. A name that nobody has is its own: it was lost with another
// stream, or deleted with whom it was given to.
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

// keepName sees to it that a completion which may have lost its name is not admitted then:
// [*chat.ExistsError], or another error where nobody knows yet. Who adopts it asks again.
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
		return jetio.Failure(err) // the other one may have died: the next try tells
	}
	return &chat.ExistsError{Meta: other}
}

// free deletes the name of a completion that is stored, if that has it.
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
