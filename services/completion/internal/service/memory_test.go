package service_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/logtest"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// wantReturned fails the test unless all memory has been released, after a maximum of at least least bytes.
func wantReturned(t *testing.T, p *logtest.Purse, least int) {
	t.Helper()
	synctest.Wait()
	if held, most := p.Held(); held != 0 || most < least {
		t.Errorf("%d bytes are held after all, and %d were, want none and at least %d", held, most, least)
	}
}

func TestRequestsShareTheMemory(t *testing.T) { synctest.Test(t, requestsShareTheMemory) }

func requestsShareTheMemory(t *testing.T) {
	memory := &logtest.Purse{Size: 1 << 20}
	s := newService(t, says("a"), service.Config{Memory: memory})
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
	wantReturned(t, memory, 1<<18)
}

// TestAnswersShareTheMemory checks that an answer that grows beyond the memory ends, and that the others
// continue.
func TestAnswersShareTheMemory(t *testing.T) { synctest.Test(t, answersShareTheMemory) }

func answersShareTheMemory(t *testing.T) {
	memory := &logtest.Purse{Size: 1 << 20}
	piece := strings.Repeat("x", 1<<16)
	s := newService(t, nil, service.Config{Memory: memory, Models: []chat.Model{
		{ID: "model", Engine: says(piece, piece, piece)},
		{ID: "long", Engine: says(strings.Split(strings.Repeat(piece+" ", 20), " ")...)},
	}})
	_, err := s.Create(t.Context(), anna, "", ask(func(r *chat.Request) { r.Model = "long" }))
	wantCode(t, "Create", err, chat.CodeOverloaded)
	synctest.Wait() // its own goroutine releases its memory
	if _, err := s.Create(t.Context(), anna, "", ask()); err != nil {
		t.Error(err)
	}
	wantReturned(t, memory, 1<<19)
}

// TestAdmissionIsTold checks that a call learns that it may release its request before it waits for the answer.
func TestAdmissionIsTold(t *testing.T) {
	p := newPuppet()
	s := newService(t, p, service.Config{})
	told := make(chan struct{})
	ctx := service.OnAdmitted(t.Context(), sync.OnceFunc(func() { close(told) }))
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
