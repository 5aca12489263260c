package pages

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestFirstLoad opens the page several times, each time with an empty profile. It bounds the bytes, and the time from
// the start of the navigation until a question can be typed and sent, which the page marks, like the end of its last
// script. Other tests share the machine, so the bound is for the fastest load, and ten times an idle machine's 300
// ms. For figures:
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

// TestTypedEarly types and sends before anything but the document has arrived, before the page's script has, or before
// a module that this needs: the page is drawn, keeps the question as it was sent, and asks it once the rest is there.
func TestTypedEarly(t *testing.T) {
	t.Parallel()
	server := serve(t, "--log=memory", "--advisor-pace=0")
	for late, waits := range map[string]func(path string) bool{
		"everything": func(path string) bool { return path != "/" },
		"chat.js":    func(path string) bool { return path == "/chat/chat.js" },
		"talk.js":    func(path string) bool { return path == "/chat/talk.js" },
	} {
		t.Run(late, func(t *testing.T) {
			t.Parallel()
			f := before(t, server.Addr("http"))
			come := make(chan struct{})
			f.instead.Store(new(func(_ http.ResponseWriter, r *http.Request) bool {
				if waits(r.URL.Path) {
					<-come
				}
				return false
			}))
			c := open(t)
			browser.Eval[bool](c.Page, `location.assign("`+f.URL+`"), true`)
			c.Wait(`document.activeElement?.id === "question" && performance.getEntriesByName("interactive").length === 1`)
			if got := browser.Eval[int](c.Page, `performance.getEntriesByName("complete").length`); got != 0 {
				t.Fatal("the scripts are there already")
			}
			if got := browser.Eval[string](c.Page, `getComputedStyle(document.querySelector(".box")).display`); got != "flex" {
				t.Errorf("the box is drawn as %s", got)
			}
			const early = "What do cats eat?"
			c.Press(early)
			c.Enter()
			c.Press(" And dogs?")
			c.Wait(`document.querySelector("#question").readOnly`)
			close(come)
			c.ends("done")
			if got := browser.Eval[string](c.Page, asked); got != early {
				t.Errorf("the question is %q, want %q", got, early)
			}
			if got := browser.Eval[string](c.Page, `document.querySelector("#question").value`); got != "" {
				t.Errorf("the box has %q", got)
			}
		})
	}
}
