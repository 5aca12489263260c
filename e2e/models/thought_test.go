package models

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

// thinks is a server of the Responses API. It first calls a tool, after reasoning that only it can read and wants
// back with the tool's result.
type thinks struct{ t *testing.T }

const (
	secretThought = "gAAAAAB-only-the-server-can-read-this=="
	thinksFirst   = `data: {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"A pet."}],"encrypted_content":"` + secretThought + `"}}

data: {"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","id":"fc_1","call_id":"call_1","name":"pets","arguments":"{}"}}

data: {"type":"response.completed","response":{"status":"completed","output":[],"usage":{"input_tokens":3,"output_tokens":2}}}

`
	saysThen = `data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"Luna."}

data: {"type":"response.completed","response":{"status":"completed","output":[],"usage":{"input_tokens":3,"output_tokens":2}}}

`
)

// ServeHTTP implements http.Handler.
func (s *thinks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Include []string `json:"include"`
		Store   *bool    `json:"store"`
		Input   []struct {
			Type      string `json:"type"`
			Encrypted string `json:"encrypted_content"`
		} `json:"input"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		s.t.Error(err)
	}
	if asked.Store == nil || *asked.Store || !slices.Contains(asked.Include, "reasoning.encrypted_content") {
		s.t.Errorf("the server is asked for %q, store %v", asked.Include, asked.Store)
	}
	answer := thinksFirst
	var items []string
	for _, i := range asked.Input {
		if items = append(items, strings.TrimSpace(i.Type+" "+i.Encrypted)); i.Type == "function_call_output" {
			answer = saysThen
		}
	}
	if want := "message, reasoning " + secretThought + ", function_call, function_call_output"; answer == saysThen && strings.Join(items, ", ") != want {
		s.t.Errorf("the server was given back %q, want %s", items, want)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, answer)
}

// TestEncryptedThoughts checks that encrypted reasoning is stored, survives the edge and replica that answered, and
// returns to the server in the next turn, whether the client sends it or refers to the response.
func TestEncryptedThoughts(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&thinks{t})
	defer server.Close()
	models := "--models=" + rig.ModelsFile(t, "models:\n  - name: thinker\n    targets:\n      - engine: openai\n        api: responses\n        base_url: "+server.URL+
		"\n        model: m\n")
	nats := "--nats-url=" + rig.NATS(t).ClientURL()
	doomed := rig.Start(t, "completion", "--listen=127.0.0.1:0", models, nats)
	survivor := rig.Start(t, "completion", "--listen=127.0.0.1:0", models, nats)
	first := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+doomed.Addr("grpc"))
	second := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+survivor.Addr("grpc"))
	const (
		question = `{"role":"user","content":"Who?"}`
		rest     = `"model":"thinker","include":["reasoning.encrypted_content"],"tools":[{"type":"function","name":"pets","parameters":{"type":"object"}}]`
	)
	create := func(url, input string) (got struct {
		ID     string            `json:"id"`
		Status string            `json:"status"`
		Output []json.RawMessage `json:"output"`
	},
	) {
		t.Helper()
		api.Do(t, api.Request(t, http.MethodPost, url+"/v1/responses", fmt.Sprintf(`{%s,%s}`, input, rest))).Into(t, &got)
		if got.Status != "completed" {
			t.Errorf("ended as %q", got.Status)
		}
		return got
	}
	called := create("http://"+first.Addr("http"), `"input":[`+question+`]`)
	first.Kill()
	doomed.Kill()

	url := "http://" + second.Addr("http")
	var stored struct {
		Output []json.RawMessage `json:"output"`
	}
	api.Do(t, api.Request(t, http.MethodGet, url+"/v1/responses/"+called.ID, "")).Into(t, &stored)
	if len(stored.Output) != 2 || !strings.Contains(string(stored.Output[0]), `"encrypted_content":"`+secretThought+`"`) {
		t.Fatalf("stored as %s", stored.Output)
	}
	const result = `{"type":"function_call_output","call_id":"call_1","output":"Luna"}`
	for name, input := range map[string]string{
		"sent back": fmt.Sprintf(`"input":[%s,%s,%s,%s]`, question, stored.Output[0], stored.Output[1], result),
		"taken up":  fmt.Sprintf(`"previous_response_id":%q,"input":[%s]`, called.ID, result),
	} {
		if got := create(url, input); len(got.Output) != 1 || !strings.Contains(string(got.Output[0]), "Luna.") {
			t.Errorf("%s: %s", name, got.Output)
		}
	}
}
