package chat_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// TestFunctionCalls checks that clients that use functions get function calls, streamed or whole.
func TestFunctionCalls(t *testing.T) {
	meta := &completionv1.CompletionMetadata{Id: "c", FunctionCalls: true}
	encoder := chat.NewChunkEncoder(meta)
	for _, tt := range []struct {
		event *completionv1.CompletionEvent
		want  string
	}{
		{
			deltaEvent(&completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT, NoContent: true, ToolCalls: []*completionv1.ToolCallDelta{{Id: "call_1", FunctionName: "f", Arguments: "{"}}}),
			`{"index":0,"delta":{"role":"assistant","content":null,"refusal":null,"function_call":{"name":"f","arguments":"{"}},"logprobs":null,"finish_reason":null}`,
		},
		{
			deltaEvent(&completionv1.Delta{ToolCalls: []*completionv1.ToolCallDelta{{Arguments: "}"}}}),
			`{"index":0,"delta":{"function_call":{"arguments":"}"}},"logprobs":null,"finish_reason":null}`,
		},
		{
			deltaEvent(&completionv1.Delta{ToolCalls: []*completionv1.ToolCallDelta{{Index: 1, Id: "call_2", FunctionName: "g", Arguments: "{}"}}}),
			`{"index":0,"delta":{},"logprobs":null,"finish_reason":null}`,
		},
		{
			&completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Finish{Finish: &completionv1.Finish{Reason: completionv1.FinishReason_FINISH_REASON_TOOL_CALLS}}},
			`{"index":0,"delta":{},"logprobs":null,"finish_reason":"function_call"}`,
		},
		{
			&completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Finish{Finish: &completionv1.Finish{Reason: completionv1.FinishReason_FINISH_REASON_STOP}}},
			`{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}`,
		},
	} {
		got, err := encoder.Append(nil, tt.event)
		if err != nil || !strings.Contains(string(got), tt.want) {
			t.Errorf("%s, %v\nwant %s", got, err, tt.want)
		}
	}

	call := func(name string) *completionv1.ToolCall {
		return &completionv1.ToolCall{Id: name, Kind: &completionv1.ToolCall_Function{Function: &completionv1.FunctionCall{Name: name, Arguments: "{}"}}}
	}
	whole, err := json.Marshal(chat.NewCompletion(&completionv1.Completion{Id: "c", FunctionCalls: true, Choices: []*completionv1.Choice{{
		Message:      &completionv1.ChatMessage{Role: completionv1.Role_ROLE_ASSISTANT, ToolCalls: []*completionv1.ToolCall{call("f"), call("g")}},
		FinishReason: completionv1.FinishReason_FINISH_REASON_TOOL_CALLS,
	}}}))
	const want = `"message":{"role":"assistant","content":null,"refusal":null,"function_call":{"name":"f","arguments":"{}"},"annotations":[]`
	if err != nil || !strings.Contains(string(whole), want) || !strings.Contains(string(whole), `"finish_reason":"function_call"`) || strings.Contains(string(whole), "tool_calls") {
		t.Errorf("%s, %v\nwant %s", whole, err, want)
	}
}
