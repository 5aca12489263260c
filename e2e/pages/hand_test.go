package pages

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

// A hand uses a control of the page by name.
type hand func(t *testing.T, c chat, name string)

// clipboard is held from a copy to its paste, because all pages share one clipboard.
var clipboard sync.Mutex

// mouse clicks on the visible control.
func mouse(t *testing.T, c chat, name string) {
	t.Helper()
	c.Wait(named(name))
	// It waits until the control stands still and nothing covers it, like a person.
	at := browser.Eval[[]float64](c.Page, `(async () => { for (let before;;) {
		const e = `+named(name)+`; e.scrollIntoView({ block: "nearest" }); const r = e.getBoundingClientRect();
		const [x, y] = [r.x + r.width / 2, r.y + r.height / 2];
		if (before === x + " " + y) return e.contains(document.elementFromPoint(x, y)) ? [x, y] : [];
		before = x + " " + y; await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
	} })()`)
	if len(at) == 0 {
		t.Fatalf("%s cannot be clicked", name)
	}
	c.ClickAt(at[0], at[1])
}

// keyboard reaches the control by Tab, and presses Enter.
func keyboard(t *testing.T, c chat, name string) {
	t.Helper()
	c.Wait(named(name))
	c.tabTo(t, name)
	c.Enter()
}

// tabTo presses Tab until the control has the focus.
func (c chat) tabTo(t *testing.T, name string) {
	t.Helper()
	for range 40 {
		if browser.Eval[bool](c.Page, `document.activeElement === `+named(name)) {
			return
		}
		c.Press("\t")
	}
	t.Fatalf("Tab does not lead to %s", name)
}

// named evaluates to the last visible control with that name.
func named(name string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("button, select, textarea")].findLast((e) => e.checkVisibility()
		&& (e.ariaLabel ?? e.labels?.[0]?.firstChild.textContent ?? e.textContent).trim() === %q)`, name)
}

// TestByHand uses each control of the page by mouse, and only by keyboard. The server's requests and actions match
// the page.
func TestByHand(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	for name, with := range map[string]struct {
		use        hand
		suggestion string // they differ, because both share one clipboard
	}{
		"mouse":    {mouse, "Which calm dogs do you have for a small apartment?"},
		"keyboard": {keyboard, "Compare a rabbit and a guinea pig for children"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			use, suggestion := with.use, with.suggestion
			server := serve(t, "--log=memory", "--advisor-pace=100")
			c := open(t)
			c.Go(url(server))
			c.Wait(`document.querySelector("#model:enabled")`)

			// A suggestion, and Stop: the server stops generating.
			use(t, c, suggestion)
			c.Wait(asked + ` === "` + suggestion + `"`)
			c.has(40)
			use(t, c, "Stop")
			c.ends("stopped")
			c.Wait(status + `.then((s) => s === "cancelled")`)
			generated := browser.Eval[string](c.Page, answerOf+`.then((c) => c.choices[0].message.content)`)
			if shown := c.stored(); shown == "" || !strings.HasPrefix(generated, shown) || len(generated) > len(shown)+200 {
				t.Errorf("shown %q, generated %q", shown, generated)
			}
			if !browser.Eval[bool](c.Page, named("Send")+` !== undefined && `+named("Stop")+` === undefined`) {
				t.Error("after Stop there is no Send")
			}

			// Another model answers again, even after a reload.
			c.pick(t, "pet-advisor-turbo")
			use(t, c, "Regenerate")
			c.ends("done")
			first := browser.Eval[string](c.Page, turnID)
			if got := browser.Eval[string](c.Page, answerOf+`.then((c) => c.model)`); got != "pet-advisor-turbo" {
				t.Errorf("%s has answered", got)
			}
			c.Reload()
			c.Wait(`document.querySelector("#model").value === "pet-advisor-turbo"`)
			use(t, c, "Regenerate")
			c.ends("done")
			if got := browser.Eval[string](c.Page, turnID+`.then((id) => id + " " + `+asked+`)`); strings.HasPrefix(got, first) || !strings.HasSuffix(got, " "+suggestion) {
				t.Errorf("asked again: %s, before %s", got, first)
			}

			// Copying yields the source.
			clipboard.Lock()
			use(t, c, "Copy")
			c.Wait(named("Copied"))
			use(t, c, "Your question")
			c.Paste()
			clipboard.Unlock()
			source := browser.Eval[string](c.Page, answerOf+`.then((c) => c.choices[0].message.content)`)
			if got := browser.Eval[string](c.Page, `document.querySelector("#question").value`); got != source || !strings.Contains(got, "**") {
				t.Errorf("copied\n%s\nand the answer is\n%s", got, source)
			}

			use(t, c, "New chat")
			c.Wait(asked + ` === "" && ` + named(suggestion))
			use(t, c, suggestion)
			c.has(10)
			use(t, c, "Frames")
			c.Wait(`document.querySelectorAll("#frames li").length > 10`)
			use(t, c, "Close")
			c.Wait(`document.querySelector("#drawer").hidden`)
		})
	}
}

const (
	turnID   = `keptMessages().then((messages) => messages.at(-1).turn.id)`
	answerOf = turnID + `.then((id) => fetch("/v1/chat/completions/" + id)).then((r) => r.json())`
	status   = answerOf + `.then((c) => c.status)`
)

// pick chooses a model as a keyboard does, or a mouse on a system whose list of choices is a separate window that the
// page cannot see.
func (c chat) pick(t *testing.T, model string) {
	t.Helper()
	c.tabTo(t, "Model")
	c.Press(model)
	c.Wait(fmt.Sprintf(`document.querySelector("#model").value === %q`, model))
}
