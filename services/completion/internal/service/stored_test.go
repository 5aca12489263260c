package service_test

import (
	"context"
	"iter"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

func TestGetOfARunningCompletionIsPartial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		st := stream(t, s, "", ask(choices(2)))
		synctest.Wait()
		steps := []struct {
			say  []chat.Event
			want []chat.Choice
		}{
			{nil, []chat.Choice{{}, {}}},
			{[]chat.Event{chat.Opening(0), chat.Text(0, "Lab")}, []chat.Choice{{Content: "Lab"}, {}}},
			{[]chat.Event{chat.Text(0, "rador"), chat.Finish(0, chat.FinishLength)}, []chat.Choice{{Content: "Labrador", Reason: chat.FinishLength}, {}}},
		}
		for i, step := range steps {
			p.say(step.say...)
			synctest.Wait()
			want := &chat.Completion{Meta: st.Meta(), Status: chat.StatusInProgress, Choices: step.want}
			if diff := cmp.Diff(want, get(t, s, st.Meta().ID)); diff != "" {
				t.Errorf("step %d (-want +got):\n%s", i, diff)
			}
		}
	})
}

// TestCallsThatAreSaidInTurns begins further calls before the first one is complete.
func TestCallsThatAreSaidInTurns(t *testing.T) {
	events := []chat.Event{chat.Opening(0)}
	var want []chat.ToolCall
	for _, piece := range []string{"{", `"a":`, "1}"} {
		for i := range 5 {
			call := chat.ToolCallDelta{Index: i, Arguments: piece}
			if piece == "{" {
				call.ID, call.Name = strings.Repeat("c", i+1), "f"
				want = append(want, chat.ToolCall{ID: call.ID, Name: "f", Arguments: `{"a":1}`})
			}
			events = append(events, chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{ToolCalls: []chat.ToolCallDelta{call}}})
		}
	}
	s := newService(t, yields(append(events, chat.Finish(0, chat.FinishToolCalls), chat.UsageEvent(cost))...), service.Config{})
	c, err := s.Create(t.Context(), anna, "", ask())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, c.Choices[0].ToolCalls); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestACompletionIsTheSumOfItsEvents(t *testing.T) {
	delta := func(choice int, d chat.Delta) chat.Event {
		return chat.Event{Kind: chat.KindDelta, Choice: choice, Delta: d}
	}
	token := func(text string) *chat.Logprobs {
		return &chat.Logprobs{Content: []chat.TokenLogprob{{Token: text, Logprob: -1}}}
	}
	call := func(d chat.ToolCallDelta) chat.Event { return delta(1, chat.Delta{ToolCalls: []chat.ToolCallDelta{d}}) }
	s := newService(t, yields(
		chat.Opening(0), delta(1, chat.Delta{Role: chat.RoleAssistant, NoContent: true}),
		delta(0, chat.Delta{Reasoning: "Children ", More: `{"notes":[1]}`}), delta(0, chat.Delta{More: `{"notes":[2]}`}), delta(0, chat.Delta{Reasoning: "are loud."}),
		delta(0, chat.Delta{Content: "Lab", Logprobs: token("Lab")}), delta(0, chat.Delta{Content: "rador", Logprobs: token("rador")}),
		call(chat.ToolCallDelta{Index: 1, ID: "b", Name: "find_breeds", Arguments: "{"}),
		call(chat.ToolCallDelta{Index: 0, ID: "a", Name: "find_pets"}), call(chat.ToolCallDelta{Index: 1, Arguments: "}"}),
		call(chat.ToolCallDelta{Index: 1, More: `{"a":{"b":1}}`}), call(chat.ToolCallDelta{Index: 1, More: `{"a":{"c":2}}`}),
		delta(0, chat.Delta{Content: " mix", Pets: []chat.Pet{{ID: "luna"}, {ID: "pip"}}, RelatedQuestions: []string{"Why?"}}),
		delta(1, chat.Delta{Refusal: "I "}), delta(1, chat.Delta{Refusal: "cannot."}),
		chat.Finish(1, chat.FinishToolCalls), chat.Finish(0, chat.FinishStop), chat.UsageEvent(cost),
	), service.Config{})
	c, err := s.Create(t.Context(), anna, "", ask(choices(2)))
	if err != nil {
		t.Fatal(err)
	}
	want := &chat.Completion{Meta: c.Meta, Status: chat.StatusCompleted, Usage: new(cost), Choices: []chat.Choice{
		{
			Content: "Labrador mix", More: `{"notes":[1,2]}`, Reasoning: "Children are loud.", Reason: chat.FinishStop,
			Pets: []chat.Pet{{ID: "luna"}, {ID: "pip"}}, RelatedQuestions: []string{"Why?"},
			Logprobs: &chat.Logprobs{Content: []chat.TokenLogprob{{Token: "Lab", Logprob: -1}, {Token: "rador", Logprob: -1}}},
		},
		{
			Refusal: "I cannot.", NoContent: true, Reason: chat.FinishToolCalls,
			ToolCalls: []chat.ToolCall{{ID: "a", Name: "find_pets"}, {ID: "b", Name: "find_breeds", Arguments: "{}", More: `{"a":{"b":1,"c":2}}`}},
		},
	}}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("Create (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, get(t, s, c.Meta.ID)); diff != "" {
		t.Errorf("Get (-want +got):\n%s", diff)
	}
}

