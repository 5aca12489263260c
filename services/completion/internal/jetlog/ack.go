package jetlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// acks publishes messages to the stream and takes what JetStream answers, through one
// subscription for all that are on their way. It is safe for concurrent use.
type acks struct {
	conn  *nats.Conn
	inbox string // the answers' subjects but for the last token

	mu      sync.Mutex
	next    uint64
	waiting map[uint64]*flight // by the last token of the answer's subject
	spare   []*flight
}

// A flight is a message on its way.
type flight struct {
	answer  chan *nats.Msg // has room for one
	timeout *time.Timer
}

// maxSpare bounds the flights that are kept for others.
const maxSpare = 256

func newAcks(conn *nats.Conn) (*acks, error) {
	a := &acks{conn: conn, inbox: conn.NewRespInbox() + ".", waiting: make(map[uint64]*flight)}
	_, err := conn.Subscribe(a.inbox+"*", a.take)
	return a, err
}

// take hands an answer over.
func (a *acks) take(m *nats.Msg) {
	token, err := strconv.ParseUint(strings.TrimPrefix(m.Subject, a.inbox), 36, 64)
	if err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if f := a.waiting[token]; f != nil {
		delete(a.waiting, token)
		f.answer <- m
	}
}

func (a *acks) begin() (token uint64, f *flight) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.spare); n > 0 {
		f, a.spare = a.spare[n-1], a.spare[:n-1]
		f.timeout.Reset(ackTimeout)
	} else {
		f = &flight{answer: make(chan *nats.Msg, 1), timeout: time.NewTimer(ackTimeout)}
	}
	a.next++
	a.waiting[a.next] = f
	return a.next, f
}

func (a *acks) end(token uint64, f *flight) {
	f.timeout.Stop()
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.waiting, token)
	select {
	case <-f.answer: // too late
	default:
	}
	if len(a.spare) < maxSpare {
		a.spare = append(a.spare, f)
	}
}

// inFlight returns how many messages are on their way.
func (a *acks) inFlight() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.waiting)
}

// publish sends a message that is to follow the expected one on its subject, and
// returns its sequence in the stream: a [*jetstream.APIError] where JetStream refuses;
// after any other error it may or may not have been stored.
func (a *acks) publish(ctx context.Context, subject string, data []byte, expect uint64) (uint64, error) {
	token, f := a.begin()
	defer a.end(token, f)
	err := a.conn.PublishMsg(&nats.Msg{
		Subject: subject,
		Reply:   a.inbox + strconv.FormatUint(token, 36),
		Header:  nats.Header{jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(expect, 10)}},
		Data:    data,
	})
	if err != nil {
		return 0, err
	}
	select {
	case m := <-f.answer:
		return readAck(m)
	case <-f.timeout.C:
		return 0, nats.ErrTimeout
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// ackStart is how JetStream's usual answer begins.
const ackStart = `{"stream":"` + streamName + `","seq":`

var errInvalidAck = errors.New("answer of JetStream cannot be read")

func readAck(m *nats.Msg) (uint64, error) {
	if rest, ok := bytes.CutPrefix(m.Data, []byte(ackStart)); ok {
		if digits, ok := bytes.CutSuffix(rest, []byte("}")); ok {
			if sequence, err := strconv.ParseUint(string(digits), 10, 64); err == nil && sequence > 0 {
				return sequence, nil
			}
		}
	}
	if len(m.Data) == 0 && m.Header.Get("Status") == "503" {
		return 0, nats.ErrNoResponders
	}
	var answer struct {
		Error    *jetstream.APIError `json:"error"`
		Stream   string              `json:"stream"`
		Sequence uint64              `json:"seq"`
	}
	switch err := json.Unmarshal(m.Data, &answer); {
	case err != nil:
		return 0, fmt.Errorf("%w: %w", errInvalidAck, err)
	case answer.Error != nil:
		return 0, answer.Error
	case answer.Stream != streamName || answer.Sequence == 0:
		return 0, errInvalidAck
	}
	return answer.Sequence, nil
}
