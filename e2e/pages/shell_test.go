package pages

import (
	"fmt"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestWithoutServer reloads the page while its server is away: it opens, shows the conversations, and asks again once
// the server is back.
func TestWithoutServer(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	c := open(t)
	data := t.TempDir()
	server := serve(t, "--data-dir="+data, "--advisor-pace=0")
	c.Go(url(server))
	c.Wait(`document.querySelector("#model:enabled")`)
	c.put(question)
	c.ends("done")
	want := c.stored()
	c.Wait(`navigator.serviceWorker.ready.then(() => true)`)
	c.Wait(`navigator.serviceWorker.controller === null && performance.getEntriesByType("resource").every((e) => e.workerStart === 0)`) // loaded without a worker
	server.Kill()
	c.Reload()
	c.ends("done")
	c.drawn()
	if got := c.stored(); got != want {
		t.Errorf("without a server the page has\n%s\nwant\n%s", got, want)
	}
	c.Wait(`document.querySelector("#notices").textContent.includes("cannot be reached")`)
	c.lookAt(t, "without-server", widths...)
	c.Click("#show-chats")
	c.Wait(`document.querySelector("#chat-list a")?.textContent === "` + question + `"`)
	serve(t, "--data-dir="+data, "--advisor-pace=0", "--listen="+server.Addr("http"))
	c.put("And a dog?")
	c.ends("done")
	c.Wait(`document.querySelectorAll(".assistant").length === 2`)
	c.Reload()
	c.Wait(`document.querySelector("#model:enabled") && document.querySelectorAll(".assistant").length === 2`)
	// Only the page's own files come from the worker. API calls bypass it.
	for part, want := range map[string]string{"/chat/": "worker", "/v1/": "network"} {
		const ways = `[...new Set(performance.getEntriesByType("resource").filter((e) => new URL(e.name).pathname.startsWith(%q))
			.map((e) => (e.workerStart === 0 ? "no worker" : e.workerFinalSourceType === "network" ? "network" : "worker")))].join()`
		if got := browser.Eval[string](c.Page, fmt.Sprintf(ways, part)); got != want {
			t.Errorf("%s comes by %q, want %q", part, got, want)
		}
	}
}
