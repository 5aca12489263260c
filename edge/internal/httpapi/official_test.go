package httpapi

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// nearestOf has our nearest route for each part of OpenAI's and Anthropic's APIs that has an equivalent here. The end of a
// path takes precedence: "…/completions" always means chat completions.
var nearestOf = map[string][]string{
	"/v1/chat/completions": {"chat", "completions", "messages"},
	"/v1/responses":        {"responses", "conversations", "threads", "assistants"},
	"/v1/models":           {"models"},
}

// unserved are the other parts.
var unserved = []string{
	"agents", "chatkit", "sessions", "live", "realtime", "batches", "files", "uploads", "vector_stores", "containers", "skills", "memory_stores",
	"environments", "dreams", "images", "audio", "videos", "decisions", "deployments", "deployment_runs", "embeddings", "moderations", "fine_tuning",
	"evals", "organization", "organizations", "projects", "safety", "compliance", "content_provenance_checks", "tunnels", "user_profiles", "vaults",
	"webhook_endpoints", "webhook_event_types",
}

// TestOfficialRoutes requests every route of OpenAI's and Anthropic's APIs. It must be served, or the answer must name the
// nearest one that is, or say that the part is not served. testdata/official.txt is generated from their packages.
func TestOfficialRoutes(t *testing.T) {
	public, _ := opened(t, Config{})
	text, err := os.ReadFile("testdata/official.txt")
	if err != nil {
		t.Fatal(err)
	}
	served, refused := 0, 0
	for line := range strings.Lines(string(text)) {
		asked := strings.ReplaceAll(strings.TrimSpace(line), "{}", "x_1")
		w := through(public, jsonRequest(t, asked))
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), `"unknown_url"`) {
			served++ // served by our route, or refused by it for another reason
			continue
		}
		refused++
		path := strings.Split(strings.Fields(asked)[1], "/")
		_, named, _ := strings.Cut(w.Body.String(), "at this URL")
		i := strings.Index(named, "/v1/")
		if i < 0 {
			t.Errorf("%s: %s", asked, w.Body)
			continue
		}
		route := named[i : i+strings.IndexAny(named[i:], `.,:" `)]
		// The end of the path takes precedence over its part of the API.
		if end := path[len(path)-1]; end == "completions" || end == "models" || end == "responses" || end == "count_tokens" || end == "input_tokens" {
			if end == "count_tokens" {
				end = "input_tokens"
			}
			if !strings.HasSuffix(route, "/"+end) {
				t.Errorf("%s: names %s", asked, route)
			}
			continue
		}
		if strings.Contains(named, "that part of the API is not served") {
			if !slices.Contains(unserved, path[2]) {
				t.Errorf("%s: %s", asked, named)
			}
			continue
		}
		if !slices.Contains(nearestOf[route], path[2]) {
			t.Errorf("%s: names %s: %s", asked, route, named)
		}
	}
	if served < 15 || refused < 500 {
		t.Errorf("%d routes are served and %d are not", served, refused)
	}
}
