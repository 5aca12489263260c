package pages

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

const (
	place  = `document.querySelector("#scroll").scrollTop`
	theEnd = `((e) => e.scrollHeight - e.scrollTop - e.clientHeight < 3)(document.querySelector("#scroll"))`
)

// TestScrollingUp scrolls up while an answer streams, in every way: the page stops following at once, and follows
// again after Latest, or at the end.
func TestScrollingUp(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	m := model(t)
	c := serveWild(t, m, nil)
	c.Press("go")
	c.Enter()
	for i := range 60 {
		m.say(fmt.Sprintf("line %d\n\n", i))
	}
	lines := 60
	c.Wait(`document.querySelector(".assistant .body")?.textContent.includes("line 59")`) // an empty page is at its end, too
	more := func() {
		for range 20 {
			m.say(fmt.Sprintf("line %d\n\n", lines))
			lines++
		}
		c.Wait(fmt.Sprintf(`document.querySelector(".assistant .body").textContent.includes("line %d")`, lines-1))
		<-time.After(100 * time.Millisecond) // a few frames in which the page might move
	}
	still := func() {
		for was := -1.0; ; {
			is := browser.Eval[float64](c.Page, place)
			if is == was {
				return
			}
			was = is
			<-time.After(200 * time.Millisecond)
		}
	}
	focus := func() {
		browser.Eval[bool](c.Page, `document.querySelector("#scroll").focus({ preventScroll: true }), true`)
	}
	for _, way := range []struct {
		name string
		up   func()
	}{
		{"wheel, in small steps", func() {
			for range 3 {
				c.Wheel(600, 300, -15)
			}
		}},
		{"one small step of the wheel", func() { c.Wheel(600, 300, -4) }},
		{"finger", func() { c.Drag(600, 200, 60) }},
		{"PageUp", func() { focus(); c.Key("PageUp", 33) }},
		{"PageUp in the question", func() { c.Click("#question"); c.Key("PageUp", 33) }},
		{"ArrowUp", func() { focus(); c.Key("ArrowUp", 38) }},
		{"Home", func() { focus(); c.Key("Home", 36) }},
		{"scrollbar", func() { browser.Eval[bool](c.Page, place+` -= 30, true`) }},
	} {
		c.Wait(theEnd)
		way.up()
		more()
		still() // keys scroll smoothly
		before := browser.Eval[float64](c.Page, place)
		more()
		if after := browser.Eval[float64](c.Page, place); before != after || browser.Eval[bool](c.Page, theEnd) {
			t.Errorf("%s: the page moved from %v to %v", way.name, before, after)
		}
		c.Wait(`!document.querySelector("#latest").hidden`)
		c.Click("#latest")
		c.Wait(theEnd)
		more()
		c.Wait(theEnd)
	}
	// Near the end is not the end.
	c.Wheel(600, 300, -60)
	more()
	browser.Eval[bool](c.Page, `((e) => (e.scrollTop = e.scrollHeight - e.clientHeight - 20, true))(document.querySelector("#scroll"))`)
	more()
	if browser.Eval[bool](c.Page, theEnd) {
		t.Error("20 px before the end the page took hold of it")
	}
	focus()
	c.Key("End", 35)
	c.Wait(theEnd)
	more()
	c.Wait(theEnd)
	m.end()
	c.ends("done")
}

