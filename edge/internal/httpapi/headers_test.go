package httpapi

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	"github.com/pawstream/pawstream/edge/internal/limit"
	"github.com/pawstream/pawstream/internal/response"
)

// TestEveryAnswer checks the headers that every answer must have.
func TestEveryAnswer(t *testing.T) {
	public, _ := opened(t, Config{})
	stopping, _ := opened(t, Config{})
	stopping.Drain(t.Context())
	const one = "/v1/chat/completions/" + completion
	seen := make(map[string]bool)
	for _, tt := range []struct {
		name, request string
		to            http.Handler
		change        func(*http.Request)
		status        int
		cache         string
	}{
		{"JSON", "GET /v1/models", public, nil, 200, "no-store"},
		{"a stream", "GET " + one + "?stream=true", public, nil, 200, "no-store, no-transform"},
		{"nothing left", "GET " + one + "?stream=true&starting_after=0", public, nil, 204, "no-store"},
		{"a bad request", "GET /v1/chat/completions?limit=0", public, nil, 400, "no-store"},
		{"nobody", "GET /v1/models", public, by("wrong"), 401, "no-store"},
		{"no such path", "GET /v1/nothing", public, nil, 404, "no-store"},
		{"no such completion", "GET /v1/chat/completions/none", public, nil, 404, "no-store"},
		{"a path that climbs", "GET /v1/../models", public, nil, 404, "no-store"},
		{"no such method", "PUT /v1/models", public, nil, 405, "no-store"},
		{"no JSON", "POST /v1/chat/completions", public, nil, 415, "no-store"},
		{"stopping", "GET /v1/models", stopping, nil, 503, "no-store"},
		{"stopping, to an EventSource", "GET " + one, stopping, func(r *http.Request) { r.Header.Set("Accept", "text/event-stream") }, 200, "no-store, no-transform"},
		{"a page", "GET /docs", public, nil, 200, "no-cache"},
		{"a page elsewhere", "GET /docs/", public, nil, 301, "no-store"},
		{"a preflight", "OPTIONS /v1/models", public, func(r *http.Request) { r.Header.Set("Access-Control-Request-Method", "GET") }, 204, "no-store"},
		{"a client's own id", "GET /v1/models", public, func(r *http.Request) { r.Header.Set("X-Request-Id", "mine") }, 200, "no-store"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, secure := range []bool{false, true} {
				w := ask(t, tt.to, tt.request, func(r *http.Request) {
					if secure {
						r.TLS = &tls.ConnectionState{}
					}
					if tt.change != nil {
						tt.change(r)
					}
				})
				h := w.Header()
				id := h.Get("X-Request-Id")
				if w.Code != tt.status || !regexp.MustCompile(`^req_[0-9a-f]{32}$`).MatchString(id) || seen[id] {
					t.Errorf("status %d, want %d, id %q", w.Code, tt.status, id)
				}
				seen[id] = true
				if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != tt.cache || h.Get("Server") != "" {
					t.Errorf("header %v, want Cache-Control %s", h, tt.cache)
				}
				if strict := h.Get("Strict-Transport-Security"); (strict != "") != secure || strings.Contains(strict, "includeSubDomains") {
					t.Errorf("TLS %v: Strict-Transport-Security is %q", secure, strict)
				}
			}
		})
	}
}

// TestChunksEndTheConnection checks that a request with a chunked body is the last on its connection.
func TestChunksEndTheConnection(t *testing.T) {
	public, _ := opened(t, Config{})
	for _, request := range []string{"POST /v1/chat/completions", "GET /v1/models", "POST /v1/nothing", "GET /docs"} {
		for _, codings := range [][]string{nil, {"chunked"}} {
			r := jsonRequest(t, request)
			r.TransferEncoding = codings
			if request[:3] == "GET" {
				r.Body, r.ContentLength = http.NoBody, 0
			}
			if got := through(public, r).Header().Get("Connection") == "close"; got != (codings != nil) {
				t.Errorf("%s, %v: the connection ends: %v", request, codings, got)
			}
		}
	}
}

