package wire

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// moreRequest has members without a field in the contract, in each possible place.
const moreRequest = `{
	"more": "{\"top_k\":40}", "functionCalls": true, "tools": [{"function": {"name": "f"}, "more": "{\"t\":1}"}],
	"messages": [
		{"role": "ROLE_SYSTEM", "parts": {"parts": [{"text": "be kind", "more": "{\"p\":1}"}]}, "more": "{\"m\":1}"},
		{"role": "ROLE_ASSISTANT", "toolCalls": [{"id": "c1", "function": {"name": "f", "arguments": "{}"}, "more": "{\"c\":1}"}]}
	]
}`

func TestRequestKeepsWhatElseItHolds(t *testing.T) {
	want := &chat.Request{
		More: `{"top_k":40}`, FunctionCalls: true, Tools: []chat.Tool{{Name: "f", More: `{"t":1}`}},
		Messages: []chat.Message{
			{Role: chat.RoleSystem, Parts: []chat.Part{{Kind: chat.PartText, Text: "be kind", More: `{"p":1}`}}, More: `{"m":1}`},
			{Role: chat.RoleAssistant, ToolCalls: []chat.ToolCall{{ID: "c1", Name: "f", Arguments: "{}", More: `{"c":1}`}}},
		},
	}
	params := read(t, moreRequest)
	got := RequestFromProto(params)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	again, err := RequestToProto(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, RequestFromProto(again)); diff != "" {
		t.Errorf("there and back (-want +got):\n%s", diff)
	}
	if digestOf(t, params) != digestOf(t, again) {
		t.Error("it has another digest once it is stored")
	}
}
