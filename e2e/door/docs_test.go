package door

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/internal/skip"
)

// A swagger is the page at /docs.
type swagger struct {
	*browser.Page
	*contract
}

// tryOut fills in an operation's parameters under "Try it out", executes it, and returns the JSON that the page shows
// as the answer, once that matches the description.
func (s swagger) tryOut(t *testing.T, path, method string, params map[string]string, body string) api.Object {
	t.Helper()
	_, node := s.at("paths", path, method)
	operation := "#" + blockOf(node.(api.Object))
	s.press(operation + " .opblock-summary-control")
	defer s.press(operation + " .opblock-summary-control")
	s.press(operation + " .try-out__btn")
	for name, value := range params {
		s.fill(fmt.Sprintf(`%s tr[data-param-name="%s"] input`, operation, name), value)
	}
	if body != "" {
		s.fill(operation+" textarea.body-param__text", body)
	}
	s.press(operation + " .execute")
	live := operation + " .live-responses-table"
	s.Wait(`document.querySelector("` + live + ` tbody .response-col_status")`)
	if got := browser.Eval[string](s.Page, `document.querySelector("`+live+` tbody .response-col_status").innerText.trim()`); got != "200" {
		t.Errorf("%s %s: status %s", method, path, got)
	}
	text := browser.Eval[string](s.Page, `document.querySelector("`+live+` tbody .response-col_description code").textContent`)
	s.check(t, []byte(text), "paths", path, method, "responses", "200", "content", "application/json", "schema")
	var answer api.Object
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
	return answer
}

// fill sets a field's text at once, like pasting, because the page is slow at each key. Then it leaves the field,
// which makes the page accept the text.
func (s swagger) fill(selector, text string) {
	s.Wait(fmt.Sprintf(`document.querySelector(%q)`, selector))
	browser.Eval[bool](s.Page, fmt.Sprintf(`((e) => { e.focus(); e.select(); document.execCommand("insertText", false, %q); e.blur(); return true; })(document.querySelector(%q))`, text, selector))
	s.Wait(fmt.Sprintf(`document.querySelector(%q).value === %q`, selector, text))
}

// press clicks a button once it exists. A mouse may miss it, because the page moves while it draws.
func (s swagger) press(selector string) {
	s.Wait(fmt.Sprintf(`document.querySelector(%q)`, selector))
	browser.Eval[bool](s.Page, fmt.Sprintf(`document.querySelector(%q).click() ?? true`, selector))
}

// blockOf returns the element id that Swagger UI gives an operation.
func blockOf(operation api.Object) string {
	return "operations-" + strings.ReplaceAll(operation["tags"].([]any)[0].(string), " ", "_") + "-" + operation["operationId"].(string)
}

// tryResponses tries every operation of the Responses API.
func (s swagger) tryResponses(t *testing.T, try func(path, method string, params map[string]string, body string) api.Object) {
	t.Helper()
	created := try(responsesPath, "post", nil, responseBody(nil))
	id := map[string]string{"id": created["id"].(string)}
	if got := try(responsePath, "get", id, ""); got["id"] != id["id"] || got["status"] != "incomplete" {
		t.Errorf("a response, read: %v", got)
	}
	if got := try(responsePath+"/input_items", "get", id, ""); !strings.Contains(fmt.Sprint(got["data"]), api.Question) {
		t.Errorf("its input: %v", got)
	}
	if got := try(responsePath+"/cancel", "post", id, ""); got["id"] != id["id"] {
		t.Errorf("a response, cancelled after its end: %v", got)
	}
	if got := try(countPath, "post", nil, responseBody(nil)); got["object"] != "response.input_tokens" {
		t.Errorf("an input, counted: %v", got)
	}
	if got := try(responsePath, "delete", id, ""); got["deleted"] != true {
		t.Errorf("a response, deleted: %v", got)
	}
}

