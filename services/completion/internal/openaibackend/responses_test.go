package openaibackend

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// onResponses uses the Responses API.
var onResponses = Config{API: APIResponses}

// responseStreams returns the streams of testdata/responses, by the name of the server that sends such streams.
func responseStreams(t *testing.T) map[string][]byte {
	t.Helper()
	return streamsIn(t, filepath.Join("testdata", "responses"), 8)
}

// thinksOf is the reasoning in these streams.
func thinksOf(name string) string {
	switch name {
	case "vllm", "ollama", "unnumbered", "last":
		return "A pet."
	}
	return ""
}

// TestResponseStreams reads each server's stream in every form that means the same.
func TestResponseStreams(t *testing.T) {
	for name, stream := range responseStreams(t) {
		tryForms(t, name, stream, onResponses, thinksOf(name))
	}
}

// TestResponsesCutAtEveryByte breaks the connection, and ends it cleanly, after each byte.
func TestResponsesCutAtEveryByte(t *testing.T) {
	for name, stream := range responseStreams(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			last := len(bytes.TrimRight(bytes.TrimSuffix(stream, []byte("data: [DONE]\n\n")), "\n"))
			for at := range len(stream) {
				for _, clean := range []bool{false, true} {
					got := plainly(t, body(cut(stream, at, clean)), onResponses)
					if at >= last && got.err == nil && got.text == wantText && (clean || at >= last+2) {
						continue
					}
					var shown *chat.Error
					if !errors.As(got.err, &shown) || shown.Code != chat.CodeUpstreamError {
						t.Fatalf("cut at %d of %d, clean %t: error %v", at, len(stream), clean, got.err)
					}
					if !strings.HasPrefix(wantText, got.text) || len(got.finishes) > 0 {
						t.Fatalf("cut at %d: %q, finishes %v", at, got.text, got.finishes)
					}
				}
			}
		})
	}
}

// plainly asks a backend without a route, which would count tokens and retry.
func plainly(t *testing.T, transport http.RoundTripper, cfg Config) asked {
	t.Helper()
	cfg.BaseURL, cfg.Model, cfg.Transport = "http://upstream.test/v1", "served", transport
	return collect(t, func(yield func(chat.Event, error) bool) {
		for events, err := range New(cfg).Complete(t.Context(), &route.Call{Request: question1()}) {
			for i := range events {
				yield(events[i], nil)
			}
			if err != nil {
				yield(chat.Event{}, err)
			}
		}
	})
}

// Events of a response.
const (
	say       = `data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"Hi"}` + "\n\n"
	completed = `data: {"type":"response.completed","response":{"status":"completed","output":[]}}` + "\n\n"
)

