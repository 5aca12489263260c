package openaibackend

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

const wantText = "Luna is a cät 🐈."

var thinks = map[string]string{"vllm": "A pet.", "openrouter": "A pet.", "deepseek": "A pet."}

// forms returns a stream in equivalent forms.
func forms(stream []byte) map[string][]byte {
	replaced := func(old, new string) []byte { return bytes.ReplaceAll(stream, []byte(old), []byte(new)) }
	return map[string][]byte{
		"whole":      stream,
		"CRLF":       replaced("\n", "\r\n"),
		"no spaces":  replaced("data: ", "data:"),
		"BOM":        append([]byte("\ufeff"), stream...),
		"comments":   replaced("data: ", ": hb\nid: 7\ndata: "),
		"named data": replaced("data: ", "event: message\ndata: "),
	}
}

func TestEachServersStream(t *testing.T) {
	for name, stream := range recordings(t) {
		tryForms(t, name, stream, Config{}, thinks[name])
	}
}

// tryForms reads a server's stream in every equivalent form.
func tryForms(t *testing.T, name string, stream []byte, cfg Config, reasoning string) {
	t.Helper()
	c := counter(t)
	all := map[string]io.Reader{"by bytes": iotest.OneByteReader(bytes.NewReader(stream))}
	for form, data := range forms(stream) {
		all[form] = bytes.NewReader(data)
	}
	for form, r := range all {
		t.Run(name+" "+form, func(t *testing.T) {
			got := once(t, c, body(r), question1(), cfg)
			if got.err != nil || got.text != wantText || got.reasoning != reasoning {
				t.Fatalf("%q, reasoning %q, error %v", got.text, got.reasoning, got.err)
			}
			if diff := cmp.Diff([]chat.FinishReason{chat.FinishStop}, got.finishes); diff != "" {
				t.Error(diff)
			}
			if got.usage.PromptTokens != 9 || got.usage.CompletionTokens != 4 || got.usage.Estimated {
				t.Errorf("usage %+v", got.usage)
			}
			if first := got.events[0].Delta; first.Role != chat.RoleAssistant || first.Content != "" {
				t.Errorf("first event %+v", got.events[0])
			}
		})
	}
}

