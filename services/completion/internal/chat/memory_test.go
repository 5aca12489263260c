package chat_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A purse is a memory of so many bytes.
type purse struct {
	mu   sync.Mutex
	size int
	held int
	most int
}

func (p *purse) Share(string) chat.Share { return &portion{purse: p} }

type portion struct {
	purse *purse
	held  int
}

func (s *portion) Grow(n int) error {
	s.purse.mu.Lock()
	defer s.purse.mu.Unlock()
	if s.purse.held+n > s.purse.size {
		return chat.NoRoom(nil)
	}
	s.take(n)
	return nil
}

func (s *portion) Force(n int) {
	s.purse.mu.Lock()
	defer s.purse.mu.Unlock()
	s.take(n)
}

func (s *portion) Release() {
	s.purse.mu.Lock()
	defer s.purse.mu.Unlock()
	s.take(-s.held)
}

func (s *portion) take(n int) {
	s.held += n
	s.purse.held += n
	s.purse.most = max(s.purse.most, s.purse.held)
}

// wantReturned fails the test unless all is given back that was taken, which was so much at least.
func (p *purse) wantReturned(t *testing.T, least int) {
	t.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held != 0 || p.most < least {
		t.Errorf("%d bytes are held after all, and %d were, want none and at least %d", p.held, p.most, least)
	}
}

func TestRequestsShareTheMemory(t *testing.T) { synctest.Test(t, requestsShareTheMemory) }

func requestsShareTheMemory(t *testing.T) {
	memory := &purse{size: 1 << 20}
	s := newService(t, says("a"), chat.Config{Memory: memory})
	said := func(text string) func(*chat.Request) {
		return func(r *chat.Request) {
			r.Messages = []chat.Message{{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: text}}}}
		}
	}
	_, err := s.Create(t.Context(), anna, "", ask(said(strings.Repeat("x", 1<<20))))
	wantCode(t, "Create", err, chat.CodeOverloaded)
	if _, err := s.Create(t.Context(), anna, "", ask(said(strings.Repeat("x", 1<<18)))); err != nil {
		t.Error(err)
	}
	memory.wantReturned(t, 1<<18)
}

// An answer that grows beyond what there is ends, and lets the others have theirs.
func TestAnswersShareTheMemory(t *testing.T) { synctest.Test(t, answersShareTheMemory) }

func answersShareTheMemory(t *testing.T) {
	memory := &purse{size: 1 << 20}
	piece := strings.Repeat("x", 1<<16)
	s := newService(t, nil, chat.Config{Memory: memory, Models: []chat.Model{
		{ID: "model", Engine: says(piece, piece, piece)},
		{ID: "long", Engine: says(strings.Split(strings.Repeat(piece+" ", 20), " ")...)},
	}})
	_, err := s.Create(t.Context(), anna, "", ask(func(r *chat.Request) { r.Model = "long" }))
	wantCode(t, "Create", err, chat.CodeOverloaded)
	if _, err := s.Create(t.Context(), anna, "", ask()); err != nil {
		t.Error(err)
	}
	memory.wantReturned(t, 1<<19)
}

// A call is told when it need not hold its request any more: before it waits for the answer.
func TestAdmissionIsTold(t *testing.T) {
	p := newPuppet()
	s := newService(t, p, chat.Config{})
	told := make(chan struct{})
	ctx := chat.OnAdmitted(t.Context(), sync.OnceFunc(func() { close(told) }))
	done := make(chan error, 1)
	go func() {
		_, err := s.Create(ctx, anna, "", ask())
		done <- err
	}()
	<-told
	p.say(chat.Opening(0))
	p.finish()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