// TestWhatIsNoResponse tests servers that fail, and servers that send something other than an answer, also when it is cut.
func TestWhatIsNoResponse(t *testing.T) {
	c := counter(t)
	for name, test := range map[string]struct {
		stream string
		code   chat.Code
	}{
		"nothing":          {"", chat.CodeUpstreamError},
		"only done":        {"data: [DONE]\n\n", chat.CodeUpstreamError},
		"no end":           {say, chat.CodeUpstreamError},
		"done for the end": {say + "data: [DONE]\n\n", chat.CodeUpstreamError},
		"not JSON":         {say + "data: hello\n\n" + completed, chat.CodeUpstreamError},
		"not UTF-8":        {"data: {\"type\":\"response.output_text.delta\",\"delta\":\"\xe2\x82\"}\n\n" + completed, chat.CodeUpstreamError},
		"a delta of another type": {
			`data: {"type":"response.output_text.delta","delta":5}` + "\n\n" + completed, chat.CodeUpstreamError,
		},
		"another text at the end": {
			say + `data: {"type":"response.output_text.done","output_index":0,"content_index":0,"text":"Ho"}` + "\n\n" + completed, chat.CodeUpstreamError,
		},
		"arguments of no call": {
			`data: {"type":"response.function_call_arguments.delta","output_index":0,"delta":"{}"}` + "\n\n" + completed, chat.CodeUpstreamError,
		},
		"an end without a response": {say + `data: {"type":"response.completed"}` + "\n\n", chat.CodeUpstreamError},
		"an end in progress":        {say + strings.Replace(completed, `"status":"completed"`, `"status":"in_progress"`, 1), chat.CodeUpstreamError},
		"failed": {
			say + `data: {"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"boom"}}}` + "\n\n",
			chat.CodeUpstreamError,
		},
		"failed by a limit": {
			`data: {"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"slow down"}}}` + "\n\n",
			chat.CodeOverloaded,
		},
		"failed without a word": {`data: {"type":"response.failed","response":{"status":"failed","error":null}}` + "\n\n", chat.CodeUpstreamError},
		"cancelled":             {`data: {"type":"response.cancelled","response":{"status":"cancelled"}}` + "\n\n", chat.CodeUpstreamError},
		"an error":              {say + `data: {"type":"error","code":"server_error","message":"boom","param":null,"sequence_number":2}` + "\n\n", chat.CodeUpstreamError},
		"an error by its name":  {say + "event: error\ndata: boom\n\n" + completed, chat.CodeUpstreamError},
		"an error about the context": {
			`data: {"type":"error","error":{"type":"invalid_request_error","code":"context_length_exceeded","message":"too long"}}` + "\n\n",
			chat.CodeContextLengthExceeded,
		},
		"a page":              {"<html>\n\nhello</html>\n\n", chat.CodeUpstreamError},
		"an error as a body":  {`{"error":{"message":"bad tools","code":"400","param":"tools"}}`, chat.CodeInvalidValue},
		"chat's stream":       {says("Hi") + ends, chat.CodeUpstreamError},
		"huge line":           {say + "data: " + strings.Repeat("x", maxEvent+1) + "\n\n" + completed, chat.CodeUpstreamError},
		"half of a JSON body": {`{"object":"response","status":"completed","output":[`, chat.CodeUpstreamError},
	} {
		t.Run(name, func(t *testing.T) {
			got := once(t, c, body(strings.NewReader(test.stream)), question1(), onResponses)
			var shown *chat.Error
			if !errors.As(got.err, &shown) || shown.Code != test.code {
				t.Fatalf("error %v, want %s", got.err, test.code)
			}
			saysWhetherToRetry(t, shown)
			if len(got.finishes) > 0 {
				t.Errorf("finishes %v", got.finishes)
			}
			if len(test.stream) > maxEvent/4 {
				return
			}
			for at := range len(test.stream) { // nor is any part of it, even if it ends cleanly
				got := plainly(t, body(cut([]byte(test.stream), at, true)), onResponses)
				if !errors.As(got.err, &shown) || len(got.finishes) > 0 {
					t.Fatalf("cut at %d of %d: finishes %v, error %v", at, len(test.stream), got.finishes, got.err)
				}
			}
		})
	}
}

// TestWholeResponse reads a body that is not a stream.
func TestWholeResponse(t *testing.T) {
	const whole = `{"id":"resp_1","object":"response","status":"completed","error":null,"output":[{"type":"message","id":"msg_1","role":"assistant",
		"content":[{"type":"output_text","text":"Luna is a cät 🐈.","annotations":[]}]}],"usage":{"input_tokens":9,"output_tokens":4}}`
	got := once(t, counter(t), body(strings.NewReader(whole)), question1(), onResponses)
	if got.err != nil || got.text != wantText || got.usage.CompletionTokens != 4 || len(got.finishes) != 1 {
		t.Errorf("%+v", got)
	}
}

// TestUsageOfResponses reads the usage of an answer, from numbers in the forms that servers use.
func TestUsageOfResponses(t *testing.T) {
	for usage, want := range map[string]chat.Usage{
		`{"input_tokens":9.0,"output_tokens":"4","input_tokens_details":{"cached_tokens":2.0},"output_tokens_details":{"reasoning_tokens":1.0}}`: {
			PromptTokens: 9, CompletionTokens: 4, CachedTokens: 2, ReasoningTokens: 1,
		},
		`{"input_tokens":9,"output_tokens":4,"output_tokens_details":null}`: {PromptTokens: 9, CompletionTokens: 4},
		`{"input_tokens":"many"}`: {Estimated: true},
		`{"input_tokens":9.5}`:    {Estimated: true},
		`null`:                    {Estimated: true},
		`[]`:                      {Estimated: true},
	} {
		stream := say + strings.Replace(completed, `"output"`, `"usage":`+usage+`,"output"`, 1)
		got := plainly(t, body(strings.NewReader(stream)), onResponses)
		if got.err != nil || got.usage == nil || *got.usage != want {
			t.Errorf("%s: %+v, %v", usage, got.usage, got.err)
		}
	}
}

