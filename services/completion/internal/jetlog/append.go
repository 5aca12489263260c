package jetlog

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// errFenced says that somebody else has written to a subject.
var errFenced = errors.New("jetlog: subject has been written to by another")

// Error codes of JetStream (nats-server, errors.json).
const (
	codeInsufficientResources jetstream.ErrorCode = 10023
	codeStorageExceeded       jetstream.ErrorCode = 10047
	codeStreamStoreFailed     jetstream.ErrorCode = 10077
	codeTooManyRequests       jetstream.ErrorCode = 10167

	codeWrongLastSequence = jetstream.JSErrCodeStreamWrongLastSequence
	// In a cluster, while another append to the subject is undecided.
	codeOtherInFlight = jetstream.JSErrCodeStreamWrongLastSequenceConstant
)

// When a message is sent again that was not answered, or refused for now.
const (
	// ackGrace is how long after the sending, where something that was sent later has
	// been answered.
	ackGrace = 250 * time.Millisecond
	// ackTimeout is how long after it where nothing is answered, and then only if nothing
	// else was sent so for probeEvery.
	ackTimeout = time.Second
	probeEvery = 100 * time.Millisecond
	// retryPause is how long after it was refused first, maxPause at most.
	retryPause = 50 * time.Millisecond
	maxPause   = 400 * time.Millisecond
	// unsentPause is how long after it could not be sent, if the connection is not said to
	// be back before.
	unsentPause = 2 * time.Second
)

// append adds a message to a subject if the last one there is the expected one (0:
// none), and returns its sequence in the stream: errFenced if it is not,
// [chat.ErrLogFull] if there is no room, or nobody to take it soon, [chat.ErrLost] if the
// stream is not any more that of the era in which the expected one was learned.
func (l *Log) append(ctx context.Context, in era, subject string, data []byte, expect uint64) (uint64, error) {
	return l.try(ctx, in, subject, data, expect, false)
}

// appendPatiently is append for what belongs to a completion that runs: it hopes for room,
// and for the stream to come back, as long as the patience lasts.
func (l *Log) appendPatiently(ctx context.Context, in era, subject string, data []byte, expect uint64) (uint64, error) {
	return l.try(ctx, in, subject, data, expect, true)
}

func (l *Log) try(ctx context.Context, in era, subject string, data []byte, expect uint64, patient bool) (uint64, error) {
	hope := l.cfg.Patience
	if !patient {
		hope = min(hope, admission)
	}
	deadline := time.Now().Add(hope)
	attempt := l.acks.begin(subject, data, expect)
	defer attempt.end()
	for pause := retryPause; ; {
		if err := l.gate.pass(ctx, in, deadline); err != nil {
			return 0, l.unsent(err)
		}
		back, told := attempt.send()
		if errors.Is(told, nats.ErrMaxPayload) {
			return 0, fmt.Errorf("%w: %w", chat.ErrTooLong, told)
		}
		for {
			answer, gone := attempt.answer(ctx, deadline, back)
			if answer == nil {
				told = cmp.Or(gone, told)
				break
			}
			var sequence uint64
			if sequence, told = readAck(answer); told == nil {
				return sequence, l.stored(attempt, in, answer, sequence)
			}
			switch again, refused := l.refused(answer, told, patient); {
			case again: // an answer to what was sent before may yet come
				attempt.again = time.Now().Add(pause)
				pause = min(2*pause, maxPause)
			case !errors.Is(refused, errFenced):
				return 0, refused
			case attempt.sent > 1: // what was sent before may be what we are up against
				return l.resolve(ctx, deadline, subject, data, expect)
			default:
				l.stats.fenced.Add(1)
				return 0, errFenced
			}
		}
		if told == nil {
			told = nats.ErrTimeout
			l.stats.ambiguous.Add(1)
		}
		if ctx.Err() != nil || !time.Now().Before(deadline) {
			l.stats.failed.Add(1)
			return 0, fmt.Errorf("%w: %w", chat.ErrLogFull, told)
		}
	}
}

// unsent returns why an append failed that the gate did not let pass.
func (l *Log) unsent(err error) error {
	if errors.Is(err, chat.ErrLost) {
		return err
	}
	l.stats.failed.Add(1)
	return fmt.Errorf("%w: %w", chat.ErrLogFull, err)
}

// stored takes an acknowledgement down: [chat.ErrLost] where its number shows that it is from
// another stream than what was acknowledged before.
func (l *Log) stored(attempt *attempt, in era, answer *nats.Msg, sequence uint64) error {
	if l.gate.era() != in {
		return chat.ErrLost
	}
	if sequence <= attempt.floor {
		l.gate.shut()
		l.suspect()
		return chat.ErrLost
	}
	l.acks.note(answer, sequence)
	return nil
}

// refused says what to do about an append that was answered with an error: to try it
// again, or to return another error.
func (l *Log) refused(answer *nats.Msg, err error, patient bool) (again bool, _ error) {
	var told *jetstream.APIError
	if !errors.As(err, &told) {
		return true, nil
	}
	if told.ErrorCode == codeOtherInFlight {
		return true, nil // that is said at once, and tells nothing of what was sent before
	}
	l.acks.note(answer, 0)
	switch {
	case told.ErrorCode == codeWrongLastSequence:
		return false, errFenced
	case isFull(told): // in a cluster one server may be full and the others not
		l.stats.full.Add(1)
		if patient {
			return true, nil
		}
		return false, fmt.Errorf("%w: %w", chat.ErrLogFull, err)
	case told.Code < 500:
		return false, fmt.Errorf("append: %w", err)
	}
	return true, nil
}

// isFull reports whether JetStream says that there is no room, on the disk or in the queue
// before it.
func isFull(err *jetstream.APIError) bool {
	code := err.ErrorCode
	return code == codeStreamStoreFailed || code == codeStorageExceeded || code == codeInsufficientResources || code == codeTooManyRequests
}

// resolve finds out whether an append whose acknowledgement was lost has happened.
func (l *Log) resolve(ctx context.Context, deadline time.Time, subject string, data []byte, expect uint64) (uint64, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline.Add(answerTimeout)) // the answer is near
	defer cancel()
	for {
		msg, err := l.lastOf(ctx, subject)
		switch {
		case err == nil && msg.Sequence > expect && bytes.Equal(msg.Data, data):
			l.stats.resolved.Add(1)
			return msg.Sequence, nil // records name their writer, so it is ours
		case err == nil, errors.Is(err, chat.ErrNotFound):
			l.stats.fenced.Add(1)
			return 0, errFenced
		}
		if !wait(ctx, retryPause) {
			return 0, fmt.Errorf("%w: %w", chat.ErrLogFull, err)
		}
	}
}

// failure says that the log cannot be reached, unless the caller has left.
func failure(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", chat.ErrLogFull, err)
}

func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
