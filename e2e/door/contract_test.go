package door

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// A contract is the edge's own description at /openapi.json.
type contract struct {
	doc      api.Object
	compiler *jsonschema.Compiler
	seen     map[string]bool // what was tried: method, path, and status as described
}

const contractURL = "https://pawstream.example/openapi.json"

func contractOf(t *testing.T, url string) *contract {
	t.Helper()
	c := &contract{compiler: jsonschema.NewCompiler(), seen: make(map[string]bool)}
	api.Do(t, api.Request(t, http.MethodGet, url+"/openapi.json", "")).Into(t, &c.doc)
	if err := c.compiler.AddResource(contractURL, any(c.doc)); err != nil {
		t.Fatal(err)
	}
	c.compiler.AssertContent()
	c.compiler.AssertFormat()
	return c
}

// at follows a path into the document, and the references on it. It returns the JSON pointer and the value.
func (c *contract) at(path ...string) (string, any) {
	pointer, node := "", any(c.doc)
	for _, name := range path {
		node = node.(api.Object)[name]
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		if o, ok := node.(api.Object); ok && o["$ref"] != nil {
			target := strings.TrimPrefix(o["$ref"].(string), "#/")
			pointer, node = c.at(strings.Split(target, "/")...)
		}
	}
	return pointer, node
}

// check validates JSON against the schema at a path.
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

// try sends a request. It validates the answer, and the request if that should succeed.
func (c *contract) try(t *testing.T, method, url, template, path, body string, want int, headers ...string) api.Exchange {
	t.Helper()
	op := []string{"paths", template, strings.ToLower(method)}
	if body != "" && want < http.StatusBadRequest {
		c.check(t, []byte(body), append(op, "requestBody", "content", "application/json", "schema")...)
	}
	x := api.Do(t, api.Request(t, method, url+path, body, headers...))
	if x.Status != want {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, x.Status, want, x.Body)
	}
	described := slices.Concat(op, []string{"responses", fmt.Sprint(want)})
	if _, node := c.at(described...); node == nil {
		t.Fatalf("%s %s: the status %d is not described", method, path, want)
	}
	c.seen[fmt.Sprintf("%s %s %d", method, template, want)] = true
	c.checkHeader(t, x.Header, described)
	if want == http.StatusNoContent {
		return x
	}
	mediaType, _, err := mime.ParseMediaType(x.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	content := slices.Concat(described, []string{"content", mediaType})
	if mediaType != "text/event-stream" {
		c.check(t, x.Body, append(content, "schema")...)
		return x
	}
	for _, event := range items(t, api.Recorded(t, x)) {
		c.check(t, event, append(content, "itemSchema")...)
	}
	return x
}

// checkHeader validates the described headers of an answer.
func (c *contract) checkHeader(t *testing.T, h http.Header, response []string) {
	t.Helper()
	_, node := c.at(append(response, "headers")...)
	headers, _ := node.(api.Object)
	for name := range headers {
		at := slices.Concat(response, []string{"headers", name})
		_, header := c.at(at...)
		value := h.Get(name)
		if value == "" {
			if header.(api.Object)["required"] == true {
				t.Errorf("%s: the header %s is missing", strings.Join(response, " "), name)
			}
			continue
		}
		text := []byte(value)
		if _, schema := c.at(append(at, "schema")...); schema.(api.Object)["type"] != "integer" {
			text, _ = json.Marshal(value)
		}
		c.check(t, text, append(at, "schema")...)
	}
}