// TestEndsOfResponses tests the results of the possible ends of a response.
func TestEndsOfResponses(t *testing.T) {
	var odd []string
	cfg := onResponses
	cfg.Unknown = func(reason string) { odd = append(odd, reason) }
	for reason, want := range map[string]chat.FinishReason{
		"max_output_tokens": chat.FinishLength, "content_filter": chat.FinishContentFilter, "max_tool_calls": chat.FinishLength,
	} {
		stream := say + `data: {"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"` + reason +
			`"},"output":[],"usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":2},"output_tokens":1,"output_tokens_details":{"reasoning_tokens":1}}}}` + "\n\n"
		got := once(t, counter(t), body(strings.NewReader(stream)), question1(), cfg)
		if got.err != nil || got.text != "Hi" || len(got.finishes) != 1 || got.finishes[0] != want ||
			got.usage.CachedTokens != 2 || got.usage.ReasoningTokens != 1 {
			t.Errorf("%s: %+v, usage %+v", reason, got, got.usage)
		}
	}
	if len(odd) != 1 || odd[0] != "max_tool_calls" {
		t.Errorf("unknown reasons %q", odd)
	}
	if got := once(t, counter(t), body(strings.NewReader(say+completed)), question1(), onResponses); got.err != nil || !got.usage.Estimated {
		t.Errorf("without usage: %+v, %v", got.usage, got.err)
	}
}

