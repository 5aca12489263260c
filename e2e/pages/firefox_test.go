package pages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/firefox"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestFirefox asks, reads and scrolls in Firefox with real keys and a wheel: the page works beyond Chromium.
func TestFirefox(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	program, err := firefox.Find()
	if err != nil {
		skip.Missing(t, "Firefox", err)
	}
	m := model(t)
	server := serve(t, "--log=memory", "--upstream-url="+m.URL, "--upstream-model=wild")
	p := firefox.Open(t, program, 900, 640)
	const ready = `document.activeElement.id === "question" && document.querySelector("#model:enabled")`
	p.Go(url(server))
	p.Wait(ready)

	// The box grows with its text, and keeps it after a reload.
	const high = `document.querySelector("#question").clientHeight`
	low := firefox.Eval[float64](p, high)
	p.Press("one")
	p.Press(firefox.Enter, firefox.Shift)
	p.Press("two")
	p.Press(firefox.Enter, firefox.Shift)
	p.Press("three")
	if got := firefox.Eval[float64](p, high); got < 2*low {
		t.Errorf("the box is %v pixels high for three lines, and %v for one", got, low)
	}
	p.Reload()
	p.Wait(ready + ` && document.querySelector("#question").value === "one\ntwo\nthree"`)
	p.Wait(`((e) => (e.value = "wild", e.dispatchEvent(new Event("change")), e.value === "wild"))(document.querySelector("#model"))`)
	p.Press(firefox.Enter)

	// The page follows the end of the answer until the reader scrolls up, in steps like a trackpad's or by a key.
	const rest = `((e) => e.scrollHeight - e.scrollTop - e.clientHeight)(document.querySelector("#scroll"))`
	const top = `document.querySelector("#scroll").scrollTop`
	said := ""
	say := func(paragraphs int) {
		t.Helper()
		for range paragraphs {
			text := fmt.Sprintf("%d. A **calm** cat.\n\n", strings.Count(said, ".")/2+1)
			said += text
			m.say(text)
		}
		p.Wait(`document.querySelectorAll(".assistant .body strong").length === ` + fmt.Sprint(strings.Count(said, "calm")))
	}
	say(30)
	p.Wait(rest + ` < 3 && ` + top + ` > 300`)
	for range 3 {
		p.Wheel(450, 250, -15)
	}
	p.Wait(`!document.querySelector("#latest").hidden`)
	at := firefox.Eval[float64](p, top)
	say(3)
	if now := firefox.Eval[float64](p, top); now > at+1 {
		t.Errorf("scrolled up to %v, the page has gone on to %v", at, now)
	}
	place := firefox.Eval[[]int](p, `((r) => [Math.round(r.x + r.width / 2), Math.round(r.y + r.height / 2)])(document.querySelector("#latest").getBoundingClientRect())`)
	p.ClickAt(place[0], place[1])
	p.Wait(rest + ` < 3 && document.querySelector("#latest").hidden && document.activeElement.id === "question"`)
	say(3)
	p.Wait(rest + ` < 3`)
	p.Press(firefox.PageUp)
	p.Wait(`!document.querySelector("#latest").hidden`)
	p.Screenshot(artifacts(t), "firefox.png")

	m.end()
	p.Wait(ended("done"))
	const text = `document.querySelector(".assistant .body")?.textContent.replace(/\s/g, "")`
	want := strings.Repeat("Acalmcat.", strings.Count(said, "calm"))
	if got := firefox.Eval[string](p, text); got != want {
		t.Errorf("the page shows\n%s\nwant\n%s", got, want)
	}
	p.Reload()
	p.Wait(fmt.Sprintf(text+` === %q && document.querySelector(".user .said").textContent === "one\ntwo\nthree"`, want))
}
