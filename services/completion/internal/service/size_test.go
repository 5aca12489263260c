package service_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/logtest"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// A fresh log gives each reader a request of its own, as one does that reads it from elsewhere.
type freshLog struct {
	chat.Log
	text func() string
}

func (l freshLog) Head(ctx context.Context, id string) (chat.Head, error) {
	return l.fresh(l.Log.Head(ctx, id))
}

func (l freshLog) Latest(ctx context.Context, id string) (chat.Head, error) {
	return l.fresh(l.Log.Latest(ctx, id))
}

func (l freshLog) fresh(head chat.Head, err error) (chat.Head, error) {
	if err == nil {
		meta := *head.Meta
		meta.Request = ask(messages(user(l.text())))
		head.Meta = &meta
	}
	return head, err
}

// A reader of an answer holds nothing of what was asked for: that counts for nobody there.
func TestAReaderHoldsNoRequest(t *testing.T) {
	const readers, size = 24, 1 << 20
	p := newPuppet()
	log := freshLog{newLog(t, memlog.Config{}), func() string { return strings.Repeat("x", size) }}
	s := newService(t, p, service.Config{Log: log})
	first := stream(t, s, "", ask())
	id := first.Meta().ID
	p.say(chat.Opening(0))
	before := heap()
	var left sync.WaitGroup
	ctx, leave := context.WithCancel(t.Context())
	for range readers {
		st, err := s.Resume(ctx, anna, id, chat.FromStart, false)
		if err != nil {
			t.Fatal(err)
		}
		begun := make(chan struct{})
		left.Go(func() {
			for range st.Entries() {
				select {
				case <-begun:
				default:
					close(begun)
				}
			}
		})
		<-begun
	}
	if each := (heap() - before) / readers; each > size/4 {
		t.Errorf("a reader holds %d bytes, the request has %d", each, size)
	}
	leave()
	left.Wait()
	p.finish()
	all(t, first)
}

// A request that names many earlier answers holds these, and not what they answer.
func TestEarlierRequestsAreLetGo(t *testing.T) {
	const earlier, size = 24, 1 << 20
	before, reads, most := 0, 0, 0
	log := freshLog{newLog(t, memlog.Config{}), func() string {
		if reads++; reads == 1 {
			before = heap()
		}
		most = max(most, heap()-before)
		return strings.Repeat("x", size)
	}}
	s := newService(t, says("Yes."), service.Config{Log: log})
	req := ask(stored)
	for range earlier {
		st := stream(t, s, "", ask(stored))
		all(t, st)
		req.Messages = append(req.Messages, chat.Message{Role: chat.RoleAssistant, Pieces: []chat.Piece{{CompletionID: st.Meta().ID, Kind: chat.PieceContent}}})
	}
	all(t, stream(t, s, "", req))
	if reads < earlier || most > 4*size {
		t.Errorf("%d earlier requests of %d bytes were read, and %d held at once", reads, size, most)
	}
}

// What a request takes from earlier answers counts before anybody looks at it.
func TestEarlierAnswersShareTheMemory(t *testing.T) {
	const size = 1 << 20
	e := says(strings.Repeat("x", size))
	e.check = func(req *chat.Request) error {
		if n := req.Size(); n > 2*size {
			t.Errorf("the engine is asked about %d bytes", n)
		}
		return nil
	}
	memory := &logtest.Purse{Size: 8 << 20}
	s := newService(t, e, service.Config{Memory: memory, Counter: letters{}})
	st := stream(t, s, "", ask(stored))
	all(t, st)
	id := st.Meta().ID
	said := chat.Message{Role: chat.RoleAssistant, Pieces: []chat.Piece{{CompletionID: id, Kind: chat.PieceContent}}}
	_, err := s.Create(t.Context(), anna, "", ask(messages(said, said, said, said)))
	wantCode(t, "four answers", err, chat.CodeOverloaded)
	_, err = s.Create(t.Context(), anna, "", continuing(id, said, said))
	wantCode(t, "a conversation and two answers", err, chat.CodeOverloaded)
	if _, err := s.Create(t.Context(), anna, "", ask(messages(said))); err != nil {
		t.Error(err)
	}
	_, err = s.CountPrompt(t.Context(), anna, ask(messages(said, said, said, said)))
	wantCode(t, "their tokens", err, chat.CodeOverloaded)
}

// heap returns what is allocated once garbage is gone.
func heap() int {
	for range 2 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
