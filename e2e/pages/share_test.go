package pages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestShare shares an answer while it streams: a guest without a key reads it live and after a reload, and cannot
// stop it. The guest is told when the link is revoked, or incomplete.
func TestShare(t *testing.T) {
	t.Parallel()
	owner, guest := open(t), open(t)
	keys := filepath.Join(t.TempDir(), "keys.yaml")
	// The SHA-256 hash of "first".
	if err := os.WriteFile(keys, []byte("- {name: web, sha256: a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e, principal: shop}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := serve(t, "--log=memory", "--advisor-pace=60", "--auth=keys", "--auth-keys="+keys)
	owner.Go(url(server))
	owner.Wait(`document.querySelector("#key-dialog").open`)
	owner.Type("#key", "first")
	owner.Enter()
	owner.Wait(`document.querySelector("#model:enabled")`)
	owner.Press(question)
	owner.Enter()
	owner.ends("done")
	const click = `[...document.querySelectorAll(".foot button")].find((b) => b.textContent === "Share").click(), true`
	browser.Eval[bool](owner.Page, click)
	owner.Wait(`document.querySelector("#share-dialog").open`)
	owner.lookAt(t, "share")
	owner.Click("#share-create")
	owner.Wait(`document.querySelector("#share-link").value.includes("#shared=")`)
	owner.Wait(`document.querySelector("#share-state").textContent.includes("works until")`)
	owner.lookAt(t, "share-link", widths...)
	owner.Click("#share-copy")
	owner.Wait(`document.querySelector("#share-copy").textContent === "Copied"`)
	link := browser.Eval[string](owner.Page, `document.querySelector("#share-link").value`)
	want := owner.visible()

	guest.Go(link)
	guest.ends("done")
	guest.drawn()
	if got := guest.visible(); got != want || want == "" {
		t.Errorf("the guest reads\n%s\nwant\n%s", got, want)
	}
	guest.lookAt(t, "shared", widths...)
	for _, width := range widths {
		guest.Resize(width, 900)
		guest.Wait(`document.querySelector("#chats").hidden && ["pets", "docs/protocol", "docs"].every((to) => document.querySelector("header a[href='" + to + "']").checkVisibility())`)
	}
	guest.Resize(1280, 800)
	if got := browser.Eval[string](guest.Page, `document.querySelector("#scroll").scrollTop + document.querySelector(".figures").textContent`); got != "0" {
		t.Errorf("the guest begins at %s, want the top, without figures", got)
	}
	guest.Wait(`!document.querySelector("#key-dialog").open && getComputedStyle(document.querySelector("#ask")).display === "none"`)
	guest.Reload()
	guest.ends("done")
	guest.drawn()
	if buttons := browser.Eval[string](guest.Page, `[...document.querySelectorAll(".foot button")].map((b) => b.textContent).join()`); buttons != "Copy" || guest.visible() != want {
		t.Errorf("after a reload the guest has the buttons %q and reads\n%s", buttons, guest.visible())
	}

	// A link that has expired, while the one above is still good.
	brief := browser.Eval[string](owner.Page, `fetch("v1/stream_tickets", { method: "POST", headers: { Authorization: "Bearer first", "Content-Type": "application/json" },
		body: JSON.stringify({ completion_id: new URLSearchParams(document.querySelector("#share-link").value.split("#")[1]).get("shared"), share_for: 1 }) })
		.then((r) => r.json()).then(async ({ ticket, expires_at: at }) => { while (Date.now() < at * 1000 + 1000) await new Promise((next) => setTimeout(next, 100)); return ticket; })`)
	if len(brief) < 20 {
		t.Fatalf("the ticket is %q", brief)
	}
	guest.Go("about:blank")
	guest.Go(url(server) + "#" + strings.Split(strings.Split(link, "#")[1], "&")[0] + "&ticket=" + brief)
	guest.ends("failed")
	guest.Wait(`document.querySelector(".trouble").textContent.includes("link does not work")`)

	owner.Click("#share-end")
	owner.Wait(`document.querySelector("#share-state").textContent.includes("no longer shared")`)
	for _, broken := range []string{link, strings.Replace(link, "ticket=", "ticket=x", 1), strings.Split(link, "&")[0], url(server) + "#shared="} {
		guest.Go("about:blank")
		guest.Go(broken)
		guest.ends("failed")
		guest.Wait(`document.querySelector(".trouble").textContent.includes("link does not work") && !document.querySelector(".trouble button")`)
	}
	guest.lookAt(t, "share-ended")
	guest.Click(".shared a")
	guest.Wait(`document.querySelector("#key-dialog").open`) // the page without a key
}

// TestShareLive shares an answer by mouse while it streams, and reads it elsewhere. The button is there after a
// reload, too, and keeps the focus when the answer ends.
func TestShareLive(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	m := model(t)
	owner, guest := serveWild(t, m, nil), open(t)
	owner.Press("go")
	owner.Enter()
	m.say("Once upon a time")
	owner.has(10)
	mouse(t, owner, "Share")
	owner.Wait(`document.querySelector("#share-dialog").open`)
	mouse(t, owner, "Create a link")
	owner.Wait(`document.querySelector("#share-link").value.includes("#shared=")`)
	link := browser.Eval[string](owner.Page, `document.querySelector("#share-link").value`)
	mouse(t, owner, "Close")
	guest.Go(link)
	guest.has(10)
	m.say(" there was a cat")
	guest.has(25)
	guest.Press("\x1b") // it does not stop the owner's answer
	guest.Reload()
	guest.has(25)
	owner.Reload()
	owner.has(25)
	owner.tabTo(t, "Share")
	m.say(" in a hat.")
	guest.has(35)
	owner.has(35)
	owner.Wait(`document.querySelector(".assistant:last-child").dataset.status === "pending"`)
	m.end()
	owner.ends("done")
	guest.ends("done")
	if !browser.Eval[bool](owner.Page, `document.activeElement === `+named("Share")) {
		t.Error("at the end of the answer the button has lost the focus")
	}
	if got, want := guest.visible(), owner.visible(); got != want || want != "Onceuponatimetherewasacatinahat." {
		t.Errorf("the guest reads\n%s\nand the owner\n%s", got, want)
	}
}