func TestMessagesAreThoseOfTheRequest(t *testing.T) {
	s := newService(t, says("yes"), service.Config{})
	conversation := []chat.Message{user("a"), user("b"), user("c")}
	c, err := s.Create(t.Context(), anna, "", ask(stored, messages(conversation...)))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		page chat.Page
		want string
		more bool
	}{
		{chat.Page{}, "a b c", false},
		{chat.Page{Descending: true}, "c b a", false},
		{chat.Page{Limit: 2}, "a b", true},
		{chat.Page{Limit: 2, After: c.Meta.ID + "-1"}, "c", false},
		{chat.Page{Descending: true, Limit: 1, After: c.Meta.ID + "-2"}, "b", true},
	} {
		got, more, err := s.Messages(t.Context(), anna, c.Meta.ID, test.page)
		if err != nil {
			t.Fatalf("Messages of %+v: %v", test.page, err)
		}
		var texts []string
		for _, m := range got {
			texts = append(texts, m.Message.Text())
		}
		if joined := strings.Join(texts, " "); joined != test.want || more != test.more {
			t.Errorf("Messages of %+v: %q and more %t, want %q and %t", test.page, joined, more, test.want, test.more)
		}
	}
	if conversation[0].Text() != "a" {
		t.Error("the order of the request itself has changed")
	}
}

func TestUpdateReplacesTheMetadata(t *testing.T) {
	s := newService(t, says("yes"), service.Config{})
	c, err := s.Create(t.Context(), anna, "", ask(stored, metadata(map[string]string{"species": "dog", "city": "Oslo"})))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []map[string]string{{"species": "cat"}, nil, pairs(16)} {
		updated, err := s.Update(t.Context(), anna, c.Meta.ID, m)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, updated.Meta.Metadata); diff != "" || updated.Choices[0].Content != "yes" {
			t.Errorf("Update (-want +got):\n%s", diff)
		}
	}
	for _, test := range []struct {
		metadata map[string]string
		code     chat.Code
	}{
		{pairs(17), chat.CodeArrayTooLong},
		{map[string]string{strings.Repeat("k", 65): ""}, chat.CodeStringTooLong},
		{map[string]string{"k": strings.Repeat("v", 513)}, chat.CodeStringTooLong},
	} {
		_, err := s.Update(t.Context(), anna, c.Meta.ID, test.metadata)
		if shown := wantCode(t, "Update", err, test.code); shown.Param != "metadata" {
			t.Errorf("the error is about %q", shown.Param)
		}
	}
	if diff := cmp.Diff(pairs(16), get(t, s, c.Meta.ID).Meta.Metadata); diff != "" {
		t.Errorf("what was refused has changed the metadata (-want +got):\n%s", diff)
	}
}

