package jetio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// An attempt is an append in progress: one message, sent once or several times. It receives answers from the
// first sending to its end, so that a late one counts.
type attempt struct {
	acks    *acks
	msg     nats.Msg
	inbox   string // subject of the answers, without the remark
	token   uint64
	answers chan *nats.Msg // has capacity for one
	timer   *time.Timer
	floor   uint64    // the stored message has a higher sequence, unless the stream is another one
	sent    int       // how often
	serial  uint64    // of the last sending
	at      time.Time // of the last sending
	again   time.Time // when to send it again, if that is known
	refused Mark      // when a server first said that another writer has appended
}

// acks receives the answers to appends, and pools attempts.
//
// A stream answers in the order in which it was asked. So if a message that was sent later has been answered,
// an unanswered one is lost. If nothing is answered at all, it does not help to send everything again: one
// message now and then shows when the stream is back.
type acks struct {
	conn     *nats.Conn
	replies  *replies
	link     *Link
	name     string // of the stream
	sendings atomic.Uint64
	answered atomic.Uint64 // the serial of the last answered sending
	taken    atomic.Uint64 // of the last acknowledged sending
	probed   Moment        // when a message was last sent again although nothing is answered
	last     atomic.Uint64 // the highest sequence that is known to be stored
	at       Moment        // when a message was last acknowledged
	spare    sync.Pool     // of *attempt
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
	t.inbox, t.token = a.replies.await(t.answers)
	t.sent, t.floor, t.refused = 0, a.last.Load(), 0
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

// send publishes the message. The channel is closed when the connection has come back since: messages in
// flight, in either direction, may be lost then.
func (t *attempt) send() (<-chan struct{}, error) {
	back := t.acks.link.Back()
	t.serial, t.at, t.again = t.acks.sendings.Add(1), time.Now(), time.Time{}
	t.msg.Reply = t.inbox + remark + strconv.FormatUint(t.serial, base)
	err := t.acks.conn.PublishMsg(&t.msg)
	if err != nil {
		t.again = t.at.Add(unsentPause)
	} else {
		t.sent++
	}
	return back, err
}

// answer waits for an answer: nil if it is time to send the message again, or for the caller to give up.
func (t *attempt) answer(ctx context.Context, deadline time.Time, back <-chan struct{}) (*nats.Msg, error) {
	for {
		patience := AckGrace
		if !t.again.IsZero() {
			patience = time.Until(t.again)
		}
		t.timer.Reset(min(patience, time.Until(deadline)))
		select {
		case m := <-t.answers:
			return m, nil
		case <-t.timer.C:
			if t.lost() || !time.Now().Before(deadline) {
				return nil, nil
			}
		case <-back:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// once sends the message, and waits for an answer no longer than a timeout: [nats.ErrTimeout].
func (t *attempt) once(ctx context.Context, timeout time.Duration) (*nats.Msg, error) {
	back, err := t.send()
	if err != nil {
		return nil, err
	}
	answer, err := t.answer(ctx, time.Now().Add(timeout), back)
	if err == nil && answer == nil {
		err = nats.ErrTimeout
	}
	return answer, err
}

// lost reports whether the message is to be sent again.
func (t *attempt) lost() bool {
	if !t.again.IsZero() {
		return !time.Now().Before(t.again)
	}
	silence := time.Since(t.at)
	return silence >= AckGrace && t.acks.answered.Load() > t.serial || silence >= AckTimeout && t.acks.mayProbe()
}

// mayProbe reports whether it is time to check if the stream is back.
func (a *acks) mayProbe() bool { return a.probed.Again(probeEvery) }

// note records that a sending was answered, and what was stored (0: nothing).
func (a *acks) note(answer *nats.Msg, sequence uint64) {
	a.heard(answer, sequence > 0)
	if sequence > 0 {
		Raise(&a.last, sequence)
		a.at.Now()
	}
}

// heard records that a sending was answered, whether or not by an acknowledgement.
func (a *acks) heard(answer *nats.Msg, taken bool) {
	_, digits, _ := strings.Cut(answer.Subject, remark)
	serial, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		return
	}
	Raise(&a.answered, serial)
	if taken {
		Raise(&a.taken, serial)
	}
}

// Raise sets a number to a larger one.
func Raise(n *atomic.Uint64, to uint64) {
	for {
		now := n.Load()
		if to <= now || n.CompareAndSwap(now, to) {
			return
		}
	}
}

// A Link signals when a connection has come back. It is safe for concurrent use.
type Link struct {
	mu      sync.Mutex
	changed chan struct{}
}

// NewLink returns the link of a connection.
func NewLink() *Link { return &Link{changed: make(chan struct{})} }

// Back returns a channel that is closed when the connection has come back.
func (l *Link) Back() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// IsBack signals that the connection has come back.
func (l *Link) IsBack() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.changed)
	l.changed = make(chan struct{})
}

var errInvalidAck = errors.New("answer of JetStream cannot be read")

// readAck returns the sequence that an answer of a stream acknowledges.
func readAck(stream string, m *nats.Msg) (uint64, error) {
	// JetStream's usual answer is parsed by hand: there is one for every append.
	if rest, ok := cutAck(stream, m.Data); ok {
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
	case answer.Stream != stream || answer.Sequence == 0:
		return 0, errInvalidAck
	}
	return answer.Sequence, nil
}

// cutAck cuts off the beginning of JetStream's usual answer.
func cutAck(stream string, answer []byte) (rest []byte, ok bool) {
	const start, middle = `{"stream":"`, `","seq":`
	if n := len(start) + len(stream) + len(middle); len(answer) > n &&
		string(answer[:len(start)]) == start && string(answer[len(start):n-len(middle)]) == stream && string(answer[n-len(middle):n]) == middle {
		return answer[n:], true
	}
	return nil, false
}