// TestOpenBlock selects text in the unfinished block. The selection survives while the block grows, while its list
// gets paragraphs, and when it is final. Unfinished Markdown never shows its markers.
func TestOpenBlock(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	m := model(t)
	c := serveWild(t, m, nil)
	c.Press("go")
	c.Enter()
	selected := func(when string) {
		t.Helper()
		if got := browser.Eval[string](c.Page, `getSelection().toString()`); got != "one two three" {
			t.Errorf("%s, %q is selected", when, got)
		}
	}
	sayAndSee := func(text, seen string) {
		t.Helper()
		m.say(text)
		c.Wait(fmt.Sprintf(`document.querySelector(".assistant .body").textContent.includes(%q)`, seen))
	}
	sayAndSee("- one **two** three\n- fo", "fo")
	browser.Eval[bool](c.Page, `getSelection().selectAllChildren(document.querySelector(".body li")), true`)
	selected("at first")
	sayAndSee("ur **five", "five")
	selected("as the list goes on")
	sayAndSee("**\n- six", "six")
	selected("with another item")
	sayAndSee("\n\n- seven", "seven")
	selected("with paragraphs in it")
	sayAndSee("\n\nThe end", "The end")
	selected("once the list is final")
	m.end()
	c.ends("done")
	selected("at the end of the answer")

	browser.Eval[bool](c.Page, `(() => {
		window.flashes = new Set();
		new MutationObserver(() => { const text = document.querySelector(".assistant:last-child .body").textContent; if (/[*`+"`"+`~|_[\]#]|^\d+[.]$/m.test(text)) flashes.add(text); })
			.observe(document.querySelector("#messages"), { subtree: true, childList: true, characterData: true });
		return true;
	})()`)
	c.Click("#question")
	c.Press("again")
	c.Enter()
	const text = "# A **head**\n\n**Commit** `code` [link](https://example.com/) ~~gone~~ *it* __so__ ***both***\n- **a** b\n- *c*\n\n" +
		"1. **one**: x\n2. two\n\n| h | i |\n| :-: | -: |\n| **1** | 2 |\n\nThe end"
	for _, letter := range text {
		m.say(string(letter))
		<-time.After(20 * time.Millisecond) // one frame each
	}
	m.end()
	c.ends("done")
	if flashes := browser.Eval[[]string](c.Page, `[...flashes]`); len(flashes) > 0 {
		t.Errorf("%d flashes of Markdown, such as %q", len(flashes), flashes)
	}
}

// TestTables reads a wide table on a phone: words stay whole, and columns keep the model's alignment.
func TestTables(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	m := model(t)
	c := serveWild(t, m, nil)
	c.Resize(320, 640)
	c.Press("go")
	c.Enter()
	m.say("| Characteristic | Guineapig companionship | Temperament |\n| :-- | :-: | --: |\n| Responsibility | Unproblematic | Extraordinarily |\n")
	m.end()
	c.ends("done")
	c.lookAt(t, "table-320")
	if wide := browser.Eval[int](c.Page, `document.querySelector("#model").clientWidth`); wide < 80 {
		t.Errorf("the name of the model has %d pixels on a phone", wide)
	}
	got := browser.Eval[[]string](c.Page, `[...document.querySelectorAll(".body td")].map((cell) => {
		const range = document.createRange(); range.selectNodeContents(cell);
		return getComputedStyle(cell).textAlign + " " + range.getClientRects().length; })`)
	if diff := cmp.Diff([]string{"left 1", "center 1", "right 1"}, got); diff != "" {
		t.Errorf("alignment and lines of each cell (-want +got)\n%s", diff)
	}
	c.Click("#question")
	c.Press("go")
	c.Enter()
	m.say("3. third\n4. fourth\n")
	m.end()
	c.Wait(`document.querySelectorAll(".assistant").length === 2`)
	c.ends("done")
	if got := browser.Eval[int](c.Page, `document.querySelector(".assistant:last-child ol").start`); got != 3 {
		t.Errorf("a list that begins with 3 begins with %d", got)
	}
	if browser.Eval[bool](c.Page, `document.documentElement.scrollWidth > innerWidth`) {
		t.Error("the page scrolls sideways")
	}
}

// TestHearing uses the page with a screen reader: it names who speaks, keeps the focus, and announces what happens.
func TestHearing(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.ask(url(serve(t, "--log=memory", "--advisor-pace=400")))
	c.ends("done")
	const headings = `[...document.querySelectorAll("#messages > li")].map((e) => e.querySelector("h2")?.textContent ?? "").join()`
	if got := browser.Eval[string](c.Page, headings); got != "You,Pawstream" {
		t.Errorf("the turns have the headings %q", got)
	}
	keyboard(t, c, "Copy")
	c.Wait(`document.querySelector("#status").textContent === "Copied"`)
	keyboard(t, c, "Regenerate")
	c.Wait(`document.activeElement.closest(".assistant:last-child") !== null`)
	c.ends("done")
	if !browser.Eval[bool](c.Page, `document.activeElement.closest(".assistant:last-child") !== null`) {
		t.Error("after Regenerate the focus is lost")
	}
	c.Wait(`document.querySelector("#log").textContent === ""`)
	c.Reload()
	c.ends("done")
	if browser.Eval[bool](c.Page, `document.querySelector("[role=alert]") !== null`) {
		t.Error("what is long over is an alert")
	}
}

