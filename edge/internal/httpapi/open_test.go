package httpapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/limit"
	"github.com/pawstream/pawstream/edge/internal/page"
)

// madeRoutes are the open routes whose answers are rendered for each request.
func madeRoutes() []string { return []string{"GET /pets", "GET /pets/{id}"} }

// routeList is a mux that records its routes.
type routeList map[string]http.Handler

// Handle implements page.Mux.
func (l routeList) Handle(pattern string, handler http.Handler) { l[pattern] = handler }

// TestOpenRoutes checks every route without authentication: files, and redirects to them, are public.
// Anything else must be in the list, and in the tests below.
func TestOpenRoutes(t *testing.T) {
	public, _ := opened(t, Config{})
	found := make(routeList)
	if err := public.api.open(found); err != nil {
		t.Fatal(err)
	}
	var others []string
	for pattern, handler := range found {
		if _, file := handler.(*page.File); !file && fmt.Sprintf("%T", handler) != "*http.redirectHandler" {
			others = append(others, pattern)
		}
		if !strings.HasPrefix(pattern, "GET ") {
			t.Errorf("%s is no GET", pattern)
		}
		if strings.HasPrefix(pattern, "GET /v1") || strings.HasPrefix(pattern, "GET /openai/") {
			t.Errorf("%s looks like a call of the API, which are guarded", pattern)
		}
	}
	slices.Sort(others)
	if diff := cmp.Diff(madeRoutes(), others); diff != "" {
		t.Errorf("routes that ask nobody who they are, and are no files:\n%s", diff)
	}
	if len(found) < 20 {
		t.Errorf("%d routes", len(found))
	}
}

// pathOf returns a path of a route.
func pathOf(pattern string) string { return strings.ReplaceAll(pattern, "{id}", "olive") }

// TestMadePagesAreForEverybody checks that rendered pages are public, with any key or none. Their calls have no principal, and read no completion.
func TestMadePagesAreForEverybody(t *testing.T) {
	for _, pattern := range madeRoutes() {
		for _, key := range []string{"", "key", "Bearer key", "Bearer none"} {
			public, behind := opened(t, Config{})
			w := ask(t, public, pathOf(pattern), func(r *http.Request) { r.Header.Set("Authorization", key) })
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Olive") {
				t.Errorf("%s with %q: status %d, %s", pattern, key, w.Code, w.Body)
			}
			if calls := behind.taken(); !slices.Equal(calls, []string{" PetService/ListPets"}) {
				t.Errorf("%s with %q calls %q", pattern, key, calls)
			}
		}
	}
}

// TestMadePagesByTheirName checks that under a foreign name, no page is rendered and no call is made.
func TestMadePagesByTheirName(t *testing.T) {
	for _, pattern := range madeRoutes() {
		public, behind := opened(t, Config{Hosts: []string{"shop.example"}})
		for host, status := range map[string]int{"evil.example": http.StatusForbidden, "shop.example": http.StatusOK} {
			behind.taken()
			w := ask(t, public, pathOf(pattern), func(r *http.Request) { r.Host = host })
			if w.Code != status || status != http.StatusOK && (len(behind.taken()) > 0 || codeOf(w) != "permission_denied") {
				t.Errorf("%s at %s: status %d, %s", pattern, host, w.Code, w.Body)
			}
		}
	}
}

// TestMadePagesAreBounded checks that rendered pages count as requests of an address, and take turns.
func TestMadePagesAreBounded(t *testing.T) {
	for _, pattern := range madeRoutes() {
		public, _ := opened(t, Config{Limiter: limit.New(limit.Config{RequestsPerMinute: 1})})
		for i, status := range []int{http.StatusOK, http.StatusTooManyRequests} {
			w := ask(t, public, pathOf(pattern), nil)
			if w.Code != status || i > 0 && w.Header().Get("Retry-After") == "" {
				t.Errorf("%s: status %d, want %d", pattern, w.Code, status)
			}
		}
		if w := ask(t, public, pathOf(pattern), func(r *http.Request) { r.RemoteAddr = "203.0.113.9:1" }); w.Code != http.StatusOK {
			t.Errorf("%s from another address: status %d", pattern, w.Code)
		}

		behind := &service{waits: make(chan string, 1000), goOn: make(chan struct{})}
		public, err := New(Config{Conn: serve(t, behind), Auth: full()})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 3 * maxPages {
			all.Go(func() {
				public.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimPrefix(pathOf(pattern), "GET "), nil))
			})
		}
		await(t, "turns", func() bool {
			pages := public.api.turns.pages
			return pages.Working() == maxPages/2 && pages.Waiting() == 3*maxPages-maxPages/2 && behind.made("") > 0
		})
		if n := behind.made(""); n != 1 {
			t.Errorf("%s: %d calls for all who wait, want one", pattern, n)
		}
		if n := public.api.turns.reads.Working(); n != 0 {
			t.Errorf("%s: it holds %d turns of those who read", pattern, n)
		}
		close(behind.goOn)
		all.Wait()
	}
}
