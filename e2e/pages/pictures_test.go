package pages

import (
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestPictures drops pictures: the page shows them, can remove them, and sends them with the question, small enough.
// A model without support for pictures says so.
func TestPictures(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	m := model(t)
	c := serveWild(t, m, nil)
	path := filepath.Join(t.TempDir(), "cat.png")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(file, image.NewRGBA(image.Rect(0, 0, 3000, 1500))); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	const shown = `document.querySelectorAll("#pictures img").length`
	c.Drop(600, 200, path)
	c.Wait(shown + ` === 1`)
	c.Drop(600, 200, path)
	c.Wait(shown + ` === 2`)
	c.lookAt(t, "pictures")
	c.Click("#pictures li:last-child button")
	c.Wait(shown + ` === 1 && document.activeElement.id === "question"`)
	c.put("What is this?")
	m.say("A cat.")
	m.end()
	c.ends("done")
	asked := m.requests()[0]
	if !strings.Contains(asked, `"image_url"`) || strings.Count(asked, "data:image/jpeg;base64,") != 1 || !strings.Contains(asked, "What is this?") {
		t.Errorf("the model was asked %.300s", asked)
	}
	c.Wait(shown + ` === 0`)
	const sides = `(async () => { const i = document.querySelector(".user .picture"); await i.decode(); return [i.naturalWidth, i.naturalHeight].join("x"); })()`
	c.Reload()
	c.ends("done")
	if got := browser.Eval[string](c.Page, sides); got != "1568x784" {
		t.Errorf("after a reload the picture is %s", got)
	}
	c.Click("#new")
	choose := func(model string) {
		t.Helper()
		c.Wait(fmt.Sprintf(`((e) => (e.value = %q, e.dispatchEvent(new Event("change")), e.value === %[1]q))(document.querySelector("#model"))`, model))
	}
	const refused = `document.querySelector("[data-name=drop]")?.textContent.includes("pet-advisor-1 does not accept images")`
	choose("wild")
	c.Drop(600, 200, path)
	c.Wait(shown + ` === 1`)
	choose("pet-advisor-1")
	c.put("And this?")
	c.Wait(refused)
	c.lookAt(t, "pictures-refused")
	c.Click("#pictures li button")
	c.Wait(shown + ` === 0`)
	c.Drop(600, 200, path)
	c.Wait(refused + ` && ` + shown + ` === 0`)
	if got := len(m.requests()); got != 1 {
		t.Errorf("the model was asked %d times, want once", got)
	}
	c.Enter()
	c.ends("done") // without the picture
}

// TestPastedPicture copies a picture from a page, and pastes it into the question.
func TestPastedPicture(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	m := model(t)
	c := serveWild(t, m, nil)
	home := browser.Eval[string](c.Page, `location.href`)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_ = png.Encode(w, image.NewRGBA(image.Rect(0, 0, 40, 30)))
	}))
	t.Cleanup(elsewhere.Close)
	clipboard.Lock()
	defer clipboard.Unlock()
	c.Go(elsewhere.URL)
	c.Copy()
	c.Go(home)
	c.Wait(`document.querySelector("#model:enabled") && document.activeElement.id === "question"`)
	browser.Eval[bool](c.Page, `((e) => (e.value = "wild", e.dispatchEvent(new Event("change")), true))(document.querySelector("#model"))`)
	c.Paste()
	c.Wait(`document.querySelectorAll("#pictures img").length === 1`)
	c.put("What is this?")
	m.say("A paw.")
	m.end()
	c.ends("done")
	if asked := m.requests()[0]; strings.Count(asked, "data:image/") != 1 {
		t.Errorf("the model was asked %.300s", asked)
	}
}
