package pages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestDocuments goes from the chat to each document and back. All share one theme, which each can change.
func TestDocuments(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	c := open(t)
	address := url(serve(t, "--log=memory"))
	c.Go(address)
	c.Wait(`document.querySelector("#model:enabled")`)
	// The background of a page.
	const ground = `(() => { for (const e of [document.querySelector("#swagger-ui > *"), document.body, document.documentElement]) {
		const colour = e && getComputedStyle(e).backgroundColor; if (colour && colour !== "rgba(0, 0, 0, 0)") return colour; } return "none"; })()`
	const dark = "rgb(21, 23, 26)"
	ready := map[string]string{"": `document.querySelector("#model:enabled")`, "docs": `document.querySelector(".opblock")`, "docs/protocol": `document.querySelector("#streams")`}
	for _, theme := range []string{"light", "dark"} {
		c.Wait(fmt.Sprintf(`(document.querySelector("#theme").click(), document.documentElement.dataset.theme === %q)`, theme))
		for _, page := range []string{"docs", "docs/protocol"} {
			c.Go(address)
			c.Wait(ready[""])
			c.Click(`header a[href="` + page + `"]`)
			c.Wait(`location.pathname === "/` + page + `" && ` + ready[page])
			if got := browser.Eval[string](c.Page, ground); (got == dark) != (theme == "dark") {
				t.Errorf("/%s is drawn on %s in the theme %s", page, got, theme)
			}
			for _, width := range []int64{320, 768, 1280} {
				c.Resize(width, 900)
				c.Screenshot(artifacts(t), fmt.Sprintf("%s-%s-%d.png", map[string]string{"docs": "api", "docs/protocol": "protocol"}[page], theme, width))
				links := browser.Eval[[]string](c.Page, `[...document.querySelectorAll("header nav a")].filter((e) => { const r = e.getBoundingClientRect(); return r.left >= 0 && r.right <= innerWidth; }).map((e) => e.getAttribute("href"))`)
				if diff := cmp.Diff([]string{"/", "/pets", "/docs/protocol", "/docs"}, links); diff != "" {
					t.Errorf("/%s at %d: ways on (-want +got)\n%s", page, width, diff)
				}
				if page == "docs/protocol" {
					c.tablesAreWhole(t, width)
				}
			}
			c.Click(`header nav a[href="/"]`)
			c.Wait(`location.pathname === "/" && ` + ready[""])
		}
	}
	c.Resize(320, 900)
	for _, path := range []string{"docs/protocol", "docs/protocols", "docs/grpc", "docs/authentication"} { // Swagger UI nests its controls
		c.Go(address + path)
		c.Wait(`document.querySelector("article h2") && document.documentElement.scrollWidth <= innerWidth`)
		c.tablesAreWhole(t, 320)
		if unseen := browser.Eval[[]string](c.Page, `[...document.querySelectorAll("main :is(h1, h2)")].filter((e) => !e.checkVisibility()).map((e) => e.textContent)`); len(unseen) > 0 {
			t.Errorf("%s at 320 pixels does not show the headings %q", path, unseen)
		}
		c.lookAt(t, path[strings.LastIndex(path, "/")+1:]+"-narrow")
	}
	c.Resize(1280, 900)
	for _, path := range []string{"docs/protocol", "docs/protocols", "docs/grpc", "docs/authentication", "pets", "pets/contessa"} {
		c.Go(address + path)
		c.Wait(`document.querySelector("main h1")`)
		c.lookAt(t, path[strings.LastIndex(path, "/")+1:], widths...)
	}
	c.reading(t, address)
	c.copyable(t, address)
	// A theme chosen on a document applies to the chat in another tab.
	docs := chat{c.Another()}
	docs.Go(address + "docs")
	docs.Wait(ready["docs"])
	docs.Wait(`(document.querySelector("#theme").click(), document.documentElement.dataset.theme === "light")`)
	c.Wait(`document.documentElement.dataset.theme === "light"`)
	if got := browser.Eval[string](docs.Page, ground); got == dark {
		t.Error("/docs stays dark")
	}
}

// reading chooses a language by keyboard, copies what it shows, and scrolls: the contents list follows.
func (c chat) reading(t *testing.T, address string) {
	t.Helper()
	c.Before(`window.copied = []; navigator.clipboard && (navigator.clipboard.writeText = async (text) => { copied.push(text); })`)
	c.Go(address + "docs/protocol")
	c.Wait(`document.querySelectorAll("[role=tab]").length > 10 && !document.querySelector("section > details + details")`)
	browser.Eval[bool](c.Page, `document.querySelector("[role=tab]").focus(), true`)
	c.Press(kb.ArrowRight)
	const shown = `[...document.querySelectorAll("#start ~ [role=tabpanel]")].filter((e) => !e.hidden)`
	c.Wait(`document.activeElement.getAttribute("aria-selected") === "true" && ` + shown + `.length === 1 && ` + shown + `[0].querySelector("figcaption").textContent === "fetch.mjs"`)
	c.Wait(shown + `[0].querySelectorAll("[data-token=word]").length > 5`)
	browser.Eval[bool](c.Page, shown+`[0].querySelector(".copy-code").click(), true`)
	c.Wait(`fetch("/docs/examples/fetch.mjs").then((r) => r.text()).then((text) => copied[0] === text)`)
	for _, id := range []string{"reconnection", "errors", "what"} {
		browser.Eval[bool](c.Page, fmt.Sprintf(`document.getElementById(%q).scrollIntoView(), true`, id))
		c.Wait(fmt.Sprintf(`[...document.querySelectorAll(".contents [aria-current]")].map((e) => e.hash).join() === "#%s"`, id))
	}
}

