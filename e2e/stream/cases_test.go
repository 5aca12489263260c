package stream

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// A usualCase is something that every server of these APIs must support.
type usualCase struct {
	chat      string // members of a chat completions request; empty: not in that API
	responses string // the same for the Responses API
	seen      string // the messages that the model server gets
	calls     bool   // the answer calls the tool
}

const (
	heart       = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
	letter      = "data:application/pdf;base64,JVBERi0xLjQK"
	weather     = `"description":"Tells the weather.","parameters":{"type":"object","properties":{"location":{"type":"string"}},"required":["location"]}`
	chatTools   = `"tools":[{"type":"function","function":{"name":"get_weather",` + weather + `}}]`
	ownTools    = `"tools":[{"type":"function","name":"get_weather",` + weather + `}]`
	arguments   = `{"location":"San Francisco"}`
	quoted      = `"{\"location\":\"San Francisco\"}"`
	chatCall    = `{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":` + quoted + `}}]}`
	chatResult  = `{"role":"tool","tool_call_id":"call_1","content":"Fog."}`
	ownCall     = `{"type":"function_call","call_id":"call_1","name":"get_weather","arguments":` + quoted + `}`
	ownResult   = `{"type":"function_call_output","call_id":"call_1","output":"Fog."}`
	weatherAsk  = `{"role":"user","content":"What is the weather in San Francisco?"}`
	usualAnswer = "Arr, hello!"
)

// usualCases covers the kinds of cases in the Open Responses suite.
func usualCases() map[string]usualCase {
	both := func(list string) usualCase { return usualCase{`"messages":` + list, `"input":` + list, list, false} }
	tool := usualCase{`"messages":[` + weatherAsk + `],` + chatTools, `"input":[` + weatherAsk + `],` + ownTools, "[" + weatherAsk + "]", true}
	image := func(parts string) string { return `[{"role":"user","content":[` + parts + `]}]` }
	chatImage := image(`{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"` + heart + `"}}`)
	chatFile := image(`{"type":"text","text":"What does it say?"},{"type":"file","file":{"filename":"a.pdf","file_data":"` + letter + `"}}`)
	return map[string]usualCase{
		"basic":         both(`[{"role":"user","content":"Say hello in three words."}]`),
		"system prompt": both(`[{"role":"system","content":"You are a pirate."},{"role":"user","content":"Say hello."}]`),
		"tool call":     tool,
		"function round trip": {
			`"messages":[` + weatherAsk + `,` + chatCall + `,` + chatResult + `],` + chatTools,
			`"input":[` + weatherAsk + `,` + ownCall + `,` + ownResult + `],` + ownTools,
			`[` + weatherAsk + `,` + chatCall + `,` + chatResult + `]`, false,
		},
		"image input": {
			`"messages":` + chatImage,
			`"input":` + image(`{"type":"input_text","text":"What is this?"},{"type":"input_image","image_url":"`+heart+`"}`), chatImage, false,
		},
		"file input": {
			`"messages":` + chatFile,
			`"input":` + image(`{"type":"input_text","text":"What does it say?"},{"type":"input_file","filename":"a.pdf","file_data":"`+letter+`"}`), chatFile, false,
		},
		"multi-turn": both(`[{"role":"user","content":"My name is Alice."},{"role":"assistant","content":"Hello Alice!"},{"role":"user","content":"What is my name?"}]`),
	}
}

// A usualServer is a model server that always gives the same answer, or calls its tool, and reports its requests.
type usualServer struct{ asked chan []byte }

func (s usualServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.asked <- body
	w.Header().Set("Content-Type", "text/event-stream")
	say := func(delta, finish string) {
		_, _ = io.WriteString(w, `data: {"choices":[{"index":0,"delta":`+delta+`,"finish_reason":`+finish+`}]}`+"\n\n")
	}
	finish := `"stop"`
	if bytes.Contains(body, []byte(`"tools"`)) && !bytes.Contains(body, []byte(`"role":"tool"`)) {
		finish = `"tool_calls"`
		say(`{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get_weather","arguments":""}}]}`, "null")
		say(`{"tool_calls":[{"index":0,"function":{"arguments":"{\"location\":"}}]}`, "null")
		say(`{"tool_calls":[{"index":0,"function":{"arguments":"\"San Francisco\"}"}}]}`, "null")
	} else {
		say(`{"role":"assistant","content":"Arr, "}`, "null")
		say(`{"content":"hello!"}`, "null")
	}
	say("{}", finish)
	_, _ = io.WriteString(w, `data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}`+"\n\ndata: [DONE]\n\n")
}

