package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
)

// A swagger is the page at /docs.
type swagger struct {
	*browser.Page
	*contract
}

// tryOut fills in what an operation takes, by "Try it out", sends it, and returns the JSON that is
// shown as the answer, once that is what the description says.
func (s swagger) tryOut(t *testing.T, path, method string, params map[string]string, body string) object {
	t.Helper()
	_, node := s.at("paths", path, method)
	operation := "#" + blockOf(node.(object))
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
	var answer object
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
	return answer
}

// fill puts a text into a field at once, as pasting does, since the page takes its time for each key,
// and leaves the field, at which the page takes the text.
func (s swagger) fill(selector, text string) {
	s.Wait(fmt.Sprintf(`document.querySelector(%q)`, selector))
	browser.Eval[bool](s.Page, fmt.Sprintf(`((e) => { e.focus(); e.select(); document.execCommand("insertText", false, %q); e.blur(); return true; })(document.querySelector(%q))`, text, selector))
	s.Wait(fmt.Sprintf(`document.querySelector(%q).value === %q`, selector, text))
}

// press presses a button once it is there. A mouse may miss it: the page moves while it draws.
func (s swagger) press(selector string) {
	s.Wait(fmt.Sprintf(`document.querySelector(%q)`, selector))
	browser.Eval[bool](s.Page, fmt.Sprintf(`document.querySelector(%q).click() ?? true`, selector))
}

// blockOf returns the id that Swagger UI gives an operation.
func blockOf(operation object) string {
	return "operations-" + strings.ReplaceAll(operation["tags"].([]any)[0].(string), " ", "_") + "-" + operation["operationId"].(string)
}

// TestSwaggerUI opens /docs as a reader does: every operation is there and can be opened, and
// "Try it out" shows the real answer of each call that is answered with JSON. No request fails, and nothing
// is an error of the page.
func TestSwaggerUI(t *testing.T) {
	t.Parallel()
	chromium, err := browser.Start()
	if err != nil {
		missing(t, "Chromium", err)
	}
	t.Cleanup(chromium.Close)
	url := fast(t).URL()
	s := swagger{chromium.Open(t, 1280, 900), contractOf(t, url)}
	s.Strict()
	s.Go(url + "/docs")
	s.Wait(`document.querySelector(".opblock")`)
	s.Wait(`document.querySelector('.info a[href$="/docs/protocol"]')`)
	shown := browser.Eval[[]string](s.Page, `[...document.querySelectorAll(".opblock")].map(o => o.id)`)
	left := make(map[string]bool) // what is answered with JSON and was not tried
	for path, item := range s.doc["paths"].(object) {
		for method, operation := range item.(object) {
			if id := blockOf(operation.(object)); !slices.Contains(shown, id) {
				t.Errorf("%s %s (%s) is not shown among %q", method, path, id, shown)
			}
			if _, answer := s.at("paths", path, method, "responses", "200", "content", "application/json"); answer != nil {
				left[method+" "+path] = true
			}
		}
	}
	browser.Eval[bool](s.Page, `document.querySelectorAll(".opblock-summary-control").forEach(b => b.click()) ?? true`)
	s.Wait(`document.querySelectorAll(".opblock.is-open .opblock-body").length === document.querySelectorAll(".opblock").length`)

	try := func(path, method string, params map[string]string, body string) object {
		t.Helper()
		delete(left, method+" "+path)
		return s.tryOut(t, path, method, params, body)
	}
	const completions, completion = "/v1/chat/completions", "/v1/chat/completions/{id}"
	created := try(completions, "post", nil, `{"model":"`+model+`","store":true,"metadata":{"from":"docs"},"messages":[{"role":"user","content":"Which calm cats do you have?"}]}`)
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
	if got := try("/v1/models", "get", nil, ""); !strings.Contains(fmt.Sprint(got["data"]), model) {
		t.Errorf("models: %v", got)
	}
	if got := try("/v1/models/{id}", "get", map[string]string{"id": model}, ""); got["id"] != model {
		t.Errorf("model: %v", got)
	}
	for call := range left {
		t.Errorf("%s was not tried", call)
	}
}
