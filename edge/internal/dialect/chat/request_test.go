package chat_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// TestDecodeRequest decodes every field of the API. The expected values are in protobuf's text format, so that
// the contract's names are next to OpenAI's.
func TestDecodeRequest(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"nothing", `{}`, ``},
		{"white space", " \t\r\n{ \"model\" : \"m\" } \n", `model: "m"`},
		{"a byte order mark", "\ufeff" + `{"model":"m"}`, `model: "m"`},
		{"escapes, in names too", `{"\u006dodel":"\u00e9\ud83d\udc36\n"}`, `model: "é🐶\n"`},
		{"null is absent", `{"model":null,"messages":null,"n":null,"stop":null,"tools":null,"tool_choice":null,
			"response_format":null,"prediction":null,"metadata":null,"logit_bias":null,"modalities":null,"stream":null,
			"stream_options":null,"store":null,"logprobs":null,"seed":null,"temperature":null,"on_disconnect":null,
			"verbosity":null,"service_tier":null,"audio":null,"functions":null,"function_call":null,
			"web_search_options":null,"prompt_cache_retention":null,"prompt_cache_options":null,"moderation":null}`, ``},

		{"limits", `{"max_completion_tokens":10,"max_tokens":0,"n":-1}`, `max_completion_tokens: 10 max_tokens: 0 n: -1`},
		{"whole numbers in other spellings", `{"n":2.0,"max_tokens":1e2,"seed":-0}`, `n: 2 max_tokens: 100 seed: 0`},
		{"widest numbers", `{"n":2147483647,"seed":-9223372036854775808}`, `n: 2147483647 seed: -9223372036854775808`},
		{"stop text", `{"stop":"."}`, `stop: "."`},
		{"stop texts", `{"stop":["a",""]}`, `stop: "a" stop: ""`},
		{
			"sampling", `{"temperature":0,"top_p":0.5,"frequency_penalty":-2,"presence_penalty":99}`,
			`temperature: 0 top_p: 0.5 frequency_penalty: -2 presence_penalty: 99`,
		},
		{
			"biases", `{"logit_bias":{"50256":-100,"1":0.5}}`,
			`logit_bias { key: 50256 value: -100 } logit_bias { key: 1 value: 0.5 }`,
		},
		{"log probabilities", `{"logprobs":false,"top_logprobs":3}`, `logprobs: false top_logprobs: 3`},
		{
			"choices of words", `{"modalities":["text","audio"],"reasoning_effort":"xhigh","verbosity":"low","service_tier":"flex"}`,
			`modalities: MODALITY_TEXT modalities: MODALITY_AUDIO reasoning_effort: REASONING_EFFORT_XHIGH
			verbosity: VERBOSITY_LOW service_tier: "flex"`,
		},
		{
			"policies", `{"store":true,"metadata":{"a":"1","":""},"on_disconnect":"continue"}`,
			`store: true metadata { key: "a" value: "1" } metadata { key: "" value: "" } on_disconnect: ON_DISCONNECT_CONTINUE`,
		},
		{
			"identifiers", `{"user":"u","safety_identifier":"s","prompt_cache_key":"k"}`,
			`user: "u" safety_identifier: "s" prompt_cache_key: "k"`,
		},

		{
			"tools", `{"tools":[{"function":{"name":"f","description":"d","strict":true,"parameters":
			{"type":"object","x":[null,true,1.5,"s",{}]}},"type":"function"}],"parallel_tool_calls":false}`,
			`tools { function { name: "f" description: "d" strict: true parameters {
				fields { key: "type" value { string_value: "object" } }
				fields { key: "x" value { list_value { values { null_value: NULL_VALUE } values { bool_value: true }
					values { number_value: 1.5 } values { string_value: "s" } values { struct_value {} } } } }
			} } } parallel_tool_calls: false`,
		},
		{"parallel calls of no tools", `{"parallel_tool_calls":true,"tools":[]}`, ``},
		{
			"tool without parameters", `{"tools":[{"type":"function","function":{"name":"f","parameters":null}},{"type":"function"}]}`,
			`tools { function { name: "f" } } tools { function {} }`,
		},
		{"tool choice by rule", `{"tool_choice":"required"}`, `tool_choice { mode: TOOL_CHOICE_MODE_REQUIRED }`},
		{"tool choice by name", `{"tool_choice":{"function":{"name":"f"},"type":"function"}}`, `tool_choice { function_name: "f" }`},
		{"text format", `{"response_format":{"type":"text","json_schema":null}}`, `response_format { text {} }`},
		{"object format", `{"response_format":{"type":"json_object"}}`, `response_format { json_object {} }`},
		{
			"schema format", `{"response_format":{"json_schema":{"name":"n","description":"d","schema":{},"strict":false},"type":"json_schema"}}`,
			`response_format { json_schema { name: "n" description: "d" schema {} strict: false } }`,
		},
		{"schema format without a schema", `{"response_format":{"type":"json_schema"}}`, `response_format { json_schema {} }`},
		{"prediction", `{"prediction":{"type":"content","content":""}}`, `prediction: ""`},
		{
			"prediction in parts", `{"prediction":{"type":"content","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}`,
			`prediction: "ab"`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			accepts(t, test.body, test.want)
		})
	}
}

