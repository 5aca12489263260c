package jetlog

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

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

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

// message returns the message of a sequence, as lastOf does the last of a subject.
func (l *Log) message(ctx context.Context, sequence uint64) (*jetstream.RawStreamMsg, error) {
	request, err := json.Marshal(map[string]uint64{"seq": sequence})
	if err != nil {
		return nil, err
	}
	return l.getFromLeader(ctx, request)
}

// ask sends a request that may be repeated until it is answered or ctx ends.
func (l *Log) ask(ctx context.Context, subject string, request []byte) (*nats.Msg, error) {
	for {
		try, cancel := context.WithTimeout(ctx, answerTimeout)
		reply, err := l.conn.RequestWithContext(try, subject, request)
		cancel()
		if err == nil || !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return reply, err
		}
	}
}

func (l *Log) getFromLeader(ctx context.Context, request []byte) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Patience)
	defer cancel()
	reply, err := l.ask(ctx, "$JS.API.STREAM.MSG.GET."+streamName, request)
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

// answerTimeout is how long JetStream may take to answer before it is asked again: the
// server that was asked may have died.
const answerTimeout = 2 * time.Second

// Bounds of what is fetched at once, in messages and in bytes.
const (
	batchSize  = 1024
	batchBytes = 4 << 20
)

// maxReads is how many completions are read at once: what servers may send that nobody has
// taken yet is bounded by it.
const maxReads = 32

// reads takes the answers to batched reads.
type reads struct {
	replies *replies
	slots   chan struct{}
}

func newReads(conn *nats.Conn) (*reads, error) {
	r, err := newReplies(conn)
	return &reads{replies: r, slots: make(chan struct{}, maxReads)}, err
}

// records gives the records of a completion that follow a message of the stream to
// take, as far as there are any now, and returns the sequence of the last one. It ends
// with take's error. What is read may lag behind the stream's leader.
//
// JetStream is asked to leave out the headers: they take it and us longer than a record
// does. Who takes the records has to check that they follow each other.
func (l *Log) records(ctx context.Context, id string, after uint64, take func(data []byte) error) (uint64, error) {
	select {
	case l.reads.slots <- struct{}{}:
		defer func() { <-l.reads.slots }()
	case <-ctx.Done():
		return after, failure(ctx.Err())
	}
	for more := true; more; {
		request, err := json.Marshal(map[string]any{
			"seq": after + 1, "next_by_subj": eventsPrefix + id, "batch": batchSize, "max_bytes": batchBytes, "no_hdr": true,
		})
		if err != nil {
			return after, err
		}
		// What was lost with a connection is not sent again, but the end of the batch may
		// come through the next one.
		reconnects := l.conn.Stats().Reconnects
		last, pending, err := l.batch(ctx, request, take)
		if l.conn.Stats().Reconnects != reconnects {
			err = failure(nats.ErrConnectionReconnecting) // whatever does not add up then
		}
		if err != nil {
			return after, err
		}
		after, more = max(after, last), pending > 0
	}
	return after, nil
}

// batch takes the answers to one request, and returns the sequence of the last message
// of the batch (0: there was none) and how many are left behind it.
func (l *Log) batch(ctx context.Context, request []byte, take func(data []byte) error) (last, pending uint64, err error) {
	answers := make(chan *nats.Msg, batchSize+1) // a batch and its end
	inbox, token := l.reads.replies.await(answers)
	defer l.reads.replies.forget(token)
	if err := l.conn.PublishRequest("$JS.API.DIRECT.GET."+streamName, inbox, request); err != nil {
		return 0, 0, failure(err)
	}
	silence := time.NewTimer(answerTimeout)
	defer silence.Stop()
	for {
		var msg *nats.Msg
		select {
		case msg = <-answers:
			silence.Reset(answerTimeout)
		case <-silence.C:
			return 0, 0, failure(nats.ErrTimeout)
		case <-ctx.Done():
			return 0, 0, failure(ctx.Err())
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
				err = failure(fmt.Errorf("end of a batch: %w", err))
			}
			return last, pending, err
		case "404":
			return 0, 0, nil
		case "503":
			return 0, 0, failure(nats.ErrNoResponders)
		default:
			return 0, 0, failure(fmt.Errorf("batch of messages: status %q", status))
		}
	}
}

// listBatch is how many messages of several subjects are fetched at once. The stream
// takes no record meanwhile.
const listBatch = 16

// messages yields the messages of a subject from a stream sequence on, as far as
// there are any now.
func (l *Log) messages(ctx context.Context, subject string, from uint64) iter.Seq2[*jetstream.RawStreamMsg, error] {
	return func(yield func(*jetstream.RawStreamMsg, error) bool) {
		for {
			batch, err := jetstreamext.GetBatch(ctx, l.js, streamName, listBatch,
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
