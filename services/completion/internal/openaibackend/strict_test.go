package openaibackend

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// TestWhatElseWasSent sends a request with additional members, at each place that may have some.
func TestWhatElseWasSent(t *testing.T) {
	req := &chat.Request{
		Model: "m", ServiceTier: "fast", ResponseFormat: &chat.ResponseFormat{Kind: chat.FormatJSONObject},
		More: `{"prompt_cache_retention":"24h","response_format":{"type":"text","schema":{"a":1}},"top_k":40,"chat_template_kwargs":{"thinking":true},"n":5,"stream":false,"stream_options":{"include_usage":false}}`,
		Messages: []chat.Message{
			{Role: chat.RoleSystem, Parts: []chat.Part{{Kind: chat.PartText, Text: "s", More: `{"cache_control":{"type":"ephemeral"}}`}}},
			{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartImage, ImageURL: "https://x.test", More: `{"image_url":{"format":"image/png","url":"https://evil.test"}}`}}},
			{
				Role: chat.RoleAssistant, Reasoning: "hm", More: `{"reasoning_details":[1e400],"role":"system"}`,
				ToolCalls: []chat.ToolCall{{ID: "c", Name: "f", Arguments: "{}", More: `{"extra_content":{"a":9007199254740993},"function":{"x":1}}`}},
			},
		},
		Tools: []chat.Tool{
			{Name: "f", More: `{"cache_control":{"type":"ephemeral"},"function":{"returns":[]}}`},
			{Foreign: true, More: `{"google_search":{}}`},
		},
		TopLogprobs: new(0),
	}
	for _, tt := range []struct {
		name   string
		strict bool
		want   string
	}{
		{"to a server that may have use for it", false, `{"model":"served","service_tier":"fast","stream":true,"stream_options":{"include_usage":true},
			"top_k":40,"chat_template_kwargs":{"thinking":true},"prompt_cache_retention":"24h","response_format":{"type":"json_object","schema":{"a":1}},
			"messages":[{"role":"system","content":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}]},
				{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.test","format":"image/png"}}]},
				{"role":"assistant","content":null,"reasoning_content":"hm","reasoning_details":[1e400],
					"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}","x":1},"extra_content":{"a":9007199254740993}}]}],
			"tools":[{"type":"function","function":{"name":"f","returns":[]},"cache_control":{"type":"ephemeral"}},{"google_search":{}}]}`},
		{"to a strict server", true, `{"model":"served","service_tier":"fast","stream":true,"stream_options":{"include_usage":true},"prompt_cache_retention":"24h","response_format":{"type":"json_object"},
			"messages":[{"role":"system","content":"s"},
				{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.test"}}]},
				{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}],
			"tools":[{"type":"function","function":{"name":"f"}},{"google_search":{}}]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body, err := newRequest("served", tt.strict, req)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(sorted(t, []byte(tt.want)), sorted(t, got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestAStrictServerGoesOnWithReasoning makes a strict server continue an answer with its own reasoning.
func TestAStrictServerGoesOnWithReasoning(t *testing.T) {
	body, err := newRequest("served", true, question1())
	if err != nil {
		t.Fatal(err)
	}
	ContinueDeepSeek.extend(body, &route.Shown{Text: "Luna", Reasoning: "A pet."})
	got, err := json.Marshal(body.Messages[len(body.Messages)-1])
	if want := `{"role":"assistant","content":"Luna","reasoning_content":"A pet.","prefix":true}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

// sorted returns decoded JSON, which compares without regard to the order of members. Numbers keep their text.
func sorted(t *testing.T, text []byte) any {
	t.Helper()
	var out any
	var members map[string]json.RawMessage
	var elements []json.RawMessage
	switch text[0] {
	case '{':
		if err := json.Unmarshal(text, &members); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		object := make(map[string]any)
		for name, value := range members {
			object[name] = sorted(t, value)
		}
		out = object
	case '[':
		if err := json.Unmarshal(text, &elements); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		list := []any{}
		for _, value := range elements {
			list = append(list, sorted(t, value))
		}
		out = list
	default:
		out = string(text)
	}
	return out
}