// items returns the events of a stream in the form of the document.
func items(t *testing.T, r api.Recording) [][]byte {
	t.Helper()
	all := make([][]byte, 0, len(r.Events))
	for i, e := range r.Events {
		item := api.Object{"data": e.Data}
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

// TestContract makes every call of the API, and validates requests and answers against the edge's description.
func TestContract(t *testing.T) {
	t.Parallel()
	url := rig.Own(t, stack.Options{}).URL()
	c := contractOf(t, url)
	const all, one, models = "/v1/chat/completions", "/v1/chat/completions/{id}", "/v1/models"

	stored := c.try(t, http.MethodPost, url, all, all, api.Body(api.Object{"store": true, "max_tokens": api.SomeTokens, "metadata": api.Object{"topic": "cats"}}), http.StatusOK)
	id := stored.Header.Get("X-Completion-Id")
	at := all + "/" + id
	for _, options := range []api.Object{
		nil,
		{"include_usage": true},
		{"include_events": true},
		{"include_obfuscation": true, "include_usage": true},
	} {
		c.try(t, http.MethodPost, url, all, all, api.Streamed(api.Object{"stream_options": options}), http.StatusOK)
	}
	c.tryPets(t, url)
	c.try(t, http.MethodPost, url, all, all, api.Body(api.Object{"temperature": 3}), http.StatusBadRequest)
	c.try(t, http.MethodPost, url, all, all, "{", http.StatusBadRequest)
	c.try(t, http.MethodPost, url, all, all, api.Body(api.Object{"model": "none"}), http.StatusNotFound)
	c.try(t, http.MethodPost, url, azurePath, azurePathOf(api.Model), api.Body(nil), http.StatusOK)
	c.try(t, http.MethodPost, url, azurePath, azurePathOf(api.Model), api.Streamed(nil), http.StatusOK)
	c.try(t, http.MethodPost, url, azurePath, azurePathOf("none"), api.Body(nil), http.StatusNotFound)
	c.try(t, http.MethodPost, url, all, all, api.Body(nil), http.StatusUnsupportedMediaType, "Content-Type: text/plain")
	c.try(t, http.MethodGet, url, all, all+"?limit=1&order=desc&metadata[topic]=cats", "", http.StatusOK)
	c.try(t, http.MethodGet, url, all, all+"?limit=0", "", http.StatusBadRequest)
	c.try(t, http.MethodGet, url, one, at, "", http.StatusOK)
	c.try(t, http.MethodGet, url, one, at+"x", "", http.StatusNotFound)
	followed := api.Recorded(t, c.try(t, http.MethodGet, url, one, at+"?stream=true", "", http.StatusOK))
	last := followed.Events[len(followed.Events)-1].ID.String()
	c.try(t, http.MethodGet, url, one, at+"?stream=true", "", http.StatusNoContent, "Last-Event-ID: "+last)
	c.try(t, http.MethodPost, url, one, at, `{"metadata":{"topic":"dogs"}}`, http.StatusOK)
	c.try(t, http.MethodPost, url, one, at, `{}`, http.StatusBadRequest)
	c.try(t, http.MethodGet, url, one+"/messages", at+"/messages", "", http.StatusOK)
	c.try(t, http.MethodPost, url, one+"/cancel", at+"/cancel", "", http.StatusOK)
	c.try(t, http.MethodPost, url, "/v1/stream_tickets", "/v1/stream_tickets", `{"completion_id":"`+id+`"}`, http.StatusOK)
	c.try(t, http.MethodDelete, url, one, at, "", http.StatusOK)
	c.try(t, http.MethodGet, url, models, models, "", http.StatusOK)
	c.try(t, http.MethodGet, url, models+"/{id}", models+"/"+api.Model, "", http.StatusOK)
	c.try(t, http.MethodGet, url, models+"/{id}", models+"/none", "", http.StatusNotFound)
	for _, x := range []api.Exchange{
		c.try(t, http.MethodGet, url, models+"/{id}", models+"/PET_ADVISOR_TURBO", "", http.StatusOK),
		c.try(t, http.MethodPost, url, all, all, api.Body(api.Object{"model": "PET_ADVISOR_TURBO", "max_tokens": api.SomeTokens}), http.StatusOK),
	} {
		if !bytes.Contains(x.Body, []byte(`:"pet-advisor-turbo"`)) {
			t.Errorf("by an alias: %s", x.Body)
		}
	}

	c.tryResponses(t, url)
	everybodysFailures(t, c)
	c.failuresOfBodies(t, url, at)
	c.failuresOfCompletions(t)
	c.failuresOfModels(t)
	c.checkSeen(t)
}

// tryPets asks about a pet. Whole answers show it, and streams only on request.
func (c *contract) tryPets(t *testing.T, url string) {
	t.Helper()
	const all, shown = "/v1/chat/completions", `"pets":[{"id":"`
	about := api.Object{"messages": []api.Object{{"role": "user", "content": "Tell me about Luna"}}}
	if x := c.try(t, http.MethodPost, url, all, all, api.Body(about), http.StatusOK); !bytes.Contains(x.Body, []byte(shown)) {
		t.Errorf("no pets in %s", x.Body)
	}
	for asked, want := range map[bool]int{true: 1, false: 0} {
		about["stream_options"] = api.Object{"include_events": asked}
		x := c.try(t, http.MethodPost, url, all, all, api.Streamed(about), http.StatusOK)
		if n := bytes.Count(x.Body, []byte(shown)); n != want {
			t.Errorf("asked for: %v; %d chunks with pets, want %d", asked, n, want)
		}
	}
}

// unseen says why a described status is not tried.
var unseen = map[string]string{
	"4XX": "what is described on its own leaves 405, which is no operation's, and 408 and 499, whose client is gone or nearly so",
	"5XX": "500 is our fault, and 501 is a newer peer's",
}

// checkSeen checks that each status of each operation was tried, or has a reason.
func (c *contract) checkSeen(t *testing.T) {
	t.Helper()
	for path, item := range c.doc["paths"].(api.Object) {
		for method, op := range item.(api.Object) {
			if method == "parameters" {
				continue
			}
			for status := range op.(api.Object)["responses"].(api.Object) {
				if seen := c.seen[strings.ToUpper(method)+" "+path+" "+status]; seen == (unseen[status] != "") {
					t.Errorf("%s %s: %s is described; it was tried: %v", method, path, status, seen)
				}
			}
		}
	}
}

// An operation is one of the API's, with a valid request.
type operation struct{ method, template, path, body string }

// about reports whether the request names a completion, in either API.
func (o operation) about(id string) bool {
	return strings.Contains(o.path+o.body, keyOf(id))
}

// lacking returns the header of a caller with other scopes, but not this operation's.
func (o operation) lacking() string {
	if o.method == http.MethodGet || o.template == "/v1/stream_tickets" {
		return rig.Bearer("writer")
	}
	return rig.Bearer("reader")
}

// azurePath is the path at which Azure's clients create completions.
const azurePath = "/openai/deployments/{model}/chat/completions"

func azurePathOf(model string) string { return strings.Replace(azurePath, "{model}", model, 1) }

// operations returns all operations, with requests about a completion.
func operations(id string) []operation {
	const all, one, models = "/v1/chat/completions", "/v1/chat/completions/{id}", "/v1/models"
	at := all + "/" + id
	return append(operationsOfResponses(id), []operation{
		{http.MethodPost, all, all, api.Body(api.Object{"max_tokens": api.SomeTokens})},
		{http.MethodPost, azurePath, azurePathOf(api.Model), api.Body(api.Object{"max_tokens": api.SomeTokens})},
		{http.MethodGet, all, all, ""},
		{http.MethodGet, one, at, ""},
		{http.MethodPost, one, at, `{"metadata":{"topic":"dogs"}}`},
		{http.MethodGet, one + "/messages", at + "/messages", ""},
		{http.MethodPost, one + "/cancel", at + "/cancel", ""},
		{http.MethodPost, "/v1/stream_tickets", "/v1/stream_tickets", `{"completion_id":"` + id + `"}`},
		{http.MethodGet, models, models, ""},
		{http.MethodGet, models + "/{id}", models + "/" + api.Model, ""},
		{http.MethodDelete, one, at, ""},
	}...)
}

func (c *contract) call(t *testing.T, url string, of operation, want int, headers ...string) {
	t.Helper()
	c.try(t, of.method, url, of.template, of.path, of.body, want, headers...)
}

// everybodysFailures tries the failures of every operation: a bad header, callers without the right or over their
// limit, and a completion service that hangs or is gone.
func everybodysFailures(t *testing.T, c *contract) {
	t.Helper()
	s, err := rig.Programs(t).Stack(t.Context(), stack.Options{Edge: []string{"--reopen-within=1s", "--auth=keys", "--auth-keys=" + rig.Keys(t,
		"owner", "stranger", "reader, scopes: [completions.read]", "writer, scopes: [completions.create]", "few, requests_per_minute: 1")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Completion.Kill()
		_ = s.Edge.Stop() // the edge logs errors without its service, as it should
	})
	url, owner := s.URL(), rig.Bearer("owner")
	id := api.Record(t, url, api.Object{"store": true}, owner).ID
	api.Do(t, api.Request(t, http.MethodGet, url+"/v1/models", "", rig.Bearer("few")))
	for _, of := range operations(id) {
		c.call(t, url, of, http.StatusBadRequest, owner, "X-Request-Timeout-Ms: soon")
		c.call(t, url, of, http.StatusUnauthorized)
		c.call(t, url, of, http.StatusUnauthorized, rig.Bearer("nobody"))
		c.call(t, url, of, http.StatusForbidden, of.lacking())
		c.call(t, url, of, http.StatusTooManyRequests, rig.Bearer("few"))
		if of.about(id) {
			c.call(t, url, of, http.StatusNotFound, rig.Bearer("stranger"))
		}
	}
	if err := s.Completion.Send(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for _, of := range operations(id) {
		c.call(t, url, of, http.StatusGatewayTimeout, owner, "X-Request-Timeout-Ms: 100")
	}
	s.Completion.Kill()
	for _, of := range operations(id) {
		c.call(t, url, of, http.StatusServiceUnavailable, owner)
	}
}

// failuresOfBodies tries bodies that are too large or not JSON.
func (c *contract) failuresOfBodies(t *testing.T, url, at string) {
	t.Helper()
	for _, of := range operations(strings.TrimPrefix(at, "/v1/chat/completions/")) {
		if of.body == "" {
			continue
		}
		c.call(t, url, of, http.StatusUnsupportedMediaType, "Content-Type: text/plain")
		of.body = `"` + strings.Repeat("x", 11<<20) + `"`
		c.call(t, url, of, http.StatusRequestEntityTooLarge)
	}
}

// failuresOfCompletions tries expired completions, and keys that were used before.
func (c *contract) failuresOfCompletions(t *testing.T) {
	t.Helper()
	s := rig.Own(t, stack.Options{Completion: []string{"--log=memory", "--log-retention=1s"}})
	id := api.Record(t, s.URL(), nil).ID
	rig.Eventually(t, 15*time.Second, func() error {
		if api.Get(t, s.URL(), id).Status != http.StatusGone {
			return rig.ErrNotYet
		}
		return nil
	})
	for _, of := range operations(id) {
		switch {
		case of.about(id):
			c.call(t, s.URL(), of, http.StatusGone)
		case of.template == azurePath, of.template == "/v1/chat/completions" && of.method == http.MethodPost:
			c.failuresOfKeys(t, s.URL(), of, api.EventID(id, 1), api.Body(api.Object{"max_tokens": api.SomeTokens + 1}))
		case of.template == "/v1/responses":
			c.failuresOfKeys(t, s.URL(), of, api.EventID(responseOf(id), 1), responseBody(api.Object{"max_output_tokens": api.SomeTokens + 1}))
		}
	}
}

// failuresOfKeys resumes after an expired event, and uses one key for two requests.
func (c *contract) failuresOfKeys(t *testing.T, url string, of operation, gone, another string) {
	t.Helper()
	key := "Idempotency-Key: " + of.template
	c.call(t, url, of, http.StatusGone, "Last-Event-ID: "+gone)
	c.call(t, url, of, http.StatusOK, key)
	of.body = another
	c.call(t, url, of, http.StatusConflict, key)
}

// failuresOfModels tries a model whose server fails, and one whose queue is full.
func (c *contract) failuresOfModels(t *testing.T) {
	t.Helper()
	asked, over := make(chan struct{}, 1), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/broken/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	mux.HandleFunc("/busy/", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case asked <- struct{}{}:
		default: // a retry, after over
		}
		select {
		case <-over:
		case <-r.Context().Done():
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	release := sync.OnceFunc(func() { close(over) })
	defer release()
	s, err := rig.Programs(t).Stack(t.Context(), stack.Options{Completion: []string{"--log=memory", "--models=" + rig.ModelsFile(t,
		"models:\n  - name: broken\n    targets:\n      - {engine: openai, base_url: "+server.URL+"/broken, model: m}\n"+
			"  - name: busy\n    targets:\n      - {engine: openai, base_url: "+server.URL+"/busy, model: m, max_concurrent: 1, max_queue: 0}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() }) // it logs its models' errors, as it should
	const all, responses = "/v1/chat/completions", "/v1/responses"
	create := operation{http.MethodPost, all, all, api.Body(api.Object{"model": "broken"})}
	c.call(t, s.URL(), create, http.StatusBadGateway)
	c.call(t, s.URL(), operation{http.MethodPost, azurePath, azurePathOf("broken"), create.body}, http.StatusBadGateway)
	c.call(t, s.URL(), operation{http.MethodPost, responses, responses, responseBody(api.Object{"model": "broken"})}, http.StatusBadGateway)
	running := make(chan struct{})
	first := api.Request(t, http.MethodPost, s.URL()+create.path, api.Body(api.Object{"model": "busy"}))
	go func() {
		defer close(running)
		if resp, err := api.Plain.Do(first); err == nil { // any result will do
			_ = resp.Body.Close()
		}
	}()
	<-asked
	create.body = api.Body(api.Object{"model": "busy"})
	c.call(t, s.URL(), create, http.StatusServiceUnavailable)
	release()
	<-running
}

// TestContractIsStrict checks that the validation finds faults of an event, even within its data.
func TestContractIsStrict(t *testing.T) {
	t.Parallel()
	c := contractOf(t, rig.Fast(t).URL())
	good := items(t, api.Record(t, rig.Fast(t).URL(), nil))[1]
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
