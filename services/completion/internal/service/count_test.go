package service_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// letters is a counter that counts each letter as a token.
type letters struct{}

func (letters) Prompt(_ context.Context, messages []chat.Message, _ int) (n int, _ error) {
	for i := range messages {
		n += len(messages[i].Text())
	}
	return n, nil
}

// TestCountPrompt checks that CountPrompt counts the whole prompt, and refuses the same requests as Stream.
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

// aloud is a counter that records the number of messages of each call.
type aloud struct {
	letters
	asked *[]int
}

func (a aloud) Prompt(ctx context.Context, messages []chat.Message, limit int) (int, error) {
	*a.asked = append(*a.asked, len(messages))
	return a.letters.Prompt(ctx, messages, limit)
}

// TestFittedOnce checks that the engine gets a long conversation as it was fitted at admission: the service
// does not count it again, and the engine sees only its end.
func TestFittedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var counted []int
		var seen *chat.Request
		e := engine{complete: func(_ context.Context, req *chat.Request, yield func(chat.Event, error) bool) {
			seen = req
			_ = yield(chat.Opening(0), nil) && yield(chat.Finish(0, chat.FinishStop), nil) && yield(chat.UsageEvent(cost), nil)
		}}
		s := newService(t, nil, service.Config{
			Counter: aloud{asked: &counted},
			Models:  []chat.Model{{ID: "model", Capabilities: everything, Engine: e, ContextWindow: 8}},
		})
		all(t, stream(t, s, "", ask(func(r *chat.Request) {
			r.Messages, r.Truncate = []chat.Message{user("first"), user("second"), user("third")}, true
		})))
		whole := 0
		for _, n := range counted {
			if n == 3 {
				whole++
			}
		}
		if whole != 1 {
			t.Errorf("the whole was counted %d times, of %v", whole, counted)
		}
		if len(seen.Messages) != 1 || seen.Messages[0].Text() != "third" {
			t.Errorf("the engine was asked %v", seen.Messages)
		}
	})
}
