package pages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
)

// TestOptions asks with instructions, a temperature and a limit, which belong to the conversation, like its model.
func TestOptions(t *testing.T) {
	t.Parallel()
	m := model(t)
	c := serveWild(t, m, nil)
	answer := func() {
		t.Helper()
		m.say("Well.")
		m.end()
		c.ends("done")
	}
	last := func() string { asked := m.requests(); return asked[len(asked)-1] }
	mouse(t, c, "Options")
	c.Wait(`document.querySelector("#options-dialog").open`)
	c.Type("#system", "Answer like a pirate.")
	c.Type("#temperature", "0.5")
	c.Type("#longest", "77")
	c.lookAt(t, "options", widths...)
	mouse(t, c, "Save")
	c.Wait(named("Options, some are set"))
	c.put("go")
	answer()
	for _, part := range []string{"Answer like a pirate.", `"temperature":0.5`, `"role":"system"`, "77"} {
		if !strings.Contains(last(), part) {
			t.Errorf("%s is not in %s", part, last())
		}
	}
	mine := browser.Eval[string](c.Page, hash)

	// Another conversation has its own options and model.
	mouse(t, c, "New chat")
	c.Wait(named("Options"))
	c.pick(t, "pet-advisor-turbo")
	c.put("Which dogs do you have?")
	c.ends("done")
	c.Reload()
	c.Wait(`document.querySelector("#model").value === "pet-advisor-turbo"`)
	browser.Eval[bool](c.Page, `location.hash = "`+mine+`", true`)
	c.Wait(`document.querySelector("#model").value === "wild" && ` + named("Options, some are set"))
	c.put("more")
	answer()
	if !strings.Contains(last(), "Answer like a pirate.") {
		t.Errorf("asked was %s", last())
	}

	// The server judges instructions that are far too long, and nothing is lost.
	mouse(t, c, "Options, some are set")
	browser.Eval[bool](c.Page, `document.querySelector("#system").value = "x".repeat(100 << 10), true`)
	mouse(t, c, "Save")
	c.put("again")
	answer()
	if got := len(last()); got < 100<<10 {
		t.Errorf("asked was with %d letters", got)
	}
	for _, bad := range []string{"-1", "3"} {
		mouse(t, c, "Options, some are set")
		browser.Eval[bool](c.Page, fmt.Sprintf(`document.querySelector("#temperature").value = %q, true`, bad))
		mouse(t, c, "Save")
		c.Wait(`document.querySelector("#options-dialog").open && document.querySelector("#temperature:invalid")`)
		c.Key("Escape", 27)
		c.Wait(`!document.querySelector("#options-dialog").open`)
	}
}
