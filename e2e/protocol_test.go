package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/sse"
)

// TestHTTP2 speaks unencrypted HTTP/2 from the first byte, as proxies do.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	url := steady(t).URL()
	resp, err := transport.RoundTrip(request(t, http.MethodPost, url+"/v1/chat/completions", streamed(nil)))
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
	// It streams: the first event is here while the completion is not finished.
	var c completion
	get(t, url, completionOf(first)).into(t, &c)
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
	if diff := cmp.Diff(whole(t, url), joined(t, all)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestBrowser sends what a browser does for a page of another origin.
func TestBrowser(t *testing.T) {
	t.Parallel()
	url := fast(t).URL()
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
			x := do(t, request(t, http.MethodOptions, url+test.path, "", origin,
				"Access-Control-Request-Method: "+test.method, "Access-Control-Request-Headers: "+test.headers))
			if x.Status != http.StatusNoContent && x.Status != http.StatusOK {
				t.Fatalf("status %d, body %s", x.Status, x.Body)
			}
			if got := x.Header.Get("Access-Control-Allow-Origin"); got != "*" && got != "https://pets.example" {
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
		r := record(t, url, nil, origin)
		if got := r.Header.Get("Access-Control-Allow-Origin"); got != "*" && got != "https://pets.example" {
			t.Errorf("allowed origin %q", got)
		}
		exposed := strings.ToLower(r.Header.Get("Access-Control-Expose-Headers"))
		for _, name := range []string{"x-request-id", "x-completion-id"} {
			if !strings.Contains(exposed, name) {
				t.Errorf("%s is not exposed: %s", name, exposed)
			}
		}
	})
	t.Run("a refusal", func(t *testing.T) { // readable for the page too
		x := post(t, url, "{}", origin)
		if x.Status != http.StatusBadRequest || x.Header.Get("Access-Control-Allow-Origin") == "" {
			t.Errorf("status %d, headers %v", x.Status, x.Header)
		}
	})
}