// TestSwaggerUI opens /docs like a reader: every operation is listed and opens, and "Try it out" shows the real
// answer of each operation with a JSON answer. No request fails, and the page reports no error.
func TestSwaggerUI(t *testing.T) {
	skip.Long(t, "a browser opens every operation of the API and tries it")
	t.Parallel()
	chromium, err := browser.Start()
	if err != nil {
		skip.Missing(t, "Chromium", err)
	}
	t.Cleanup(chromium.Close)
	url := rig.Fast(t).URL()
	s := swagger{chromium.Open(t, 1280, 900), contractOf(t, url)}
	s.Strict()
	s.Go(url + "/docs")
	s.Wait(`document.querySelector(".opblock")`)
	s.Wait(`document.querySelector('.info a[href$="/docs/protocol"]')`)
	shown := browser.Eval[[]string](s.Page, `[...document.querySelectorAll(".opblock")].map(o => o.id)`)
	left := make(map[string]bool) // operations with JSON answers that were not tried
	for path, item := range s.doc["paths"].(api.Object) {
		for method, operation := range item.(api.Object) {
			if id := blockOf(operation.(api.Object)); !slices.Contains(shown, id) {
				t.Errorf("%s %s (%s) is not shown among %q", method, path, id, shown)
			}
			if _, answer := s.at("paths", path, method, "responses", "200", "content", "application/json"); answer != nil {
				left[method+" "+path] = true
			}
		}
	}
	for _, id := range shown { // one at a time: each change redraws everything that is open
		s.press("#" + id + " .opblock-summary-control")
		s.Wait(`document.querySelector("#` + id + `.is-open .opblock-body")`)
		s.press("#" + id + " .opblock-summary-control")
		s.Wait(`!document.querySelector("#` + id + `.is-open")`)
	}

	try := func(path, method string, params map[string]string, body string) api.Object {
		t.Helper()
		delete(left, method+" "+path)
		return s.tryOut(t, path, method, params, body)
	}
	const completions, completion = "/v1/chat/completions", "/v1/chat/completions/{id}"
	created := try(completions, "post", nil, `{"model":"`+api.Model+`","store":true,"metadata":{"from":"docs"},"messages":[{"role":"user","content":"Which calm cats do you have?"}]}`)
	id := map[string]string{"id": created["id"].(string)}
	if got := try(completion, "get", id, ""); got["status"] != "completed" || got["id"] != id["id"] {
		t.Errorf("read: %v", got)
	}
	if got := try(completions, "get", nil, ""); !strings.Contains(fmt.Sprint(got["data"]), id["id"]) {
		t.Errorf("listed: %v", got)
	}
	if got := try(completion+"/messages", "get", id, ""); !strings.Contains(fmt.Sprint(got["data"]), "Which calm cats") {
		t.Errorf("its messages: %v", got)
	}
	if got := try(completion, "post", id, `{"metadata":{"topic":"cats"}}`); fmt.Sprint(got["metadata"]) != "map[topic:cats]" {
		t.Errorf("changed: %v", got)
	}
	if got := try("/v1/stream_tickets", "post", nil, `{"completion_id":"`+id["id"]+`"}`); !strings.Contains(got["url"].(string), id["id"]) {
		t.Errorf("ticket: %v", got)
	}
	if got := try(completion+"/cancel", "post", id, ""); got["status"] != "completed" {
		t.Errorf("cancelled after its end: %v", got)
	}
	if got := try(completion, "delete", id, ""); got["deleted"] != true {
		t.Errorf("deleted: %v", got)
	}
	if got := try("/v1/models", "get", nil, ""); !strings.Contains(fmt.Sprint(got["data"]), api.Model) {
		t.Errorf("models: %v", got)
	}
	if got := try("/v1/models/{id}", "get", map[string]string{"id": api.Model}, ""); got["id"] != api.Model {
		t.Errorf("model: %v", got)
	}
	deployment := map[string]string{"model": api.Model}
	if got := try(azurePath, "post", deployment, `{"messages":[{"role":"user","content":"Which calm cats do you have?"}]}`); got["model"] != api.Model {
		t.Errorf("by Azure's path: %v", got)
	}
	s.tryResponses(t, try)
	for call := range left {
		t.Errorf("%s was not tried", call)
	}
}
