package service_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// A listener is an engine that records its requests, and answers with events.
type listener struct {
	asked  chan *chat.Request
	events []chat.Event
}

func (l *listener) engine() engine {
	return engine{complete: func(_ context.Context, req *chat.Request, yield func(chat.Event, error) bool) {
		l.asked <- req
		for _, e := range l.events {
			if !yield(e, nil) {
				return
			}
		}
		yield(chat.UsageEvent(cost), nil)
	}}
}

func assistant(text string) chat.Message {
	return chat.Message{Role: chat.RoleAssistant, Parts: []chat.Part{{Kind: chat.PartText, Text: text}}}
}

func system(text string) chat.Message {
	return chat.Message{Role: chat.RoleSystem, Parts: []chat.Part{{Kind: chat.PartText, Text: text}}}
}

func continuing(id string, messages ...chat.Message) *chat.Request {
	return ask(func(r *chat.Request) { r.PreviousID, r.Messages = &id, messages })
}

// TestTakeUp continues conversations. The model gets the whole conversation, but only the instructions of the
// current request.
func TestTakeUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listener{asked: make(chan *chat.Request, 9), events: spoken(1, "A ", "Beagle.")}
		s := newService(t, l.engine(), service.Config{})
		first := stream(t, s, "", ask(func(r *chat.Request) { r.Instructions = new("Be brief.") }))
		all(t, first)
		<-l.asked
		second := stream(t, s, "", continuing(first.Meta().ID, user("And a cat?")))
		all(t, second)
		question := ask().Messages[0]
		if diff := cmp.Diff([]chat.Message{question, assistant("A Beagle."), user("And a cat?")}, (<-l.asked).Messages); diff != "" {
			t.Errorf("the second request (-want +got):\n%s", diff)
		}
		if err := s.Delete(t.Context(), anna, first.Meta().ID); err != nil {
			t.Fatal(err)
		}
		third := continuing(second.Meta().ID, user("Why?"))
		third.Instructions = new("Be kind.")
		all(t, stream(t, s, "", third))
		want := []chat.Message{system("Be kind."), question, assistant("A Beagle."), user("And a cat?"), assistant("A Beagle."), user("Why?")}
		if diff := cmp.Diff(want, (<-l.asked).Messages); diff != "" {
			t.Errorf("the third request, whose first predecessor is gone (-want +got):\n%s", diff)
		}
	})
}

// TestTakeUpCalls continues with a tool's result, for calls in all places.
func TestTakeUpCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := chat.ToolCallDelta{ID: "call_1", Name: "pets", Arguments: "{}"}
		l := &listener{asked: make(chan *chat.Request, 9), events: []chat.Event{
			chat.Opening(0),
			{Kind: chat.KindDelta, Delta: chat.Delta{Reasoning: "Look."}},
			{Kind: chat.KindDelta, Delta: chat.Delta{ToolCalls: []chat.ToolCallDelta{call}}},
			chat.Finish(0, chat.FinishToolCalls),
		}}
		s := newService(t, l.engine(), service.Config{})
		first := stream(t, s, "", ask())
		all(t, first)
		<-l.asked
		result := func(id string) chat.Message {
			return chat.Message{Role: chat.RoleTool, ToolCallID: id, Parts: []chat.Part{{Kind: chat.PartText, Text: "none"}}}
		}
		made := chat.Message{Role: chat.RoleAssistant, Reasoning: "Look.", ToolCalls: []chat.ToolCall{{ID: "call_1", Name: "pets", Arguments: "{}"}}}
		want := []chat.Message{ask().Messages[0], made, result("call_1")}

		all(t, stream(t, s, "", continuing(first.Meta().ID, result("call_1"))))
		if diff := cmp.Diff(want, (<-l.asked).Messages); diff != "" {
			t.Errorf("by the completion (-want +got):\n%s", diff)
		}
		id := first.Meta().ID
		pieces := chat.Message{Role: chat.RoleAssistant, Pieces: []chat.Piece{
			{CompletionID: id, Kind: chat.PieceReasoning}, {CompletionID: id, Kind: chat.PieceToolCall},
		}}
		all(t, stream(t, s, "", ask(func(r *chat.Request) { r.Messages = append(r.Messages, pieces, result("call_1")) })))
		if diff := cmp.Diff(want, (<-l.asked).Messages); diff != "" {
			t.Errorf("by its pieces (-want +got):\n%s", diff)
		}

		_, err := s.Stream(t.Context(), anna, "", continuing(first.Meta().ID, result("call_2")))
		if shown := wantCode(t, "no such call", err, chat.CodeInvalidValue); shown.Param != "messages[0].tool_call_id" {
			t.Errorf("param %q", shown.Param)
		}
		pieces.Pieces[1].Index = 1
		_, err = s.Stream(t.Context(), anna, "", ask(func(r *chat.Request) { r.Messages = []chat.Message{pieces} }))
		if shown := wantCode(t, "no such piece", err, chat.CodePreviousNotFound); shown.Param != "messages[0].answer_pieces[1]" {
			t.Errorf("param %q", shown.Param)
		}
	})
}

