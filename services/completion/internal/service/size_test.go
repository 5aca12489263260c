package service_test

import (
	"context"
	"iter"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/logtest"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// A freshLog gives each reader its own copy of the request, as a log does that reads it from storage.
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

// TestAReaderHoldsNoRequest checks that a reader does not hold the request, which counts against no budget
// there.
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

// TestEarlierRequestsAreLetGo checks that a request that refers to many earlier answers holds these, but not
// their requests.
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

// A waitingLog blocks followers until the channel gate is closed.
type waitingLog struct {
	freshLog
	gate chan struct{}
}

func (l waitingLog) Follow(ctx context.Context, id string, after int64, progress bool) iter.Seq2[chat.Entry, error] {
	<-l.gate
	return l.Log.Follow(ctx, id, after, progress)
}

// TestEarlierRequestsCountBeforeTheirAnswersAreRead lets calls wait for the answers of completions with large
// requests. By then, each request must be counted or released.
func TestEarlierRequestsCountBeforeTheirAnswersAreRead(t *testing.T) {
	const calls, size = 8, 1 << 20
	large := func() string { return strings.Repeat("x", size) }
	inner, first := newLog(t, memlog.Config{}), ask(stored)
	st := stream(t, newService(t, says("Yes."), service.Config{Log: inner}), "", ask(stored, messages(user(large()))))
	all(t, st)
	id := st.Meta().ID
	first.Messages = append(first.Messages, chat.Message{Role: chat.RoleAssistant, Pieces: []chat.Piece{{CompletionID: id, Kind: chat.PieceContent}}})
	for name, test := range map[string]struct {
		req           *chat.Request
		counted, held int // at least, and at most
		refused       int
	}{
		"continued": {continuing(id, user("Why?")), 2 * 6 * size, 4 * size, calls - 2},
		"named":     {first, 0, size / 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := waitingLog{freshLog{inner, large}, make(chan struct{})}
				memory := &logtest.Purse{Size: 15 * size}
				s := newService(t, says("Yes."), service.Config{Log: log, Memory: memory, Counter: letters{}})
				before := heap()
				ended := make(chan error, calls)
				for range calls {
					go func() {
						_, err := s.CountPrompt(t.Context(), anna, test.req)
						ended <- err
					}()
				}
				synctest.Wait()
				if n := len(ended); n != test.refused {
					t.Errorf("%d of %d calls have ended, want %d", n, calls, test.refused)
				}
				for range test.refused {
					wantCode(t, "one call too many", <-ended, chat.CodeOverloaded)
				}
				if counted, _ := memory.Held(); counted < test.counted {
					t.Errorf("%d bytes count while calls wait, want at least %d", counted, test.counted)
				}
				if held := heap() - before; held > test.held {
					t.Errorf("%d bytes are held while calls wait, want at most %d", held, test.held)
				}
				close(log.gate)
				for range calls - test.refused {
					if err := <-ended; err != nil {
						t.Error(err)
					}
				}
				wantReturned(t, memory, test.counted)
			})
		})
	}
}

// TestEarlierAnswersShareTheMemory checks that the parts that a request takes from earlier answers count before
// they are checked.
func TestEarlierAnswersShareTheMemory(t *testing.T) {
	const size = 1 << 20
	e := says(strings.Repeat("x", size))
	e.check = func(req *chat.Request) error {
		if n := req.Size(); n > 2*size {
			t.Errorf("the engine is asked about %d bytes", n)
		}
		return nil
	}
	memory := &logtest.Purse{Size: 16 << 20}
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

// heap returns the allocated bytes after garbage collections.
func heap() int {
	for range 2 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
