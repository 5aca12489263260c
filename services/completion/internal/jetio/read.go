package jetio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// LastOf returns the last message of a subject as the stream's leader holds it: [chat.ErrNotFound] if there is
// none. A direct get could reach a lagging server.
func (s *Stream) LastOf(ctx context.Context, subject string) (*jetstream.RawStreamMsg, error) {
	request, err := json.Marshal(map[string]string{"last_by_subj": subject})
	if err != nil {
		return nil, err
	}
	return s.getFromLeader(ctx, request)
}

// FirstOf returns the first message of a subject, as LastOf does the last.
func (s *Stream) FirstOf(ctx context.Context, subject string) (*jetstream.RawStreamMsg, error) {
	return s.nextOf(ctx, subject, 1)
}

// nextOf returns a subject's first message from a sequence on, as LastOf does the last.
func (s *Stream) nextOf(ctx context.Context, subject string, from uint64) (*jetstream.RawStreamMsg, error) {
	request, err := json.Marshal(map[string]any{"seq": from, "next_by_subj": subject})
	if err != nil {
		return nil, err
	}
	return s.getFromLeader(ctx, request)
}

// Message returns the message with a sequence, as LastOf does the last of a subject.
func (s *Stream) Message(ctx context.Context, sequence uint64) (*jetstream.RawStreamMsg, error) {
	request, err := json.Marshal(map[string]uint64{"seq": sequence})
	if err != nil {
		return nil, err
	}
	return s.getFromLeader(ctx, request)
}

// Ask sends a repeatable request, again and again until it is answered or ctx ends.
func (s *Stream) Ask(ctx context.Context, subject string, request []byte) (*nats.Msg, error) {
	for {
		try, cancel := context.WithTimeout(ctx, AnswerTimeout)
		reply, err := s.cfg.Conn.RequestWithContext(try, subject, request)
		cancel()
		if err == nil || !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return reply, err
		}
	}
}

// getFromLeader asks the stream's leader for a message. While there is no leader, it waits until one is
// elected.
func (s *Stream) getFromLeader(ctx context.Context, request []byte) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Patience)
	defer cancel()
	for until := time.Now().Add(s.cfg.Election); ; {
		msg, err := s.getOnce(ctx, request)
		var told *jetstream.APIError
		electing := errors.As(err, &told) && told.ErrorCode == codeNoLeader
		if !electing || !time.Now().Before(until) || wait.For(ctx, RetryPause) != nil {
			return msg, err
		}
	}
}

func (s *Stream) getOnce(ctx context.Context, request []byte) (*jetstream.RawStreamMsg, error) {
	reply, err := s.Ask(ctx, "$JS.API.STREAM.MSG.GET."+s.cfg.Name, request)
	if err != nil {
		return nil, Failure(err)
	}
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Subject  string    `json:"subject"`
			Sequence uint64    `json:"seq"`
			Data     []byte    `json:"data"`
			Time     time.Time `json:"time"`
		} `json:"message"`
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return nil, fmt.Errorf("answer of JetStream: %w", err)
	}
	switch {
	case answer.Error == nil:
		m := answer.Message
		return &jetstream.RawStreamMsg{Subject: m.Subject, Sequence: m.Sequence, Data: m.Data, Time: m.Time}, nil
	case answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return nil, chat.ErrNotFound
	}
	return nil, Failure(answer.Error)
}

// AnswerTimeout is how long JetStream may take to answer before the request is repeated: the server that was
// asked may have died.
const AnswerTimeout = 2 * time.Second

// Bounds of one fetch, in messages and in bytes.
const (
	batchSize  = 1024
	batchBytes = 4 << 20
)

// Data passes the data of a subject's messages after a sequence to take, as far as there are any now, and
// returns the sequence of the last one. It ends with take's error. The result may lag behind the stream's
// leader.
//
// It asks JetStream to leave out the headers, which cost both sides more time than the data. The caller has to
// check that each message follows the previous one.
func (s *Stream) Data(ctx context.Context, subject string, after uint64, take func(data []byte) error) (uint64, error) {
	for more := true; more; {
		request, err := json.Marshal(map[string]any{
			"seq": after + 1, "next_by_subj": subject, "batch": batchSize, "max_bytes": batchBytes, "no_hdr": true,
		})
		if err != nil {
			return after, err
		}
		// Messages lost with a connection are not sent again, but the end of the batch may come over the next
		// one.
		reconnects := s.cfg.Conn.Stats().Reconnects
		last, pending, err := s.batch(ctx, request, take)
		if s.cfg.Conn.Stats().Reconnects != reconnects {
			err = Failure(nats.ErrConnectionReconnecting) // whatever the inconsistency was
		}
		if err != nil {
			return after, err
		}
		after, more = max(after, last), pending > 0
	}
	return after, nil
}

