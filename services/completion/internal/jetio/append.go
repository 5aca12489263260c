package jetio

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// ErrFenced says that another writer has appended to a subject.
var ErrFenced = errors.New("jetio: subject has been written to by another")

// Error codes of JetStream (nats-server, errors.json).
const (
	codeNoLeader              jetstream.ErrorCode = 10008
	codeInsufficientResources jetstream.ErrorCode = 10023
	codeStorageExceeded       jetstream.ErrorCode = 10047
	codeStreamStoreFailed     jetstream.ErrorCode = 10077
	codeTooManyRequests       jetstream.ErrorCode = 10167

	codeWrongLastSequence = jetstream.JSErrCodeStreamWrongLastSequence
	// In a cluster, while another append to the subject is pending.
	codeOtherInFlight = jetstream.JSErrCodeStreamWrongLastSequenceConstant
)

// When to send a message again that was not answered, or temporarily refused.
const (
	// AckGrace is how long after the sending, if a message that was sent later has been answered.
	AckGrace = 250 * time.Millisecond
	// AckTimeout is how long after it if nothing is answered, and then only if no other message was sent again
	// within probeEvery.
	AckTimeout = time.Second
	probeEvery = 100 * time.Millisecond
	// RetryPause is how long after the first refusal; the pause grows to maxPause.
	RetryPause = 50 * time.Millisecond
	maxPause   = 400 * time.Millisecond
	// unsentPause is how long after it could not be sent, unless the connection is back sooner.
	unsentPause = 2 * time.Second
)

// Append adds a message to a subject if the last one there is the expected one (0: none), and returns its
// sequence in the stream: ErrFenced if it is not, [chat.ErrLogFull] if there is no room, or no server accepts
// it soon, [chat.ErrLost] if the stream is no longer that of the era in which the expected one was learned.
func (s *Stream) Append(ctx context.Context, in Era, subject string, data []byte, expect uint64) (uint64, error) {
	return s.try(ctx, in, subject, data, expect, false)
}

// AppendPatiently is Append for a running completion: it waits for room, and for the stream to come back, as
// long as the patience lasts.
func (s *Stream) AppendPatiently(ctx context.Context, in Era, subject string, data []byte, expect uint64) (uint64, error) {
	return s.try(ctx, in, subject, data, expect, true)
}

func (s *Stream) try(ctx context.Context, in Era, subject string, data []byte, expect uint64, patient bool) (uint64, error) {
	hope := s.cfg.Patience
	if !patient {
		hope = min(hope, s.cfg.Admission)
	}
	deadline := time.Now().Add(hope)
	attempt := s.acks.begin(subject, data, expect)
	defer attempt.end()
	for pause := RetryPause; ; {
		if err := s.cfg.Gate.Pass(ctx, in, deadline); err != nil {
			return 0, s.unsent(err)
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
			if sequence, told = readAck(s.cfg.Name, answer); told == nil {
				return sequence, s.stored(attempt, in, answer, sequence)
			}
			switch again, refused := s.refused(answer, told, patient); {
			case again: // an answer to an earlier sending may yet come
				attempt.again = time.Now().Add(pause)
				pause = min(2*pause, maxPause)
			case !errors.Is(refused, ErrFenced):
				return 0, refused
			default:
				sequence, told = s.fenced(ctx, in, deadline, attempt, expect)
				if !errors.Is(told, errOutOfDate) {
					return sequence, told
				}
				attempt.again = time.Now().Add(pause)
				pause = min(2*pause, maxPause)
			}
		}
		if told == nil {
			told = nats.ErrTimeout
			s.counts.ambiguous.Add(1)
		}
		if ctx.Err() != nil || !time.Now().Before(deadline) {
			s.counts.failed.Add(1)
			return 0, fmt.Errorf("%w: %w", chat.ErrLogFull, told)
		}
	}
}

// Once appends a message as Append does, but sends it only once, and waits for the answer no longer than a
// timeout. It does not wait for the gate: its result tells the caller whether the gate may be opened.
func (s *Stream) Once(ctx context.Context, in Era, subject string, data []byte, expect uint64, timeout time.Duration) (uint64, error) {
	attempt := s.acks.begin(subject, data, expect)
	defer attempt.end()
	answer, err := attempt.once(ctx, timeout)
	if err != nil {
		return 0, err
	}
	sequence, err := readAck(s.cfg.Name, answer)
	var told *jetstream.APIError
	if errors.As(err, &told) && told.ErrorCode == codeWrongLastSequence {
		return 0, ErrFenced
	}
	if err == nil {
		s.acks.note(answer, sequence)
		s.cfg.Saw(in, sequence, subject, data)
	}
	return sequence, err
}

