package pages

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/browser"
)

// A told error is what a page sees of an error, and what docs/errors.md says about retries.
type told struct {
	Code   string `json:"code"`
	Type   string `json:"type"`
	Status int    `json:"status"`
	Retry  string `json:"retry"`
}

// documented reads docs/errors.md.
func documented(t *testing.T) []told {
	t.Helper()
	text, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []told
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z_, ]+?)(?: \(reason \w+\))? \| (\d{3})[^|]* \| (no|wait|anew) \|`).FindAllStringSubmatch(string(text), -1) {
		for code := range strings.SplitSeq(row[1], ", ") {
			e := told{Code: code, Retry: row[3], Type: "invalid_request_error"}
			_, _ = fmt.Sscan(row[2], &e.Status)
			switch {
			case e.Status >= http.StatusInternalServerError:
				e.Type = "server_error"
			case e.Status == http.StatusTooManyRequests:
				e.Type = "rate_limit_error"
			case e.Status == http.StatusForbidden:
				e.Type = "permission_error"
			}
			all = append(all, e)
		}
	}
	if len(all) < 40 {
		t.Fatalf("%d codes", len(all))
	}
	return all
}

// TestRetry compares the page's reaction to each code with docs/errors.md, and makes a server refuse in every way.
func TestRetry(t *testing.T) {
	t.Parallel()
	var answer atomic.Pointer[func(w http.ResponseWriter, r *http.Request)]
	var asked atomic.Int32
	server := serve(t, "--log=memory")
	real := record(t, server.Addr("http"))
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := answer.Load(); f != nil && strings.HasPrefix(r.URL.Path, "/v1/chat/completions") {
			if r.Method == http.MethodPost {
				asked.Add(1)
			}
			(*f)(w, r)
			return
		}
		real.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	c := open(t)
	c.Go(front.URL)
	c.Wait(`document.querySelector("#model:enabled")`)

	want := documented(t)
	given, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got := browser.Eval[[]told](c.Page, `import("/chat/pawstream.js").then(({ retryOf }) => `+string(given)+`.map((e) => ({ ...e, retry: retryOf(e, e.status) })))`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what the page makes of the codes (-documented +page)\n%s", diff)
	}

	body := func(e told) string {
		return fmt.Sprintf(`{"error":{"message":"It says %s.","type":%q,"param":null,"code":%q}}`, e.Code, e.Type, e.Code)
	}
	button := `[...document.querySelectorAll(".trouble button")].map((b) => b.textContent).join()`
	stream := func(w http.ResponseWriter, e told, id string) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = fmt.Fprintf(w, "data: %s\n%s\n", body(e), id)
	}
	const completion = "chatcmpl-A"
	for _, kind := range []struct {
		name   string
		code   string
		refuse func(w http.ResponseWriter, r *http.Request, e told)
		button string
	}{
		{"no", "model_not_found", nil, ""},
		{"anew", "upstream_error", nil, "Try again"},
		{"the completion's own end, before its stream", "overloaded", func(w http.ResponseWriter, r *http.Request, e told) {
			if r.Method == http.MethodGet {
				stream(w, e, "id: "+completion+".0\n")
				return
			}
			w.Header().Set("X-Completion-Id", completion)
			w.Header().Set("Retry-After-Ms", "1")
			w.WriteHeader(e.Status)
			_, _ = fmt.Fprint(w, body(e))
		}, "Try again"},
		{"the completion's own end, in its stream", "internal_error", func(w http.ResponseWriter, _ *http.Request, e told) {
			w.Header().Set("X-Completion-Id", completion)
			stream(w, e, "id: "+completion+".0\n")
		}, "Try again"},
		{"the completion is lost, in its stream", "completion_lost", func(w http.ResponseWriter, _ *http.Request, e told) {
			w.Header().Set("X-Completion-Id", completion)
			stream(w, e, "")
		}, "Try again"},
	} {
		e := want[0]
		for _, one := range want {
			if one.Code == kind.code {
				e = one
			}
		}
		asked.Store(0)
		answer.Store(new(func(w http.ResponseWriter, r *http.Request) {
			if kind.refuse != nil {
				kind.refuse(w, r, e)
				return
			}
			w.WriteHeader(e.Status)
			_, _ = fmt.Fprint(w, body(e))
		}))
		mouse(t, c, "Your question")
		c.Press("Why?")
		c.Enter()
		c.ends("failed")
		c.Wait(fmt.Sprintf(`document.querySelector(".trouble span").textContent === "It says %s."`, e.Code))
		if got := browser.Eval[string](c.Page, button); got != kind.button {
			t.Errorf("%s: %s has the buttons %q, want %q", kind.name, e.Code, got, kind.button)
		}
		if kind.name == "anew" {
			c.lookAt(t, "trouble", widths...)
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("%s: asked %d times", kind.name, n)
		}
		mouse(t, c, "New chat")
	}

	// The page waits for passing errors and repeats the key. After errors for a person to resolve, it uses a new one.
	keys := make(chan string, 10)
	answer.Store(new(func(w http.ResponseWriter, r *http.Request) {
		keys <- r.Header.Get("Idempotency-Key")
		switch len(keys) {
		case 1:
			w.Header().Set("Retry-After-Ms", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = fmt.Fprint(w, body(told{Code: "overloaded", Type: "server_error"}))
		case 2:
			w.WriteHeader(http.StatusBadGateway)
			_, _ = fmt.Fprint(w, body(told{Code: "upstream_error", Type: "server_error"}))
		default:
			real.Config.Handler.ServeHTTP(w, r)
		}
	}))
	c.Press("Which calm cats do you have?")
	c.Enter()
	c.ends("failed")
	mouse(t, c, "Try again")
	c.ends("done")
	if first, second, third := <-keys, <-keys, <-keys; first != second || second == third {
		t.Errorf("asked under the keys %s, %s and %s", first, second, third)
	}
}
