package jetlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// errFenced says that somebody else has written to a subject.
var errFenced = errors.New("jetlog: subject has been written to by another")

// Error codes of JetStream (nats-server, errors.json).
const (
	codeWrongLastSequence  jetstream.ErrorCode = 10071
	codeStreamStoreFailed  jetstream.ErrorCode = 10077
	codeNoSuitablePeers    jetstream.ErrorCode = 10005
	codeInsufficientMemory jetstream.ErrorCode = 10028
	codeInsufficientSpace  jetstream.ErrorCode = 10023
)

const (
	ackTimeout = time.Second
	retryPause = 50 * time.Millisecond
)

// append adds a message to a subject if the last one there is the expected one (0:
// none), and returns its sequence in the stream: errFenced if it is not,
// [chat.ErrLogFull] if there is no room or nobody to take it within the patience.
func (l *Log) append(ctx context.Context, subject string, data []byte, expect uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Patience)
	defer cancel()
	for ambiguous := false; ; {
		sequence, err := l.publish(ctx, subject, data, expect)
		var told *jetstream.APIError
		switch {
		case err == nil:
			return sequence, nil
		case errors.As(err, &told) && told.ErrorCode == codeWrongLastSequence:
			if !ambiguous {
				return 0, errFenced
			}
			// An earlier try may be what we are up against.
			return l.resolve(ctx, subject, data, expect)
		case errors.As(err, &told) && (told.ErrorCode == codeStreamStoreFailed || told.ErrorCode == codeInsufficientSpace):
			err = fmt.Errorf("%w: %w", chat.ErrLogFull, err)
		case errors.As(err, &told):
			return 0, fmt.Errorf("append: %w", err)
		case errors.Is(err, nats.ErrMaxPayload):
			return 0, fmt.Errorf("%w: %w", chat.ErrTooLong, err)
		default:
			ambiguous = true
		}
		if !wait(ctx, retryPause) {
			return 0, fmt.Errorf("%w: %w", chat.ErrLogFull, err)
		}
	}
}

func (l *Log) publish(ctx context.Context, subject string, data []byte, expect uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	ack, err := l.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: data},
		jetstream.WithExpectLastSequencePerSubject(expect), jetstream.WithRetryAttempts(0))
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// resolve finds out whether an append whose acknowledgement was lost has happened.
func (l *Log) resolve(ctx context.Context, subject string, data []byte, expect uint64) (uint64, error) {
	for {
		msg, err := l.lastOf(ctx, subject)
		switch {
		case err == nil && msg.Sequence > expect && bytes.Equal(msg.Data, data):
			return msg.Sequence, nil // records name their writer, so it is ours
		case err == nil, errors.Is(err, chat.ErrNotFound):
			return 0, errFenced
		}
		if !wait(ctx, retryPause) {
			return 0, fmt.Errorf("%w: %w", chat.ErrLogFull, err)
		}
	}
}

// lastOf returns the last message of a subject as the stream's leader holds it:
// [chat.ErrNotFound] where there is none. A direct get could ask a server that lags.
func (l *Log) lastOf(ctx context.Context, subject string) (*jetstream.RawStreamMsg, error) {
	request, err := json.Marshal(map[string]string{"last_by_subj": subject})
	if err != nil {
		return nil, err
	}
	return l.getFromLeader(ctx, request)
}

// firstOf returns the first message of a subject, as lastOf does the last.
func (l *Log) firstOf(ctx context.Context, subject string) (*jetstream.RawStreamMsg, error) {
	request, err := json.Marshal(map[string]any{"seq": 1, "next_by_subj": subject})
	if err != nil {
		return nil, err
	}
	return l.getFromLeader(ctx, request)
}

func (l *Log) getFromLeader(ctx context.Context, request []byte) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Patience)
	defer cancel()
	reply, err := l.conn.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+streamName, request)
	if err != nil {
		return nil, failure(err)
	}
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Subject  string `json:"subject"`
			Sequence uint64 `json:"seq"`
			Data     []byte `json:"data"`
		} `json:"message"`
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return nil, fmt.Errorf("answer of JetStream: %w", err)
	}
	switch {
	case answer.Error == nil:
		m := answer.Message
		return &jetstream.RawStreamMsg{Subject: m.Subject, Sequence: m.Sequence, Data: m.Data}, nil
	case answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return nil, chat.ErrNotFound
	}
	return nil, failure(answer.Error)
}

// batchSize is how many messages are fetched at once.
const batchSize = 256

// messages yields the messages of a subject from a stream sequence on, as far as
// there are any now.
func (l *Log) messages(ctx context.Context, subject string, from uint64) iter.Seq2[*jetstream.RawStreamMsg, error] {
	return func(yield func(*jetstream.RawStreamMsg, error) bool) {
		for {
			batch, err := jetstreamext.GetBatch(ctx, l.js, streamName, batchSize,
				jetstreamext.GetBatchSubject(subject), jetstreamext.GetBatchSeq(from))
			if err != nil {
				yield(nil, failure(err))
				return
			}
			n := 0
			for msg, err := range batch {
				if errors.Is(err, jetstreamext.ErrNoMessages) {
					return
				}
				if err != nil {
					yield(nil, failure(err))
					return
				}
				if !yield(msg, nil) {
					return
				}
				n, from = n+1, msg.Sequence+1
			}
			// A batch ends alike when it is complete and when its time is over. Only "no
			// messages" tells that there are no more.
			if n == 0 {
				yield(nil, failure(nats.ErrTimeout))
				return
			}
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