// Probe stores a message for TakenSince, whatever is on its subject, and waits no longer than a timeout. It
// does not record the message's sequence: the stream may be another one.
func (s *Stream) Probe(ctx context.Context, subject string, timeout time.Duration) error {
	attempt := s.acks.begin(subject, nil, 0)
	defer attempt.end()
	attempt.msg.Header = nil
	answer, err := attempt.once(ctx, timeout)
	if err != nil {
		return err
	}
	_, err = readAck(s.cfg.Name, answer)
	s.acks.heard(answer, err == nil)
	return err
}

// unsent returns the error of an append that the gate did not let pass.
func (s *Stream) unsent(err error) error {
	if errors.Is(err, chat.ErrLost) {
		return err
	}
	s.counts.failed.Add(1)
	return fmt.Errorf("%w: %w", chat.ErrLogFull, err)
}

// stored records an acknowledgement: [chat.ErrLost] if its number shows that it comes from a different stream
// than earlier ones.
func (s *Stream) stored(attempt *attempt, in Era, answer *nats.Msg, sequence uint64) error {
	if !s.cfg.Gate.Is(in) {
		return chat.ErrLost
	}
	if sequence <= attempt.floor {
		s.cfg.Doubt()
		return chat.ErrLost
	}
	s.acks.note(answer, sequence)
	s.cfg.Saw(in, sequence, attempt.msg.Subject, attempt.msg.Data)
	return nil
}

// refused decides what to do about an append that was answered with an error: to try it again, or to return
// another error.
func (s *Stream) refused(answer *nats.Msg, err error, patient bool) (again bool, _ error) {
	var told *jetstream.APIError
	if !errors.As(err, &told) {
		return true, nil
	}
	if told.ErrorCode == codeOtherInFlight {
		return true, nil // this is answered immediately, and says nothing about earlier sendings
	}
	s.acks.note(answer, 0)
	switch {
	case told.ErrorCode == codeWrongLastSequence:
		return false, ErrFenced
	case IsFull(told): // in a cluster one server may be full when the others are not
		s.counts.full.Add(1)
		if patient {
			return true, nil
		}
		return false, fmt.Errorf("%w: %w", chat.ErrLogFull, err)
	case told.Code < 500:
		return false, fmt.Errorf("append: %w", err)
	}
	return true, nil
}

// IsFull reports whether JetStream says that there is no room, on the disk or in its queue.
func IsFull(err *jetstream.APIError) bool {
	code := err.ErrorCode
	return code == codeStreamStoreFailed || code == codeStorageExceeded || code == codeInsufficientResources || code == codeTooManyRequests
}

// errOutOfDate says that the server that refused an append does not know enough to decide.
var errOutOfDate = errors.New("jetio: the stream's leader is out of date")

// fenced finds out why an append was refused: ErrFenced if another writer has appended, the sequence if an
// earlier sending was stored, and errOutOfDate if it is to be sent again.
func (s *Stream) fenced(ctx context.Context, in Era, deadline time.Time, attempt *attempt, expect uint64) (uint64, error) {
	again := attempt.sent > 1
	if !again && s.cfg.Election == 0 {
		s.counts.fenced.Add(1)
		return 0, ErrFenced
	}
	if attempt.refused == 0 {
		attempt.refused = s.Mark()
	}
	ctx, cancel := context.WithDeadline(ctx, deadline.Add(AnswerTimeout)) // the answer is near
	defer cancel()
	for {
		knows := s.cfg.Election == 0 || s.TakenSince(attempt.refused) // whichever server is asked then
		msg, err := s.LastOf(ctx, attempt.msg.Subject)
		switch {
		case err == nil && msg.Sequence > expect && again && bytes.Equal(msg.Data, attempt.msg.Data):
			s.counts.resolved.Add(1)
			if s.cfg.Gate.Is(in) {
				s.Stored(msg.Sequence)
			}
			s.cfg.Saw(in, msg.Sequence, attempt.msg.Subject, msg.Data)
			return msg.Sequence, nil // records name their writer, so this one is ours
		case !knows && (errors.Is(err, chat.ErrNotFound) || err == nil && msg.Sequence <= expect):
			return 0, errOutOfDate
		case err == nil, errors.Is(err, chat.ErrNotFound):
			s.counts.fenced.Add(1)
			return 0, ErrFenced
		}
		if wait.For(ctx, RetryPause) != nil {
			return 0, fmt.Errorf("%w: %w", chat.ErrLogFull, err)
		}
	}
}
