package pages

import (
	"net/http"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestDemo breaks an answer with all buttons of the demonstration: no event is lost or repeated.
func TestDemo(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	c := open(t)
	server := serve(t, "--demo", "--advisor-pace=10")
	c.Go(url(server) + "demo")
	c.lookAt(t, "demo", widths...)
	c.Click("#start")
	const more = `(globalThis.had ??= 0, Number(document.querySelector("#received").textContent) > had + 15)`
	const note = `globalThis.had = Number(document.querySelector("#received").textContent), true`
	for _, button := range []string{"cut", "kill", "drop"} {
		c.Wait(more)
		browser.Eval[bool](c.Page, note)
		c.Click(`[data-break="` + button + `"]:enabled`)
	}
	c.Wait(more)
	c.Wait(`document.querySelector("#state").dataset.end`)
	if got := browser.Eval[string](c.Page, `document.querySelector("#state").dataset.end`); got != "same" {
		t.Errorf("the text is %s", got)
	}
	const counts = `["repeated", "lost"].map((id) => document.getElementById(id).textContent).join()`
	if got := browser.Eval[string](c.Page, counts); got != "0,0" {
		t.Errorf("events repeated and lost: %s", got)
	}
	if got := browser.Eval[int](c.Page, `Number(document.querySelector("#connections").textContent)`); got < 3 {
		t.Errorf("it took %d connections, want at least 3", got)
	}
	c.Wait(`/Process \d+ was killed. It wrote 1/.test(document.querySelector("#log").textContent)`)
	c.lookAt(t, "demo-end", widths...)
	c.Resize(390, 844)
	if wide := browser.Eval[bool](c.Page, `document.documentElement.scrollWidth > innerWidth`); wide {
		t.Error("on a phone the page scrolls sideways")
	}
	c.lookAt(t, "demo-phone")
	if resp, err := http.Get(url(serve(t, "--log=memory")) + "demo"); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("without --demo: %v, %v", resp, err)
	}
}
