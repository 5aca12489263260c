package service_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// letters is a counter that takes each letter for a token.
type letters struct{}

func (letters) Prompt(_ context.Context, messages []chat.Message, _ int) (n int, _ error) {
	for i := range messages {
		n += len(messages[i].Text())
	}
	return n, nil
}

// TestCountPrompt counts all that the model would be asked, and refuses what would be refused.
func TestCountPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, says("Yes."), service.Config{Counter: letters{}})
		first := stream(t, s, "", ask(func(r *chat.Request) { r.Messages = []chat.Message{user("Four")} }))
		all(t, first)
		count := func(r *chat.Request) (int, error) { return s.CountPrompt(t.Context(), anna, r) }
		req := continuing(first.Meta().ID, user("Three"))
		req.Instructions = new("In")
		if n, err := count(req); err != nil || n != len("In"+"Four"+"Yes."+"Three") {
			t.Errorf("%d tokens, %v", n, err)
		}
		_, err := count(ask(func(r *chat.Request) { r.Model = "none" }))
		wantCode(t, "another model", err, chat.CodeModelNotFound)
		_, err = count(ask(func(r *chat.Request) { r.Messages = nil }))
		wantCode(t, "no messages", err, chat.CodeEmptyArray)
		_, err = count(continuing("chatcmpl-NONE", user("?")))
		wantCode(t, "no such completion", err, chat.CodePreviousNotFound)
	})
}