// TestResponseDetails tests calls, refusals, log probabilities and paragraphs of a summary.
func TestResponseDetails(t *testing.T) {
	const (
		added = `data: {"type":"response.output_item.added","output_index":`
		args  = `data: {"type":"response.function_call_arguments.`
	)
	for name, test := range map[string]struct {
		stream string
		want   []chat.Event
		reason chat.FinishReason
	}{
		"calls in turns": {
			stream: added + `0,"item":{"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":""}}` + "\n\n" +
				added + `1,"item":{"type":"function_call","id":"fc_2","call_id":"c2","name":"g","arguments":""}}` + "\n\n" +
				args + `delta","output_index":1,"delta":"{}"}` + "\n\n" + args + `delta","output_index":0,"delta":"{\"a\""}` + "\n\n" +
				args + `done","output_index":0,"arguments":"{\"a\":1}"}` + "\n\n" + args + `done","output_index":1,"arguments":"{}"}` + "\n\n" + completed,
			want: []chat.Event{call(0, "c1", "f", ""), call(1, "c2", "g", ""), call(1, "", "", "{}"), call(0, "", "", `{"a"`), call(0, "", "", ":1}")},

			reason: chat.FinishToolCalls,
		},
		"a call in the end alone": {
			stream: say + strings.Replace(completed, `[]`, `[{"type":"message","content":[{"type":"output_text","text":"Hi"}]},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}]`, 1),
			want:   []chat.Event{chat.Text(0, "Hi"), call(0, "c1", "f", ""), call(0, "", "", "{}")}, reason: chat.FinishToolCalls,
		},
		"arguments that are an object": {
			stream: added + `0.0,"item":{"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":""}}` + "\n\n" +
				args + `done","output_index":0,"arguments":{"a": 1}}` + "\n\n" +
				strings.Replace(completed, `[]`, `[{"type":"function_call","call_id":"c1","name":"f","arguments":{"a":1}}]`, 1),
			want: []chat.Event{call(0, "c1", "f", ""), call(0, "", "", `{"a":1}`)}, reason: chat.FinishToolCalls,
		},
		"arguments that are an object in the end": {
			stream: added + `0,"item":{"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":""}}` + "\n\n" +
				args + `delta","output_index":0,"delta":"{ \"a\": 1}"}` + "\n\n" +
				`data: {"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":{"a":1}}}` + "\n\n" + completed,
			want: []chat.Event{call(0, "c1", "f", ""), call(0, "", "", `{ "a": 1}`)}, reason: chat.FinishToolCalls,
		},
		"halves of a character": {
			stream: strings.Replace(say, `Hi`, `a\ud83d`, 1) + strings.Replace(say, `Hi`, `\udc08b`, 1) +
				`data: {"type":"response.output_text.done","output_index":0,"content_index":0,"text":"a🐈b"}` + "\n\n" + completed,
			want: []chat.Event{chat.Text(0, "a"), chat.Text(0, "🐈b")}, reason: chat.FinishStop,
		},
		"half a character, and the whole of it in the end": {
			stream: strings.Replace(say, `Hi`, `a\ud83d`, 1) +
				`data: {"type":"response.output_text.done","output_index":0,"content_index":0,"text":"a🐈b"}` + "\n\n" + completed,
			want: []chat.Event{chat.Text(0, "a"), chat.Text(0, "🐈b")}, reason: chat.FinishStop,
		},
		"half a character, because the answer was cut": {
			stream: strings.Replace(say, `Hi`, `a\ud83d`, 1) + strings.Replace(completed, `"completed","output"`, `"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output"`, 1),
			want:   []chat.Event{chat.Text(0, "a"), chat.Text(0, "\ufffd")}, reason: chat.FinishLength,
		},
		"a refusal": {
			stream: `data: {"type":"response.refusal.delta","output_index":0,"content_index":0,"delta":"No"}` + "\n\n" +
				`data: {"type":"response.refusal.done","output_index":0,"content_index":0,"refusal":"No."}` + "\n\n" + completed,
			want: []chat.Event{refuses("No"), refuses(".")}, reason: chat.FinishStop,
		},
		"log probabilities": {
			stream: strings.Replace(say, `"delta"`, `"logprobs":[{"token":"Hi","logprob":-0.5,"bytes":[72,105],"top_logprobs":[]}],"delta"`, 1) + completed,
			want: []chat.Event{{Kind: chat.KindDelta, Delta: chat.Delta{Content: "Hi", Logprobs: &chat.Logprobs{
				Content: []chat.TokenLogprob{{Token: "Hi", Logprob: -0.5, Bytes: []byte("Hi")}},
			}}}}, reason: chat.FinishStop,
		},
		"a summary of two parts, and its text": {
			stream: `data: {"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"One."}` + "\n\n" +
				`data: {"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":1,"delta":"Two."}` + "\n\n" +
				`data: {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","summary":[{"text":"One."},{"text":"Two."}],"content":[{"type":"reasoning_text","text":"Else."}]}}` + "\n\n" + completed,
			want: []chat.Event{thinking("One."), thinking("\n\n"), thinking("Two.")}, reason: chat.FinishStop,
		},
		"encrypted reasoning": {
			stream: added + `0,"item":{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gHalf"}}` + "\n\n" +
				`data: {"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"One."}` + "\n\n" +
				`data: {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"One."}],"encrypted_content":"gAAA="}}` + "\n\n" +
				`data: {"type":"response.output_item.done","output_index":1,"item":{"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"gBBB="}}` + "\n\n" +
				strings.Replace(say, `"output_index":0`, `"output_index":2`, 1) +
				strings.Replace(completed, `[]`, `[{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"One."}],"encrypted_content":"gAAA="}]`, 1),
			want: []chat.Event{thinking("One."), encrypted("gAAA="), encrypted("gBBB="), chat.Text(0, "Hi")}, reason: chat.FinishStop,
		},
		"encrypted reasoning in the end alone": {
			stream: say + strings.Replace(completed, `[]`, `[{"type":"reasoning","summary":[],"encrypted_content":"gAAA="},{"type":"message","content":[{"type":"output_text","text":"Hi"}]}]`, 1),
			want:   []chat.Event{chat.Text(0, "Hi"), encrypted("gAAA=")}, reason: chat.FinishStop,
		},
		"encrypted reasoning of null": {
			stream: `data: {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","summary":[],"encrypted_content":null}}` + "\n\n" + say + completed,
			want:   []chat.Event{chat.Text(0, "Hi")}, reason: chat.FinishStop,
		},
		"tools that nobody asked for": {
			stream: added + `0,"item":{"type":"web_search_call","id":"ws_1","action":{"type":"search"}}}` + "\n\n" +
				`data: {"type":"response.web_search_call.completed","output_index":0,"item_id":"ws_1"}` + "\n\n" +
				strings.Replace(say, `"output_index":0`, `"output_index":1`, 1) + completed,
			want: []chat.Event{chat.Text(0, "Hi")}, reason: chat.FinishStop,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := once(t, counter(t), body(strings.NewReader(test.stream)), question1(), onResponses)
			if got.err != nil || len(got.finishes) != 1 || got.finishes[0] != test.reason {
				t.Fatalf("finishes %v, error %v", got.finishes, got.err)
			}
			if diff := cmp.Diff(append([]chat.Event{chat.Opening(0)}, test.want...), deltas(got.events)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func call(index int, id, name, arguments string) chat.Event {
	return chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{ToolCalls: []chat.ToolCallDelta{{Index: index, ID: id, Name: name, Arguments: arguments}}}}
}

func refuses(text string) chat.Event {
	return chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{Refusal: text}}
}

func thinking(text string) chat.Event {
	return chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{Reasoning: text}}
}

func encrypted(text string) chat.Event {
	return chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{EncryptedReasoning: text}}
}

