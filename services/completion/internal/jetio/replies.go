package jetio

import (
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// replies takes what servers answer, through one subscription for all requests: making
// one for each would take a lock of the connection's several times. It is safe for
// concurrent use.
type replies struct {
	inbox string // the answers' subjects but for the last token

	mu      sync.Mutex
	next    uint64
	waiting map[uint64]chan<- *nats.Msg // by the last token of the answers' subject
}

func newReplies(conn *nats.Conn) (*replies, error) {
	r := &replies{inbox: conn.NewRespInbox() + ".", waiting: make(map[uint64]chan<- *nats.Msg)}
	sub, err := conn.Subscribe(r.inbox+"*", r.take)
	if err == nil {
		err = sub.SetPendingLimits(-1, -1) // who asks bounds what may come
	}
	return r, err
}

// Numbers in the subject of an answer are of this base. What follows a remark is for who
// awaits the answer.
const (
	base   = 36
	remark = "-"
)

// take hands an answer over, if there is room for it.
func (r *replies) take(m *nats.Msg) {
	digits, _, _ := strings.Cut(strings.TrimPrefix(m.Subject, r.inbox), remark)
	token, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case r.waiting[token] <- m:
	default: // nobody waits any more, or has read the last answer
	}
}

// await returns a subject, and has the answers to it handed to a channel until forget is
// called with the token.
func (r *replies) await(answers chan<- *nats.Msg) (subject string, token uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	r.waiting[r.next] = answers
	return r.inbox + strconv.FormatUint(r.next, base), r.next
}

// forget ends what await has begun: the channel gets nothing more.
func (r *replies) forget(token uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, token)
}

// count returns how many await an answer.
func (r *replies) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting)
}