// messages returns the messages of the last request.
func (s usualServer) messages(t *testing.T) any {
	t.Helper()
	select {
	case body := <-s.asked:
		return api.Decode(t, string(body))["messages"]
	default:
		t.Fatal("the model's server was not asked")
		panic("unreachable")
	}
}

// An outcome is the content of an answer.
type outcome struct {
	Text, Arguments, Status string
	Tokens                  float64
}

// TestUsualCases runs each case by each API, whole and streamed. The model server gets the same messages, and the
// answers are the same.
func TestUsualCases(t *testing.T) {
	t.Parallel()
	server := usualServer{make(chan []byte, 1)}
	upstream := httptest.NewServer(server)
	defer upstream.Close()
	models := rig.ModelsFile(t, "models:\n  - name: pirate\n    targets: [{engine: openai, base_url: "+upstream.URL+", model: m}]\n")
	url := rig.Own(t, stack.Options{Completion: []string{"--models=" + models}}).URL()
	ask := func(t *testing.T, path, members string) api.Exchange {
		t.Helper()
		x := api.Do(t, api.Request(t, http.MethodPost, url+path, `{"model":"pirate",`+members+`}`))
		if x.Status != http.StatusOK {
			t.Fatalf("%d %s", x.Status, x.Body)
		}
		return x
	}
	for name, c := range usualCases() {
		chatWant, want := outcome{usualAnswer, "", "stop", 7}, outcome{usualAnswer, "", "completed", 7}
		if c.calls {
			chatWant, want = outcome{"", arguments, "tool_calls", 7}, outcome{"", arguments, "completed", 7}
		}
		check := func(t *testing.T, want, got outcome) {
			t.Helper()
			var seen any
			if err := json.Unmarshal([]byte(c.seen), &seen); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(seen, server.messages(t)); diff != "" {
				t.Errorf("what the model's server was sent (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		t.Run(name, func(t *testing.T) {
			check(t, chatWant, wholeChat(t, ask(t, "/v1/chat/completions", c.chat)))
			check(t, chatWant, streamedChat(t, ask(t, "/v1/chat/completions", c.chat+`,"stream":true,"stream_options":{"include_usage":true}`)))
			check(t, want, outcomeOf(t, api.Decode(t, string(ask(t, "/v1/responses", c.responses).Body))))
			check(t, want, streamedResponse(t, ask(t, "/v1/responses", c.responses+`,"stream":true`)))
		})
	}
	t.Run("previous response", func(t *testing.T) {
		first := ask(t, "/v1/responses", `"input":"My name is Alice."`)
		server.messages(t)
		x := ask(t, "/v1/responses", `"input":"What is my name?","previous_response_id":"`+first.Header.Get("X-Completion-Id")+`"`)
		want := []any{
			api.Object{"role": "user", "content": "My name is Alice."},
			api.Object{"role": "assistant", "content": usualAnswer},
			api.Object{"role": "user", "content": "What is my name?"},
		}
		if diff := cmp.Diff(want, server.messages(t)); diff != "" {
			t.Errorf("what the model's server was sent (-want +got):\n%s", diff)
		}
		if got := outcomeOf(t, api.Decode(t, string(x.Body))); got.Text != usualAnswer {
			t.Errorf("%+v", got)
		}
	})
}

// A chatAnswer is the relevant part of a chat completion or a chunk.
type chatAnswer struct {
	Choices []struct {
		Message, Delta struct {
			Content   string
			ToolCalls []struct {
				Function struct{ Name, Arguments string }
			} `json:"tool_calls"`
		}
		FinishReason string `json:"finish_reason"`
	}
	Usage struct {
		Total float64 `json:"total_tokens"`
	}
}

// add adds a chunk or a completion.
func (o *outcome) add(a chatAnswer) {
	o.Tokens += a.Usage.Total
	for _, c := range a.Choices {
		o.Text += c.Message.Content + c.Delta.Content
		o.Status += c.FinishReason
		for _, call := range slices.Concat(c.Message.ToolCalls, c.Delta.ToolCalls) {
			o.Arguments += call.Function.Arguments
		}
	}
}

func wholeChat(t *testing.T, x api.Exchange) (o outcome) {
	t.Helper()
	var a chatAnswer
	x.Into(t, &a)
	o.add(a)
	return o
}

func streamedChat(t *testing.T, x api.Exchange) (o outcome) {
	t.Helper()
	all := api.Events(t, bytes.NewReader(x.Body))
	for _, e := range all[:len(all)-1] {
		var a chatAnswer
		if err := json.Unmarshal([]byte(e.Data), &a); err != nil {
			t.Fatal(err)
		}
		o.add(a)
	}
	if last := all[len(all)-1].Data; last != "[DONE]" {
		t.Errorf("the end is %s", last)
	}
	return o
}

// streamedResponse checks that a stream's pieces equal its last event.
func streamedResponse(t *testing.T, x api.Exchange) outcome {
	t.Helper()
	var text, arguments strings.Builder
	var last api.Object
	for n, e := range api.Events(t, bytes.NewReader(x.Body)) {
		last = api.Decode(t, e.Data)
		if last["type"] != e.Name.String() || last["sequence_number"] != float64(n) {
			t.Errorf("event %d is %s: %s", n, e.Name, e.Data)
		}
		piece, _ := last["delta"].(string)
		switch last["type"] {
		case "response.output_text.delta":
			text.WriteString(piece)
		case "response.function_call_arguments.delta":
			arguments.WriteString(piece)
		}
		if response, ok := last["response"].(api.Object); ok {
			checkMembers(t, response)
		}
	}
	response, ended := last["response"].(api.Object)
	got := outcomeOf(t, response)
	if !ended || last["type"] != "response.completed" || got.Text != text.String() || got.Arguments != arguments.String() {
		t.Errorf("the pieces are %q and %q, the end is %v", &text, &arguments, last)
	}
	return got
}

// outcomeOf returns the content of a response object.
func outcomeOf(t *testing.T, response api.Object) (o outcome) {
	t.Helper()
	checkMembers(t, response)
	o.Status, _ = response["status"].(string)
	usage, _ := response["usage"].(api.Object)
	o.Tokens, _ = usage["total_tokens"].(float64)
	output, _ := response["output"].([]any)
	for _, i := range output {
		item, _ := i.(api.Object)
		arguments, _ := item["arguments"].(string)
		o.Arguments += arguments
		content, _ := item["content"].([]any)
		for _, p := range content {
			part, _ := p.(api.Object)
			text, _ := part["text"].(string)
			o.Text += text
		}
	}
	return o
}

// checkMembers checks that a response object has every member that the Open Responses specification requires, and the
// types of those that may not be null.
func checkMembers(t *testing.T, response api.Object) {
	t.Helper()
	for name, like := range map[string]any{
		"id": "", "object": "", "status": "", "model": "", "truncation": "", "service_tier": "",
		"created_at": 0.0, "top_p": 0.0, "temperature": 0.0, "presence_penalty": 0.0, "frequency_penalty": 0.0, "top_logprobs": 0.0,
		"parallel_tool_calls": true, "store": true, "background": true,
		"output": []any{}, "tools": []any{}, "text": api.Object{}, "metadata": api.Object{},
	} {
		if got, ok := response[name]; !ok || !sameKind(like, got) {
			t.Errorf("%s is %v", name, got)
		}
	}
	for _, name := range []string{
		"completed_at", "incomplete_details", "previous_response_id", "instructions", "error", "tool_choice", "reasoning", "usage", "user",
		"max_output_tokens", "max_tool_calls", "safety_identifier", "prompt_cache_key",
	} {
		if _, ok := response[name]; !ok {
			t.Errorf("there is no %s", name)
		}
	}
}

// sameKind reports whether two JSON values have the same type.
func sameKind(a, b any) bool {
	switch a.(type) {
	case string:
		_, ok := b.(string)
		return ok
	case float64:
		_, ok := b.(float64)
		return ok
	case bool:
		_, ok := b.(bool)
		return ok
	case []any:
		_, ok := b.([]any)
		return ok
	}
	_, ok := b.(api.Object)
	return ok
}
