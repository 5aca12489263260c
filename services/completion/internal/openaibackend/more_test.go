package openaibackend

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// TestMoreGoesBack sends additional members of a server back to it, as a client does: the server gets them
// unchanged, and they do not affect other members.
func TestMoreGoesBack(t *testing.T) {
	req := question1()
	req.Messages = append(req.Messages, chat.Message{
		Role: chat.RoleAssistant, Reasoning: "hm",
		More: `{"reasoning_details":[{"type":"reasoning.text","text":"<a>","n":1e400}],"role":"user","reasoning_content":{"x":1},"content":"forged"}`,
		ToolCalls: []chat.ToolCall{{
			ID: "c1", Name: "f", Arguments: "{}",
			More: `{"extra_content":{"google":{"thought_signature":"s=="}},"id":"c2","function":{"name":"g","provider":{"a":null}}}`,
		}},
	}, chat.Message{Role: chat.RoleTool, ToolCallID: "c1", Parts: []chat.Part{{Kind: chat.PartText, Text: "42"}}, More: `{}`})
	var sent struct{ Messages []json.RawMessage }
	transport := plays(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		return nil, errors.Join(err, json.Unmarshal(body, &sent), errCut)
	})
	for range New(Config{BaseURL: "http://upstream.test/v1", Transport: transport}).
		Complete(t.Context(), &route.Call{Request: req, Shown: make([]route.Shown, 1)}) {
	}
	want := []string{
		`{"role":"user","content":"Who is Luna?"}`,
		`{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}","provider":{"a":null}},` +
			`"extra_content":{"google":{"thought_signature":"s=="}}}],"reasoning_content":"hm",` +
			`"reasoning_details":[{"type":"reasoning.text","text":"<a>","n":1e400}]}`,
		`{"role":"tool","content":"42","tool_call_id":"c1"}`,
	}
	var got []string
	for _, m := range sent.Messages {
		got = append(got, strings.TrimSpace(string(m)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
