package pages

import (
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestMuch enters a hundred thousand letters of instructions, which are sent and stored whole, and survive a reload.
func TestMuch(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	m := model(t)
	c := serveWild(t, m, nil)
	c.Click("#options")
	c.Wait(`document.querySelector("#options-dialog").open`)
	const instructions = `"Be brief, be kind. ".repeat(5000) + "The end."`
	browser.Eval[bool](c.Page, `(document.querySelector("#system").value = `+instructions+`, document.querySelector("#options-form .primary").click(), true)`)
	c.put("go")
	m.say("Well.")
	m.end()
	c.ends("done")
	want := strings.Repeat("Be brief, be kind. ", 5000) + "The end."
	if asked := m.requests(); !strings.Contains(asked[len(asked)-1], want) {
		t.Errorf("the request has %d bytes, without the instructions", len(asked[len(asked)-1]))
	}
	c.Wait(`keptMessages().then((messages) => messages.at(-1)?.status === "done" && messages.at(-1).options.system === ` + instructions + `)`)
	c.Reload()
	c.ends("done")
	c.Click("#options")
	c.Wait(`document.querySelector("#system").value === ` + instructions)
}