func TestModelsAreOrderedAndFoundByTheirID(t *testing.T) {
	s := newService(t, nil, service.Config{Models: []chat.Model{{ID: "c"}, {ID: "a", OwnedBy: "us"}, {ID: "b"}}})
	var ids []string
	for _, m := range s.Models() {
		ids = append(ids, m.ID)
	}
	if got := strings.Join(ids, " "); got != "a b c" {
		t.Errorf("Models: %s", got)
	}
	if m, err := s.Model("a"); err != nil || m.OwnedBy != "us" {
		t.Errorf("Model: %+v, %v", m, err)
	}
	for _, id := range []string{"", "d", "A"} {
		_, err := s.Model(id)
		wantCode(t, "Model", err, chat.CodeModelNotFound)
	}
	_, err := s.Create(t.Context(), anna, "", ask(func(r *chat.Request) { r.Model = "d" }))
	if shown := wantCode(t, "Create", err, chat.CodeModelNotFound); shown.Param != "model" {
		t.Errorf("the error is about %q", shown.Param)
	}
}

// TestAnAliasIsAnotherNameOfTheSameModel checks that the service accepts an alias wherever it accepts a model,
// and that its own output names the model by its id.
func TestAnAliasIsAnotherNameOfTheSameModel(t *testing.T) {
	asked := &asked{Engine: says("yes")}
	s := newService(t, nil, service.Config{Models: []chat.Model{
		{ID: "b", Aliases: []string{"B", "BB"}, Fingerprint: "fp_b", Engine: asked}, {ID: "a", Engine: says("no")},
	}})
	by := func(name string) func(*chat.Request) { return func(r *chat.Request) { r.Model = name } }
	for _, name := range []string{"b", "B", "BB"} {
		if m, err := s.Model(name); err != nil || m.ID != "b" {
			t.Errorf("Model(%s): %s, %v", name, m.ID, err)
		}
		given := ask(by(name), stored)
		c, err := s.Create(t.Context(), anna, "", given)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if c.Meta.Model != "b" || c.Meta.Fingerprint != "fp_b" || c.Meta.Request.Model != "b" || asked.model != "b" {
			t.Errorf("%s: the answer is of %s, the engine is asked as %s", name, c.Meta.Model, asked.model)
		}
		if given.Model != name {
			t.Errorf("the caller's request was changed to %s", given.Model)
		}
		if list, _, err := s.List(t.Context(), anna, chat.Filter{Model: name}, chat.Page{}); err != nil || len(list) == 0 || list[len(list)-1].Meta.ID != c.Meta.ID {
			t.Errorf("List of %s: %d completions, %v", name, len(list), err)
		}
	}
	if n := len(s.Models()); n != 2 {
		t.Errorf("%d models are listed", n)
	}
	first := stream(t, s, "key", ask(by("BB")))
	if again := stream(t, s, "key", ask(by("b"))); again.Meta().ID != first.Meta().ID {
		t.Error("the same request by another name of its model is another one")
	}
	_, err := s.Model("bb")
	wantCode(t, "Model", err, chat.CodeModelNotFound)
}

// An asked is an engine that records the model of its requests.
type asked struct {
	chat.Engine
	model string
}

func (e *asked) Check(ctx context.Context, r *chat.Request) error {
	e.model = r.Model
	return e.Engine.Check(ctx, r)
}

// A racingLog is a log that trims a completion after it was listed.
type racingLog struct {
	chat.Log
	trimmed string
}

func (l *racingLog) Follow(ctx context.Context, id string, after int64, progress bool) iter.Seq2[chat.Entry, error] {
	if id == l.trimmed {
		return func(yield func(chat.Entry, error) bool) { yield(chat.Entry{}, chat.ErrTrimmed) }
	}
	return l.Log.Follow(ctx, id, after, progress)
}

func TestAListLeavesOutWhatExpiresMeanwhile(t *testing.T) {
	log := &racingLog{Log: newLog(t, memlog.Config{})}
	s := newService(t, says("yes"), service.Config{Log: log})
	var ids []string
	for range 3 {
		c, err := s.Create(t.Context(), anna, "", ask(stored))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.Meta.ID)
	}
	log.trimmed = ids[1]
	got, more, err := s.List(t.Context(), anna, chat.Filter{}, chat.Page{})
	if err != nil || more || len(got) != 2 || got[0].Meta.ID != ids[0] || got[1].Meta.ID != ids[2] {
		t.Errorf("List: %d, more %t, %v, want the other two", len(got), more, err)
	}
}
