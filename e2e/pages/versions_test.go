package pages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestVersions regenerates an answer: both versions exist, even after a reload, and the model gets the chosen one.
func TestVersions(t *testing.T) {
	t.Parallel()
	m := model(t)
	c := serveWild(t, m, nil)
	answer := func(text string) {
		t.Helper()
		m.say(text)
		m.end()
		c.ends("done")
	}
	const shown = `document.querySelector(".assistant:last-child .body").textContent.trim()`
	c.put("go")
	answer("First.")
	mouse(t, c, "Regenerate")
	answer("Second.")
	mouse(t, c, "Regenerate")
	answer("Third.")
	c.Wait(named("3/3"))
	mouse(t, c, "Previous answer")
	c.follows(shown, "Second.")
	c.Wait(named("2/3"))
	c.lookAt(t, "versions", widths...)
	c.Wait(`keptMessages().then((messages) => messages.at(-1).text === "Second.")`)
	c.Reload()
	c.follows(shown, "Second.")
	keyboard(t, c, "Previous answer")
	c.follows(shown, "First.")
	c.Wait(`document.querySelector("#status").textContent === "Answer 1 of 3"`)
	mouse(t, c, "Next answer")
	c.follows(shown, "Second.")
	c.put("more")
	answer("Of course.")
	asked := m.requests()
	if last := asked[len(asked)-1]; !strings.Contains(last, "Second.") || strings.Contains(last, "First.") || strings.Contains(last, "Third.") {
		t.Errorf("asked was %s", last)
	}
}

// TestEdit changes a question and asks it again: the old question and its answer stay in a separate conversation.
func TestEdit(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	m := model(t)
	c := serveWild(t, m, nil)
	answer := func(text string) {
		t.Helper()
		m.say(text)
		m.end()
		c.ends("done")
	}
	c.put("One?")
	answer("Yes.")
	c.put("Two?")
	c.Wait(`document.querySelectorAll(".assistant").length === 2`)
	answer("No.")
	before := browser.Eval[string](c.Page, hash)
	mouse(t, c, "Edit this question")
	c.Wait(`document.activeElement.ariaLabel === "Edit your question"`)
	c.lookAt(t, "edit")
	c.Key("Escape", 27)
	c.follows(asked, "One?|Two?")
	keyboard(t, c, "Edit this question")
	browser.Eval[bool](c.Page, `(document.activeElement.select(), document.execCommand("insertText", false, "Three?"))`)
	c.Enter()
	c.follows(asked, "One?|Three?")
	answer("Perhaps.")
	sent := m.requests()
	if last := sent[len(sent)-1]; !strings.Contains(last, "One?") || !strings.Contains(last, "Yes.") || strings.Contains(last, "Two?") {
		t.Errorf("asked was %s", last)
	}
	c.Reload()
	c.follows(asked, "One?|Three?")
	browser.Eval[bool](c.Page, `location.hash = "`+before+`", true`)
	c.follows(asked, "One?|Two?")
	c.ends("done")
}

// TestCode reads code blocks: they show their language, and copying yields the whole code.
func TestCode(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	m := model(t)
	c := serveWild(t, m, nil)
	c.Before(`window.copied = []; navigator.clipboard && (navigator.clipboard.writeText = async (text) => { copied.push(text); })`)
	c.Reload()
	c.Wait(`document.querySelector("#model:enabled")`)
	c.choose()
	c.put("go")
	long := strings.Repeat("fmt.Println(\"a line of a long program\")\n", 300)
	m.say("```go\nfunc main() {}\n```\n\nand\n\n```class=\"x\" onclick=1\nplain\n```\n\n```c++\n")
	for line := range strings.SplitAfterSeq(long, "\n") {
		if line != "" {
			m.say(line)
		}
	}
	m.say("```\n\nThe end.")
	m.end()
	c.ends("done")
	const languages = `[...document.querySelectorAll(".body pre:not(.piece)")].map((e) => e.dataset.language ?? "").join()`
	if got := browser.Eval[string](c.Page, languages); got != "go,,c++" {
		t.Errorf("the languages are %q", got)
	}
	browser.Eval[bool](c.Page, `[...document.querySelectorAll("pre:not(.piece) > .copy-code")].forEach((e) => e.click()), true`)
	c.Wait(`copied.length === 3`)
	for i, want := range []string{"func main() {}\n", "plain\n", long} {
		if got := browser.Eval[[]string](c.Page, `copied`)[i]; got != want {
			t.Errorf("copied was %d letters, %.80q, want %d", len(got), got, len(want))
		}
	}
	c.Wait(`document.querySelector("#status").textContent === "Copied"`)
	c.Wait(`document.querySelector(".body pre [data-token]") && !document.querySelector("[data-waits]")`)
	tokens := func(at int) string {
		return browser.Eval[string](c.Page, fmt.Sprintf(`[...document.querySelectorAll(".body pre")][%d].querySelectorAll("[data-token]").values().take(3).map((e) => e.dataset.token + " " + e.textContent).toArray().join("|")`, at))
	}
	if got := tokens(0) + ";" + tokens(1) + ";" + tokens(2); got != `word func;;word Println|text "a line of a long program"|word Println` {
		t.Errorf("of the code %q is coloured", got)
	}
	browser.Eval[bool](c.Page, `document.querySelector("#scroll").scrollTop = 0, true`)
	c.lookAt(t, "code", widths...)
	if got := browser.Eval[int](c.Page, `document.querySelectorAll(".body [class]:not(.copy-code, .piece, .table)").length`); got != 0 {
		t.Errorf("%d elements have a class of the model's", got)
	}
}