// TestBodiesThatAreNotReadEndTheConnection checks that a request whose body is not read is the last on its connection:
// what follows may be the rest of the body.
func TestBodiesThatAreNotReadEndTheConnection(t *testing.T) {
	public, behind := opened(t, Config{})
	for _, request := range []string{"GET /v1/models", "GET /v1/chat/completions", "POST /v1/chat/completions/" + completion + "/cancel", "DELETE /v1/chat/completions/" + completion} {
		for body, want := range map[string]string{"": "", "x": "close"} {
			method, path, _ := strings.Cut(request, " ")
			r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
			r.Header.Set("Authorization", "key")
			w := through(public, r)
			if w.Code != http.StatusOK || w.Header().Get("Connection") != want || len(behind.taken()) != 1 {
				t.Errorf("%s with %q: status %d, Connection %q", request, body, w.Code, w.Header().Get("Connection"))
			}
		}
	}
}

// TestHeadIsLikeGet checks, over a real connection, that a HEAD gets the headers of the GET.
func TestHeadIsLikeGet(t *testing.T) {
	public, _ := opened(t, Config{})
	server := httptest.NewServer(public)
	defer server.Close()
	type head struct {
		Status               int
		Type, Length, Policy string
	}
	do := func(method, path, coding string) (head, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "key")
		r.Header.Set("Accept-Encoding", coding) // the transport would ask for gzip by GET alone, and hide it
		w, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = w.Body.Close() }()
		body, err := io.ReadAll(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		return head{w.StatusCode, w.Header.Get("Content-Type"), w.Header.Get("Content-Length"), w.Header.Get("Content-Security-Policy")}, string(body)
	}
	for _, path := range []string{
		"/v1/models", "/v1/models/" + modelA, "/v1/chat/completions", "/v1/chat/completions/" + completion, "/v1/chat/completions/" + completion + "/messages",
		"/v1/chat/completions/none", "/v1/nothing", "/v1/stream_tickets", "/v1/chat/completions?limit=0", "/", "/docs", "/docs/protocol", "/openapi.json", "/openapi.yaml",
	} {
		for _, coding := range []string{"identity", "gzip"} {
			want, _ := do(http.MethodGet, path, coding)
			got, body := do(http.MethodHead, path, coding)
			if coding == "gzip" && got.Length == "" {
				want.Length = "" // what only the compressed body tells (RFC 9110, section 9.3.2)
			}
			if diff := cmp.Diff(want, got); diff != "" || body != "" {
				t.Errorf("%s, %s: (-GET +HEAD)\n%sand a body %q", path, coding, diff, body)
			}
		}
	}
}

// TestOptions sends OPTIONS, as a browser's preflight and as other clients do.
func TestOptions(t *testing.T) {
	const shop = "https://shop.example"
	public, behind := opened(t, Config{Origins: []string{shop}, Limiter: limit.New(limit.Config{RequestsPerMinute: 1}), Hosts: []string{"example.com"}})
	const preflight, vary = http.StatusNoContent, "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
	for _, tt := range []struct {
		name, path string
		header     http.Header
		status     int
		allowed    bool // by the headers of CORS
		vary       string
	}{
		{"a preflight", "/v1/chat/completions", http.Header{"Origin": {shop}, "Access-Control-Request-Method": {"POST"}}, preflight, true, vary},
		{"a preflight for HEAD", "/v1/models", http.Header{"Origin": {shop}, "Access-Control-Request-Method": {"HEAD"}}, preflight, true, vary},
		{"a preflight for nothing", "/v1/nothing", http.Header{"Origin": {shop}, "Access-Control-Request-Method": {"GET"}}, preflight, true, vary},
		{"a preflight for another method", "/v1/models", http.Header{"Origin": {shop}, "Access-Control-Request-Method": {"PATCH"}}, preflight, false, vary},
		{"a preflight from elsewhere", "/v1/models", http.Header{"Origin": {"https://evil.example"}, "Access-Control-Request-Method": {"GET"}}, preflight, false, vary},
		{"a preflight from nowhere", "/v1/models", http.Header{"Access-Control-Request-Method": {"GET"}}, preflight, false, vary},
		{"no preflight", "/v1/models", http.Header{"Origin": {shop}}, http.StatusMethodNotAllowed, true, "Origin"},
		{"no page", "/v1/models", nil, http.StatusMethodNotAllowed, false, "Origin"},
		{"no path", "/v1/nothing", nil, http.StatusNotFound, false, "Origin"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 3 { // it does not count towards any limit
				w := ask(t, public, "OPTIONS "+tt.path, func(r *http.Request) { r.Header = tt.header.Clone() })
				h := w.Header()
				if w.Code != tt.status || (h.Get("Access-Control-Allow-Origin") == shop) != tt.allowed || h.Get("Vary") != tt.vary {
					t.Errorf("status %d, header %v", w.Code, h)
				}
				if h.Get("Access-Control-Allow-Credentials") != "" || h.Get("Access-Control-Allow-Private-Network") != "" {
					t.Errorf("header %v", h)
				}
				if tt.status == preflight && (w.Body.Len() > 0 || tt.allowed && h.Get("Access-Control-Max-Age") == "") {
					t.Errorf("header %v, %s", h, w.Body)
				}
				if w.Code == http.StatusMethodNotAllowed && h.Get("Allow") != "GET, HEAD" {
					t.Errorf("Allow is %q", h.Get("Allow"))
				}
			}
		})
	}
	if got := behind.taken(); len(got) > 0 {
		t.Errorf("it calls %v", got)
	}
}

