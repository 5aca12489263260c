package door

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

// TestBadRequest tests everything around a body: method, path, query and headers.
func TestBadRequest(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	const create = "POST /v1/chat/completions"
	stored := api.Record(t, url, nil).ID
	notFound := api.Bad(http.StatusNotFound, "unknown_url", "")
	noCompletion := api.Bad(http.StatusNotFound, "completion_not_found", "")
	noModel := api.Bad(http.StatusNotFound, "model_not_found", "model")
	noMethod := api.Bad(http.StatusMethodNotAllowed, "method_not_allowed", "")
	noMedia := api.Bad(http.StatusUnsupportedMediaType, "unsupported_media_type", "")
	badValue := func(param string) api.Refusal { return api.Bad(http.StatusBadRequest, "invalid_value", param) }
	for _, test := range []struct {
		name    string
		request string // method and path
		header  string
		body    string
		want    api.Refusal
	}{
		{"no body", create, "Content-Type: application/json", "", api.Bad(http.StatusBadRequest, "invalid_json", "")},
		{"no media type", create, "Content-Type: ", api.Body(nil), noMedia},
		{"plain text", create, "Content-Type: text/plain", api.Body(nil), noMedia},
		{"a form", create, "Content-Type: application/x-www-form-urlencoded", api.Body(nil), noMedia},
		{"another JSON type", create, "Content-Type: application/problem+json", api.Body(nil), noMedia},
		{"a coding that is none", create, "Content-Encoding: br", api.Body(nil), noMedia},
		{"compressed twice", create, "Content-Encoding: gzip, zstd", api.Body(nil), noMedia},
		{"not compressed as it says", create, "Content-Encoding: gzip", api.Body(nil), api.Bad(http.StatusBadRequest, "invalid_value", "")},
		{"no media type for metadata", "POST /v1/chat/completions/" + stored, "Content-Type: ", `{"metadata":{}}`, noMedia},

		{"PUT", "PUT /v1/chat/completions", "", api.Body(nil), noMethod},
		{"DELETE all", "DELETE /v1/chat/completions", "", "", noMethod},
		{"PATCH", "PATCH /v1/chat/completions/" + stored, "", `{}`, noMethod},
		{"a method of one's own", "BARK /v1/chat/completions", "", "", noMethod},
		{"GET cancel", "GET /v1/chat/completions/" + stored + "/cancel", "", "", noMethod},
		{"POST models", "POST /v1/models", "", `{}`, noMethod},
		{"DELETE a model", "DELETE /v1/models/" + api.Model, "", "", noMethod},

		{"a path with a dot", "POST /v1/./chat/completions", "", api.Body(nil), notFound},
		{"a path that climbs", "GET /v1/chat/../models", "", "", notFound},
		{"another API", "GET /v1/embeddings", "", "", notFound},
		{"no version", "POST /chat/completions", "", api.Body(nil), notFound},
		{"a slash too many", "POST /v1/chat/completions/", "", api.Body(nil), notFound},
		{"a path below", "GET /v1/chat/completions/" + stored + "/tokens", "", "", notFound},
		{"the RPC by its name", "POST /petstore.completion.v1.CompletionService/GetCompletion", "", `{}`, notFound},
		{"profiles", "GET /debug/pprof/", "", "", notFound},

		{"unknown completion", "GET /v1/chat/completions/chatcmpl-x", "", "", noCompletion},
		{"unknown completion, messages", "GET /v1/chat/completions/chatcmpl-x/messages", "", "", noCompletion},
		{"unknown completion, cancel", "POST /v1/chat/completions/chatcmpl-x/cancel", "", "", noCompletion},
		{"unknown completion, delete", "DELETE /v1/chat/completions/chatcmpl-x", "", "", noCompletion},
		{"unknown completion, metadata", "POST /v1/chat/completions/chatcmpl-x", "", `{"metadata":{}}`, noCompletion},
		{"an id of 10 kB", "GET /v1/chat/completions/" + strings.Repeat("x", 10_000), "", "", noCompletion},
		{"an id of control characters", "GET /v1/chat/completions/%00%0d%0a", "", "", noCompletion},
		{"an id that climbs", "GET /v1/chat/completions/%2e%2e", "", "", noCompletion},
		{"an id that is not UTF-8", "GET /v1/chat/completions/%ff", "", "", noCompletion},
		{"an id that is not UTF-8, streamed", "GET /v1/chat/completions/%ff?stream=true", "", "", noCompletion},
		{"an id that is not UTF-8, cancel", "POST /v1/chat/completions/%ff/cancel", "", "", noCompletion},
		{"unknown model", "GET /v1/models/gpt-4o", "", "", noModel},
		{"unknown model with a slash", "GET /v1/models/meta/llama", "", "", noModel},
		{"a model that is not UTF-8", "GET /v1/models/%ff", "", "", noModel},

		{"metadata missing", "POST /v1/chat/completions/" + stored, "", `{}`, api.Bad(http.StatusBadRequest, "missing_required_parameter", "metadata")},
		{"metadata of another type", "POST /v1/chat/completions/" + stored, "", `{"metadata":[]}`, api.Bad(http.StatusBadRequest, "invalid_type", "metadata")},
		{"metadata and more", "POST /v1/chat/completions/" + stored, "", `{"metadata":{},"model":"x"}`, api.Bad(http.StatusBadRequest, "unknown_parameter", "model")},
		{"metadata that is no JSON", "POST /v1/chat/completions/" + stored, "", `{`, api.Bad(http.StatusBadRequest, "invalid_json", "")},
		{"limit no number", "GET /v1/chat/completions?limit=x", "", "", badValue("limit")},
		{"limit zero", "GET /v1/chat/completions?limit=0", "", "", api.Bad(http.StatusBadRequest, "integer_below_min_value", "limit")},
		{"limit beyond numbers", "GET /v1/chat/completions?limit=99999999999999999999", "", "", api.Bad(http.StatusBadRequest, "integer_above_max_value", "limit")},
		{"neither a stream nor none", "GET /v1/chat/completions/" + stored + "?stream=maybe", "", "", badValue("stream")},
		{"limit too large", "GET /v1/chat/completions?limit=101", "", "", api.Bad(http.StatusBadRequest, "integer_above_max_value", "limit")},
		{"order", "GET /v1/chat/completions?order=up", "", "", badValue("order")},
		{"after", "GET /v1/chat/completions?after=chatcmpl-x", "", "", badValue("after")},
		{"after that is not UTF-8", "GET /v1/chat/completions?after=%ff", "", "", badValue("after")},

		{"a long idempotency key", create, "Idempotency-Key: " + strings.Repeat("k", 256), api.Body(nil), api.Bad(http.StatusBadRequest, "string_above_max_length", "")},
		{"an idempotency key that is not UTF-8", create, "Idempotency-Key: \xff", api.Body(nil), badValue("")},
	} {
		t.Run(test.name, func(t *testing.T) {
			method, path, _ := strings.Cut(test.request, " ")
			x := api.Do(t, api.Request(t, method, url+path, test.body, test.header))
			if diff := cmp.Diff(test.want, api.Refused(t, x)); diff != "" {
				t.Errorf("(-want +got)\n%s\n%s", diff, x.Body)
			}
			if allow := x.Header.Get("Allow"); (x.Status == http.StatusMethodNotAllowed) != (allow != "") {
				t.Errorf("status %d with Allow %q", x.Status, allow)
			}
		})
	}
	if err := rig.Fast(t).Fault(); err != nil {
		t.Error(err)
	}
}