func TestDecodeMessages(t *testing.T) {
	for _, test := range []struct{ name, message, want string }{
		{"nothing", `{}`, ``},
		{"text", `{"role":"developer","content":"","name":"n"}`, `role: ROLE_DEVELOPER text: "" name: "n"`},
		{"no parts", `{"role":"user","content":[]}`, `role: ROLE_USER parts {}`},
		{
			"parts", `{"role":"user","content":[
				{"type":"text","text":""},{"text":null,"refusal":"no","type":"refusal"},
				{"type":"image_url","image_url":{"url":"https://x","detail":"low"}},
				{"input_audio":{"data":"AA==","format":"wav"},"type":"input_audio"},
				{"type":"file","file":{"file_id":"f","file_data":"AA==","filename":"n"}}]}`,
			`role: ROLE_USER parts { parts { text: "" } parts { refusal: "no" } parts { image_url { url: "https://x" detail: "low" } }
				parts { input_audio { data: "AA==" format: "wav" } } parts { file { file_id: "f" file_data: "AA==" filename: "n" } } }`,
		},
		{
			"an image that is its URL", `{"role":"user","content":[{"type":"image_url","image_url":"https://x"}]}`,
			`role: ROLE_USER parts { parts { image_url { url: "https://x" } } }`,
		},
		{
			"arguments that are no text", `{"role":"assistant","content":null,"tool_calls":[
				{"id":"a","function":{"name":"f","arguments":{ "pet" : ["Luna", 1.0] }}},{"id":"b","function":{"name":"g","arguments":[]}}]}`,
			`role: ROLE_ASSISTANT tool_calls { id: "a" function { name: "f" arguments: "{\"pet\":[\"Luna\",1.0]}" } }
				tool_calls { id: "b" function { name: "g" arguments: "[]" } }`,
		},
		{
			"thoughts among the parts", `{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"thinking":[{"type":"text","text":" so"}],"type":"thinking"},
				{"type":"reasoning","text":"."},{"type":"redacted_thinking","data":"x"},{"type":"text","text":"a"}]}`,
			`role: ROLE_ASSISTANT reasoning: "hm so." parts { parts { text: "a" } } more: '{"thinking_blocks":[{"signature":"s","thinking":"hm","type":"thinking"},{"thinking":[{"text":" so","type":"text"}],"type":"thinking"},{"text":".","type":"reasoning"},{"data":"x","type":"redacted_thinking"}]}'`,
		},
		{
			"thoughts without a signature", `{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"a"}]}`,
			`role: ROLE_ASSISTANT reasoning: "hm" parts { parts { text: "a" } }`,
		},
		{
			"thoughts that are signed within", `{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"hm","signature":"s"}]}]}`,
			`role: ROLE_ASSISTANT reasoning: "hm" text: "" more: '{"thinking_blocks":[{"thinking":[{"signature":"s","text":"hm","type":"text"}],"type":"thinking"}]}'`,
		},
		{
			"parts as the Responses API has them", `{"role":"user","content":[{"type":"input_text","text":"a"},{"detail":"low","image_url":"https://x","type":"input_image"},
				{"type":"input_file","file_data":"AA==","filename":"n"}]}`,
			`role: ROLE_USER parts { parts { text: "a" } parts { image_url { url: "https://x" detail: "low" } } parts { file { file_data: "AA==" filename: "n" } } }`,
		},
		{
			"an answer as the Responses API has it", `{"role":"assistant","content":[{"type":"output_text","text":"a","annotations":[{"x":1}],"logprobs":[]}]}`,
			`role: ROLE_ASSISTANT parts { parts { text: "a" } }`,
		},
		{
			"thoughts alone, and a call", `{"role":"assistant","content":[{"type":"thinking","thinking":"hm"}],"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}`,
			`role: ROLE_ASSISTANT reasoning: "hm" tool_calls { id: "a" function { name: "f" arguments: "{}" } }`,
		},
		{"a result of nothing", `{"role":"tool","tool_call_id":"a","content":null}`, `role: ROLE_TOOL tool_call_id: "a" text: ""`},
		{"an answer of nothing", `{"role":"assistant","content":null}`, `role: ROLE_ASSISTANT text: ""`},
		{"an answer of reasoning alone", `{"role":"assistant","reasoning_content":"hm"}`, `role: ROLE_ASSISTANT reasoning: "hm" text: ""`},
		{"a refusal alone", `{"role":"assistant","content":null,"refusal":"no"}`, `role: ROLE_ASSISTANT refusal: "no"`},
		{"a question of nothing", `{"role":"user","content":null}`, `role: ROLE_USER`},
		{
			"part without its member is the service's to refuse", `{"content":[{"type":"image_url"},{"type":"file","file":null}]}`,
			`parts { parts { image_url {} } parts { file {} } }`,
		},
		{
			"tool calls", `{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{"}}]}`,
			`role: ROLE_ASSISTANT tool_calls { id: "c" function { name: "f" arguments: "{" } }`,
		},
		{
			"tool calls as streams leave them", `{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","parsed_arguments":{"a":[1]}}},{}]}`,
			`tool_calls { id: "c" function { name: "f" } } tool_calls {}`,
		},
		{"tool result", `{"role":"tool","tool_call_id":"c","content":"42"}`, `role: ROLE_TOOL tool_call_id: "c" text: "42"`},
		{
			"answer as it came", `{"role":"assistant","content":"hi","refusal":null,"annotations":[{"type":"url_citation"}],"pets":[{"id":"luna","coat":["brindle"]}],"related_questions":["Why?"],
				"audio":null,"function_call":null,"tool_calls":null,"cache_control":null,"parsed":{"a":1},"reasoning_content":"hm"}`,
			`role: ROLE_ASSISTANT text: "hi" reasoning: "hm"`,
		},
		{"refusal", `{"role":"assistant","refusal":"no"}`, `role: ROLE_ASSISTANT refusal: "no"`},
		{"reasoning by its other name", `{"reasoning":"b"}`, `reasoning: "b"`},
		{"reasoning by both names", `{"reasoning_content":"a","reasoning":"b"}`, `reasoning: "a"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			accepts(t, `{"messages":[`+test.message+`]}`, `messages { `+test.want+` }`)
		})
	}
}

func accepts(t *testing.T, body, want string) {
	t.Helper()
	params := &completionv1.CompletionParams{}
	if err := prototext.Unmarshal([]byte(want), params); err != nil {
		t.Fatal(err)
	}
	got, err := chat.DecodeRequest([]byte(body))
	if err != nil {
		t.Fatalf("%s", openai.AppendError(nil, err))
	}
	if diff := cmp.Diff(params, got.Params, protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDecodeStream(t *testing.T) {
	for _, test := range []struct {
		name, body string
		stream     bool
		want       *completionv1.StreamOptions
	}{
		{"absent", `{}`, false, nil},
		{"no", `{"stream":false}`, false, nil},
		{"no, without options", `{"stream":false,"stream_options":null}`, false, nil},
		{"yes", `{"stream":true}`, true, nil},
		{"yes, with no options", `{"stream":true,"stream_options":{}}`, true, &completionv1.StreamOptions{}},
		{
			"yes, options first", `{"stream_options":{"include_usage":true,"include_obfuscation":null,"include_events":true},"stream":true}`,
			true, &completionv1.StreamOptions{IncludeUsage: true, IncludeEvents: true},
		},
		{"yes, padded", `{"stream":true,"stream_options":{"include_obfuscation":true}}`, true, &completionv1.StreamOptions{IncludeObfuscation: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := chat.DecodeRequest([]byte(test.body))
			if err != nil {
				t.Fatalf("%s", openai.AppendError(nil, err))
			}
			if got.Stream != test.stream {
				t.Errorf("stream %t, want %t", got.Stream, test.stream)
			}
			if diff := cmp.Diff(test.want, got.Params.GetStreamOptions(), protocmp.Transform()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDecodeUpdate(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       map[string]string
	}{
		{"null", `{"metadata":null}`, nil},
		{"empty", `{"metadata":{}}`, nil},
		{"pairs", `{"metadata":{"a":"1","b":""}}`, map[string]string{"a": "1", "b": ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := chat.New().DecodeUpdate([]byte(test.body))
			if err != nil {
				t.Fatalf("%s", openai.AppendError(nil, err))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	for _, test := range []struct{ body, code, param string }{
		{`{}`, "missing_required_parameter", "metadata"},
		{`{"metadata":{"a":1}}`, "invalid_type", "metadata.a"},
		{`{"metadata":[]}`, "invalid_type", "metadata"},
		{`{"model":"m"}`, "unknown_parameter", "model"},
		{`{"metadata":{`, "invalid_json", ""},
	} {
		t.Run(test.body, func(t *testing.T) {
			if _, err := chat.New().DecodeUpdate([]byte(test.body)); err == nil || string(err.Code) != test.code || err.Param != test.param {
				t.Errorf("got %+v, want %s at %q", err, test.code, test.param)
			}
		})
	}
}

// TestManyMessages checks that the longest conversation goes to the service, and that the decoder refuses a
// longer one with the same message.
func TestManyMessages(t *testing.T) {
	body := func(n int) []byte {
		return []byte(`{"messages":[{}` + strings.Repeat(`,{}`, n-1) + `]}`)
	}
	if got, err := chat.DecodeRequest(body(2048)); err != nil || len(got.Params.GetMessages()) != 2048 {
		t.Errorf("2,048 messages: %v", err)
	}
	_, err := chat.DecodeRequest(body(2049))
	if err == nil || err.Code != "array_above_max_length" || err.Message != "'messages' may hold at most 2048 messages." {
		t.Errorf("2,049 messages: %v", err)
	}
}
