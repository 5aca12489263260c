package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// A contract is what the edge says of itself at /openapi.json.
type contract struct {
	doc      object
	compiler *jsonschema.Compiler
	used     map[string]bool // operations, by method and path
}

const contractURL = "https://pawstream.example/openapi.json"

func contractOf(t *testing.T, url string) *contract {
	t.Helper()
	c := &contract{compiler: jsonschema.NewCompiler(), used: make(map[string]bool)}
	do(t, request(t, http.MethodGet, url+"/openapi.json", "")).into(t, &c.doc)
	if err := c.compiler.AddResource(contractURL, any(c.doc)); err != nil {
		t.Fatal(err)
	}
	c.compiler.AssertContent()
	c.compiler.AssertFormat()
	return c
}

// at returns the place in the document that a JSON pointer names, by the references
// on the way.
func (c *contract) at(path ...string) (string, any) {
	pointer, node := "", any(c.doc)
	for _, name := range path {
		node = node.(object)[name]
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		if o, ok := node.(object); ok && o["$ref"] != nil {
			target := strings.TrimPrefix(o["$ref"].(string), "#/")
			pointer, node = c.at(strings.Split(target, "/")...)
		}
	}
	return pointer, node
}

// check validates JSON against the schema at a place.
func (c *contract) check(t *testing.T, text []byte, path ...string) {
	t.Helper()
	if err := c.validate(t, text, path...); err != nil {
		t.Errorf("%s:\n%v\n%s", strings.Join(path, " "), err, text)
	}
}

