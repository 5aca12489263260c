package chat_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// TestWhatHistoriesHold decodes messages, parts, tools and calls with members of other services, each as some
// client sends it.
func TestWhatHistoriesHold(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{
			"LiteLLM's answer, sent back", `{"messages":[{"role":"assistant","content":"a","provider_specific_fields":{"citations":null},"thinking_blocks":null,
				"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{}","provider_specific_fields":null},
					"provider_specific_fields":{"thought_signature":"s"}}]}]}`,
			`messages { role: ROLE_ASSISTANT text: "a" more: '{"provider_specific_fields":{"citations":null}}'
				tool_calls { id: "c" function { name: "f" arguments: "{}" } more: '{"provider_specific_fields":{"thought_signature":"s"}}' } }`,
		},
		{
			"thoughts, with their order kept", `{"messages":[{"thinking_blocks":[ {"type":"thinking","thinking":"b","signature":"a"} ],"reasoning_details":[],"role":"assistant"}]}`,
			`messages { role: ROLE_ASSISTANT text: "" more: '{"reasoning_details":[],"thinking_blocks":[{"signature":"a","thinking":"b","type":"thinking"}]}' }`,
		},
		{
			"a cached part", `{"messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"cache_control":null,"type":"text","text":"b"}]}]}`,
			`messages { role: ROLE_USER parts { parts { text: "a" more: '{"cache_control":{"type":"ephemeral"}}' } parts { text: "b" } } }`,
		},
		{
			"an image of a format", `{"messages":[{"content":[{"type":"image_url","image_url":{"url":"u","format":"image/png"}}]}]}`,
			`messages { parts { parts { image_url { url: "u" } more: '{"image_url":{"format":"image/png"}}' } } }`,
		},
		{
			"a sound and a file", `{"messages":[{"content":[{"type":"input_audio","input_audio":{"x":[1.50]}},{"type":"file","file":{"format":"application/pdf"},"title":"t"}]}]}`,
			`messages { parts { parts { input_audio {} more: '{"input_audio":{"x":[1.50]}}' } parts { file {} more: '{"file":{"format":"application/pdf"},"title":"t"}' } } }`,
		},
		{
			"a cached tool", `{"tools":[{"type":"function","cache_control":{"type":"ephemeral"},"strict":true,"function":{"name":"f","returns":{"type":"x"},"deprecated":null}}]}`,
			`tools { function { name: "f" } more: '{"cache_control":{"type":"ephemeral"},"function":{"returns":{"type":"x"}},"strict":true}' }`,
		},
		{
			"a call with options", `{"messages":[{"tool_calls":[{"opts":{"a":9007199254740993,"b":1e400},"function":{"x":"<\u00e9>"}}]}]}`,
			`messages { tool_calls { function {} more: '{"function":{"x":"<é>"},"opts":{"a":9007199254740993,"b":1e400}}' } }`,
		},
		{
			"any name", `{"messages":[{"":1,"a b":2,"<":3,"é":4}]}`,
			`messages { more: '{"":1,"<":3,"a b":2,"é":4}' }`,
		},
		{
			"reasoning that is no text", `{"messages":[{"reasoning":{"effort":"low"},"reasoning_content":["a"]}]}`,
			`messages { more: '{"reasoning":{"effort":"low"},"reasoning_content":["a"]}' }`,
		},
		{
			"a message's own id", `{"messages":[{"id":"msg_1","role":"user","content":"a","createdAt":"2026-01-01T00:00:00Z","parts":[{"type":"text"}]}]}`,
			`messages { role: ROLE_USER text: "a" more: '{"createdAt":"2026-01-01T00:00:00Z","id":"msg_1","parts":[{"type":"text"}]}' }`,
		},
		{
			"hints to a cache", `{"prompt_cache_retention":"24h","prompt_cache_options":{"ttl":"30m","mode":"explicit"},
				"messages":[{"content":[{"type":"text","text":"a","prompt_cache_breakpoint":{"mode":"explicit"}}]}]}`,
			`more: '{"prompt_cache_options":{"mode":"explicit","ttl":"30m"},"prompt_cache_retention":"24h"}'
				messages { parts { parts { text: "a" more: '{"prompt_cache_breakpoint":{"mode":"explicit"}}' } } }`,
		},
		{
			"names that mean something elsewhere", `{"messages":[{"role":"user","annotations":{},"reasoning_content":"hm","content":[
				{"type":"text","text":"a","thinking":true,"reasoning":["a"],"detail":"low","file_id":7,"annotations":[],"logprobs":null}]}]}`,
			`messages { role: ROLE_USER more: '{"reasoning_content":"hm"}'
				parts { parts { text: "a" more: '{"annotations":[],"detail":"low","file_id":7,"reasoning":["a"],"thinking":true}' } } }`,
		},
		{
			"reasoning of nobody's", `{"messages":[{"reasoning":"so","content":"a","role":"tool"},{"role":"assistant","content":"a","reasoning_content":true,"reasoning":7}]}`,
			`messages { role: ROLE_TOOL text: "a" more: '{"reasoning_content":"so"}' } messages { role: ROLE_ASSISTANT text: "a" more: '{"reasoning":7,"reasoning_content":true}' }`,
		},
		{
			"thoughts by both names", `{"messages":[{"role":"assistant","thinking_blocks":[1],"content":[{"type":"thinking","thinking":"b","signature":"a"}]}]}`,
			`messages { role: ROLE_ASSISTANT reasoning: "b" text: "" more: '{"thinking_blocks":[1]}' }`,
		},
		{
			"tools of others", `{"tools":[{"type":"builtin_function","function":{"name":"$web_search"}},{"google_search":{ }},{"function":{"name":"f"}},{"name":"g","input_schema":{}}]}`,
			`tools { more: '{"function":{"name":"$web_search"},"type":"builtin_function"}' } tools { more: '{"google_search":{}}' }
				tools { function { name: "f" } } tools { function { name: "g" } more: '{"input_schema":{}}' }`,
		},
		{
			"Anthropic's choice", `{"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true}}`,
			`tools { function { name: "f" } } tool_choice { mode: TOOL_CHOICE_MODE_AUTO } parallel_tool_calls: false`,
		},
		{
			"Anthropic's choice of any", `{"parallel_tool_calls":true,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"disable_parallel_tool_use":true,"type":"any"}}`,
			`tools { function { name: "f" } } tool_choice { mode: TOOL_CHOICE_MODE_REQUIRED } parallel_tool_calls: true`,
		},
		{
			"Anthropic's choice of one", `{"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":false}}`,
			`tools { function { name: "f" } } tool_choice { function_name: "f" }`,
		},
		{"no hint", `{"prompt_cache_retention":null,"prompt_cache_options":null}`, ``},
		{"stream options of others", `{"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true,"x":{"y":1}}}`, `stream_options { include_usage: true }`},
	} {
		t.Run(tt.name, func(t *testing.T) { accepts(t, tt.body, tt.want) })
	}
}