func deltas(all []chat.Event) (out []chat.Event) {
	for i := range all {
		if all[i].Kind == chat.KindDelta {
			out = append(out, all[i])
		}
	}
	return out
}

// everything returns a request for everything that this API has a member for.
func everything() *chat.Request {
	text := func(s string) []chat.Part { return []chat.Part{{Kind: chat.PartText, Text: s}} }
	return &chat.Request{
		Model: "m", MaxTokens: new(7), Temperature: new(0.5), TopP: new(0.9), Logprobs: true, TopLogprobs: new(2), Seed: new(int64(1)),
		ParallelToolCalls: new(false), ToolChoice: &chat.ToolChoice{Function: "f"}, ReasoningEffort: "low", Verbosity: chat.VerbosityLow,
		ResponseFormat: &chat.ResponseFormat{Kind: chat.FormatJSONSchema, Name: "pet", Schema: map[string]any{"type": "object"}, Strict: new(true)},
		User:           "u", SafetyIdentifier: "s", PromptCacheKey: "k", ServiceTier: "flex", More: `{"top_k":4,"input":"theirs"}`,
		Tools: []chat.Tool{{Name: "f", Description: "F", Parameters: map[string]any{"type": "object"}, Strict: new(true)}, {Name: "g"}},
		Messages: []chat.Message{
			{Role: chat.RoleSystem, Parts: text("Be kind.")},
			{Role: chat.RoleUser, Parts: []chat.Part{
				{Kind: chat.PartText, Text: "Who?", More: `{"cache_control":{"type":"ephemeral"}}`},
				{Kind: chat.PartImage, ImageURL: "https://x.test/i.png"},
				{Kind: chat.PartFile, FileData: "eA==", Filename: "x.pdf"},
			}},
			{
				Role: chat.RoleAssistant, Reasoning: "Luna?", Parts: text("Let me see."),
				ToolCalls: []chat.ToolCall{{ID: "c1", Name: "f", Arguments: "{}"}},
			},
			{Role: chat.RoleTool, ToolCallID: "c1", Parts: text("Luna")},
			{Role: chat.RoleAssistant, Refusal: "No."},
			{Role: chat.RoleAssistant, ToolCalls: []chat.ToolCall{{ID: "c2", Name: "g", Arguments: ""}}},
			{Role: chat.RoleTool, ToolCallID: "c2", Parts: []chat.Part{{Kind: chat.PartText, Text: "a"}, {Kind: chat.PartText, Text: "b"}}},
		},
	}
}