func (c *contract) validate(t *testing.T, text []byte, path ...string) error {
	t.Helper()
	pointer, node := c.at(path...)
	if node == nil {
		return fmt.Errorf("is not described")
	}
	schema, err := c.compiler.Compile(contractURL + "#" + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(pointer))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// try sends a request and validates it, if it is to succeed, and its answer.
func (c *contract) try(t *testing.T, method, url, template, path, body string, want int, headers ...string) exchange {
	t.Helper()
	op := []string{"paths", template, strings.ToLower(method)}
	c.used[method+" "+template] = true
	if body != "" && want < http.StatusBadRequest {
		c.check(t, []byte(body), append(op, "requestBody", "content", "application/json", "schema")...)
	}
	x := do(t, request(t, method, url+path, body, headers...))
	if x.Status != want {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, x.Status, want, x.Body)
	}
	key := fmt.Sprint(want)
	if want >= http.StatusBadRequest {
		key = fmt.Sprintf("%dXX", want/100)
	}
	if _, described := c.at(append(op, "responses", key)...); described == nil {
		t.Fatalf("%s %s: the status %d is not described", method, path, want)
	}
	if want == http.StatusNoContent {
		return x
	}
	mediaType, _, err := mime.ParseMediaType(x.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	content := slices.Concat(op, []string{"responses", key, "content", mediaType})
	if mediaType != "text/event-stream" {
		c.check(t, x.Body, append(content, "schema")...)
		return x
	}
	for _, event := range items(t, recorded(t, x)) {
		c.check(t, event, append(content, "itemSchema")...)
	}
	return x
}

// items returns the events of a stream as the document sees them.
func items(t *testing.T, r recording) [][]byte {
	t.Helper()
	all := make([][]byte, 0, len(r.Events))
	for i, e := range r.Events {
		item := object{"data": e.Data}
		if strings.Contains(r.Blocks[i], "\nid: ") {
			item["id"] = e.ID.String()
		}
		if name := e.Name.String(); name != "" {
			item["event"] = name
		}
		if e.Retry != 0 {
			item["retry"] = e.Retry.Milliseconds()
		}
		text, err := json.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	return all
}

// TestContract makes every call that there is, and validates what is sent and what comes
// back against what the edge says of itself.
func TestContract(t *testing.T) {
	t.Parallel()
	url := own(t, stack.Options{}).URL()
	c := contractOf(t, url)
	const all, one, models = "/v1/chat/completions", "/v1/chat/completions/{id}", "/v1/models"

	stored := c.try(t, http.MethodPost, url, all, all, body(object{"store": true, "max_tokens": someTokens, "metadata": object{"topic": "cats"}}), http.StatusOK)
	id := stored.Header.Get("X-Completion-Id")
	at := all + "/" + id
	for _, options := range []object{
		nil,
		{"include_usage": true},
		{"include_events": true},
		{"include_obfuscation": true, "include_usage": true},
	} {
		c.try(t, http.MethodPost, url, all, all, streamed(object{"stream_options": options}), http.StatusOK)
	}
	c.try(t, http.MethodPost, url, all, all, body(object{"temperature": 3}), http.StatusBadRequest)
	c.try(t, http.MethodPost, url, all, all, "{", http.StatusBadRequest)
	c.try(t, http.MethodPost, url, all, all, body(object{"model": "none"}), http.StatusNotFound)
	c.try(t, http.MethodPost, url, all, all, body(nil), http.StatusUnsupportedMediaType, "Content-Type: text/plain")
	c.try(t, http.MethodGet, url, all, all+"?limit=1&order=desc&metadata[topic]=cats", "", http.StatusOK)
	c.try(t, http.MethodGet, url, all, all+"?limit=0", "", http.StatusBadRequest)
	c.try(t, http.MethodGet, url, one, at, "", http.StatusOK)
	c.try(t, http.MethodGet, url, one, at+"x", "", http.StatusNotFound)
	followed := recorded(t, c.try(t, http.MethodGet, url, one, at+"?stream=true", "", http.StatusOK))
	last := followed.Events[len(followed.Events)-1].ID.String()
	c.try(t, http.MethodGet, url, one, at+"?stream=true", "", http.StatusNoContent, "Last-Event-ID: "+last)
	c.try(t, http.MethodPost, url, one, at, `{"metadata":{"topic":"dogs"}}`, http.StatusOK)
	c.try(t, http.MethodPost, url, one, at, `{}`, http.StatusBadRequest)
	c.try(t, http.MethodGet, url, one+"/messages", at+"/messages", "", http.StatusOK)
	c.try(t, http.MethodPost, url, one+"/cancel", at+"/cancel", "", http.StatusOK)
	c.try(t, http.MethodPost, url, "/v1/stream_tickets", "/v1/stream_tickets", `{"completion_id":"`+id+`"}`, http.StatusOK)
	c.try(t, http.MethodDelete, url, one, at, "", http.StatusOK)
	c.try(t, http.MethodGet, url, models, models, "", http.StatusOK)
	c.try(t, http.MethodGet, url, models+"/{id}", models+"/"+model, "", http.StatusOK)
	c.try(t, http.MethodGet, url, models+"/{id}", models+"/none", "", http.StatusNotFound)

	for path, item := range c.doc["paths"].(object) {
		for method := range item.(object) {
			if method = strings.ToUpper(method); method != "PARAMETERS" && !c.used[method+" "+path] {
				t.Errorf("%s %s was not tried", method, path)
			}
		}
	}
}

// TestContractIsStrict makes sure that the validation sees what is wrong with an event,
// also within its data.
func TestContractIsStrict(t *testing.T) {
	t.Parallel()
	c := contractOf(t, fast(t).URL())
	good := items(t, record(t, fast(t).URL(), nil))[1]
	schema := []string{"components", "schemas", "StreamEvent"}
	c.check(t, good, schema...)
	for _, change := range [][2]string{
		{`chat.completion.chunk`, `chat.completion`},
		{`\"finish_reason\":null`, `\"finish_reason\":\"weary\"`},
		{`\"choices\"`, `\"choice\"`},
		{`"id":"chatcmpl-`, `"id":"chat/cmpl-`},
		{`"id":"chatcmpl-`, `"nid":"chatcmpl-`},
		{`"data":"{`, `"data":"`},
	} {
		bad := bytes.Replace(good, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(bad, good) {
			t.Fatalf("no %s in %s", change[0], good)
		}
		if c.validate(t, bad, schema...) == nil {
			t.Errorf("passes for an event: %s", bad)
		}
	}
}
