package jetlog

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/witness"
)

// testify compares the stream that was opened first with what the last life of this process has
// left, and tells everybody where it is older: [keeper.hear] ends what they write.
func (l *Log) testify(ctx context.Context, info *jetstream.StreamInfo) error {
	if l.witness == nil {
		return nil
	}
	known, at, ok := l.witness.Read()
	if !ok {
		return nil
	}
	older, err := l.olderThan(ctx, info, known)
	if err != nil || !older {
		return err
	}
	if said, err := l.io.LastOf(ctx, wordSubject); err == nil && said.Time.After(at) {
		return nil // somebody has said so since
	}
	l.cfg.Logger.ErrorContext(ctx, "the log was put back from a backup while this process was away: what that holds unfinished ends",
		slog.Uint64("last", info.State.LastSeq), slog.Uint64("last_known", known.Sequence))
	// The backup ends before what is known and not there any more: what was stored since is not of it.
	if err := l.announceRestore(ctx, min(info.State.LastSeq, known.Sequence)); err != nil {
		return jetio.Failure(err)
	}
	l.keeper.begun = time.Now()
	return nil
}

// olderThan reports whether a stream does not hold what a witness knows to have been stored. One
// that was made anew since holds nothing of before.
func (l *Log) olderThan(ctx context.Context, info *jetstream.StreamInfo, known witness.Testimony) (bool, error) {
	if older, sure := known.NewerThan(info); sure {
		return older, nil
	}
	msg, err := l.io.Message(ctx, known.Sequence)
	switch {
	case errors.Is(err, chat.ErrNotFound): // deleted, perhaps
		return false, nil
	case err != nil:
		return false, err
	}
	return witness.Sum(msg.Subject, msg.Data) != known.Sum, nil
}

// announceRestore tells everybody up to which sequence the stream was put back from a backup.
func (l *Log) announceRestore(ctx context.Context, last uint64) error {
	_, err := l.js.Publish(ctx, wordSubject, strconv.AppendUint(nil, last, 10))
	return err
}