// TestCutAtEveryByte breaks the connection, and ends it cleanly, after each byte.
func TestCutAtEveryByte(t *testing.T) {
	c := counter(t)
	for name, stream := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := len(bytes.TrimRight(stream, "\n")) // this length counts if the stream ends cleanly
			for at := range len(stream) {
				for _, clean := range []bool{false, true} {
					got := once(t, c, body(cut(stream, at, clean)), question1(), Config{})
					if at >= whole && clean && got.err == nil && got.text == wantText {
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

// TestFormsCutAtEveryByte does the same with the other forms that a stream may have.
func TestFormsCutAtEveryByte(t *testing.T) {
	c := counter(t)
	stream := recordings(t)["openai"]
	for form, data := range forms(stream) {
		if form == "whole" {
			continue
		}
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			whole := len(bytes.TrimRight(data, "\r\n"))
			for at := range len(data) {
				for _, clean := range []bool{false, true} {
					got := once(t, c, body(cut(data, at, clean)), question1(), Config{})
					if got.err == nil && at < whole || len(got.finishes) > 0 && got.err != nil || !strings.HasPrefix(wantText, got.text) {
						t.Fatalf("cut at %d of %d, clean %t: %q, finishes %v, error %v", at, len(data), clean, got.text, got.finishes, got.err)
					}
				}
			}
		})
	}
}

func TestWhatIsNoAnswer(t *testing.T) {
	c := counter(t)
	const (
		hi   = `data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}` + "\n\n"
		stop = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
		done = "data: [DONE]\n\n"
	)
	for name, test := range map[string]struct {
		stream string
		code   chat.Code
	}{
		"nothing":              {"", chat.CodeUpstreamError},
		"only done":            {done, chat.CodeUpstreamError},
		"no finish reason":     {hi + done, chat.CodeUpstreamError},
		"no done":              {hi + stop, chat.CodeUpstreamError},
		"half a chunk":         {hi + `data: {"choices":[` + "\n\n" + stop + done, chat.CodeUpstreamError},
		"not JSON":             {hi + "data: hello\n\n" + stop + done, chat.CodeUpstreamError},
		"two chunks as one":    {"data: {\"choices\":[]}{}\n\n" + hi + stop + done, chat.CodeUpstreamError},
		"wrong type":           {`data: {"choices":[{"index":0,"delta":{"content":5}}]}` + "\n\n" + stop + done, chat.CodeUpstreamError},
		"not UTF-8":            {"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\xe2\x82\"}}]}\n\n" + stop + done, chat.CodeUpstreamError},
		"half a character":     {`data: {"choices":[{"index":0,"delta":{"content":"\ud83d"}}]}` + "\n\n" + stop + done, chat.CodeUpstreamError},
		"error object":         {hi + `data: {"error":{"message":"boom","type":"server_error","code":null}}` + "\n\n" + done, chat.CodeUpstreamError},
		"error of 429":         {`data: {"error":{"message":"slow down","code":429}}` + "\n\n", chat.CodeOverloaded},
		"error of 400":         {`data: {"error":{"message":"bad schema","code":"400","param":"tools"}}` + "\n\n", chat.CodeInvalidValue},
		"error event":          {hi + "event: error\ndata: {\"message\":\"boom\"}\n\n" + stop + done, chat.CodeUpstreamError},
		"error in a choice":    {hi + `data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error","error":{"code":502,"message":"x"}}]}` + "\n\n" + done, chat.CodeUpstreamError},
		"finish by an error":   {hi + strings.Replace(stop, "stop", "error", 1) + done, chat.CodeUpstreamError},
		"finish by an abort":   {hi + strings.Replace(stop, "stop", "insufficient_system_resource", 1) + done, chat.CodeUpstreamError},
		"goes on after finish": {hi + stop + hi + done, chat.CodeUpstreamError},
		"a choice too many":    {`data: {"choices":[{"index":1,"delta":{"content":"x"}}]}` + "\n\n" + hi + stop + done, chat.CodeUpstreamError},
		"a page":               {"<html>\n\nhello</html>\n\n", chat.CodeUpstreamError},
		"huge line":            {hi + "data: " + strings.Repeat("x", maxEvent+1) + "\n\n" + stop + done, chat.CodeUpstreamError},
		"huge event":           {hi + strings.Repeat("data: x\n", maxEvent/8+1) + "\n" + stop + done, chat.CodeUpstreamError},
		"call without a name":  {`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}` + "\n\n" + stop + done, chat.CodeUpstreamError},
	} {
		t.Run(name, func(t *testing.T) {
			got := once(t, c, body(strings.NewReader(test.stream)), question1(), Config{})
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
				got := once(t, c, body(cut([]byte(test.stream), at, true)), question1(), Config{})
				if !errors.As(got.err, &shown) || len(got.finishes) > 0 {
					t.Fatalf("cut at %d of %d: finishes %v, error %v", at, len(test.stream), got.finishes, got.err)
				}
			}
		})
	}
}

// TestToolCallsAreCounted makes a server that reports no usage answer with only a call.
func TestToolCallsAreCounted(t *testing.T) {
	const stream = `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"find_a_pet","arguments":"{\"species\":\"cat\"}"}}]},"finish_reason":"tool_calls"}]}

data: [DONE]

`
	got := once(t, counter(t), body(strings.NewReader(stream)), question1(), Config{})
	if got.err != nil || !got.usage.Estimated || got.usage.CompletionTokens < 5 {
		t.Errorf("usage %+v, error %v", got.usage, got.err)
	}
}

// TestEverythingPasses tests what requests and answers have besides text.
func TestEverythingPasses(t *testing.T) {
	const stream = `data: {"choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{\"a\""}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}},{"index":1,"delta":{"refusal":"No."}}]}

data: {"choices":[{"index":1,"delta":{"content":"x"},"logprobs":{"content":[{"token":"x","logprob":-0.5,"bytes":[120],"top_logprobs":[{"token":"y","logprob":-1,"bytes":null}]}]},"finish_reason":"length"}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: [DONE]

`
	req := question1()
	req.Messages = append([]chat.Message{{Role: chat.RoleDeveloper, Parts: []chat.Part{{Kind: chat.PartText, Text: "Be kind."}}}}, req.Messages...)
	req.Messages[1].Parts = append(req.Messages[1].Parts, chat.Part{Kind: chat.PartImage, ImageURL: "https://x.test/i.png", ImageDetail: "low"})
	req.Messages = append(req.Messages,
		chat.Message{Role: chat.RoleAssistant, ToolCalls: []chat.ToolCall{{ID: "c0", Name: "f", Arguments: "{}"}}},
		chat.Message{Role: chat.RoleTool, ToolCallID: "c0", Parts: []chat.Part{{Kind: chat.PartText, Text: "42"}}})
	req.N, req.Seed, req.Temperature, req.TopLogprobs = new(2), new(int64(7)), new(0.5), new(1)
	req.Logprobs, req.Stop, req.MaxCompletionTokens = true, []string{"END"}, new(50)
	req.LogitBias = map[int]float64{50256: -100}
	req.Tools = []chat.Tool{{Name: "f", Description: "d", Parameters: map[string]any{"type": "object"}, Strict: new(true)}}
	req.ToolChoice = &chat.ToolChoice{Function: "f"}
	req.ResponseFormat = &chat.ResponseFormat{Kind: chat.FormatJSONSchema, Name: "n", Schema: map[string]any{"type": "object"}}
	req.ReasoningEffort, req.User = "low", "u"

	var sent map[string]any
	var header http.Header
	got := once(t, counter(t), plays(func(r *http.Request) (*http.Response, error) {
		header = r.Header
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		return body(strings.NewReader(stream))(r)
	}), req, Config{Key: "sk-1", Headers: map[string]string{"X-Team": "pets"}})
	if got.err != nil {
		t.Fatal(got.err)
	}
	if header.Get("Authorization") != "Bearer sk-1" || header.Get("X-Team") != "pets" {
		t.Errorf("headers %v", header)
	}
	var want map[string]any
	if err := json.Unmarshal([]byte(`{"model":"served","messages":[{"role":"developer","content":"Be kind."},
		{"role":"user","content":[{"type":"text","text":"Who is Luna?"},{"type":"image_url","image_url":{"url":"https://x.test/i.png","detail":"low"}}]},
		{"role":"assistant","content":null,"tool_calls":[{"id":"c0","type":"function","function":{"name":"f","arguments":"{}"}}]},
		{"role":"tool","tool_call_id":"c0","content":"42"}],
		"max_completion_tokens":50,"n":2,"stop":["END"],"seed":7,"temperature":0.5,"logit_bias":{"50256":-100},"logprobs":true,"top_logprobs":1,
		"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}}],
		"tool_choice":{"type":"function","function":{"name":"f"}},
		"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}},
		"reasoning_effort":"low","user":"u","stream":true,"stream_options":{"include_usage":true}}`), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Error(diff)
	}
	delta := func(i int, d chat.Delta) chat.Event { return chat.Event{Kind: chat.KindDelta, Choice: i, Delta: d} }
	wantEvents := []chat.Event{
		delta(0, chat.Delta{Role: chat.RoleAssistant, NoContent: true}),
		delta(0, chat.Delta{ToolCalls: []chat.ToolCallDelta{{ID: "c1", Name: "f", Arguments: `{"a"`}}}),
		delta(0, chat.Delta{ToolCalls: []chat.ToolCallDelta{{Arguments: `:1}`}}}),
		chat.Opening(1),
		delta(1, chat.Delta{Refusal: "No."}),
		delta(1, chat.Delta{Content: "x", Logprobs: &chat.Logprobs{Content: []chat.TokenLogprob{
			{Token: "x", Logprob: -0.5, Bytes: []byte("x"), Top: []chat.TopLogprob{{Token: "y", Logprob: -1}}},
		}}}),
		chat.Finish(1, chat.FinishLength),
		chat.Finish(0, chat.FinishToolCalls),
	}
	if diff := cmp.Diff(wantEvents, got.events[:len(got.events)-1]); diff != "" {
		t.Error(diff)
	}
	if u := got.usage; !u.Estimated || u.PromptTokens == 0 || u.CompletionTokens == 0 {
		t.Errorf("usage %+v", u)
	}
}
