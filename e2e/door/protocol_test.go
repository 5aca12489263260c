package door

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/internal/sse"
)

// TestHTTP2 speaks unencrypted HTTP/2 from the first byte, as proxies do.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	url := rig.Steady(t).URL()
	resp, err := transport.RoundTrip(api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.ProtoMajor != 2 || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s", resp.Proto, resp.Status)
	}
	decoder := sse.NewDecoder(resp.Body)
	first, err := decoder.Next()
	if err != nil {
		t.Fatal(err)
	}
	// It streams: the first event arrives while the completion is unfinished.
	var c api.Completion
	api.Get(t, url, api.CompletionOf(first)).Into(t, &c)
	if c.Status != "in_progress" {
		t.Errorf("with the first event the status is %q", c.Status)
	}
	all := []sse.Event{first}
	for e, err := range decoder.Events() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	if diff := cmp.Diff(api.Whole(t, url), api.Joined(t, all)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestBrowser sends a browser's requests for a page of another origin.
func TestBrowser(t *testing.T) {
	t.Parallel()
	url := rig.Edge(t, rig.Fast(t), "--cors-origin=https://pets.example", "--cors-origin=https://other.example:8443")
	const origin = "Origin: https://pets.example"
	for _, test := range []struct{ name, method, path, headers string }{
		{"fetch", http.MethodPost, "/v1/chat/completions", "authorization,content-type"},
		{
			"OpenAI's client", http.MethodPost, "/v1/chat/completions",
			"authorization,content-type,x-stainless-arch,x-stainless-lang,x-stainless-os,x-stainless-package-version," +
				"x-stainless-retry-count,x-stainless-runtime,x-stainless-runtime-version,x-stainless-timeout",
		},
		{"resume by POST", http.MethodPost, "/v1/chat/completions", "content-type,last-event-id"},
		{"resume by GET", http.MethodGet, "/v1/chat/completions/chatcmpl-x", "authorization,last-event-id"},
		{"idempotency", http.MethodPost, "/v1/chat/completions", "content-type,idempotency-key"},
		{"cancel", http.MethodPost, "/v1/chat/completions/chatcmpl-x/cancel", "authorization"},
		{"delete", http.MethodDelete, "/v1/chat/completions/chatcmpl-x", "authorization"},
		{"models", http.MethodGet, "/v1/models", "authorization"},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := api.Do(t, api.Request(t, http.MethodOptions, url+test.path, "", origin,
				"Access-Control-Request-Method: "+test.method, "Access-Control-Request-Headers: "+test.headers))
			if x.Status != http.StatusNoContent && x.Status != http.StatusOK {
				t.Fatalf("status %d, body %s", x.Status, x.Body)
			}
			if got := x.Header.Get("Access-Control-Allow-Origin"); got != "https://pets.example" {
				t.Errorf("allowed origin %q", got)
			}
			if got := x.Header.Get("Access-Control-Allow-Methods"); !strings.Contains(got, test.method) {
				t.Errorf("allowed methods %q", got)
			}
			// A * would not stand for authorization (Fetch, "CORS-preflight fetch").
			allowed := strings.FieldsFunc(strings.ToLower(x.Header.Get("Access-Control-Allow-Headers")), func(c rune) bool { return c == ',' || c == ' ' })
			if diff := cmp.Diff(strings.Split(test.headers, ","), allowed); diff != "" {
				t.Errorf("allowed headers (-want +got)\n%s", diff)
			}
		})
	}
	t.Run("the answer", func(t *testing.T) {
		r := api.Record(t, url, nil, origin)
		if got := r.Header.Get("Access-Control-Allow-Origin"); got != "https://pets.example" {
			t.Errorf("allowed origin %q", got)
		}
		exposed := strings.ToLower(r.Header.Get("Access-Control-Expose-Headers"))
		for _, name := range []string{"x-request-id", "x-completion-id"} {
			if !strings.Contains(exposed, name) {
				t.Errorf("%s is not exposed: %s", name, exposed)
			}
		}
	})
	t.Run("a refusal", func(t *testing.T) { // readable for the page, too
		x := api.Post(t, url, "{}", origin)
		if x.Status != http.StatusBadRequest || x.Header.Get("Access-Control-Allow-Origin") == "" {
			t.Errorf("status %d, headers %v", x.Status, x.Header)
		}
	})
}

