package advisor

import (
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// TestWhatIsIgnored checks that additional content changes nothing: the answer is that to the conversation's text.
func TestWhatIsIgnored(t *testing.T) {
	a := advisor(t)
	image := chat.Part{Kind: chat.PartImage, ImageURL: "https://example.com/cat.png"}
	call := chat.Message{Role: chat.RoleAssistant, ToolCalls: []chat.ToolCall{{ID: "call", Name: "find", Arguments: "{"}}}
	result := chat.Message{Role: chat.RoleTool, ToolCallID: "call", Parts: []chat.Part{{Kind: chat.PartText, Text: "[]"}}}
	before := []chat.Message{message(chat.RoleUser, "Show me calm cats"), message(chat.RoleAssistant, "**Misty** is calm, and so is **Luna**.")}
	about := message(chat.RoleUser, "How old is the second one?")
	talk := func(messages ...chat.Message) *chat.Request {
		return &chat.Request{Model: ModelAdvisor, Messages: messages}
	}
	want := text(t, a, talk(append(before, about)...))
	for name, req := range map[string]*chat.Request{
		"tools": {
			Messages: append(before, about), Tools: []chat.Tool{{Name: "find"}},
			ToolChoice: &chat.ToolChoice{Mode: chat.ToolChoiceAuto}, ParallelToolCalls: new(true),
		},
		"no tools":         {Messages: append(before, about), Tools: []chat.Tool{{Name: "find"}}, ToolChoice: &chat.ToolChoice{Mode: chat.ToolChoiceNone}},
		"effort":           {Messages: append(before, about), ReasoningEffort: "high"},
		"a call before":    talk(before[0], call, result, before[1], about),
		"a call in time":   talk(before[0], before[1], about, call, result),
		"an image before":  talk(chat.Message{Role: chat.RoleUser, Parts: append([]chat.Part{image}, before[0].Parts...)}, before[1], about),
		"an image with it": talk(before[0], before[1], chat.Message{Role: chat.RoleUser, Parts: append([]chat.Part{image}, about.Parts...)}),
	} {
		t.Run(name, func(t *testing.T) {
			req.Model = ModelAdvisor
			model := a.Models()[0]
			if err := req.Validate(); err != nil {
				t.Fatal(err)
			}
			if err := model.Capabilities.Check(req); err != nil {
				t.Fatal(err)
			}
			if got := text(t, a, req); got != want {
				t.Errorf("answer\n%s\nwant\n%s", got, want)
			}
		})
	}
	alone := talk(chat.Message{Role: chat.RoleUser, Parts: []chat.Part{image}})
	if got := text(t, a, alone); got == "" {
		t.Error("an image alone has no answer")
	}
}
