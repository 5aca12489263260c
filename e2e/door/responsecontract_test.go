package door

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

// keyOf returns the part of an id that is the same in both APIs.
func keyOf(id string) string { return id[strings.LastIndexAny(id, "-_")+1:] }

// responseOf returns a completion's id as a response.
func responseOf(id string) string { return "resp_" + keyOf(id) }

// responseBody returns the body of a request for a response.
func responseBody(members api.Object) string {
	all := api.Object{"model": api.Model, "input": api.Question, "max_output_tokens": api.SomeTokens}
	maps.Copy(all, members)
	return api.JSONOf(all)
}

const (
	responsesPath = "/v1/responses"
	responsePath  = responsesPath + "/{id}"
	countPath     = responsesPath + "/input_tokens"
)

// operationsOfResponses returns all operations, with requests about a completion.
func operationsOfResponses(id string) []operation {
	at := responsesPath + "/" + responseOf(id)
	return []operation{
		{http.MethodPost, responsesPath, responsesPath, responseBody(nil)},
		{http.MethodPost, countPath, countPath, responseBody(nil)},
		{http.MethodGet, responsePath, at, ""},
		{http.MethodGet, responsePath + "/input_items", at + "/input_items", ""},
		{http.MethodPost, responsePath + "/cancel", at + "/cancel", ""},
		{http.MethodDelete, responsePath, at, ""},
	}
}

// tryResponses tries every operation of the Responses API, and its own failures.
func (c *contract) tryResponses(t *testing.T, url string) {
	t.Helper()
	id := c.try(t, http.MethodPost, url, responsesPath, responsesPath, responseBody(nil), http.StatusOK).Header.Get("X-Completion-Id")
	for _, of := range operationsOfResponses(id) {
		if of.method != http.MethodDelete {
			c.call(t, url, of, http.StatusOK)
		}
	}
	for _, members := range []api.Object{
		{"stream": true},
		{"stream": true, "stream_options": api.Object{"include_obfuscation": true}},
		{"stream": true, "background": true},
		{"background": true},
		{"previous_response_id": id, "instructions": "Be brief.", "metadata": api.Object{"topic": "cats"}},
		{"input": []api.Object{{"role": "user", "content": []api.Object{{"type": "input_text", "text": api.Question}}}}},
	} {
		c.try(t, http.MethodPost, url, responsesPath, responsesPath, responseBody(members), http.StatusOK)
	}
	at := responsesPath + "/" + id
	followed := api.Recorded(t, c.try(t, http.MethodGet, url, responsePath, at, "", http.StatusOK, "Accept: text/event-stream"))
	last := followed.Events[len(followed.Events)-1].ID.String()
	c.try(t, http.MethodGet, url, responsePath, at+"?stream=true&starting_after=3", "", http.StatusOK)
	c.try(t, http.MethodGet, url, responsePath, at, "", http.StatusNoContent, "Accept: text/event-stream", "Last-Event-ID: "+last)
	c.try(t, http.MethodGet, url, responsePath+"/input_items", at+"/input_items?limit=1&order=asc", "", http.StatusOK)
	for _, path := range []string{responsesPath, countPath} {
		c.try(t, http.MethodPost, url, path, path, responseBody(api.Object{"conversation": "conv_1"}), http.StatusBadRequest)
		c.try(t, http.MethodPost, url, path, path, responseBody(api.Object{"model": "none"}), http.StatusNotFound)
		c.try(t, http.MethodPost, url, path, path, responseBody(api.Object{"previous_response_id": "resp_none"}), http.StatusNotFound)
	}
	c.try(t, http.MethodDelete, url, responsePath, at, "", http.StatusOK)
	c.conflictsOfResponses(t)
}

// conflictsOfResponses tries completions that responses cannot show, or cannot continue yet.
func (c *contract) conflictsOfResponses(t *testing.T) {
	t.Helper()
	url := rig.Steady(t).URL()
	several := api.Post(t, url, api.Body(api.Object{"n": 2, "max_tokens": 2})).Header.Get("X-Completion-Id")
	for _, of := range operationsOfResponses(several) {
		if of.about(several) && (strings.HasSuffix(of.path, "/cancel") || of.method == http.MethodGet && of.template == responsePath) {
			c.call(t, url, of, http.StatusConflict)
		}
	}
	running := c.try(t, http.MethodPost, url, responsesPath, responsesPath, responseBody(api.Object{"background": true, "max_output_tokens": nil}), http.StatusOK)
	id := running.Header.Get("X-Completion-Id")
	for _, path := range []string{responsesPath, countPath} {
		c.try(t, http.MethodPost, url, path, path, responseBody(api.Object{"previous_response_id": id}), http.StatusConflict)
	}
	c.try(t, http.MethodPost, url, responsePath+"/cancel", responsesPath+"/"+id+"/cancel", "", http.StatusOK)
}
