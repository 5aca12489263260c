package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
)

// TestSwaggerUI opens /docs as a reader does: every operation is there and can be opened,
// and "Try it out" shows the real answer of a call.
func TestSwaggerUI(t *testing.T) {
	t.Parallel()
	chromium, err := browser.Start()
	if err != nil {
		missing(t, "Chromium", err)
	}
	t.Cleanup(chromium.Close)
	url := fast(t).URL()
	c := contractOf(t, url)
	page := chromium.Open(t, 1280, 900)
	page.Go(url + "/docs")
	const operation = "#operations-Models-listModels"
	page.Wait(`document.querySelector("` + operation + `")`)
	page.Wait(`document.querySelector('.info a[href$="/docs/protocol"]')`)
	shown := browser.Eval[[]string](page, `[...document.querySelectorAll(".opblock")].map(o => o.id)`)
	for path, item := range c.doc["paths"].(object) {
		for method, op := range item.(object) {
			if method == "parameters" {
				continue
			}
			o := op.(object)
			id := "operations-" + strings.ReplaceAll(o["tags"].([]any)[0].(string), " ", "_") + "-" + o["operationId"].(string)
			if !slices.Contains(shown, id) {
				t.Errorf("%s %s (%s) is not shown among %q", method, path, id, shown)
			}
		}
	}
	browser.Eval[bool](page, `document.querySelectorAll(".opblock-summary-control").forEach(b => b.click()) ?? true`)
	page.Wait(`document.querySelectorAll(".opblock.is-open .opblock-body").length === document.querySelectorAll(".opblock").length`)
	page.Click(operation + " .try-out__btn")
	page.Click(operation + " .execute")
	page.Wait(`document.querySelector("` + operation + ` .live-responses-table tbody td.response-col_description")?.innerText.includes("` + model + `")`)
}
