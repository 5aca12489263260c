package pages

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

// A front stands before an edge, and may answer requests itself.
type front struct {
	*httptest.Server
	instead atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool]
	models  atomic.Pointer[string] // the model of the last request
}

func before(t *testing.T, address string) *front {
	t.Helper()
	f := &front{}
	behind := record(t, address).Config.Handler
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/v1/chat/completions" {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			var asked struct{ Model string }
			_ = json.Unmarshal(body, &asked)
			f.models.Store(&asked.Model)
		}
		if instead := f.instead.Load(); instead == nil || !(*instead)(w, r) {
			behind.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(f.CloseClientConnections)
	t.Cleanup(f.Close)
	return f
}

// TestNoListOfModels asks while the list of models is missing or late: an existing model is asked.
func TestNoListOfModels(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	server := serve(t, "--log=memory", "--advisor-pace=0")
	for name, list := range map[string]func(w http.ResponseWriter, r *http.Request){
		"not allowed": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"error":{"message":"no"}}`, http.StatusForbidden)
		},
		"broken": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oh", http.StatusInternalServerError) },
		"slow":   func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"cut":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := before(t, server.Addr("http"))
			f.instead.Store(new(func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/v1/models" {
					list(w, r)
				}
				return r.URL.Path == "/v1/models"
			}))
			c := open(t)
			c.Go(f.URL)
			c.Wait(`document.activeElement.id === "question"`)
			c.Press(question)
			c.Enter()
			c.ends("done")
			if got := *f.models.Load(); got != "pet-advisor-1" {
				t.Errorf("the model %q was asked", got)
			}
		})
	}
}

// TestEscape presses the key that stops answers where it has another meaning.
func TestEscape(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	m := model(t)
	c := serveWild(t, m, nil)
	c.Press("go")
	c.Enter()
	m.say("Once")
	c.has(3)
	const escape = 27
	for _, where := range []struct {
		name  string
		begin func()
	}{
		{"an input method", func() { c.Click("#question"); c.Compose("ねこ") }},
		{"the model box", func() { browser.Eval[bool](c.Page, `document.querySelector("#model").focus(), true`) }},
	} {
		where.begin()
		c.Key("Escape", escape)
		if got := browser.Eval[string](c.Page, `document.querySelector(".assistant").dataset.status`); got != "pending" {
			t.Errorf("%s: Escape made the answer %s", where.name, got)
		}
	}
	c.Click("#scroll")
	c.Key("Escape", escape)
	c.ends("stopped")
}

// TestContinue stops and continues answers, of a model that repeats everything and of one that continues itself.
func TestContinue(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.ask(url(serve(t, "--log=memory", "--advisor-pace=60")))
	c.has(60)
	mouse(t, c, "Stop")
	c.ends("stopped")
	had := len(c.visible())
	mouse(t, c, "Continue")
	c.has(had + 40)
	c.Reload() // in the middle
	c.ends("done")
	c.isTheServers(t)

	m := model(t)
	c = serveWild(t, m, nil)
	c.Press("go")
	c.Enter()
	m.say("Once upon")
	c.has(8)
	mouse(t, c, "Stop")
	c.ends("stopped")
	mouse(t, c, "Continue")
	m.say(" a time")
	m.say(" there was a cat.")
	m.end()
	c.ends("done")
	if got, want := c.visible(), "Onceuponatimetherewasacat."; got != want {
		t.Errorf("the answer is %q, want %q", got, want)
	}
	if got := browser.Eval[[]string](c.Page, onward); len(got) != 0 {
		t.Errorf("after an answer of a model server, which has no such list, %q is offered", got)
	}
	if asked := m.requests(); !strings.Contains(asked[len(asked)-1], `"Once upon"`) {
		t.Errorf("to go on it asked %s", asked[len(asked)-1])
	}
}

// TestWhy makes a server fail: the page says why, and when it retries, and retries at once on request.
func TestWhy(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	f := before(t, serve(t, "--log=memory", "--advisor-pace=0").Addr("http"))
	c := open(t)
	c.Go(f.URL)
	c.Wait(`document.querySelector("#model:enabled")`)
	refuse := func(status int, message string) func(w http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(status)
			kind := "server_error"
			if status == http.StatusTooManyRequests {
				kind = "rate_limit_error"
			}
			_, _ = fmt.Fprintf(w, `{"error":{"message":%q,"type":%q,"code":"overloaded"}}`, message, kind)
		}
	}
	for _, kind := range []struct {
		away  func(w http.ResponseWriter)
		says  string
		waits bool // for minutes; otherwise it may retry before anybody asks it to
	}{
		{refuse(http.StatusTooManyRequests, "Too many streams are open."), "Too many streams are open. Retrying in 5", true},
		{refuse(http.StatusServiceUnavailable, "This server is shutting down."), "This server is shutting down. Retrying in 5", true},
		{func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, "The server cannot be reached. Retrying in ", false},
	} {
		f.instead.Store(new(func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/v1/chat/completions" {
				return false
			}
			kind.away(w)
			return true
		}))
		c.Click("#question")
		c.Press(question)
		c.Enter()
		c.state(kind.says)
		c.lookAt(t, "why", widths...)
		if !kind.waits {
			mouse(t, c, "Try now") // which fails once more
		}
		f.instead.Store(nil)
		if kind.waits {
			mouse(t, c, "Try now")
		}
		c.ends("done")
		mouse(t, c, "New chat")
	}
}

// TestSilence waits in a model's queue, and then for its reasoning. The page shows the place in the queue, the folded
// reasoning, and how long nothing has arrived.
func TestSilence(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	m := model(t)
	models := filepath.Join(t.TempDir(), "models.yaml")
	if err := os.WriteFile(models, fmt.Appendf(nil, "models:\n  - name: wild\n    targets: [{engine: openai, base_url: %q, model: wild, max_concurrent: 1}]\n", m.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	server := serve(t, "--log=memory", "--models="+models)
	first, c := open(t), open(t)
	for _, asker := range []chat{first, c} {
		asker.Go(url(server))
		asker.Wait(`document.querySelector("#model:enabled")`)
		asker.choose()
		asker.Press("go")
		asker.Enter()
		if asker == first {
			m.say("Dogs.")
			first.has(3)
		}
	}
	c.state("Queued, position 1")
	m.end()
	first.ends("done")
	c.state("Waiting for")
	m.think("Cats or ")
	m.think("dogs?")
	c.Wait(`document.querySelector(".assistant details.reasoning:not([open]) div")?.textContent === "Cats or dogs?"`)
	c.state("Thinking, ")
	c.lookAt(t, "thinking", widths...)
	c.Wait(`((state) => state.color === getComputedStyle(document.querySelector(".figures")).color)(getComputedStyle(document.querySelector(".assistant .state")))`) // no warning
	c.Wait(`["none", "normal"].includes(getComputedStyle(document.querySelector(".assistant .body"), "::after").content)`)                                           // one dot is enough
	m.say("Cats.")
	c.Wait(`document.querySelector(".assistant .state").checkVisibility() === false || document.querySelector(".assistant .state span").textContent === ""`)
	c.state("The answer has paused, ")
	m.end()
	c.ends("done")
	c.Reload()
	c.Wait(`document.querySelector(".assistant details.reasoning div")?.textContent === "Cats or dogs?"`)
}

// TestDraft writes, loses the page, and drops files: no text is lost, and the page stays.
func TestDraft(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.Go(url(serve(t, "--log=memory")))
	c.Wait(`document.activeElement.id === "question"`)
	low := browser.Eval[float64](c.Page, `document.querySelector("#question").clientHeight`)
	c.Before(`CSS.supports = () => false; document.addEventListener("DOMContentLoaded", () => document.querySelector("#question").style.setProperty("field-sizing", "fixed"))`)
	c.Reload()
	c.Wait(`document.activeElement.id === "question"`)
	browser.Eval[bool](c.Page, `document.execCommand("insertText", false, "one\ntwo\nthree")`)
	if high := browser.Eval[float64](c.Page, `document.querySelector("#question").clientHeight`); high < 2*low {
		t.Errorf("the box is %v pixels high for three lines, and %v for one", high, low)
	}
	c.Reload()
	c.Wait(`document.querySelector("#question").value === "one\ntwo\nthree"`)

	dir := t.TempDir()
	write := func(name string, size int) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.Repeat("a", size)), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	c.Drop(600, 200, write("notes.txt", 12))
	c.Wait(`document.querySelector("#question").value.endsWith("three\n" + "a".repeat(12))`)
	c.Drop(600, 200, write("big.txt", 10<<20))
	c.Wait(`document.querySelector("#notices").textContent.includes("too large")`)
	c.Drop(600, 200, write("cat.png", 10))
	c.Wait(`document.querySelector("#notices").textContent.includes("not a picture that this browser can read")`)
	if !browser.Eval[bool](c.Page, `document.querySelector("#question").value.startsWith("one")`) {
		t.Error("the draft is gone")
	}
}
