package chat_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/answer"
	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

func TestBodies(t *testing.T) {
	for _, test := range []struct {
		name string
		body any
		want string
	}{
		{
			"completion", chat.NewCompletion(wholeCompletion()),
			`{"id":"c","object":"chat.completion","created":1,"model":"m","status":"completed","choices":[` +
				`{"index":0,"message":{"role":"assistant","content":"<b>\r\n","refusal":null,"annotations":[],"pets":` + petsJSON + `,"related_questions":["Why?"]},"logprobs":null,"finish_reason":"stop"},` +
				`{"index":1,"message":{"role":"assistant","content":null,"refusal":null,"reasoning_content":"hm","tool_calls":[` +
				`{"id":"call_1","type":"function","function":{"name":"f","arguments":"{"}}],"annotations":[]},"logprobs":` +
				`{"content":[{"token":"a","logprob":-9999,"bytes":[97],"top_logprobs":[]}],"refusal":null},"finish_reason":"tool_calls"},` +
				`{"index":2,"message":{"role":"assistant","content":"ab","refusal":"no","annotations":[]},"logprobs":null,"finish_reason":"content_filter"}],` +
				`"usage":` + usageJSON + `,"service_tier":"default","system_fingerprint":"fp","metadata":{"a":"1","b":"2"}}`,
		},
		{
			"completion that runs", chat.NewCompletion(&completionv1.Completion{
				Id: "c", Status: completionv1.CompletionStatus_COMPLETION_STATUS_IN_PROGRESS,
				Choices: []*completionv1.Choice{{Message: &completionv1.ChatMessage{
					Role: completionv1.Role_ROLE_ASSISTANT, Content: &completionv1.ChatMessage_Text{},
				}}},
			}),
			`{"id":"c","object":"chat.completion","created":0,"model":"","status":"in_progress","choices":[` +
				`{"index":0,"message":{"role":"assistant","content":"","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":null}],"metadata":{}}`,
		},
		{
			"completion with more", chat.NewCompletion(&completionv1.Completion{
				Id: "c", Status: completionv1.CompletionStatus_COMPLETION_STATUS_COMPLETED,
				Choices: []*completionv1.Choice{{Message: &completionv1.ChatMessage{
					Role: completionv1.Role_ROLE_ASSISTANT, More: `{"reasoning_details":[{"type":"t"}],"annotations":[{"type":"url_citation"}],"role":"x"}`,
					ToolCalls: []*completionv1.ToolCall{{Id: "call_1", More: `{"extra_content":{"a":1},"function":{"b":2}}`, Kind: &completionv1.ToolCall_Function{
						Function: &completionv1.FunctionCall{Name: "f", Arguments: "{}"},
					}}},
				}}},
			}),
			`{"id":"c","object":"chat.completion","created":0,"model":"","status":"completed","choices":[` +
				`{"index":0,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"call_1","type":"function",` +
				`"function":{"name":"f","arguments":"{}","b":2},"extra_content":{"a":1}}],"annotations":[{"type":"url_citation"}],` +
				`"reasoning_details":[{"type":"t"}]},"logprobs":null,"finish_reason":null}],"metadata":{}}`,
		},
		{
			"completion that failed", chat.NewCompletion(&completionv1.Completion{
				Id: "c", Status: completionv1.CompletionStatus_COMPLETION_STATUS_FAILED,
				Error: &completionv1.Error{Code: 13, Reason: "INTERNAL", Message: "dial 10.0.0.7"},
			}),
			`{"id":"c","object":"chat.completion","created":0,"model":"","status":"failed","choices":[],"metadata":{},` +
				`"error":{"message":"The server had an error while processing your request.","type":"server_error","param":null,"code":"internal_error"}}`,
		},
		{
			"completions", chat.NewCompletionList(&completionv1.ListCompletionsResponse{
				Completions: []*completionv1.Completion{{Id: "a"}, {Id: "b"}}, HasMore: true,
			}),
			`{"object":"list","data":[{"id":"a","object":"chat.completion","created":0,"model":"","choices":[],"metadata":{}},` +
				`{"id":"b","object":"chat.completion","created":0,"model":"","choices":[],"metadata":{}}],"first_id":"a","last_id":"b","has_more":true}`,
		},
		{
			"no completions", chat.NewCompletionList(nil),
			`{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}`,
		},
		{"deleted", chat.NewDeleted("c"), `{"id":"c","object":"chat.completion.deleted","deleted":true}`},
		{
			"model", chat.NewModel(&completionv1.Model{Id: "a/b", Created: 7, OwnedBy: "petstore", ContextWindow: 9}),
			`{"id":"a/b","object":"model","created":7,"owned_by":"petstore"}`,
		},
		{
			"model that ignores images", chat.NewModel(&completionv1.Model{Id: "a", Ignores: &completionv1.Capabilities{Tools: true, Images: true, Audio: false}}),
			`{"id":"a","object":"model","created":0,"owned_by":"","ignores":["tools","images"]}`,
		},
		{
			"models", chat.NewModelList(&completionv1.ListModelsResponse{Models: []*completionv1.Model{{Id: "a"}}}),
			`{"object":"list","data":[{"id":"a","object":"model","created":0,"owned_by":""}]}`,
		},
		{"no models", chat.NewModelList(nil), `{"object":"list","data":[]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := answer.AppendJSON(nil, test.body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func pets() []*completionv1.Pet {
	return []*completionv1.Pet{{
		Id: "luna", Name: `Lu"na`, Species: "dog", Breed: "Boxer", Sex: "female", AgeMonths: 26, FeeUsd: 250,
		Coat: []string{"brindle", "white"}, Portrait: "/portraits/dog.svg", Reasons: []string{"calm", "good with cats"},
	}, {Id: "pip"}}
}

