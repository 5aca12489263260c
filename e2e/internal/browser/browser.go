// Package browser runs a Chromium for tests, and pages in it. Each page has its own cookies and storage, and
// records its errors.
package browser

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for a page.
const patience = 30 * time.Second

// A Browser is a running process. Several goroutines may use it, but only one each page.
type Browser struct {
	ctx    context.Context
	cancel []context.CancelFunc
}

// Start starts a Chromium, which [Browser.Close] ends. Without one, the error says what is missing.
func Start() (*Browser, error) {
	program, err := find()
	if err != nil {
		return nil, err
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.WSURLReadTimeout(time.Minute),
	}
	for _, flag := range []string{
		"headless", "disable-gpu", "no-first-run", "no-default-browser-check", "mute-audio",
		"disable-background-networking", "disable-component-update", "disable-sync", "disable-default-apps",
		"disable-dev-shm-usage", "disable-extensions", "disable-breakpad",
		// Hidden pages draw like visible ones.
		"disable-background-timer-throttling", "disable-backgrounding-occluded-windows", "disable-renderer-backgrounding",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	b := &Browser{}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	b.cancel = append(b.cancel, cancel)
	b.ctx, cancel = chromedp.NewContext(ctx)
	b.cancel = append(b.cancel, cancel)
	if err := chromedp.Do(b.ctx); err != nil {
		b.Close()
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return b, nil
}

func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", errors.New("no chromium in PATH")
}

// Close ends the browser.
func (b *Browser) Close() {
	for i := len(b.cancel) - 1; i >= 0; i-- {
		b.cancel[i]()
	}
}

// A Page is one tab. Its methods fail the page's test.
type Page struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	strict bool
	faults []string
}

// Open opens an empty page of that size in CSS pixels, until the end of the test. The test fails if a script
// fails in the page, or if the page violates its Content-Security-Policy.
func (b *Browser) Open(t *testing.T, width, height int64) *Page {
	t.Helper()
	p := &Page{t: t}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.listen))
	t.Cleanup(cancel)
	p.ctx = ctx
	p.begin()
	p.do(chromedp.EmulateViewport(width, height))
	return p
}

// Another opens an empty page that shares cookies and local storage with this one.
func (p *Page) Another() *Page {
	p.t.Helper()
	other := &Page{t: p.t}
	ctx, cancel := chromedp.NewContext(p.ctx, chromedp.WithListener(other.listen))
	p.t.Cleanup(cancel)
	other.ctx = ctx
	other.begin()
	return other
}

// begin opens the tab, and listens for errors.
func (p *Page) begin() {
	p.t.Helper()
	p.do()
	call(p, log.Enable, cdp.Empty{})
	call(p, network.Enable, network.EnableParams{})
	p.t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, fault := range p.faults {
			p.t.Error("in the page:", fault)
		}
	})
}

// listen records the page's errors.
func (p *Page) listen(event any) {
	fault := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		fault = (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			fault = "console.error:"
			for _, arg := range e.Args {
				fault += " " + string(arg.Value) + arg.Description
			}
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			fault = fmt.Sprintf("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventLoadingFailed:
		p.failed(e.ErrorText)
	case *network.EventResponseReceived:
		if e.Response.Status >= http.StatusBadRequest {
			p.failed(fmt.Sprintf("status %d of %s", e.Response.Status, e.Response.URL))
		}
	}
	if fault != "" {
		p.fault(fault)
	}
}

func (p *Page) fault(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, what)
}

// failed records a failed request, which is a fault only after [Page.Strict]: many tests cause such failures.
func (p *Page) failed(why string) {
	p.mu.Lock()
	strict := p.strict
	p.mu.Unlock()
	if strict {
		p.fault("a request failed: " + why)
	}
}

// Strict makes each failed or refused request from now on a fault of the page.
func (p *Page) Strict() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strict = true
}