// TestTakeUpOfATextKeepsWhatStandsBeside refers to only the text of an answer. The additional members from the
// model's server must come with it.
func TestTakeUpOfATextKeepsWhatStandsBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listener{asked: make(chan *chat.Request, 9), events: []chat.Event{
			chat.Opening(0),
			{Kind: chat.KindDelta, Delta: chat.Delta{Content: "Hi.", More: `{"extra_content":{"signature":"s=="}}`}},
			chat.Finish(0, chat.FinishStop),
		}}
		s := newService(t, l.engine(), service.Config{})
		first := stream(t, s, "", ask())
		all(t, first)
		<-l.asked
		said := chat.Message{Role: chat.RoleAssistant, Pieces: []chat.Piece{{CompletionID: first.Meta().ID, Kind: chat.PieceContent}}}
		all(t, stream(t, s, "", ask(func(r *chat.Request) { r.Messages = append(r.Messages, said) })))
		want := assistant("Hi.")
		want.More = `{"extra_content":{"signature":"s=="}}`
		if diff := cmp.Diff([]chat.Message{ask().Messages[0], want}, (<-l.asked).Messages); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestTakeUpRefuses checks the errors for completions that cannot be continued.
func TestTakeUpRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		running := stream(t, s, "", ask(policy(chat.OnDisconnectContinue)))
		defer running.Close()
		id := running.Meta().ID
		try := func(what, principal, id string, code chat.Code) {
			t.Helper()
			_, err := s.Stream(t.Context(), principal, "", continuing(id, user("Why?")))
			if shown := wantCode(t, what, err, code); shown.Param != "previous_completion_id" {
				t.Errorf("%s: param %q", what, shown.Param)
			}
		}
		try("unknown", anna, "chatcmpl-NONE", chat.CodePreviousNotFound)
		try("foreign", mallo, id, chat.CodePreviousNotFound)
		try("running", anna, id, chat.CodePreviousInProgress)
		if _, err := s.Cancel(t.Context(), anna, id); err != nil {
			t.Fatal(err)
		}
		try("cancelled", anna, id, chat.CodePreviousFailed)
	})
}

// TestTakeUpRefusesWhatIsOver checks the errors for completions that failed or have expired.
func TestTakeUpRefusesWhatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for what, test := range map[string]struct {
			engine chat.Engine
			later  time.Duration
			code   chat.Code
		}{
			"failed":  {failsWith(chat.Errorf(chat.CodeUpstreamError, "boom")), 0, chat.CodePreviousFailed},
			"expired": {says("yes"), time.Minute, chat.CodePreviousNotFound},
		} {
			s := newService(t, test.engine, service.Config{Log: newLog(t, memlog.Config{Retention: time.Minute})})
			st := stream(t, s, "", ask())
			for entry, err := range st.Entries() {
				if err != nil {
					t.Errorf("%s: %v, %v", what, entry, err)
				}
			}
			pass(test.later)
			_, err := s.Stream(t.Context(), anna, "", continuing(st.Meta().ID, user("Why?")))
			if shown := wantCode(t, what, err, test.code); shown.Param != "previous_completion_id" {
				t.Errorf("%s: param %q", what, shown.Param)
			}
		}
	})
}

// TestErrorsAreAboutWhatWasSent checks that an engine's error about a message uses the caller's index, which
// does not count the earlier messages.
func TestErrorsAreAboutWhatWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := ""
		e := says("Yes.")
		e.check = func(*chat.Request) error {
			if at == "" {
				return nil
			}
			return &chat.Error{Code: chat.CodeInvalidValue, Param: at, Message: "'" + at + "' is odd."}
		}
		s := newService(t, e, service.Config{})
		first := stream(t, s, "", ask())
		all(t, first)
		for engines, sent := range map[string]string{
			"messages[0]":            "previous_completion_id", // the instructions
			"messages[2].content":    "previous_completion_id",
			"messages[3].content[1]": "messages[0].content[1]",
			"messages":               "messages",
			"tools[0]":               "tools[0]",
		} {
			at = engines
			req := continuing(first.Meta().ID, user("Why?"))
			req.Instructions = new("Be brief.")
			_, err := s.Stream(t.Context(), anna, "", req)
			shown := wantCode(t, engines, err, chat.CodeInvalidValue)
			if diff := cmp.Diff([]string{sent, "'" + sent + "' is odd."}, []string{shown.Param, shown.Message}); diff != "" {
				t.Errorf("%s (-want +got):\n%s", engines, diff)
			}
		}
	})
}

// TestUntilNow reads the existing events of a running completion, and of an ended one.
func TestUntilNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		running := stream(t, s, "", ask(policy(chat.OnDisconnectContinue)))
		defer running.Close()
		now := func(after int64) []chat.Entry {
			t.Helper()
			st, err := s.UntilNow(t.Context(), anna, running.Meta().ID, after)
			if err != nil {
				t.Fatal(err)
			}
			return all(t, st)
		}
		if got := now(chat.FromStart); len(got) != 0 {
			t.Errorf("at first there is %v", got)
		}
		p.say(chat.Opening(0), chat.Text(0, "A"))
		synctest.Wait()
		want := numbered(0, chat.Opening(0), chat.Text(0, "A"))
		if diff := cmp.Diff(want, now(chat.FromStart), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("in the middle (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want[1:], now(0), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("after the first (-want +got):\n%s", diff)
		}
		p.finish()
		synctest.Wait()
		if diff := cmp.Diff(append(want, numbered(2, chat.Finish(0, chat.FinishStop), done())...), now(chat.FromStart)); diff != "" {
			t.Errorf("at the end (-want +got):\n%s", diff)
		}
		_, err := s.UntilNow(t.Context(), anna, running.Meta().ID, 4)
		wantCode(t, "ahead of the end", err, chat.CodeInvalidCursor)
	})
}