const petsJSON = `[{"id":"luna","name":"Lu\"na","species":"dog","breed":"Boxer","sex":"female","age_months":26,"fee_usd":250,` +
	`"coat":["brindle","white"],"portrait":"/portraits/dog.svg","reasons":["calm","good with cats"]},` +
	`{"id":"pip","name":"","species":"","breed":"","sex":"","age_months":0,"fee_usd":0,"coat":[],"portrait":"","reasons":[]}]`

func wholeCompletion() *completionv1.Completion {
	text := func(s string) *completionv1.ContentPart {
		return &completionv1.ContentPart{Part: &completionv1.ContentPart_Text{Text: s}}
	}
	return &completionv1.Completion{
		Id: "c", Created: 1, Model: "m", SystemFingerprint: "fp", ServiceTier: "default",
		Status: completionv1.CompletionStatus_COMPLETION_STATUS_COMPLETED,
		Choices: []*completionv1.Choice{
			{FinishReason: completionv1.FinishReason_FINISH_REASON_STOP, Pets: pets(), RelatedQuestions: []string{"Why?"}, Message: &completionv1.ChatMessage{
				Role: completionv1.Role_ROLE_ASSISTANT, Content: &completionv1.ChatMessage_Text{Text: "<b>\r\n"},
			}},
			{Index: 1, FinishReason: completionv1.FinishReason_FINISH_REASON_TOOL_CALLS, Message: &completionv1.ChatMessage{
				Role: completionv1.Role_ROLE_ASSISTANT, Reasoning: "hm", ToolCalls: []*completionv1.ToolCall{{
					Id: "call_1", Kind: &completionv1.ToolCall_Function{Function: &completionv1.FunctionCall{Name: "f", Arguments: "{"}},
				}},
			}, Logprobs: &completionv1.Logprobs{Content: []*completionv1.TokenLogprob{{Token: "a", Logprob: math.Inf(-1), Bytes: []byte("a")}}}},
			{Index: 2, FinishReason: completionv1.FinishReason_FINISH_REASON_CONTENT_FILTER, Message: &completionv1.ChatMessage{
				Role: completionv1.Role_ROLE_ASSISTANT, Refusal: "no", Content: &completionv1.ChatMessage_Parts{
					Parts: &completionv1.ContentParts{Parts: []*completionv1.ContentPart{text("a"), text("b")}},
				},
			}},
		},
		Usage:    usage(),
		Metadata: map[string]string{"b": "2", "a": "1"},
	}
}

// TestStoredMessages checks that messages come back as the client sent them.
func TestStoredMessages(t *testing.T) {
	for _, test := range []struct{ name, message, want string }{
		{
			"text", `{"role":"user","content":"","name":"n"}`,
			`"role":"user","content":"","content_parts":null,"name":"n","refusal":null`,
		},
		{
			"parts", `{"role":"user","content":[{"type":"text","text":"a"},{"type":"refusal","refusal":"b"},` +
				`{"type":"image_url","image_url":{"url":"https://x","detail":"low"}},{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}},` +
				`{"type":"file","file":{"file_id":"f"}}]}`,
			`"role":"user","content":null,"content_parts":[{"type":"text","text":"a"},{"type":"refusal","refusal":"b"},` +
				`{"type":"image_url","image_url":{"url":"https://x","detail":"low"}},{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}},` +
				`{"type":"file","file":{"file_id":"f"}}],"name":null,"refusal":null`,
		},
		{
			"tool calls", `{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}],"reasoning_content":"hm"}`,
			`"role":"assistant","content":null,"content_parts":null,"name":null,"refusal":null,"reasoning_content":"hm",` +
				`"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]`,
		},
		{
			"tool result", `{"role":"tool","tool_call_id":"c","content":"42"}`,
			`"role":"tool","content":"42","content_parts":null,"name":null,"refusal":null,"tool_call_id":"c"`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			request, refused := chat.DecodeRequest([]byte(`{"messages":[` + test.message + `]}`))
			if refused != nil {
				t.Fatal(refused)
			}
			got, err := answer.AppendJSON(nil, chat.NewMessageList(&completionv1.ListCompletionMessagesResponse{
				Messages: []*completionv1.StoredMessage{{Id: "c-0", Message: request.Params.GetMessages()[0]}},
			}))
			if err != nil {
				t.Fatal(err)
			}
			want := `{"object":"list","data":[{"id":"c-0",` + test.want + `}],"first_id":"c-0","last_id":"c-0","has_more":false}`
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