// copyable checks that no button to copy covers a part of what it copies.
func (c chat) copyable(t *testing.T, address string) {
	t.Helper()
	for _, path := range []string{"docs/protocol", "docs/grpc", "docs/authentication"} {
		c.Go(address + path)
		c.Wait(`document.querySelector(".copied")`)
		covered := browser.Eval[[]string](c.Page, `[...document.querySelectorAll(".copied")].filter((e) => e.checkVisibility() &&
			e.querySelector("pre").getBoundingClientRect().right > e.querySelector("button").getBoundingClientRect().left).map((e) => e.textContent.slice(0, 40))`)
		if len(covered) > 0 {
			t.Errorf("/%s: buttons cover the code of %q", path, covered)
		}
	}
}

// TestStreamSample opens a page's stream sample: the answer's first piece is visible without scrolling.
func TestStreamSample(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	c := open(t)
	address := url(serve(t, "--log=memory"))
	for _, width := range []int64{1280, 390} {
		c.Resize(width, 844)
		c.Go("about:blank")
		c.Go(address + "docs/protocol#format")
		c.Wait(`document.querySelector(".copied #stream") && document.querySelector("#format").getBoundingClientRect().top < innerHeight / 3`)
		out := browser.Eval[[]string](c.Page, `(() => {
			const texts = document.createTreeWalker(document.querySelector("#stream"), NodeFilter.SHOW_TEXT), range = document.createRange();
			const words = '"content":"Yes"', box = document.querySelector("#stream").closest("pre").getBoundingClientRect();
			for (let text; (text = texts.nextNode()); ) {
				const at = text.data.indexOf(words);
				if (at < 0) continue;
				range.setStart(text, at); range.setEnd(text, at + words.length);
				return [...range.getClientRects()].filter((r) => r.top < 0 || r.bottom > innerHeight || r.left < Math.max(0, box.left) || r.right > Math.min(innerWidth, box.right)).map((r) => JSON.stringify(r));
			}
			return ["it is not there"];
		})()`)
		for _, where := range out {
			t.Errorf("at %d pixels the first piece is out of sight: %s", width, where)
		}
		c.Screenshot(artifacts(t), fmt.Sprintf("stream-sample-%d.png", width))
	}
}

// tablesAreWhole looks for words in tables that are broken across lines.
func (c chat) tablesAreWhole(t *testing.T, width int64) {
	t.Helper()
	broken := browser.Eval[[]string](c.Page, `(() => {
		const broken = [], range = document.createRange();
		for (const cell of document.querySelectorAll("article :is(th, td)")) {
			const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
			for (let text; (text = texts.nextNode()); ) for (const word of text.data.matchAll(/[\p{L}\p{N}_]+/gu)) {
				range.setStart(text, word.index); range.setEnd(text, word.index + word[0].length);
				if (new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size > 1) broken.push(word[0]);
			}
		}
		return broken;
	})()`)
	if len(broken) > 0 {
		t.Errorf("/docs/protocol at %d pixels: words broken in tables: %q", width, broken)
	}
}

// TestAPIDocs checks Swagger UI's page with axe-core in both themes, and opens an operation by its address.
func TestAPIDocs(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	source, err := axe()
	if err != nil {
		skip.Missing(t, "npm and axe-core", err)
	}
	c := open(t)
	c.Go(url(serve(t, "--log=memory")) + "docs")
	c.Wait(`document.querySelector(".opblock")`)
	for _, theme := range []string{"light", "dark"} {
		c.Wait(fmt.Sprintf(`(document.querySelector("#theme").click(), document.documentElement.dataset.theme === %q)`, theme))
		c.Wait(`document.getAnimations().length === 0`) // of colours
		for _, broken := range c.Rules(source) {
			t.Errorf("/docs, %s: %.2000s", theme, broken)
		}
	}
	// An open operation, with its parameters, the form for a try, a schema, examples and answers.
	c.Click(".opblock-summary-control")
	c.Wait(`document.querySelector(".opblock.is-open pre.example[tabindex]")`)
	browser.Eval[bool](c.Page, `document.querySelector(".opblock.is-open .try-out__btn").click(), document.querySelector(".opblock.is-open .responses-wrapper .tablinks:not(.active), .opblock.is-open .responses-wrapper [data-name=model]").click(), true`)
	c.Wait(`document.querySelector(".opblock.is-open .body-param__text[aria-label]")`)
	for _, theme := range []string{"light", "dark"} {
		c.Wait(fmt.Sprintf(`(document.querySelector("#theme").click(), document.documentElement.dataset.theme === %q)`, theme))
		c.Wait(`document.getAnimations().length === 0`)
		c.Screenshot(artifacts(t), "api-open-"+theme+".png")
		for _, broken := range c.Rules(source) {
			t.Errorf("/docs, an open operation, %s: %.2000s", theme, broken)
		}
	}
	c.Click(".opblock-summary-control")
	c.Wait(`document.querySelector(".opblock.is-open") === null`)
	c.Resize(320, 800)
	if wide := browser.Eval[float64](c.Page, `document.documentElement.scrollWidth`); wide > 320 {
		t.Errorf("/docs is %v pixels wide on a phone of 320", wide)
	}
	c.Click(".opblock-summary-control")
	c.Wait(`location.hash.startsWith("#/") && document.querySelector(".opblock.is-open") !== null`)
}