const (
	everythingSent = `{"model":"served","input":[
		{"type":"message","role":"system","content":"Be kind."},
		{"type":"message","role":"user","content":[{"type":"input_text","text":"Who?"MORE},
			{"type":"input_image","image_url":"https://x.test/i.png","detail":"auto"},{"type":"input_file","file_data":"eA==","filename":"x.pdf"}]},
		REASONING{"type":"message","role":"assistant","content":"Let me see."},
		{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},
		{"type":"function_call_output","call_id":"c1","output":"Luna"},
		{"type":"message","role":"assistant","content":[{"type":"refusal","refusal":"No."}]},
		{"type":"function_call","call_id":"c2","name":"g","arguments":""},
		{"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]}],
		"max_output_tokens":7,"temperature":0.5,"top_p":0.9,"top_logprobs":2,"include":["message.output_text.logprobs"],
		"tools":[{"type":"function","name":"f","description":"F","parameters":{"type":"object"},"strict":true},
			{"type":"function","name":"g","parameters":{"type":"object","properties":{}},"strict":false}],
		"tool_choice":{"type":"function","name":"f"},"parallel_tool_calls":false,
		"text":{"format":{"type":"json_schema","name":"pet","schema":{"type":"object"},"strict":true},"verbosity":"low"},
		"reasoning":{"effort":"low","summary":"auto"},"user":"u","safety_identifier":"s","prompt_cache_key":"k","service_tier":"flex",
		"store":false,"stream":trueTOPK}`
	reasoningSent = `{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"Luna?"}]},`
)

// goesOn returns a request that continues from encrypted reasoning.
func goesOn() *chat.Request {
	text := func(s string) []chat.Part { return []chat.Part{{Kind: chat.PartText, Text: s}} }
	return &chat.Request{
		Model: "m", IncludeEncryptedReasoning: true, Messages: []chat.Message{
			{Role: chat.RoleUser, Parts: text("Who?")},
			{
				Role: chat.RoleAssistant, Reasoning: "Luna?", EncryptedReasoning: []string{"gAAA=", "gBBB="},
				ToolCalls: []chat.ToolCall{{ID: "c1", Name: "f", Arguments: "{}"}},
			},
			{Role: chat.RoleTool, ToolCallID: "c1", Parts: text("Luna")},
		},
	}
}

const (
	thoughtSent = `{"model":"served","input":[{"type":"message","role":"user","content":"Who?"},
		ENCRYPTED{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},
		{"type":"function_call_output","call_id":"c1","output":"Luna"}],INCLUDE"store":false,"stream":true}`
	encryptedSent = `{"type":"reasoning","summary":[{"type":"summary_text","text":"Luna?"}],"encrypted_content":"gAAA="},
		{"type":"reasoning","summary":[],"encrypted_content":"gBBB="},`
	includeSent = `"include":["reasoning.encrypted_content"],`
)