// batch receives the answers to one request, and returns the sequence of the last message of the batch (0:
// there was none) and how many are left after it.
func (s *Stream) batch(ctx context.Context, request []byte, take func(data []byte) error) (last, pending uint64, err error) {
	answers := make(chan *nats.Msg, batchSize+1) // a batch and its end
	inbox, token := s.replies.await(answers)
	defer s.replies.forget(token)
	if err := s.cfg.Conn.PublishRequest("$JS.API.DIRECT.GET."+s.cfg.Name, inbox, request); err != nil {
		return 0, 0, Failure(err)
	}
	silence := time.NewTimer(AnswerTimeout)
	defer silence.Stop()
	for {
		var msg *nats.Msg
		select {
		case msg = <-answers:
			silence.Reset(AnswerTimeout)
		case <-silence.C:
			return 0, 0, Failure(nats.ErrTimeout)
		case <-ctx.Done():
			return 0, 0, Failure(ctx.Err())
		}
		status := msg.Header.Get("Status")
		if status == "" || len(msg.Data) > 0 {
			if err := take(msg.Data); err != nil {
				return 0, 0, err
			}
			continue
		}
		switch status {
		case "204": // the end of the batch
			last, err = strconv.ParseUint(msg.Header.Get(jetstream.LastSequenceHeader), 10, 64)
			if err == nil {
				pending, err = strconv.ParseUint(msg.Header.Get("Nats-Num-Pending"), 10, 64)
			}
			if err != nil {
				err = Failure(fmt.Errorf("end of a batch: %w", err))
			}
			return last, pending, err
		case "404":
			return 0, 0, nil
		case "503":
			return 0, 0, Failure(nats.ErrNoResponders)
		default:
			return 0, 0, Failure(fmt.Errorf("batch of messages: status %q", status))
		}
	}
}

// ListBatch is how many messages of several subjects are fetched at once. Meanwhile the stream stores nothing.
const ListBatch = 16

// Messages yields the messages of a subject from a stream sequence on, as far as there are any now. It reads
// them from any server, and the last ones, which that server may not have yet, from the stream's leader.
func (s *Stream) Messages(ctx context.Context, subject string, from uint64) iter.Seq2[*jetstream.RawStreamMsg, error] {
	return func(yield func(*jetstream.RawStreamMsg, error) bool) {
		for {
			batch, err := jetstreamext.GetBatch(ctx, s.cfg.JetStream, s.cfg.Name, ListBatch,
				jetstreamext.GetBatchSubject(subject), jetstreamext.GetBatchSeq(from))
			if err != nil {
				yield(nil, Failure(err))
				return
			}
			n := 0
			for msg, err := range batch {
				if errors.Is(err, jetstreamext.ErrNoMessages) {
					s.newest(ctx, subject, from, yield)
					return
				}
				if err != nil {
					yield(nil, Failure(err))
					return
				}
				if !yield(msg, nil) {
					return
				}
				n, from = n+1, msg.Sequence+1
			}
			// A batch ends in the same way when it is complete and when its time is over. Only "no messages"
			// means that there are no more.
			if n == 0 {
				yield(nil, Failure(nats.ErrTimeout))
				return
			}
		}
	}
}

// newest yields the messages of a subject from a sequence on as the leader holds them, one by one: there are
// some only if the server that was asked before lags.
func (s *Stream) newest(ctx context.Context, subject string, from uint64, yield func(*jetstream.RawStreamMsg, error) bool) {
	for {
		msg, err := s.nextOf(ctx, subject, from)
		if errors.Is(err, chat.ErrNotFound) || !yield(msg, err) || err != nil {
			return
		}
		from = msg.Sequence + 1
	}
}

// Clock returns the time at the stream's server.
func (s *Stream) Clock(ctx context.Context) (time.Time, error) {
	stream, err := s.cfg.JetStream.Stream(ctx, s.cfg.Name)
	if err != nil {
		return time.Time{}, Failure(err)
	}
	return stream.CachedInfo().TimeStamp, nil
}