// TestIdempotencyConflict uses one key for two requests.
func TestIdempotencyConflict(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	key := "Idempotency-Key: " + rand.Text()
	api.Record(t, url, nil, key)
	for name, other := range map[string]string{
		"another question": api.Streamed(api.Object{"messages": []api.Object{{"role": "user", "content": "And a dog?"}}}),
		"another number":   api.Streamed(api.Object{"max_tokens": api.SomeTokens + 1}),
		"without a stream": api.Body(api.Object{"max_tokens": api.SomeTokens + 1}),
	} {
		x := api.Post(t, url, other, key)
		if diff := cmp.Diff(api.Bad(http.StatusConflict, "idempotency_conflict", ""), api.Refused(t, x)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		if got := x.Header.Get("X-Should-Retry"); got != "false" { // otherwise SDKs would retry
			t.Errorf("%s: X-Should-Retry is %q", name, got)
		}
	}
}

// TestUnusualButRight checks that the rules are no stricter than documented.
func TestUnusualButRight(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	for _, test := range []struct{ name, header, body string }{
		{"a charset", "Content-Type: application/json; charset=utf-8", api.Body(api.Object{"max_tokens": 1})},
		{"a type in capitals", "Content-Type: APPLICATION/JSON", api.Body(api.Object{"max_tokens": 1})},
		{"nulls", "", api.Body(api.Object{
			"max_tokens": 1, "n": nil, "stop": nil, "stream": nil, "stream_options": nil, "tools": nil, "user": nil,
			"temperature": nil, "seed": nil, "metadata": nil, "response_format": nil, "logprobs": nil, "functions": nil,
		})},
		{"whole numbers as decimals", "", with(`"max_tokens":1.0,"n":1e0`)},
		{"the bounds of all numbers", "", api.Body(api.Object{
			"max_tokens": 1, "n": 128, "temperature": 2, "top_p": 0, "frequency_penalty": -2, "presence_penalty": 2,
			"seed": -9223372036854775808, "stop": []string{"a", "b", "c", "d"},
		})},
		{"escapes", "", asked(`[{"role":"user","content":"\ud83d\udc36 \u0000 \u2028"}]`)},
		{"parts", "", asked(`[{"content":[{"text":"A ","type":"text"},{"type":"text","text":"cat?"}],"role":"user"}]`)},
		{"2,048 messages", "", asked("[" + strings.TrimSuffix(strings.Repeat(`{"role":"user","content":"x"},`, 2048), ",") + "]")},
		{"a message of nothing", "", asked(`[{"role":"user","content":""}]`)},
		{"parallel calls without tools", "", with(`"parallel_tool_calls":true`)},
		{"tools", "", with(`"reasoning_effort":"high","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto","parallel_tool_calls":true`)},
		{"a call and its result", "", asked(`[{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},` +
			`{"role":"tool","tool_call_id":"c","content":"x"}]`)},
		{"an image", "", asked(`[{"role":"user","content":[{"type":"text","text":"A cat?"},{"type":"image_url","image_url":{"url":"https://example.com/cat.png"}}]}]`)},
		{"a byte order mark", "", "\ufeff" + api.Body(nil)},
		{"a member of a message that nobody knows", "", asked(`[{"role":"user","content":"x","foo":1}]`)},
		{"a member of a part that nobody knows", "", asked(`[{"role":"user","content":[{"type":"text","text":"x","foo":1}]}]`)},
		{"a member twice", "", with(`"model":"x","model":"` + api.Model + `"`)},
		{"half a surrogate pair", "", asked(`[{"role":"user","content":"A cat? \ud83d"}]`)},
		{"a member that means something elsewhere", "", asked(`[{"role":"user","reasoning_content":"hm","annotations":{},"content":[{"type":"input_text","text":"x","thinking":true}]}]`)},
		{"a tool of another's, and Anthropic's choice", "", with(`"tools":[{"google_search":{}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`)},
		{"functions", "", with(`"functions":[{"name":"f"}],"function_call":"auto"`)},
		{"a tier", "", with(`"service_tier":"priority"`)},
		{"pets sent back", "", asked(`[{"role":"user","content":"hi"},{"role":"assistant","content":"Luna","pets":[{"id":"luna","coat":[]}]},{"role":"user","content":"How old?"}]`)},
		{"the answer sent back", "", asked(`[{"role":"user","content":"hi"},{"role":"assistant","content":"Hello","refusal":null,"annotations":[],"audio":null,"function_call":null,"tool_calls":null},{"role":"user","content":"A cat?"}]`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c api.Completion
			api.Post(t, url, test.body, test.header).Into(t, &c)
			if c.Status != "completed" || len(c.Choices) == 0 {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestHead requests only headers.
func TestHead(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"/v1/models": http.StatusOK, "/v1/models/" + api.Model: http.StatusOK, "/v1/chat/completions": http.StatusOK,
		"/v1/models/gpt-4o": http.StatusNotFound, "/v1/nothing": http.StatusNotFound,
	} {
		x := api.Do(t, api.Request(t, http.MethodHead, rig.Fast(t).URL()+path, ""))
		if x.Status != want || len(x.Body) > 0 || x.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: status %d, headers %v, body %s", path, x.Status, x.Header, x.Body)
		}
	}
}