// TestVary checks that answers that depend on Origin say so, with and without one.
func TestVary(t *testing.T) {
	for _, origins := range [][]string{nil, {"https://shop.example"}, {"*"}} {
		public, _ := opened(t, Config{Origins: origins})
		for _, origin := range []string{"", "https://shop.example", "https://evil.example"} {
			for _, request := range []string{"GET /v1/models", "HEAD /v1/models", "GET /v1/nothing", "PUT /v1/models", "POST /v1/chat/completions", "GET /docs", "GET /v1/chat/completions/" + completion + "?stream=true"} {
				w := ask(t, public, request, func(r *http.Request) {
					if origin != "" {
						r.Header.Set("Origin", origin)
					}
				})
				if got := w.Header().Values("Vary"); !slices.Contains(got, "Origin") {
					t.Errorf("%v, %s from %q: Vary is %q", origins, request, origin, got)
				}
			}
		}
	}
}

// TestPagesMayReadWhatIsDescribed compares the headers of answers in openapi.yaml with those
// that a page of another origin may read, and checks that every answer exposes them.
func TestPagesMayReadWhatIsDescribed(t *testing.T) {
	const shop = "https://shop.example"
	public, _ := opened(t, Config{Origins: []string{shop}})
	from := func(r *http.Request) { r.Header.Set("Origin", shop) }
	var description any
	if err := json.Unmarshal(ask(t, public, "GET /openapi.json", nil).Body.Bytes(), &description); err != nil {
		t.Fatal(err)
	}
	described := make(map[string]bool)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if headers, ok := v["headers"].(map[string]any); ok {
				for name := range headers {
					described[http.CanonicalHeaderKey(name)] = strings.Contains(name, "-") || name == "Allow"
				}
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(description)
	if !described["X-Request-Id"] || !described["Allow"] {
		t.Fatalf("openapi.yaml describes the headers %v", described)
	}
	for _, request := range []string{"GET /v1/models", "HEAD /v1/models", "POST /v1/models", "GET /v1/nothing", "GET /v1/chat/completions/" + completion + "?stream=true"} {
		var exposed []string
		for name := range strings.SplitSeq(strings.Join(ask(t, public, request, from).Header().Values("Access-Control-Expose-Headers"), ","), ",") {
			exposed = append(exposed, http.CanonicalHeaderKey(strings.TrimSpace(name)))
		}
		for name, is := range described {
			if is && !slices.Contains(exposed, name) {
				t.Errorf("%s: a page may not read %s, of %v", request, name, exposed)
			}
		}
	}
}

// TestPanic makes handlers panic, before and within their answer.
func TestPanic(t *testing.T) {
	public, _ := opened(t, Config{})
	for _, tt := range []struct {
		name   string
		next   http.HandlerFunc
		aborts bool
	}{
		{"before", func(http.ResponseWriter, *http.Request) { panic(errors.New("a secret")) }, false},
		{"within", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{"); panic("a secret") }, true},
		{"as one that aborts", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			defer func() {
				if p := recover(); (p == http.ErrAbortHandler) != tt.aborts || p != nil && p != http.ErrAbortHandler { //nolint:errorlint // a panic's value
					t.Errorf("it panics with %v", p)
				}
				if !tt.aborts {
					refusedAs(t, tt.name, w, refused{http.StatusInternalServerError, "server_error", "internal_error", ""})
				}
				if strings.Contains(w.Body.String(), "secret") {
					t.Errorf("it tells %s", w.Body)
				}
			}()
			public.api.recover(tt.next).ServeHTTP(&response.Writer{ResponseWriter: w}, spokenIn(chat.New(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)))
		})
	}
}
