package models

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

const (
	uisDir    = "../../edge/internal/dialect/chat/testdata/uis"
	recording = "../../services/completion/internal/openaibackend/testdata/openai.sse"
)

// A refusedUI is why a UI's request is refused, and how to make it acceptable.
type refusedUI struct{ code, param, says string }

// refusedUIs are the refused requests, by model. All others are answered.
func refusedUIs() map[string]map[string]refusedUI {
	unknown := func(param string) refusedUI {
		return refusedUI{"unknown_parameter", param, "--unknown-parameters"}
	}
	cannot := func(param string) refusedUI { return refusedUI{"unsupported_parameter", param, "or ask another model"} }
	both := map[string]refusedUI{
		"open-webui-direct": unknown("params"), "open-webui-top-k": unknown("top_k"), "librechat-files": unknown("include_reasoning"),
		"lobechat-mode": unknown("apiMode"), "roo-thinking": unknown("thinking"), "sillytavern-top-k": unknown("top_k"),
	}
	advisor := map[string]refusedUI{
		"librechat-functions-title": cannot("function_call"), "lobechat-object": cannot("tool_choice"),
		"librechat-structured-title": {"unsupported_parameter", "response_format", "or use response_format json_object"},
		"sillytavern-schema":         {"unsupported_parameter", "response_format", "or use response_format json_object"},
		"sillytavern-swipes":         cannot("logprobs"), "sillytavern-bias": cannot("logit_bias"), "continue-apply": cannot("prediction"),
	}
	maps.Copy(advisor, both)
	return map[string]map[string]refusedUI{"pet-advisor-1": advisor, "house": both}
}

// TestUIs sends the first requests of well-known UIs: questions, tools, and background tasks. Each is answered whole,
// or refused with the way out. An edge that ignores unknown parameters refuses none for these. A model server gets
// what the UI has asked.
func TestUIs(t *testing.T) {
	t.Parallel()
	said, err := os.ReadFile(recording)
	if err != nil {
		t.Fatal(err)
	}
	reached := make(chan []byte, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, _ := io.ReadAll(r.Body)
		reached <- asked
		w.Header().Set("Content-Type", "text/event-stream")
		for event := range strings.SplitAfterSeq(string(said), "\n\n") {
			_, _ = io.WriteString(w, event)
			if strings.Contains(string(asked), `"n":2`) && strings.Contains(event, `"index":0`) {
				_, _ = io.WriteString(w, strings.Replace(event, `"index":0`, `"index":1`, 1))
			}
		}
	}))
	defer server.Close()
	path := rig.ModelsFile(t, "models:\n  - name: house\n    targets:\n      - {engine: openai, base_url: "+server.URL+", model: m}\n")
	edge := func(args ...string) string {
		all := []string{"--listen=127.0.0.1:0", "--grpc-listen=127.0.0.1:0", "--log=memory", "--advisor-pace=0", "--models=" + path}
		return "http://" + rig.Start(t, "standalone", append(all, args...)...).Addr("http")
	}
	strict, lenient := edge(), edge("--unknown-parameters=ignore")

	files, err := filepath.Glob(filepath.Join(uisDir, "*.json"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d requests of UIs, %v", len(files), err)
	}
	refused := refusedUIs()
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		for model, refusals := range refused {
			asked := strings.Replace(string(body), `"pet-advisor-1"`, `"`+model+`"`, 1)
			want, isRefused := refusals[name]
			t.Run(name+"/"+model, func(t *testing.T) {
				checkUI(t, strict, asked, want, isRefused)
				if model == "house" && !isRefused {
					checkReached(t, asked, reached)
				}
			})
			ignored := isRefused && want.code == "unknown_parameter"
			t.Run(name+"/"+model+"/ignore", func(t *testing.T) {
				checkUI(t, lenient, asked, want, isRefused && !ignored)
				if model == "house" && (!isRefused || ignored) {
					checkReached(t, asked, reached)
				}
			})
		}
	}
}

