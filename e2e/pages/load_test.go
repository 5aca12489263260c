package pages

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestFirstLoad opens the page several times, each time with an empty profile. It bounds the bytes, and the time from
// the start of the navigation until a question can be typed and sent, which the page marks, like the end of its last
// script. Other tests share the machine, so the bound is for the fastest load, and ten times an idle machine's 300
// ms. docs/clients.md has figures from
//
//	go test ./e2e/pages -run '^TestFirstLoad$' -count=5 -v -fast
func TestFirstLoad(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	server := serve(t, "--log=memory")
	const most, times, slowest = 200 << 10, 5, 3_000
	var typed, sent, complete []float64
	mark := func(c chat, name string) float64 {
		return browser.Eval[float64](c.Page, fmt.Sprintf(`performance.getEntriesByName(%q)[0].startTime`, name))
	}
	for range times {
		c := open(t)
		c.Strict()
		c.Before(`addEventListener("focusin", ({ target }) => { if (target.id === "question") window.focused ??= performance.now(); })`)
		c.Go(url(server))
		c.Wait(`window.focused > 0 && document.querySelector("#model:enabled")`)
		typed = append(typed, browser.Eval[float64](c.Page, `focused`))
		sent = append(sent, mark(c, "interactive"))
		complete = append(complete, mark(c, "complete"))
		got := browser.Eval[[]float64](c.Page, `((all) => [all.length, all.reduce((sum, { transferSize }) => sum + transferSize, 0)])(
			[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].filter(({ initiatorType }) => initiatorType !== "fetch"))`)
		if got[0] < 20 || got[1] > most || got[1] < most/10 {
			t.Errorf("the first load is %v bytes in %v files, want at most %d", got[1], got[0], most)
		}
		if len(sent) < times {
			continue
		}
		t.Logf("%.0f KiB in %.0f files", got[1]/1024, got[0])
		for what, ms := range map[string][]float64{"be typed": typed, "be sent": sent, "leave at once": complete} {
			slices.Sort(ms)
			t.Logf("a question can %s after %.0f ms (%.0f to %.0f)", what, ms[times/2], ms[0], ms[times-1])
		}
	}
	if sent[0] > slowest {
		t.Errorf("a question can be sent after %.0f ms at best, want at most %d", sent[0], slowest)
	}
}

// TestTypedEarly types and sends while the page's scripts still load: the whole question is asked.
func TestTypedEarly(t *testing.T) {
	t.Parallel()
	server := serve(t, "--log=memory", "--advisor-pace=0")
	for late, marked := range map[string]int{"composer.js": 0, "chat.js": 1} {
		t.Run(late, func(t *testing.T) {
			t.Parallel()
			f := before(t, server.Addr("http"))
			come := make(chan struct{})
			f.instead.Store(new(func(_ http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, "/chat/"+late) {
					<-come
				}
				return false
			}))
			c := open(t)
			// Only the script is late: the page and its box are there.
			browser.Eval[bool](c.Page, `location.assign("`+f.URL+`"), true`)
			c.Wait(fmt.Sprintf(`document.activeElement?.id === "question" && performance.getEntriesByName("interactive").length === %d`, marked))
			if got := browser.Eval[int](c.Page, `performance.getEntriesByName("complete").length`); got != 0 {
				t.Fatal("the scripts are there already")
			}
			const early = "What do cats eat?"
			c.Press(early)
			c.Enter()
			c.Press(" And dogs?")
			c.Wait(`document.querySelector("#question").value.startsWith("` + early + `")`)
			if got := browser.Eval[bool](c.Page, `document.querySelector("#question").readOnly`); got != (marked == 1) {
				t.Errorf("the question can be changed after it was sent: %v", !got)
			}
			close(come)
			want := early
			if marked == 0 { // nothing has seen a key, so later text belongs to the question
				c.Wait(`performance.getEntriesByName("complete").length === 1`)
				want += "\n And dogs?"
				c.Enter()
			}
			c.ends("done")
			if got := browser.Eval[string](c.Page, asked); got != want {
				t.Errorf("the question is %q, want %q", got, want)
			}
			if got := browser.Eval[string](c.Page, `document.querySelector("#question").value`); got != "" {
				t.Errorf("the box has %q", got)
			}
		})
	}
}

// TestEnteredEarly presses Enter before the page's first script has loaded: the question is asked afterwards.
func TestEnteredEarly(t *testing.T) {
	t.Parallel()
	server := serve(t, "--log=memory", "--advisor-pace=0")
	f := before(t, server.Addr("http"))
	come := make(chan struct{})
	f.instead.Store(new(func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/chat/composer.js") {
			<-come
		}
		return false
	}))
	c := open(t)
	browser.Eval[bool](c.Page, `location.assign("`+f.URL+`"), true`)
	c.Wait(`document.activeElement?.id === "question"`)
	const early = "What do cats eat?"
	c.Press(early)
	c.Enter()
	c.Wait(`document.querySelector("#question").value === "` + early + `\n"`)
	close(come)
	c.ends("done")
	if got := browser.Eval[string](c.Page, asked); got != early {
		t.Errorf("the question is %q", got)
	}
}
