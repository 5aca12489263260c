package jetlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// An attempt is an append on its way: one message, sent once or again. Its answers are
// taken from the first sending to the end, so that a late one counts.
type attempt struct {
	acks    *acks
	msg     nats.Msg
	token   uint64
	answers chan *nats.Msg // has room for one
	timer   *time.Timer
}

// acks takes the answers to appends, and keeps what attempts are made of.
type acks struct {
	conn    *nats.Conn
	replies *replies
	link    *link
	last    atomic.Uint64 // the highest sequence that was acknowledged
	spare   sync.Pool     // of *attempt
}

func newAcks(conn *nats.Conn, link *link) (*acks, error) {
	r, err := newReplies(conn)
	return &acks{conn: conn, replies: r, link: link}, err
}

// begin returns an attempt to append a message after the expected one on its subject.
func (a *acks) begin(subject string, data []byte, expect uint64) *attempt {
	t, ok := a.spare.Get().(*attempt)
	if !ok {
		t = &attempt{acks: a, answers: make(chan *nats.Msg, 1), timer: time.NewTimer(0)}
	}
	t.msg = nats.Msg{
		Subject: subject,
		Header:  nats.Header{jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(expect, 10)}},
		Data:    data,
	}
	t.msg.Reply, t.token = a.replies.await(t.answers)
	return t
}

// end gives the attempt back.
func (t *attempt) end() {
	t.acks.replies.forget(t.token)
	t.timer.Stop()
	select {
	case <-t.answers: // too late
	default:
	}
	t.msg = nats.Msg{}
	t.acks.spare.Put(t)
}

// acknowledged notes the sequence of a record that is stored.
func (a *acks) acknowledged(sequence uint64) {
	for {
		last := a.last.Load()
		if sequence <= last || a.last.CompareAndSwap(last, sequence) {
			return
		}
	}
}

// send publishes the message. The channel tells, by being closed, that the connection
// has come back since: what was on its way then, either way, may be lost.
func (t *attempt) send() (<-chan struct{}, error) {
	back := t.acks.link.back()
	return back, t.acks.conn.PublishMsg(&t.msg)
}

// listen waits for an answer: nil if there is none in time, or the connection has come back.
func (t *attempt) listen(ctx context.Context, patience time.Duration, back <-chan struct{}) (*nats.Msg, error) {
	t.timer.Reset(patience)
	select {
	case m := <-t.answers:
		return m, nil
	case <-t.timer.C:
		return nil, nil
	case <-back:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A link tells when a connection has come back.
type link struct {
	mu      sync.Mutex
	changed chan struct{}
}

func newLink() *link { return &link{changed: make(chan struct{})} }

// back returns a channel that is closed when the connection has come back.
func (l *link) back() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

func (l *link) isBack() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.changed)
	l.changed = make(chan struct{})
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