// TestWhatIsEncryptedForOthers makes a server refuse reasoning that another one encrypted, or to encrypt at all. The
// backend asks once more without it.
func TestWhatIsEncryptedForOthers(t *testing.T) {
	for name, test := range map[string]struct {
		refusal string
		asked   int
	}{
		"another's":              {`{"error":{"message":"The encrypted content gAAA= could not be verified.","type":"invalid_request_error","param":null,"code":"invalid_encrypted_content"}}`, 2},
		"none with this model":   {`{"error":{"message":"Encrypted content is not supported with this model.","type":"invalid_request_error","param":"include","code":null}}`, 2},
		"an item of the include": {`{"error":{"message":"Invalid value.","type":"invalid_request_error","param":"include[0]","code":"invalid_value"}}`, 2},
		"something else":         {`{"error":{"message":"Bad tools.","type":"invalid_request_error","param":"tools","code":"invalid_value"}}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []string
			transport := plays(func(r *http.Request) (*http.Response, error) {
				var got bytes.Buffer
				if _, err := got.ReadFrom(r.Body); err != nil {
					t.Error(err)
				}
				if sent = append(sent, got.String()); len(sent) == 1 {
					return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(test.refusal)), Request: r}, nil
				}
				return body(strings.NewReader(say + completed))(r)
			})
			got := once(t, counter(t), transport, goesOn(), onResponses)
			if len(sent) != test.asked || (got.err == nil) != (test.asked == 2) {
				t.Fatalf("asked %d times, error %v", len(sent), got.err)
			}
			if test.asked == 1 {
				return
			}
			var again, want any
			for from, to := range map[string]*any{
				sent[1]: &again, strings.NewReplacer("ENCRYPTED", reasoningSent, "INCLUDE", "").Replace(thoughtSent): &want,
			} {
				if err := json.Unmarshal([]byte(from), to); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(want, again); diff != "" {
				t.Errorf("again (-want +got):\n%s", diff)
			}
		})
	}
}

// truncated returns a question whose conversation may be cut.
func truncated() *chat.Request {
	req := question1()
	req.Truncate = true
	return req
}

func TestResponseRequests(t *testing.T) {
	for name, test := range map[string]struct {
		req    *chat.Request
		strict bool
		want   string
	}{
		"little": {req: question1(), want: `{"model":"served","input":[{"type":"message","role":"user","content":"Who is Luna?"}],"store":false,"stream":true}`},
		"everything": {
			req:  everything(),
			want: strings.NewReplacer("MORE", `,"cache_control":{"type":"ephemeral"}`, "REASONING", reasoningSent, "TOPK", `,"top_k":4`).Replace(everythingSent),
		},
		"truncation": {req: truncated(), want: `{"model":"served","input":[{"type":"message","role":"user","content":"Who is Luna?"}],"truncation":"auto","store":false,"stream":true}`},
		"encrypted reasoning": {
			req: goesOn(), want: strings.NewReplacer("ENCRYPTED", encryptedSent, "INCLUDE", includeSent).Replace(thoughtSent),
		},
		"encrypted reasoning, strictly": {
			req: goesOn(), strict: true, want: strings.NewReplacer("ENCRYPTED", encryptedSent, "INCLUDE", includeSent).Replace(thoughtSent),
		},
		"everything, strictly": {
			req: everything(), strict: true, want: strings.NewReplacer("MORE", "", "REASONING", "", "TOPK", "").Replace(everythingSent),
		},
	} {
		t.Run(name, func(t *testing.T) {
			var path string
			var got, want any
			transport := plays(func(r *http.Request) (*http.Response, error) {
				path = r.URL.Path
				if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
					t.Error(err)
				}
				return body(strings.NewReader(say + completed))(r)
			})
			if a := once(t, counter(t), transport, test.req, Config{API: APIResponses, Strict: test.strict}); a.err != nil {
				t.Fatal(a.err)
			}
			if err := json.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" || path != "/v1/responses" {
				t.Errorf("to %s (-want +got):\n%s", path, diff)
			}
		})
	}
}

// TestWhatResponsesLack checks that a request for something this API lacks is refused without a call to the server.
func TestWhatResponsesLack(t *testing.T) {
	for param, ask := range map[string]func(*chat.Request){
		"n":                 func(r *chat.Request) { r.N = new(2) },
		"stop":              func(r *chat.Request) { r.Stop = []string{"x"} },
		"frequency_penalty": func(r *chat.Request) { r.FrequencyPenalty = new(0.5) },
		"presence_penalty":  func(r *chat.Request) { r.PresencePenalty = new(0.5) },
		"logit_bias":        func(r *chat.Request) { r.LogitBias = map[int]float64{1: 1} },
		"prediction":        func(r *chat.Request) { r.Prediction = new("x") },
	} {
		req := question1()
		ask(req)
		transport := plays(func(*http.Request) (*http.Response, error) {
			t.Errorf("%s: the server was asked", param)
			return nil, errCut
		})
		var shown *chat.Error
		got := once(t, counter(t), transport, req, onResponses)
		if !errors.As(got.err, &shown) || shown.Code != chat.CodeUnsupportedParameter || shown.Param != param || !strings.Contains(shown.Message, "'"+param+"'") {
			t.Errorf("%s: %v", param, got.err)
		}
	}
	req := question1()
	req.N, req.PresencePenalty = new(1), new(0.0)
	if got := once(t, counter(t), body(strings.NewReader(say+completed)), req, onResponses); got.err != nil {
		t.Errorf("what is the default anyway: %v", got.err)
	}
}