func (p *Page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	// The first use binds the page to its context, so that must not be ctx, which ends.
	if err := chromedp.Do(p.ctx); err != nil {
		p.t.Fatal(err)
	}
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// call sends a command of the DevTools protocol.
func call[P, R any](p *Page, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	result, err := chromedp.Run(p.ctx, func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, command, params)
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

// Go opens a URL.
func (p *Page) Go(url string) { p.t.Helper(); p.do(chromedp.Navigate(url)) }

// Reload reloads the page.
func (p *Page) Reload() { p.t.Helper(); p.do(chromedp.Reload()) }

// Resize changes the size of the page, in CSS pixels.
func (p *Page) Resize(width, height int64) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height))
}

// Type types into the first element that a CSS selector matches.
func (p *Page) Type(selector, text string) {
	p.t.Helper()
	p.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Press presses keys in the focused element.
func (p *Page) Press(keys string) { p.t.Helper(); p.do(chromedp.KeyEvent(keys)) }

// Enter presses and releases the Enter key.
func (p *Page) Enter() {
	p.t.Helper()
	key := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "Enter", Code: "Enter", Text: "\r", WindowsVirtualKeyCode: 13}
	call(p, input.DispatchKeyEvent, key)
	key.Type, key.Text = input.DispatchKeyEventTypeKeyUp, ""
	call(p, input.DispatchKeyEvent, key)
}

// Key presses and releases a key by its name, such as "PageUp", and its Windows virtual-key code.
func (p *Page) Key(name string, number int64) {
	p.t.Helper()
	key := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Key: name, Code: name, WindowsVirtualKeyCode: number}
	call(p, input.DispatchKeyEvent, key)
	key.Type = input.DispatchKeyEventTypeKeyUp
	call(p, input.DispatchKeyEvent, key)
}

// Compose begins a text with an input method, as for Japanese, without entering it yet.
func (p *Page) Compose(text string) {
	p.t.Helper()
	call(p, input.ImeSetComposition, input.ImeSetCompositionParams{Text: text, SelectionStart: int64(len(text)), SelectionEnd: int64(len(text))})
}

// Wheel scrolls with the wheel at a position by that many pixels, downwards if positive.
func (p *Page) Wheel(x, y, by float64) {
	p.t.Helper()
	call(p, wheel, wheelParams{Type: "mouseWheel", X: x, Y: y, DeltaY: by})
}

// wheel is Input.dispatchMouseEvent. The parameters in cdproto omit a movement of 0, which Chromium requires.
var wheel = cdp.Command[wheelParams, cdp.Empty]{Method: input.CommandDispatchMouseEvent} //nolint:gochecknoglobals // a constant

type wheelParams struct {
	Type   string  `json:"type"`
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	DeltaX float64 `json:"deltaX"`
	DeltaY float64 `json:"deltaY"`
}

// Drag moves a finger from a position by that many pixels, in steps of 5, and lifts it.
func (p *Page) Drag(x, y, by float64) {
	p.t.Helper()
	at := func(y float64) []*input.TouchPoint { return []*input.TouchPoint{{X: x, Y: y}} }
	call(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: at(y)})
	for moved := 5.0; moved <= max(by, -by); moved += 5 {
		call(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchMove, TouchPoints: at(y + math.Copysign(moved, by))})
	}
	call(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}})
}

// Drop drags a file of this machine to a position, and drops it there.
func (p *Page) Drop(x, y float64, file string) {
	p.t.Helper()
	data := &input.DragData{Items: []*input.DragDataItem{}, Files: []string{file}, DragOperationsMask: 1}
	for _, step := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		call(p, input.DispatchDragEvent, input.DispatchDragEventParams{Type: step, X: x, Y: y, Data: data})
	}
}

// Paper shows the page as printed, or as on a screen again.
func (p *Page) Paper(printed bool) {
	p.t.Helper()
	media := ""
	if printed {
		media = "print"
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media})
}

// Click clicks the first element that a CSS selector matches.
func (p *Page) Click(selector string) { p.t.Helper(); p.do(chromedp.Click(chromedp.CSS(selector))) }

