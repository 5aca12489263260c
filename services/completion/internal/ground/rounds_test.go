package ground_test

import (
	"context"
	"iter"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/ground"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// A caller is a backend whose model calls the tool whenever it has one.
type caller struct {
	arguments string // of a call, which a second piece repeats
	asked     []chat.Request
}

func (c *caller) CanContinue(*route.Call) bool { return true }

func (c *caller) Complete(_ context.Context, call *route.Call) iter.Seq2[[]chat.Event, error] {
	c.asked = append(c.asked, *call.Request)
	return func(yield func([]chat.Event, error) bool) {
		events := []chat.Event{chat.Opening(0), chat.Text(0, "Hm. "), chat.Finish(0, chat.FinishStop)}
		if len(call.Request.Tools) > 0 {
			pieces := []chat.ToolCallDelta{{ID: "c1", Name: "search_pets", Arguments: c.arguments}, {Arguments: c.arguments}}
			events[1].Delta.ToolCalls, events[2].Reason = pieces, chat.FinishToolCalls
		}
		yield(events, nil)
	}
}

// load loads the catalogue once for all tests: it takes a while.
var load = sync.OnceValues(catalogue.Load)

func grounded(t *testing.T, c *caller, call *route.Call) (events []chat.Event) {
	t.Helper()
	store, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for batch, err := range ground.New(c, store, true).Complete(t.Context(), call) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, batch...)
	}
	return events
}

func question() *route.Call {
	return &route.Call{Shown: make([]route.Shown, 1), Request: &chat.Request{Messages: []chat.Message{
		{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: "Who is Luna?"}}},
	}}}
}

// TestAModelAsksOnlySoOften checks the bound for a model that calls the tool again and again.
func TestAModelAsksOnlySoOften(t *testing.T) {
	c := &caller{arguments: " "}
	call := question()
	var shown []string
	for _, e := range grounded(t, c, call) {
		switch {
		case e.Kind == chat.KindFinish:
			shown = append(shown, string(e.Reason))
		case len(e.Delta.ToolCalls) > 0:
			t.Error("a call of our tool is shown")
		case e.Kind == chat.KindDelta && e.Delta.Content != "":
			shown = append(shown, e.Delta.Content)
		}
	}
	if diff := cmp.Diff([]string{"Hm. ", "Hm. ", "Hm. ", "Hm. ", "stop"}, shown); diff != "" {
		t.Error(diff)
	}
	var messages, tools []int
	for i := range c.asked {
		messages, tools = append(messages, len(c.asked[i].Messages)), append(tools, len(c.asked[i].Tools))
	}
	// The sources and the question; each round adds the call and its result.
	if diff := cmp.Diff([]int{2, 4, 6, 8}, messages); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{1, 1, 1, 0}, tools); diff != "" {
		t.Error(diff)
	}
	if len(call.Request.Messages) != 1 || call.Request.Tools != nil {
		t.Errorf("the caller's own request has changed: %+v", call.Request)
	}
}

// TestArgumentsAreBounded checks that longer arguments are cut off.
func TestArgumentsAreBounded(t *testing.T) {
	c := &caller{arguments: strings.Repeat(" ", 40<<10)}
	grounded(t, c, question())
	if calls := c.asked[1].Messages[2].ToolCalls; len(calls) != 1 || len(calls[0].Arguments) != 40<<10 {
		t.Errorf("%d bytes of arguments", len(calls[0].Arguments))
	}
}

// TestWhoIsOfferedNoTool checks the requests for which the tool is not offered.
func TestWhoIsOfferedNoTool(t *testing.T) {
	for name, change := range map[string]func(*route.Call){
		"has tools":     func(c *route.Call) { c.Request.Tools = []chat.Tool{{Name: "mine"}} },
		"chooses tools": func(c *route.Call) { c.Request.ToolChoice = &chat.ToolChoice{Mode: chat.ToolChoiceNone} },
		"wants JSON":    func(c *route.Call) { c.Request.ResponseFormat = &chat.ResponseFormat{Kind: chat.FormatJSONObject} },
		"wants two":     func(c *route.Call) { c.Request.N = new(2); c.Shown = make([]route.Shown, 2) },
		"continues":     func(c *route.Call) { c.Shown[0].Text = "Luna is" },
	} {
		t.Run(name, func(t *testing.T) {
			c, call := new(caller), question()
			change(call)
			own := len(call.Request.Tools)
			grounded(t, c, call)
			if len(c.asked) != 1 || len(c.asked[0].Tools) != own || c.asked[0].Messages[0].Role != chat.RoleSystem {
				t.Errorf("asked %+v", c.asked)
			}
		})
	}
}
