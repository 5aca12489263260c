package ground_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/ground"
	"github.com/pawstream/pawstream/services/completion/internal/openaibackend"
	"github.com/pawstream/pawstream/services/completion/internal/route"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// plays is a server without a network.
type plays func(*http.Request) (*http.Response, error)

func (p plays) RoundTrip(r *http.Request) (*http.Response, error) { return p(r) }

func body(text string) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text))}
}

func TestGrounding(t *testing.T) {
	store, err := load()
	if err != nil {
		t.Fatal(err)
	}
	var sent []map[string]any
	call := `data: {"choices":[{"index":0,"delta":{"content":"Let me look. ","tool_calls":[{"index":0,"id":"c1","function":{"name":"search_pets","arguments":"{\"species\":[\"cat\"]}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":5,"completion_tokens":2}}` + "\n\ndata: [DONE]\n\n"
	const answer = `data: {"choices":[{"index":0,"delta":{"content":"Take Luna."}}]}` + "\n\n" +
		`data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":50,"completion_tokens":3}}` + "\n\ndata: [DONE]\n\n"
	transport := plays(func(r *http.Request) (*http.Response, error) {
		var b map[string]any
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil {
			t.Error(err)
		}
		sent = append(sent, b)
		if len(sent) == 1 {
			return body(call), nil
		}
		return body(answer), nil
	})
	counter, err := tokencount.New()
	if err != nil {
		t.Fatal(err)
	}
	server := openaibackend.New(openaibackend.Config{BaseURL: "http://upstream.test/v1", Model: "served", Transport: transport})
	r := route.New(route.Config{Counter: counter, Targets: []*route.Target{route.NewTarget(route.TargetConfig{
		Backend: ground.New(server, store, true), Capabilities: chat.Capabilities{Tools: chat.Used},
	})}})
	req := &chat.Request{Model: "m", Messages: []chat.Message{
		{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: "How often do I feed a kitten?"}}},
	}}
	got := collect(t, r.Complete(t.Context(), req, nil))
	if got.err != nil || got.text != "Let me look. Take Luna." || len(got.finishes) != 1 || got.finishes[0] != chat.FinishStop {
		t.Fatalf("%q, %v, error %v", got.text, got.finishes, got.err)
	}
	if u := got.usage; u.PromptTokens != 55 || u.CompletionTokens != 5 || u.Estimated {
		t.Errorf("usage %+v", u)
	}
	for _, e := range got.events {
		if len(e.Delta.ToolCalls) > 0 {
			t.Error("the caller is shown a call of our tool")
		}
	}
	first := sent[0]["messages"].([]any)[0].(map[string]any)
	if first["role"] != "system" || !strings.Contains(first["content"].(string), "[kitten-care#") {
		t.Errorf("first message %v", first)
	}
	turns := sent[1]["messages"].([]any)
	if result := turns[len(turns)-1].(map[string]any); result["tool_call_id"] != "c1" || !strings.Contains(result["content"].(string), "cat") {
		t.Errorf("the tool's answer: %v", result)
	}
	sent = nil
	req.Tools = []chat.Tool{{Name: "mine"}}
	collect(t, r.Complete(t.Context(), req, nil))
	if tools := sent[0]["tools"].([]any); len(tools) != 1 {
		t.Errorf("tools %v", tools)
	}
}

// asked is the result of one answer.
type asked struct {
	events   []chat.Event
	text     string
	finishes []chat.FinishReason
	usage    *chat.Usage
	err      error
}

func collect(t *testing.T, seq func(func(chat.Event, error) bool)) (a asked) {
	t.Helper()
	for e, err := range seq {
		if err != nil {
			a.err = err
			return a
		}
		a.events = append(a.events, e)
		switch e.Kind {
		case chat.KindDelta:
			a.text += e.Delta.Content
		case chat.KindFinish:
			a.finishes = append(a.finishes, e.Reason)
		case chat.KindUsage:
			a.usage = e.Usage
		default:
		}
	}
	return a
}
