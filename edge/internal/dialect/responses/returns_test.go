package responses_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/responses"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"google.golang.org/protobuf/encoding/prototext"
)

// TestWhatAServerSentReturns checks that additional members from the model's server are in their places again
// when a client sends back the items of an answer that is not stored.
func TestWhatAServerSentReturns(t *testing.T) {
	const (
		stop  = completionv1.FinishReason_FINISH_REASON_STOP
		calls = completionv1.FinishReason_FINISH_REASON_TOOL_CALLS
	)
	call := func(id, more string) *completionv1.Delta {
		return &completionv1.Delta{ToolCalls: []*completionv1.ToolCallDelta{{Index: int32(id[0] - 'a'), Id: id, FunctionName: "f", Arguments: "{}", More: more}}}
	}
	for _, tt := range []struct {
		name   string
		events events
		reason completionv1.FinishReason
		want   string
	}{
		{
			"the signature of a call", events{}.delta(call("a", `{"extra_content":{"google":{"thought_signature":"s=="}}}`)).delta(call("b", `{"function":{"x":1},"name":"forged"}`)), calls,
			`role: ROLE_ASSISTANT tool_calls { id: "a" function { name: "f" arguments: "{}" } more: '{"extra_content":{"google":{"thought_signature":"s=="}}}' }
				tool_calls { id: "b" function { name: "f" arguments: "{}" } more: '{"function":{"x":1}}' }`,
		},
		{
			"the signature of a text", events{}.text("Hi").delta(&completionv1.Delta{Content: "!", More: `{"extra_content":{"google":{"thought_signature":"s=="}},"id":"forged"}`}), stop,
			`role: ROLE_ASSISTANT parts { parts { text: "Hi!" } } more: '{"extra_content":{"google":{"thought_signature":"s=="}}}'`,
		},
		{
			"details of reasoning, in pieces", events{}.delta(&completionv1.Delta{Reasoning: "h", More: `{"reasoning_details":[{"type":"reasoning.text","index":0,"text":"h"}]}`}).
				delta(&completionv1.Delta{Reasoning: "m", More: `{"reasoning_details":[{"type":"reasoning.text","index":0,"text":"m\u2028"}]}`}).text("Hi"), stop,
			`role: ROLE_ASSISTANT reasoning: "hm" parts { parts { text: "Hi" } } more: '{"reasoning_details":[{"index":0,"text":"hm\\u2028","type":"reasoning.text"}]}'`,
		},
		{
			"details without reasoning, before a call", events{}.delta(&completionv1.Delta{More: `{"reasoning_details":[{"type":"reasoning.encrypted","data":"x"}]}`}).delta(call("a", "")), calls,
			`role: ROLE_ASSISTANT more: '{"reasoning_details":[{"data":"x","type":"reasoning.encrypted"}]}' tool_calls { id: "a" function { name: "f" arguments: "{}" } }`,
		},
		{
			"details behind a call", events{}.delta(call("a", "")).delta(&completionv1.Delta{More: `{"reasoning_details":[{"type":"reasoning.encrypted","data":"x"}]}`}), calls,
			`role: ROLE_ASSISTANT more: '{"reasoning_details":[{"data":"x","type":"reasoning.encrypted"}]}' tool_calls { id: "a" function { name: "f" arguments: "{}" } }`,
		},
		{
			"details of both", events{}.delta(&completionv1.Delta{Reasoning: "hm", More: `{"a":[1]}`}).delta(&completionv1.Delta{Content: "Hi"}).delta(&completionv1.Delta{More: `{"a":[2],"b":3}`}), stop,
			`role: ROLE_ASSISTANT reasoning: "hm" parts { parts { text: "Hi" } } more: '{"a":[1,2],"b":3}'`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list := tt.events.finish(tt.reason).done()
			all := project(t, metadata(nil), list, dialect.Reader{})
			for _, frame := range all {
				if strings.Contains(frame, "\u2028") {
					t.Errorf("a line ends in %q", frame)
				}
			}
			_, last := dataOf(t, all[len(all)-1])
			output, err := json.Marshal(last["response"].(map[string]any)["output"])
			if err != nil {
				t.Fatal(err)
			}
			got, fault := responses.New().Decode([]byte(`{"input":`+string(output)+`}`), nil)
			if fault != nil {
				t.Fatal(fault)
			}
			want := &completionv1.ChatMessage{}
			if err := prototext.Unmarshal([]byte(tt.want), want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]*completionv1.ChatMessage{want}, got.Params.GetMessages(), protocmp.Transform()); diff != "" {
				t.Errorf("%s (-want +got)\n%s", output, diff)
			}
		})
	}
}

// TestReferencesToOneAnswerAreOneMessage checks that references to the items of an answer, in the answer's
// order, become one message, even with reasoning after a call.
func TestReferencesToOneAnswerAreOneMessage(t *testing.T) {
	const (
		one = "chatcmpl-WQ3PXK2IJ5VB7YD2LXU2V4ANNQ"
		two = "chatcmpl-AAAAAAAAAAAAAAAAAAAAAAAAAA"
	)
	for _, tt := range []struct {
		name string
		ids  []string
		want []string // the pieces of each message
	}{
		{"reasoning behind a call", []string{"fc_1_0", "rs_1_1"}, []string{"1 TOOL_CALL, 1 REASONING"}},
		{"a text behind a call", []string{"rs_1_0", "fc_1_0", "msg_1_2"}, []string{"1 REASONING, 1 TOOL_CALL, 1 CONTENT"}},
		{"reasoning behind a text", []string{"msg_1_0", "rs_1_1"}, []string{"1 CONTENT, 1 REASONING"}},
		{"of two answers", []string{"fc_1_0", "rs_2_0", "fc_2_1"}, []string{"1 TOOL_CALL", "2 REASONING, 2 TOOL_CALL"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			items := []string{`{"role":"user","content":"a"}`}
			for _, id := range tt.ids {
				key := strings.NewReplacer("_1_", "_"+strings.TrimPrefix(one, "chatcmpl-")+"_", "_2_", "_"+strings.TrimPrefix(two, "chatcmpl-")+"_")
				items = append(items, `{"type":"item_reference","id":"`+key.Replace(id)+`"}`)
			}
			items = append(items, `{"type":"function_call_output","call_id":"c","output":"1"}`)
			r, fault := responses.New().Decode([]byte(`{"input":[`+strings.Join(items, ",")+`]}`), nil)
			if fault != nil {
				t.Fatal(fault)
			}
			var got []string
			messages := r.Params.GetMessages()
			for _, m := range messages[1 : len(messages)-1] {
				var pieces []string
				for _, p := range m.GetAnswerPieces() {
					number := map[string]string{one: "1 ", two: "2 "}[p.GetCompletionId()]
					pieces = append(pieces, number+strings.TrimPrefix(p.GetKind().String(), "KIND_"))
				}
				got = append(got, strings.Join(pieces, ", "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