// ClickAt clicks at a position, in CSS pixels.
func (p *Page) ClickAt(x, y float64) { p.t.Helper(); p.do(chromedp.MouseClickXY(x, y)) }

// Copy copies the selection, as the keys do. On a page that is only a picture, it copies the picture.
func (p *Page) Copy() {
	p.t.Helper()
	call(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "Copy", Commands: []string{"copy"}})
}

// Paste pastes into the focused element, as the keys do.
func (p *Page) Paste() {
	p.t.Helper()
	call(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "Paste", Commands: []string{"paste"}})
}

// Asleep freezes the page, as browsers do with tabs that stay hidden for long, or wakes it up, still hidden.
func (p *Page) Asleep(asleep bool) {
	p.t.Helper()
	state := page.SetWebLifecycleStateStateActive
	if asleep {
		state = page.SetWebLifecycleStateStateFrozen
	}
	call(p, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state})
}

// Before runs a script in every document that the page opens from now on, before the document's own scripts.
func (p *Page) Before(script string) {
	p.t.Helper()
	call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

// Offline takes the network away from the page, or gives it back.
func (p *Page) Offline(offline bool) {
	p.t.Helper()
	call(p, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: offline, DownloadThroughput: -1, UploadThroughput: -1}},
	})
	call(p, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: offline, DownloadThroughput: -1, UploadThroughput: -1})
}

// Screenshot writes a screenshot to a file of that name in dir.
func (p *Page) Screenshot(dir, name string) {
	p.t.Helper()
	image, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), image, 0o600)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// Heap returns how many bytes of JavaScript objects are in use after a collection.
func (p *Page) Heap() float64 {
	p.t.Helper()
	call(p, runtimeCollect, cdp.Empty{})
	return p.HeapNow()
}

// HeapNow returns how many bytes of JavaScript objects exist, including garbage.
func (p *Page) HeapNow() float64 {
	p.t.Helper()
	return call(p, runtime.GetHeapUsage, cdp.Empty{}).UsedSize
}

// runtimeCollect is HeapProfiler.collectGarbage, the only command that we use of its package.
var runtimeCollect = cdp.Command[cdp.Empty, cdp.Empty]{Method: "HeapProfiler.collectGarbage"} //nolint:gochecknoglobals // a constant

// Eval returns the value of an expression. If that is a promise, it waits for its value.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	value, err := try[T](p, expression)
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

func try[T any](p *Page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, func(params *runtime.EvaluateParams) {
		params.AwaitPromise = new(true)
	}))
}

// Wait waits until an expression, or the value of its promise, is true.
func (p *Page) Wait(expression string) {
	p.t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for {
		holds, err := try[bool](p, "(async () => Boolean(await ("+expression+")))()")
		if holds {
			return
		}
		select {
		case <-again.C:
		case <-late:
			text, _ := try[string](p, "document.body.innerText.slice(-1500)")
			p.t.Fatalf("not within %v: %s (%v); the page says\n%s", patience, expression, err, text)
		}
	}
}

// Rules checks the page with axe-core, and returns the serious and critical violations. axe is its source, see
// [Axe].
func (p *Page) Rules(axe string) []string {
	p.t.Helper()
	if Eval[string](p, "typeof window.axe") == "undefined" {
		Eval[bool](p, axe+"; true")
	}
	return Eval[[]string](p, `axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations
		.filter((v) => v.impact === "serious" || v.impact === "critical")
		.map((v) => v.id + ": " + v.help + ": " + v.nodes.map((n) => n.html + " " + n.failureSummary).join("; ")))`)
}

//go:embed package.json package-lock.json
var packages embed.FS

// Axe installs axe-core with npm into dir, by this package's lock file, and returns its source.
func Axe(ctx context.Context, dir string) (string, error) {
	if err := os.CopyFS(dir, packages); err != nil {
		return "", err
	}
	npm := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	source, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	return string(source), err
}
