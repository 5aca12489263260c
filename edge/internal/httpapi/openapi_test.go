package httpapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/apidocs"
)

// TestEveryRouteIsDescribed compares the routes with openapi.yaml, both ways.
func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	var routes []string
	(&api{surfaces: surfaces("")}).calls(http.NotFoundHandler(), func(pattern string, _ http.Handler) {
		routes = append(routes, strings.ReplaceAll(pattern, "...}", "}"))
	})
	docs, err := apidocs.New()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	docs.Mount(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	var description struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &description); err != nil {
		t.Fatal(err)
	}
	var described []string
	for path, item := range description.Paths {
		for method := range item {
			if method != "parameters" {
				described = append(described, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(routes)
	slices.Sort(described)
	if diff := cmp.Diff(routes, described); diff != "" {
		t.Errorf("routes and openapi.yaml differ (-routes +described):\n%s", diff)
	}
}
