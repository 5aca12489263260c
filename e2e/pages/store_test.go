package pages

import (
	"fmt"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
)

// TestStore goes from the chat to the store's pets, filters them, opens one, and asks about it.
func TestStore(t *testing.T) {
	t.Parallel()
	c := open(t)
	server := serve(t, "--log=memory", "--advisor-pace=0")
	c.Go(url(server))
	c.Wait(`document.querySelector("#model:enabled")`)
	c.Click(`header a[href="pets"]`)
	const cards = `document.querySelectorAll(".pets li").length`
	c.Wait(`location.pathname === "/pets" && ` + cards + ` === 81 && document.querySelectorAll(".drawn > svg").length === 81`)
	click := func(label string) {
		c.Wait(fmt.Sprintf(`((e) => e && (e.click(), true))([...document.querySelectorAll("a.chip")].find((e) => e.firstChild.data.trim() === %q))`, label))
	}
	click("Cats")
	c.Wait(`document.querySelector("h1").textContent === "Cats" && ` + cards + ` === 22`)
	click("Calm")
	c.Wait(cards + ` > 0 && ` + cards + ` < 22 && document.querySelectorAll("a.chip[aria-current]").length === 2`)
	// On a phone, filters are pushed aside, and the one that is chosen is in sight.
	c.Resize(390, 844)
	c.Go(url(server) + "pets?species=reptile")
	c.Wait(`((r) => r.left >= 0 && r.right <= innerWidth)(document.querySelector("a.chip[aria-current]").getBoundingClientRect()) && scrollY === 0`)
	c.Resize(1280, 800)
	for path, state := range map[string]string{"pets": "store-list", "pets/olive": "store-pet"} {
		c.Go(url(server) + path)
		c.Wait(`document.querySelector(".drawn > svg")`)
		c.lookAt(t, state, widths...)
		c.Resize(320, 800)
		c.lookAt(t, state+"-narrow")
		c.Wait(`document.querySelector(".drawn").getBoundingClientRect().bottom < 0.7 * innerHeight`)
		c.Resize(1280, 800)
	}
	c.Go(url(server) + "pets/olive")
	c.Click("a.ask")
	c.Wait(`location.pathname === "/" && document.querySelector("#question").value === "Tell me more about Olive."`)
	c.Wait(`document.querySelector("#model:enabled") && location.hash === ""`)
	c.Click("#send")
	c.ends("done")
	// The answer's cards lead back to the store.
	c.Wait(`document.querySelector(".assistant .pets strong a")?.pathname === "/pets/olive"`)
	if got := browser.Eval[int](c.Page, `document.querySelectorAll("#messages > .user").length`); got != 1 {
		t.Errorf("%d questions were asked", got)
	}
}
