// Package pages tests the chat page as people use it: in a real Chromium, served by real processes.
package pages

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/skip"
)

var (
	binaries     = sync.OnceValues(build)
	chromium     = sync.OnceValues(start)
	axe          = sync.OnceValues(install)
	atEnd        []func()
	atEndGuarded sync.Mutex
)

func TestMain(m *testing.M) {
	code := m.Run()
	for _, stop := range slices.Backward(atEnd) {
		stop()
	}
	os.Exit(code)
}

// finally calls stop after the last test, before all functions that were registered earlier.
func finally(stop func()) {
	atEndGuarded.Lock()
	defer atEndGuarded.Unlock()
	atEnd = append(atEnd, stop)
}

func build() (stack.Programs, error) {
	dir, err := os.MkdirTemp("", "pawstream-chat-")
	if err != nil {
		return "", err
	}
	finally(func() { _ = os.RemoveAll(dir) })
	return rig.Compile(context.Background(), dir, "services/completion/internal/faultcompletion")
}

func start() (*browser.Browser, error) {
	b, err := browser.Start()
	if err == nil {
		finally(b.Close)
	}
	return b, err
}

func install() (string, error) {
	dir, err := os.MkdirTemp("", "pawstream-axe-")
	if err != nil {
		return "", err
	}
	finally(func() { _ = os.RemoveAll(dir) })
	return browser.Axe(context.Background(), dir)
}

func programs(t *testing.T) stack.Programs {
	t.Helper()
	p, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A chat is a page in a browser.
type chat struct{ *browser.Page }

// open opens an empty page of normal size.
func open(t *testing.T) chat {
	t.Helper()
	b, err := chromium()
	if err != nil {
		skip.Missing(t, "Chromium", err)
	}
	c := chat{b.Open(t, 1280, 800)}
	c.Before(keptFunction)
	return c
}

// keptFunction gives each page a function that promises the open conversation's messages, as stored in the browser.
const keptFunction = `window.keptMessages = () => new Promise((resolve, reject) => {
	const opening = indexedDB.open("pawstream");
	opening.onupgradeneeded = () => opening.transaction.abort(); // it is not there yet
	opening.onerror = () => resolve([]);
	opening.onsuccess = () => {
		const reading = opening.result.transaction("talks").objectStore("talks").get(location.hash.slice("#chat/".length));
		reading.onsuccess = () => { opening.result.close(); resolve(reading.result?.messages ?? []); };
		reading.onerror = () => reject(reading.error);
	};
})`

// serve starts or restarts standalone, with these additional arguments.
func serve(t *testing.T, args ...string) *stack.Process {
	t.Helper()
	p, err := programs(t).Start(t.Context(), "standalone", append([]string{
		"--listen=127.0.0.1:0", "--grpc-listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0",
	}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.Ended() {
			return
		}
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func url(p *stack.Process) string { return "http://" + p.Addr("http") + "/" }

const question = "What should I know before adopting a cat?"

// ask loads the page and asks the question, only by keyboard.
func (c chat) ask(url string) {
	c.Go(url)
	c.Wait(`document.activeElement.id === "question"`)
	c.Wait(`document.querySelector("#model:enabled")`)
	c.Press(question)
	c.Enter()
}

// has waits until the last answer has more letters than that.
func (c chat) has(letters int) {
	c.Wait(fmt.Sprintf(`(document.querySelector(".assistant:last-child .body")?.textContent.length ?? 0) > %d`, letters))
}

func (c chat) ends(status string) { c.Wait(ended(status)) }

// drawn waits for the last answer's text on a page that was just opened: its end may appear a moment earlier.
func (c chat) drawn() {
	c.Wait(`(document.querySelector(".assistant:last-child .body")?.textContent ?? "") !== ""`)
}

// ended returns whether the last answer has ended with that status, and is shown completely.
func ended(status string) string {
	return fmt.Sprintf(`document.querySelector(".assistant:last-child")?.dataset.status === %q && document.querySelector(".assistant:last-child").getAttribute("aria-busy") === null`, status)
}

// state waits for a text about the last answer's connection.
func (c chat) state(text string) {
	c.Wait(fmt.Sprintf(`document.querySelector(".assistant:last-child .state").textContent.includes(%q)`, text))
}

const storedText = `keptMessages().then((messages) => messages.at(-1).text)`

// stored returns the last answer from the browser's storage, once its end is stored.
func (c chat) stored() string {
	c.Wait(`keptMessages().then((messages) => messages.at(-1)?.status === document.querySelector(".assistant:last-child")?.dataset.status)`)
	return browser.Eval[string](c.Page, storedText)
}

// visible returns the last answer without white space, which Markdown changes.
func (c chat) visible() string {
	return squeeze(browser.Eval[string](c.Page, `document.querySelector(".assistant:last-child .body").textContent`))
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// widths are those of a small phone, a tablet, a laptop and a large screen, for the main states.
var widths = []int64{320, 768, 1280, 1920}

// lookAt checks a state of the page with axe-core and takes a screenshot, in both themes. At the given widths, it
// takes more screenshots in the light theme, and the page must not scroll sideways.
func (c chat) lookAt(t *testing.T, state string, at ...int64) {
	t.Helper()
	source, err := axe()
	if err != nil {
		skip.Missing(t, "npm and axe-core", err)
	}
	c.Wait(`document.readyState === "complete"`) // a page that loads sets its theme once more
	size := browser.Eval[[]int64](c.Page, `[innerWidth, innerHeight]`)
	before := browser.Eval[string](c.Page, `document.documentElement.dataset.theme ?? ""`)
	for _, theme := range []string{"light", "dark"} {
		browser.Eval[string](c.Page, fmt.Sprintf(`document.documentElement.dataset.theme = %q`, theme))
		if got := browser.Eval[string](c.Page, `getComputedStyle(document.documentElement).colorScheme`); got != theme {
			t.Errorf("%s: the page is %s in the theme %s", state, got, theme)
		}
		for _, broken := range c.Rules(source) {
			t.Errorf("%s, %s: %s", state, theme, broken)
		}
		c.Screenshot(artifacts(t), state+"-"+theme+".png")
	}
	browser.Eval[string](c.Page, `document.documentElement.dataset.theme = "light"`)
	for _, width := range at {
		c.Resize(width, 900)
		if wide := browser.Eval[int64](c.Page, `document.documentElement.scrollWidth`); wide > width {
			t.Errorf("%s at %d pixels is %d wide", state, width, wide)
		}
		c.Screenshot(artifacts(t), fmt.Sprintf("%s-%d.png", state, width))
	}
	if len(at) > 0 {
		c.Resize(size[0], size[1])
	}
	browser.Eval[bool](c.Page, fmt.Sprintf(`((theme) => { if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme; return true; })(%q)`, before))
}

// artifacts returns the directory for screenshots.
func artifacts(t *testing.T) string {
	t.Helper()
	return cmp.Or(os.Getenv("PAWSTREAM_ARTIFACTS"), t.ArtifactDir())
}