// TestUnknownParameters decodes top-level members that no API of OpenAI's has.
func TestUnknownParameters(t *testing.T) {
	const body = `{"top_k":40,"n":2,"chat_template_kwargs":{"thinking":true},"num_ctx":null,"response_format":{"type":"json_object","schema":{"b":1,"a":2}}}`
	for _, tt := range []struct {
		unknown dialect.Unknown
		param   string // the refused member
		more    *string
	}{
		{dialect.RefuseUnknown, "top_k", nil},
		{dialect.IgnoreUnknown, "", nil},
		{dialect.ForwardUnknown, "", new(`{"chat_template_kwargs":{"thinking":true},"response_format":{"schema":{"a":2,"b":1}},"top_k":40}`)},
	} {
		t.Run(string(tt.unknown), func(t *testing.T) {
			d := chat.New()
			d.Unknown = tt.unknown
			got, err := d.Decode([]byte(body), nil)
			if tt.param != "" {
				if err == nil || err.Code != "unknown_parameter" || err.Param != tt.param {
					t.Errorf("%v about %q, want unknown_parameter about %q", err, err.Param, tt.param)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := &completionv1.CompletionParams{N: new(int32(2)), More: tt.more, ResponseFormat: &completionv1.ResponseFormat{
				Format: &completionv1.ResponseFormat_JsonObject{JsonObject: &completionv1.JsonObjectFormat{}},
			}}
			if diff := cmp.Diff(want, got.Params, protocmp.Transform()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for _, refused := range []string{`{"web_search_options":{}}`, `{"top_k":`} {
				if _, err := d.Decode([]byte(refused), nil); err == nil {
					t.Errorf("%s is accepted", refused)
				}
			}
		})
	}
}