// checkUI asks, and expects a whole answer or the refusal.
func checkUI(t *testing.T, url, asked string, want refusedUI, isRefused bool) {
	t.Helper()
	x := api.Post(t, url, asked)
	if isRefused {
		var got struct {
			Error struct{ Code, Param, Message string }
		}
		if err := json.Unmarshal(x.Body, &got); err != nil {
			t.Fatal(err)
		}
		e := got.Error
		if x.Status != http.StatusBadRequest || e.Code != want.code || e.Param != want.param || !strings.Contains(e.Message, want.says) {
			t.Errorf("%d %s, want %+v", x.Status, x.Body, want)
		}
		return
	}
	if x.Status != http.StatusOK {
		t.Fatalf("%d %s", x.Status, x.Body)
	}
	if err := whole(string(x.Body), strings.Contains(asked, `"stream": true`)); err != nil {
		t.Errorf("%v: %s", err, x.Body)
	}
}

// A uiRequest is the part of a request that a model has to know.
type uiRequest struct {
	Messages []struct {
		Role       string
		Content    any
		ToolCalls  []struct{ Function any } `json:"tool_calls"`
		ToolCallID string                   `json:"tool_call_id"`
	}
	Tools []struct {
		Function struct{ Name, Description string }
	}
	Functions []struct{ Name, Description string }

	Temperature     any
	TopP            any            `json:"top_p"`
	MaxTokens       any            `json:"max_tokens"`
	MaxCompletion   any            `json:"max_completion_tokens"`
	PresencePenalty any            `json:"presence_penalty"`
	ReasoningEffort any            `json:"reasoning_effort"`
	LogitBias       map[string]any `json:"logit_bias"`
	Seed            any
	N               any
}

// said returns a request's messages with their calls, its tools, and the requested form of the answer, in one form
// for both spellings.
func (r *uiRequest) said(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, m := range r.Messages {
		role := m.Role
		if role == "function" { // the older name
			role = "tool"
		}
		text, _ := m.Content.(string)
		parts, _ := m.Content.([]any)
		for _, p := range parts {
			part, _ := p.(map[string]any)
			piece, _ := part["text"].(string)
			text += piece
			if image, ok := part["image_url"]; ok {
				text += fmt.Sprint(image)
			}
		}
		all = append(all, fmt.Sprint(role, ": ", text, " ", m.ToolCalls))
	}
	for _, tool := range r.Tools {
		all = append(all, fmt.Sprint("tool ", tool.Function))
	}
	for _, f := range r.Functions {
		all = append(all, fmt.Sprint("tool ", f))
	}
	return append(all, fmt.Sprint(r.Temperature, r.TopP, r.MaxTokens, r.MaxCompletion, r.PresencePenalty, r.ReasoningEffort, r.LogitBias, r.Seed, r.N))
}

// checkReached checks that the model server got one request, with everything that the UI has asked.
func checkReached(t *testing.T, asked string, reached <-chan []byte) {
	t.Helper()
	var got []byte
	select {
	case got = <-reached:
	default:
		t.Fatal("nothing reached the model server")
	}
	var sent, arrived uiRequest
	if err := errors.Join(json.Unmarshal([]byte(asked), &sent), json.Unmarshal(got, &arrived)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sent.said(t), arrived.said(t)); diff != "" {
		t.Errorf("(-sent +reached)\n%s", diff)
	}
}

// whole returns what an answer lacks.
func whole(body string, streamed bool) error {
	type choice struct {
		FinishReason *string `json:"finish_reason"`
	}
	var answer struct {
		Choices []choice
		Error   any
	}
	if !streamed {
		err := json.Unmarshal([]byte(body), &answer)
		if err == nil && (len(answer.Choices) == 0 || answer.Choices[0].FinishReason == nil) {
			err = fmt.Errorf("no choice has ended")
		}
		return err
	}
	var finished []string
	last := ""
	for line := range strings.Lines(body) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: ")
		if !ok {
			continue
		}
		if last = data; data == "[DONE]" {
			break
		}
		if err := json.Unmarshal([]byte(data), &answer); err != nil || answer.Error != nil {
			return fmt.Errorf("%s: %w", data, err)
		}
		for _, c := range answer.Choices {
			if c.FinishReason != nil {
				finished = append(finished, *c.FinishReason)
			}
		}
	}
	if last != "[DONE]" || len(finished) == 0 || slices.Contains(finished, "") {
		return fmt.Errorf("it ends with %q, finished %q", last, finished)
	}
	return nil
}