// TestOrigins checks which pages may read answers.
func TestOrigins(t *testing.T) {
	t.Parallel()
	const ours, other = "https://pets.example", "https://pets.example.evil"
	for _, test := range []struct {
		name, flag string
		may        map[string]bool // by origin
	}{
		{"none by default", "--heartbeat=10s", map[string]bool{ours: false, "null": false}},
		{"none", "--cors-origin=", map[string]bool{ours: false, "null": false}},
		{"some", "--cors-origin=" + ours + ",http://localhost:5173", map[string]bool{
			ours: true, "http://localhost:5173": true, other: false, "http://pets.example": false,
			ours + ":8443": false, "http://localhost": false, "null": false,
		}},
		{"any", "--cors-origin=*", map[string]bool{ours: true, other: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := rig.Edge(t, rig.Fast(t), test.flag)
			for origin, may := range test.may {
				want := ""
				if may {
					want = origin
				}
				for _, req := range []*http.Request{
					api.Request(t, http.MethodGet, url+"/v1/models", "", "Origin: "+origin),
					api.Request(t, http.MethodOptions, url+"/v1/chat/completions", "", "Origin: "+origin,
						"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type"),
				} {
					x := api.Do(t, req)
					if got := x.Header.Get("Access-Control-Allow-Origin"); got != want {
						t.Errorf("%s from %s: allowed origin %q", req.Method, origin, got)
					}
					if got := x.Header.Get("Access-Control-Allow-Credentials"); got != "" {
						t.Errorf("%s from %s: credentials %q", req.Method, origin, got)
					}
				}
			}
		})
	}
}

// TestRebinding calls an edge that requires no key by a foreign name for this machine, as a page from elsewhere can.
func TestRebinding(t *testing.T) {
	t.Parallel()
	named := func(url, host string) api.Exchange {
		req := api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(nil))
		req.Host = host
		return api.Do(t, req)
	}
	open := rig.Edge(t, rig.Fast(t))
	_, port, _ := strings.Cut(strings.TrimPrefix(open, "http://"), ":")
	for _, host := range []string{"localhost:" + port, "LocalHost", "127.0.0.1", "127.8.8.8:1", "[::1]:" + port, "[::1]"} {
		if x := named(open, host); x.Status != http.StatusOK {
			t.Errorf("%s: status %d, body %s", host, x.Status, x.Body)
		}
	}
	mayNot := api.Refusal{Status: http.StatusForbidden, Type: "permission_error", Code: "permission_denied"}
	for _, host := range []string{"pets.example:" + port, "localhost.pets.example", "127.0.0.1.pets.example", "192.0.2.1", "[2001:db8::1]"} {
		x := named(open, host)
		x.Body = bytes.ReplaceAll(x.Body, []byte("--host="+host), []byte("--host=…")) // the client has sent this name itself
		if got := api.Refused(t, x); got != mayNot {
			t.Errorf("%s: %+v", host, got)
		}
	}
	if x := named(rig.Edge(t, rig.Fast(t), "--insecure-public"), "pets.example"); x.Status != http.StatusOK {
		t.Errorf("where that is meant: status %d", x.Status)
	}
	for _, args := range [][]string{{"--host=shop.example"}, {"--insecure-public", "--host=shop.example"}} {
		named := func(host string) api.Exchange { return named(rig.Edge(t, rig.Fast(t), args...), host) }
		for _, host := range []string{"shop.example", "localhost"} {
			if x := named(host); x.Status != http.StatusOK {
				t.Errorf("%v, %s: status %d", args, host, x.Status)
			}
		}
		if got := api.Refused(t, named("pets.example")); got != mayNot {
			t.Errorf("%v: %+v", args, got)
		}
	}
	locked := rig.Edge(t, rig.Fast(t), "--auth=keys", "--auth-keys="+rig.Keys(t, "owner"))
	if got := api.Refused(t, named(locked, "pets.example")); got != api.Bad(http.StatusUnauthorized, "invalid_api_key", "") {
		t.Errorf("where a key is asked for: %+v", got)
	}
}
