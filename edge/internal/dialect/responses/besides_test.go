package responses_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/responses"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// TestWhatHistoriesHold decodes items, parts and tools with members of other services. They go to the model's
// server, as those of chat completions do.
func TestWhatHistoriesHold(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{
			"a message", `{"input":[{"role":"assistant","content":"a","provider_specific_fields":{"citations":null},"thinking_blocks":null,"cache_control":{"type":"ephemeral"}}]}`,
			`{"messages":[{"role":"ROLE_ASSISTANT","text":"a","more":"{\"cache_control\":{\"type\":\"ephemeral\"},\"provider_specific_fields\":{\"citations\":null}}"}]}`,
		},
		{
			"a part", `{"input":[{"role":"user","content":[{"type":"input_text","text":"a","cache_control":{"type":"ephemeral"},"prompt_cache_breakpoint":{"mode":"explicit"},"opts":null}]}]}`,
			`{"messages":[{"role":"ROLE_USER","parts":{"parts":[{"text":"a","more":"{\"cache_control\":{\"type\":\"ephemeral\"},\"prompt_cache_breakpoint\":{\"mode\":\"explicit\"}}"}]}}]}`,
		},
		{
			"a call and its result", `{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}","extra_content":{"google":{"thought_signature":"s"}}},
				{"type":"function_call_output","call_id":"c","output":"1","is_error":false}]}`,
			`{"messages":[{"role":"ROLE_ASSISTANT","toolCalls":[{"id":"c","function":{"name":"f","arguments":"{}"},"more":"{\"extra_content\":{\"google\":{\"thought_signature\":\"s\"}}}"}]},
				{"role":"ROLE_TOOL","toolCallId":"c","text":"1","more":"{\"is_error\":false}"}]}`,
		},
		{
			"a tool", `{"input":"a","tools":[{"type":"function","name":"f","parameters":{},"cache_control":{"type":"ephemeral"},"opts":null}]}`,
			`{"messages":[{"role":"ROLE_USER","text":"a"}],"tools":[{"function":{"name":"f","parameters":{}},"more":"{\"cache_control\":{\"type\":\"ephemeral\"}}"}]}`,
		},
		{
			"tools of others", `{"input":"a","tools":[{"type":"magic","x":{ "b":1,"a":2}},{"name":"f"}]}`,
			`{"messages":[{"role":"ROLE_USER","text":"a"}],"tools":[{"more":"{\"type\":\"magic\",\"x\":{\"a\":2,\"b\":1}}"},{"function":{"name":"f"}}]}`,
		},
		{"a member twice, and half a character", `{"input":"b","input":"a\ud83d"}`, `{"messages":[{"role":"ROLE_USER","text":"a\ufffd"}]}`},
		{
			"tools that are allowed", `{"input":"a","tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"g"}]},
				"tools":[{"type":"function","name":"f"},{"type":"function","name":"g"}]}`,
			`{"messages":[{"role":"ROLE_USER","text":"a"}],"tools":[{"function":{"name":"g"}}],"toolChoice":{"mode":"TOOL_CHOICE_MODE_REQUIRED"}}`,
		},
		{"none that is allowed", `{"input":"a","tool_choice":{"tools":[],"type":"allowed_tools"},"tools":[{"type":"function","name":"f"}]}`, `{"messages":[{"role":"ROLE_USER","text":"a"}],"toolChoice":{"mode":"TOOL_CHOICE_MODE_AUTO"}}`},
		{
			"what should be text", `{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":{ "pet" : ["Luna", 1.0] }},{"type":"function_call_output","call_id":"c","output":{"a": 1}}]}`,
			`{"messages":[{"role":"ROLE_ASSISTANT","toolCalls":[{"id":"c","function":{"name":"f","arguments":"{\"pet\":[\"Luna\",1.0]}"}}]},{"role":"ROLE_TOOL","toolCallId":"c","text":"{\"a\":1}"}]}`,
		},
		{
			"an image as chat completions have it", `{"input":[{"role":"user","content":[{"type":"input_image","image_url":{"url":"https://x","detail":"low"}}]}]}`,
			`{"messages":[{"role":"ROLE_USER","parts":{"parts":[{"imageUrl":{"url":"https://x","detail":"low"}}]}}]}`,
		},
		{"a rule as an object", `{"input":"a","tool_choice":{"type":"none"}}`, `{"messages":[{"role":"ROLE_USER","text":"a"}],"toolChoice":{"mode":"TOOL_CHOICE_MODE_NONE"}}`},
		{"penalties", `{"input":"a","presence_penalty":0.5,"frequency_penalty":null}`, `{"messages":[{"role":"ROLE_USER","text":"a"}],"presencePenalty":0.5}`},
		{"usage in a stream", `{"input":"a","stream":true,"stream_options":{"include_usage":true}}`, `{"messages":[{"role":"ROLE_USER","text":"a"}],"streamOptions":{}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, fault := responses.New().Decode([]byte(tt.body), nil)
			if fault != nil {
				t.Fatal(fault)
			}
			want := &completionv1.CompletionParams{Store: true, OnDisconnect: completionv1.OnDisconnect_ON_DISCONNECT_GRACE}
			stored := &completionv1.CompletionParams{}
			if err := protojson.Unmarshal([]byte(tt.want), stored); err != nil {
				t.Fatal(err)
			}
			stored.Store, stored.OnDisconnect = want.Store, want.OnDisconnect
			if diff := cmp.Diff(stored, got.Params, protocmp.Transform()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnknownParameters decodes top-level members that no API has.
func TestUnknownParameters(t *testing.T) {
	for unknown, want := range map[dialect.Unknown]string{
		"": "unknown_parameter", dialect.RefuseUnknown: "unknown_parameter", dialect.IgnoreUnknown: "", dialect.ForwardUnknown: `{"chat_template_kwargs":{"thinking":true},"top_k":40}`,
	} {
		d := responses.New()
		d.Unknown = unknown
		r, fault := d.Decode([]byte(`{"input":"a","top_k":40,"chat_template_kwargs":{"thinking":true}}`), nil)
		var got string
		if fault != nil {
			got = string(fault.Code)
		} else {
			got = r.Params.GetMore()
		}
		if got != want || fault != nil && fault.Param != "top_k" {
			t.Errorf("%q: %s, %+v", unknown, got, fault)
		}
	}
}
