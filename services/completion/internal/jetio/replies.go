package jetio

import (
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// replies receives servers' answers, through one subscription for all requests: one for each would take a lock
// of the connection several times. It is safe for concurrent use.
type replies struct {
	inbox string // the answers' subjects without the last token

	mu      sync.Mutex
	next    uint64
	waiting map[uint64]chan<- *nats.Msg // by the last token of the answers' subject
}

func newReplies(conn *nats.Conn) (*replies, error) {
	r := &replies{inbox: conn.NewRespInbox() + ".", waiting: make(map[uint64]chan<- *nats.Msg)}
	sub, err := conn.Subscribe(r.inbox+"*", r.deliver)
	if err == nil {
		err = sub.SetPendingLimits(-1, -1) // each caller bounds its answers
	}
	return r, err
}

// Numbers in the subject of an answer have this base. The text after a remark is for the caller that awaits the
// answer.
const (
	base   = 36
	remark = "-"
)

// deliver passes an answer on, if there is room for it.
func (r *replies) deliver(m *nats.Msg) {
	digits, _, _ := strings.Cut(strings.TrimPrefix(m.Subject, r.inbox), remark)
	token, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case r.waiting[token] <- m:
	default: // no caller waits any more, or it has not read the last answer
	}
}

// await returns a subject, and passes the answers to it to a channel until forget is called with the token.
func (r *replies) await(answers chan<- *nats.Msg) (subject string, token uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	r.waiting[r.next] = answers
	return r.inbox + strconv.FormatUint(r.next, base), r.next
}

// forget ends what await began: the channel gets nothing more.
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
