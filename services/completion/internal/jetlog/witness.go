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

// testify compares the stream, when it is first opened, with the witness that the last life of this process
// left, and announces to all replicas if the stream is older: [keeper.hear] ends what they write.
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
		return nil // another replica has announced it since
	}
	l.cfg.Logger.ErrorContext(ctx, "the log was restored from a backup while this process was down: completions that it holds unfinished end",
		slog.Uint64("last", info.State.LastSeq), slog.Uint64("last_known", known.Sequence))
	// The backup ends before what is known and no longer there: whatever was stored since does not belong to
	// it.
	if err := l.announceRestore(ctx, min(info.State.LastSeq, known.Sequence)); err != nil {
		return jetio.Failure(err)
	}
	l.keeper.begun = time.Now()
	return nil
}

// olderThan reports whether a stream lacks what a witness knows to have been stored. A stream created since
// holds nothing from before.
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

// announceRestore announces to all replicas the sequence at which a restored backup ends.
func (l *Log) announceRestore(ctx context.Context, last uint64) error {
	_, err := l.js.Publish(ctx, wordSubject, strconv.AppendUint(nil, last, 10))
	return err
}
