package service

import (
	"container/list"
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

const (
	// repeatWithin is how long after its end a completion still answers the same request, sent again.
	repeatWithin = time.Minute
	// maxEnded bounds how many ended completions are remembered.
	maxEnded = 100_000
)

// askings remembers the requests of completions without an idempotency key: of those that run here, and of
// those that have just ended.
type askings struct {
	mu    sync.Mutex
	last  map[chat.Asking]*asked
	ended *list.List // of *asked, by their ends
}

type asked struct {
	asking chat.Asking
	id     string
	until  time.Time // zero while it runs
}

func newAskings() *askings { return &askings{last: make(map[chat.Asking]*asked), ended: list.New()} }

func asking(principal, model string, digest [sha256.Size]byte) chat.Asking {
	text := append([]byte(principal+"\x00"+model+"\x00"), digest[:]...)
	return sha256.Sum256(text)
}

// begin remembers a completion, as the last one of its asking; nil if it has a key to find it by.
func (a *askings) begin(m *chat.Meta) *asked {
	if m.IdempotencyKey != "" {
		return nil
	}
	one := &asked{asking: asking(m.Principal, m.Model, m.RequestHash), id: m.ID}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last[one.asking] = one
	return one
}

// end remembers a completion for a while more.
func (a *askings) end(one *asked) {
	if one == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	one.until = now.Add(repeatWithin)
	a.ended.PushBack(one)
	for e := a.ended.Front(); e != nil; e = a.ended.Front() {
		oldest := e.Value.(*asked) //nolint:forcetypeassert // the list holds nothing else
		if a.ended.Len() <= maxEnded && now.Before(oldest.until) {
			return
		}
		a.ended.Remove(e)
		if a.last[oldest.asking] == oldest {
			delete(a.last, oldest.asking)
		}
	}
}

// find returns the last completion of an asking; empty: there is none.
func (a *askings) find(asking chat.Asking) (id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	one := a.last[asking]
	if one == nil || !one.until.IsZero() && !time.Now().Before(one.until) {
		return ""
	}
	return one.id
}

// sentBefore returns the completion of a request that its client sends again after losing the answer: nil if
// the request has to run anew, because there is none, or because it failed, which also makes clients send a
// request again.
func (s *Service) sentBefore(ctx context.Context, principal string, req *chat.Request) *chat.Meta {
	if req.SentBefore == nil || *req.SentBefore < 1 {
		return nil
	}
	wanted := asking(principal, req.Model, req.Digest)
	id := s.askings.find(wanted)
	if id == "" {
		id = s.cluster.Asked(ctx, wanted)
	}
	if id == "" {
		return nil
	}
	head, err := s.log.Latest(ctx, id)
	if err != nil || asking(head.Meta.Principal, head.Meta.Model, head.Meta.RequestHash) != wanted {
		return nil
	}
	if head.Terminal != nil && head.Terminal.Kind != chat.KindDone {
		return nil
	}
	return head.Meta
}