// TestPaper prints a conversation in the dark theme.
func TestPaper(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	c := open(t)
	c.ask(url(serve(t, "--log=memory", "--advisor-pace=0")))
	c.ends("done")
	c.Click("#theme")
	c.Click("#theme")
	c.Paper(true)
	for what, want := range map[string]string{
		`getComputedStyle(document.documentElement).backgroundColor`:                                                                         "rgb(255, 255, 255)",
		`getComputedStyle(document.querySelector(".body p")).color`:                                                                          "rgb(0, 0, 0)",
		`["header", "#ask", "#drawer", "#notices", ".foot", "#latest"].filter((s) => document.querySelector(s).checkVisibility()).join()`:    "",
		`String(document.querySelector("#scroll").scrollHeight - document.querySelector("#scroll").clientHeight <= 1)`:                       "true",
		`String(document.documentElement.scrollHeight >= document.querySelector(".assistant").getBoundingClientRect().bottom + scrollY - 1)`: "true",
	} {
		if got := browser.Eval[string](c.Page, what); got != want {
			t.Errorf("%s is %q, want %q", what, got, want)
		}
	}
	c.Screenshot(artifacts(t), "paper.png")
	c.Paper(false)
}

// TestFramesOfLongStream reads more frames than are kept: the first ones stay. They can be filtered, read and paused.
func TestFramesOfLongStream(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	m := model(t)
	c := serveWild(t, m, nil)
	c.Click("#show-frames")
	c.Click("#question")
	c.Press("go")
	c.Enter()
	for i := range 900 {
		m.say(fmt.Sprintf("%d ", i))
	}
	c.Wait(`[...document.querySelectorAll("#frames pre")].some((e) => e.textContent.includes('"899 "'))`)
	const texts = `[...document.querySelectorAll("#frames pre")].map((e) => e.textContent)`
	head := browser.Eval[[]string](c.Page, texts+`.slice(0, 4)`)
	if all := strings.Join(head, "\n"); !strings.HasPrefix(all, "POST /v1/chat/completions") || !strings.Contains(all, "retry: ") || !strings.Contains(all, `"role":"assistant"`) {
		t.Errorf("it begins with\n%s", all)
	}
	if n := browser.Eval[int](c.Page, `document.querySelectorAll("#frames li").length`); n > 420 {
		t.Errorf("the list has %d lines", n)
	}
	c.lookAt(t, "frames-long")
	if got := browser.Eval[string](c.Page, `document.querySelector("#frame-count").textContent`); !regexp.MustCompile(`^412 of 90\d$`).MatchString(got) {
		t.Errorf("the list says that it has %s", got)
	}
	if browser.Eval[bool](c.Page, `((head) => new Set([...head.querySelectorAll("button")].map((e) => { const r = e.getBoundingClientRect(); return Math.round(r.top + r.height / 2); })).size > 1 ||
		head.querySelector("h2").scrollWidth > head.querySelector("h2").clientWidth)(document.querySelector("#drawer .head"))`) {
		t.Error("the head of the list takes more than a line")
	}
	c.tabTo(t, "Kind")
	for _, kind := range []struct{ name, only string }{
		{"Events", ":not(.note, .comment)"}, {"Heartbeats", ".comment"}, {"Requests", ".note"},
	} {
		c.Press(kb.ArrowDown)
		c.Wait(fmt.Sprintf(`document.querySelector("#frame-kind").selectedOptions[0].textContent === %q && [...document.querySelectorAll("#frames li:not(.gap)")].every((e) => e.matches(%q))`, kind.name, kind.only))
	}
	c.Wait(texts + `.join().startsWith("POST /v1/chat/completions")`)
	c.Key("Home", 36)
	c.Wait(`document.querySelectorAll("#frames li").length > 400`)
	c.Type("#frame-words", `"895 `)
	c.Wait(`document.querySelectorAll("#frames li:not(.gap)").length === 1`)
	browser.Eval[bool](c.Page, `((e) => (e.value = "", e.dispatchEvent(new Event("input")), true))(document.querySelector("#frame-words"))`)
	c.Click("#frame-text")
	c.Wait(`[...document.querySelectorAll("#frames li:not(.gap) pre")].every((e) => /^\d+ $/.test(e.textContent))`)
	c.Click("#pause-frames")
	m.say("paused ")
	c.Wait(`document.querySelector(".assistant .body").textContent.includes("paused")`)
	if browser.Eval[bool](c.Page, texts+`.includes("paused ")`) {
		t.Error("a list that is paused goes on")
	}
	c.Click("#pause-frames")
	c.Wait(texts + `.at(-1) === "paused "`)
	m.end()
	c.ends("done")
}
