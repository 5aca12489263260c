package pages

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestAsk asks and reads by keyboard, and checks the page's appearance in its states.
func TestAsk(t *testing.T) {
	t.Parallel()
	c := open(t)
	server := serve(t, "--log=memory", "--advisor-pace=400")
	c.Go(url(server))
	c.Wait(`document.querySelector("#model:enabled")`)
	c.lookAt(t, "welcome", widths...)
	aligned := func(selector string) {
		t.Helper()
		const edges = `((e) => { const r = e.getBoundingClientRect(); return [r.left, r.right].map(Math.round).join("-"); })(document.querySelector(%q))`
		box, other := browser.Eval[string](c.Page, fmt.Sprintf(edges, ".box")), browser.Eval[string](c.Page, fmt.Sprintf(edges, selector))
		if box != other {
			t.Errorf("%s is at %s, and the box for the question at %s", selector, other, box)
		}
	}
	aligned("#suggestions")
	c.ask(url(server))
	c.has(300)
	c.Screenshot(artifacts(t), "streaming.png")
	c.ends("done")
	c.Wait(`/s to first token · [0-9,]+ tokens\/s · [0-9,]+ tokens/.test(document.querySelector(".figures").textContent)`)
	c.Wait(`document.querySelector("#status").textContent === "The answer is complete"`)
	c.lookAt(t, "answer", widths...)
	if got := browser.Eval[int](c.Page, `document.querySelectorAll(".assistant .body strong, .assistant .body em").length`); got == 0 {
		t.Error("the answer's emphasis is none")
	}
	c.Click("#show-frames")
	c.Wait(`document.querySelectorAll("#frames li").length > 100`)
	c.lookAt(t, "frames", widths...)
	c.Click("#theme")
	c.Click("#theme")
	c.Wait(`getComputedStyle(document.documentElement).colorScheme === "dark"`)
	c.Click("#hide-frames")
	aligned(".assistant")
	c.Resize(390, 844)
	c.lookAt(t, "phone")
	c.Wait(`((e) => e.scrollHeight - e.scrollTop - e.clientHeight < 2)(document.querySelector("#scroll"))`) // it was at the end, and stays there
	c.Click("#show-frames")
	c.Wait(`document.querySelectorAll("#frames li").length > 100`)
	c.Wait(`((e) => e.scrollHeight - e.scrollTop - e.clientHeight < 2)(document.querySelector("#frames"))`)
	c.lookAt(t, "phone-frames")
	c.Click("#hide-frames")
	c.Resize(640, 400) // like a zoom of 200 %
	c.lookAt(t, "zoomed")
	if wide := browser.Eval[bool](c.Page, `document.documentElement.scrollWidth > innerWidth`); wide {
		t.Error("at 200 % zoom the page scrolls sideways")
	}
	c.Resize(1280, 800)
	before := c.stored()
	browser.Eval[bool](c.Page, `[...document.querySelectorAll(".foot button")].find((b) => b.textContent === "Regenerate").click(), true`)
	c.ends("done")
	if got := c.stored(); got != before {
		t.Errorf("regenerated, the answer is %d letters long, and was %d", len(got), len(before))
	}
	c.Resize(640, 400)
	c.Click("#new")
	c.Wait(`document.querySelector("#messages").childElementCount === 0`)
	at := browser.Eval[[]float64](c.Page, `(async () => { await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
		const s = document.querySelector("#scroll"); return [s.scrollTop, s.scrollHeight - s.clientHeight]; })()`)
	if at[0] != 0 || at[1] <= 0 {
		t.Errorf("a new chat begins at %v of %v, want its top", at[0], at[1])
	}
}

// TestStop stops an answer with the Escape key: the server stops, too, and the text so far stays.
func TestStop(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.ask(url(serve(t, "--log=memory", "--advisor-pace=40")))
	c.has(40)
	c.Press("\x1b")
	c.ends("stopped")
	c.Wait(status + `.then((s) => s === "cancelled")`)
	shown := c.visible()
	c.Reload()
	c.ends("stopped")
	c.drawn()
	if got := c.visible(); shown == "" || got != shown {
		t.Errorf("after a reload the page shows %q, before %q", got, shown)
	}
}

// TestInterrupted reads one answer through a reload, a time without a network, and the death of the server. The page
// shows the server's answer, with nothing missing or repeated.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	c := open(t)
	data := t.TempDir()
	server := serve(t, "--data-dir="+data, "--advisor-pace=60")
	c.ask(url(server))
	c.has(60)
	c.Reload()
	c.has(200)

	c.Offline(true)
	c.state("Reconnecting")
	had := len(c.visible())
	c.Offline(false)
	c.has(had + 200)

	server.Kill()
	c.state("Reconnecting")
	had = len(c.visible())
	serve(t, "--data-dir="+data, "--advisor-pace=300", "--listen="+server.Addr("http"))
	c.has(had + 100)
	c.ends("done")
	c.isTheServers(t)
}

// isTheServers compares the last answer, as stored and as shown, with the server's.
func (c chat) isTheServers(t *testing.T) {
	t.Helper()
	want := browser.Eval[string](c.Page, answerOf+`.then((c) => c.choices[0].message.content)`)
	if got := c.stored(); got != want {
		t.Errorf("the page has\n%s\nand the server\n%s", got, want)
	}
	if shown := c.visible(); !strings.HasSuffix(squeeze(want), shown[len(shown)-20:]+"*") {
		t.Errorf("the page shows …%s", shown[len(shown)-40:])
	}
}

// TestEdgeKilled reads one answer through the death of the edge, and hears what a screen reader does: each part once,
// and the state of the connection.
func TestEdgeKilled(t *testing.T) {
	t.Parallel()
	c := open(t)
	completion, err := programs(t).Start(t.Context(), "completion", "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--log=memory", "--advisor-pace=100")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = completion.Stop() })
	edge := func(listen string) *stack.Process {
		t.Helper()
		p, err := programs(t).Start(t.Context(), "edge", "--listen="+listen, "--admin-listen=127.0.0.1:0", "--completion-addr="+completion.Addr("grpc"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Kill)
		return p
	}
	first := edge("127.0.0.1:0")
	c.Before(`addEventListener("DOMContentLoaded", () => { window.said = []; new MutationObserver(() => said.push(document.querySelector("#status").textContent)).observe(document.querySelector("#status"), { childList: true });
		window.heard = ""; new MutationObserver((all) => { for (const { addedNodes } of all) for (const node of addedNodes) heard += node.textContent; }).observe(document.querySelector("#log"), { childList: true }); });`)
	c.ask(url(first))
	c.has(60)
	first.Kill()
	c.state("Reconnecting")
	c.Wait(`document.activeElement.id === "question"`) // nothing takes the focus
	edge(first.Addr("http"))
	c.ends("done")
	c.isTheServers(t)
	c.Wait(`said.at(-1) === "The answer is complete"`)
	said := browser.Eval[[]string](c.Page, `said.filter((text, i) => text !== said[i - 1])`)
	if diff := cmp.Diff([]string{"Answering", "Reconnecting", "Connected again", "The answer is complete"}, said); diff != "" {
		t.Errorf("what is said (-want +got)\n%s", diff)
	}
	if got := squeeze(browser.Eval[string](c.Page, `heard`)); got != c.visible() {
		t.Errorf("what is read out\n%s\nand what is shown\n%s", got, c.visible())
	}
	c.Wait(`document.querySelector("#log").textContent === ""`) // otherwise it would be read twice
}

const asked = `[...document.querySelectorAll(".user .said")].map((e) => e.textContent).join("|")`

// TestKey asks with a key, loses it in the middle of the answer, and continues with another one.
func TestKey(t *testing.T) {
	t.Parallel()
	c := open(t)
	keys := filepath.Join(t.TempDir(), "keys.yaml")
	// The SHA-256 hashes of "first" and "second".
	const first = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"
	const second = "16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4"
	write := func(sum string) {
		if err := os.WriteFile(keys, []byte("- {name: web, sha256: "+sum+", principal: shop}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(first)
	data := t.TempDir()
	args := []string{"--data-dir=" + data, "--advisor-pace=60", "--auth=keys", "--auth-keys=" + keys}
	server := serve(t, args...)
	c.Go(url(server))
	enter := func(key string) {
		c.Wait(`document.querySelector("#key-dialog").open`)
		c.Type("#key", key)
		c.Enter()
	}
	c.Wait(`document.querySelector("#key-dialog").open`)
	c.lookAt(t, "key", widths...)
	enter("wrong")
	c.Wait(`document.querySelector("#key-reason").textContent.includes("does not know this key")`)
	enter("first")
	c.Wait(`document.querySelector("#model:enabled")`)
	c.Press(question)
	c.Enter()
	c.has(100)
	server.Kill()
	c.state("Reconnecting")
	write(second)
	serve(t, append(args, "--listen="+server.Addr("http"))...)
	c.state("An API key is needed")
	had := len(c.visible())
	c.Press("\x1b") // not now
	c.ends("paused")
	if got := len(c.visible()); got < had {
		t.Errorf("%d letters are left of %d", got, had)
	}
	browser.Eval[bool](c.Page, `[...document.querySelectorAll(".trouble button")].at(-1).click(), true`)
	enter("second")
	c.ends("done")
}

// hostile is an answer that a model may give, or be made to give.
const hostile = "<script>window.hit = 1</script>\n\n<img src=x onerror=\"window.hit = 2\">\n\n[a](javascript:window.hit=3) [b](java\tscript:window.hit=4) " +
	"[c](data:text/html,<script>window.hit=5</script>) <a href=\"javascript:window.hit=6\">d</a> ![e](https://example.com/e.png) [f](https://example.com/)\n\n" +
	"שלום עולם 👩‍👩‍👧‍👦 مرحبا\n\n- 🐈‍⬛ cat\n- [ ] todo\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n````go\nfunc main() {\n```\nstill <b>code</b>"

// TestBadInput shows stored conversations with hostile text, as if they streamed: harmless, and complete.
func TestBadInput(t *testing.T) {
	t.Parallel()
	c := open(t)
	server := serve(t, "--log=memory")
	// A file that is not a page, so that a storage exists before the page opens.
	c.Go(url(server) + "chat/icon.svg")
	show := func(text string) {
		t.Helper()
		browser.Eval[bool](c.Page, `((text) => { localStorage.setItem("pawstream.conversation", JSON.stringify({version: 1, messages: [
			{role: "user", text: "<b>?</b>"}, {role: "assistant", text, status: "done", turn: {key: "k", id: "", cursor: ""}, times: {}, tokens: 0}]})); return true })(`+text+`)`)
		c.Go(url(server))
	}
	encoded := `atob("` + base64.StdEncoding.EncodeToString([]byte(hostile)) + `")`
	show(`decodeURIComponent(escape(` + encoded + `))`)
	c.ends("done")
	c.Wait(`document.querySelector(".body pre code")?.textContent.endsWith("still <b>code</b>\n")`)
	if got := browser.Eval[string](c.Page, `document.querySelector(".user .said").textContent`); got != "<b>?</b>" {
		t.Errorf("the question is shown as %q", got)
	}
	for what, want := range map[string]string{
		`String(window.hit)`: "undefined",
		`String(document.querySelectorAll(".body :is(script, img, b, [onerror], [style])").length)`:                           "0",
		`[...document.querySelectorAll(".body a[href]")].map((a) => a.protocol + a.target + a.rel).join(" ")`:                 strings.Repeat(" https:_blanknoopener noreferrer nofollow", 2)[1:],
		`String(document.querySelectorAll(".body td").length)`:                                                                "2",
		`[...document.querySelectorAll(".body p")].find((p) => p.textContent.includes("שלום")).dir`:                           "auto",
		`getComputedStyle([...document.querySelectorAll(".body p")].find((p) => p.textContent.startsWith("שלום"))).direction`: "rtl",
	} {
		if got := browser.Eval[string](c.Page, what); got != want {
			t.Errorf("%s is %q, want %q", what, got, want)
		}
	}

	// A line of a megabyte, with and without words, and a fence as long.
	for _, line := range []string{`"word ".repeat(1 << 18)`, `"x".repeat(1 << 20)`, `"🐈".repeat(1 << 19)`, "\"```\\n\" + \"code();\\n\".repeat(1 << 17)"} {
		show(line)
		c.Wait(`document.querySelector(".body").textContent.replace(/\s/g, "").length === (await ` + storedText + `).replace(/\s|` + "`" + `/g, "").length`)
		c.Wait(`[...document.querySelectorAll(".body > *")].every((e) => e.textContent.isWellFormed())`) // no emoji is split
	}

	// Data of another version, and broken data.
	browser.Eval[bool](c.Page, `localStorage.setItem("pawstream.conversation", '{"version":0,"chat":"precious"}'), true`)
	c.Go("about:blank")
	c.Go(url(server))
	c.Wait(`document.querySelector("#notices").textContent.includes("another version")`)
	c.Wait(`localStorage.getItem("pawstream.aside").includes("precious")`)
}

// TestBadStream lets a model stream bad text, a few letters at a time, so that each link, tag and fence is seen
// unfinished, and then a line of a megabyte. After a reload the page shows the same, from the whole text at once.
func TestBadStream(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	c := open(t)
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		say := func(text string) {
			data, _ := json.Marshal(text)
			_, _ = fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s},\"finish_reason\":null}]}\n\n", data)
			_ = http.NewResponseController(w).Flush()
		}
		if strings.Contains(string(asked), "long") {
			for range 64 {
				say(strings.Repeat("word ", 16<<10/5))
			}
		} else {
			for letters := range slices.Chunk([]rune(hostile), 3) {
				say(string(letters))
				<-time.After(4 * time.Millisecond)
			}
		}
		_, _ = io.WriteString(w, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	}))
	t.Cleanup(model.Close)
	server := serve(t, "--log=memory", "--upstream-url="+model.URL, "--upstream-model=wild")
	c.Before(`window.bad = 0; new MutationObserver(() => { bad += document.querySelectorAll(".body :is(script, img, iframe, b, [onerror], [style]), .body a[href]:not([href^=http])").length; }).observe(document, { subtree: true, childList: true });`)
	c.Go(url(server))
	c.Wait(`[...document.querySelectorAll("#model option")].some((o) => o.value === "wild")`)
	browser.Eval[bool](c.Page, `document.querySelector("#model").value = "wild", true`)
	const shown = `document.querySelector(".assistant:last-child .body").textContent.replace(/\s/g, "")`
	for _, ask := range []string{"bad", "long"} {
		c.Press(ask)
		c.Enter()
		c.ends("done")
		c.Wait(shown + `.length > 0`)
		if ask == "bad" {
			c.Wait(`document.querySelector(".body pre code")?.textContent.endsWith("still <b>code</b>\n")`)
		} else {
			c.Wait(shown + `.length === (await ` + storedText + `).replace(/\s/g, "").length`)
		}
	}
	const html = `[...document.querySelectorAll(".body")][0].innerHTML`
	streamed := browser.Eval[string](c.Page, html)
	bad := `[String(window.hit), bad].join(" ")`
	if got := browser.Eval[string](c.Page, bad); got != "undefined 0" {
		t.Errorf("harm and harmful elements: %s", got)
	}
	c.Reload()
	c.Wait(shown + `.length === (await ` + storedText + `).replace(/\s/g, "").length`)
	if diff := cmp.Diff(streamed, browser.Eval[string](c.Page, html)); diff != "" {
		t.Errorf("streamed, and kept (-streamed +kept)\n%s", diff)
	}
}

// TestEventSource follows with the browser's own client, which reconnects by itself after a cut, and stops at the
// end.
func TestEventSource(t *testing.T) {
	t.Parallel()
	c := open(t)
	server := serve(t, "--log=memory", "--advisor-pace=200")
	wire := record(t, server.Addr("http"))
	proxy, err := cut.Listen(wire.Listener.Addr().String(), cut.Each(cut.Plan{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	c.Go("http://" + proxy.Addr() + "/")
	browser.Eval[bool](c.Page, `(async () => {
		const json = { "Content-Type": "application/json" };
		const body = { model: "pet-advisor-1", stream: true, on_disconnect: "continue", max_tokens: 200, messages: [{ role: "user", content: "`+question+`" }] };
		const created = await fetch("v1/chat/completions", { method: "POST", headers: json, body: JSON.stringify(body) });
		const id = created.headers.get("X-Completion-Id");
		created.body.cancel();
		const ticket = await (await fetch("v1/stream_tickets", { method: "POST", headers: json, body: JSON.stringify({ completion_id: id }) })).json();
		const source = (window.source = new EventSource(ticket.url));
		const got = (window.got = { sequences: [], done: false, opened: 0 });
		source.onopen = () => got.opened++;
		source.onmessage = (event) => {
			got.sequences.push(Number(event.lastEventId.split(".").at(-1)));
			if (event.data === "[DONE]") got.done = true;
		};
		return true;
	})()`)
	c.Wait(`got.sequences.length > 30`)
	proxy.CutAll()
	c.Wait(`source.readyState === EventSource.CLOSED`)
	got := browser.Eval[struct {
		Sequences []int `json:"sequences"`
		Done      bool  `json:"done"`
		Opened    int   `json:"opened"`
	}](c.Page, `got`)
	for i, sequence := range got.Sequences {
		if sequence != i {
			t.Fatalf("event %d has the sequence %d", i, sequence)
		}
	}
	if !got.Done || got.Opened != 2 {
		t.Errorf("done %v, opened %d times, want 2", got.Done, got.Opened)
	}
	// It resumed after an event, and stopped because nothing followed the last one.
	type attempt struct {
		Status int
		After  bool
	}
	var attempts []attempt
	passed := wire.passed()[1:] // without the POST
	for _, e := range passed {
		attempts = append(attempts, attempt{e.Status, e.LastEventID != ""})
	}
	if diff := cmp.Diff([]attempt{{200, false}, {200, true}, {204, true}}, attempts); diff != "" {
		t.Errorf("attempts (-want +got)\n%s", diff)
	} else if last := passed[2].LastEventID; !strings.HasSuffix(last, fmt.Sprintf(".%d", len(got.Sequences)-1)) {
		t.Errorf("204 after %s of %d events", last, len(got.Sequences))
	}
}

const (
	// longest is the most milliseconds that a frame may take. On an idle machine a frame takes about 60; if the page
	// drew the whole answer again, it would take seconds.
	longest = 500
	// largest bounds the heap's growth, in bytes, while an answer of 20,000 tokens streams. From its 6 MB of events
	// the page needs 0.3 MB of text, in a few copies, and the last frames. The rest is garbage, of which V8's young
	// generation alone holds up to 16 MB.
	largest = 24e6
)

// TestLongAnswer reads 20,000 tokens at full speed: every frame is fast by the browser's own measurement, and the
// heap stays small. A busy machine makes frames longer by the times in which the browser does not run. So the bound
// for frames applies to the best of up to five readings, and that for the heap to each.
func TestLongAnswer(t *testing.T) { // needs the machine for itself
	skip.Long(t, "a real browser in one more state of the page")
	c := open(t)
	const tokens = "20000"
	completion, err := programs(t).Start(t.Context(), "faultcompletion", "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--log=memory",
		"--random-pace=0", "--random-min="+tokens, "--random-max="+tokens)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = completion.Stop() })
	edge, err := programs(t).Start(t.Context(), "edge", "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--completion-addr="+completion.Addr("grpc"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = edge.Stop() })
	// The browser reports frames of more than 50 ms.
	c.Before(`window.slow = []; new PerformanceObserver((list) => slow.push(...list.getEntries().map((e) => Math.round(e.duration)))).observe({ type: "long-animation-frame" });
		window.drawn = 0; const count = () => { drawn++; requestAnimationFrame(count); }; requestAnimationFrame(count);`)
	c.Go(url(edge))
	c.Wait(`[...document.querySelectorAll("#model option")].some((o) => o.value === "random-1")`)
	if !browser.Eval[bool](c.Page, `PerformanceObserver.supportedEntryTypes.includes("long-animation-frame")`) {
		t.Fatal("this Chromium does not tell how long its frames take")
	}
	best := math.Inf(1)
	for reading := 1; best > longest && reading <= 5; reading++ {
		browser.Eval[bool](c.Page, `document.querySelector("#new").click(), document.querySelector("#model").value = "random-1", slow.length = drawn = 0, true`)
		before, peak := c.Heap(), 0.0
		c.Press("go")
		c.Enter()
		for !browser.Eval[bool](c.Page, ended("done")) {
			peak = max(peak, c.HeapNow()-before)
			<-time.After(20 * time.Millisecond) // otherwise this loop would keep the page busy
		}
		c.Wait(`document.querySelector(".assistant .figures").textContent.includes("20,000 tokens")`)
		c.Wait(`document.querySelector(".assistant .body").textContent.replace(/\s/g, "").length === (await ` + storedText + `).replace(/\s/g, "").length`)
		c.Wait(`document.querySelector("#latest").hidden && ((e) => e.scrollHeight - e.scrollTop - e.clientHeight < 2)(document.querySelector("#scroll"))`)
		slow, drawn := browser.Eval[[]float64](c.Page, `slow.sort((a, b) => b - a)`), browser.Eval[int](c.Page, `drawn`)
		best = min(best, append(slow, 0)[0])
		t.Logf("%s; of %d frames took more than 50 ms: %v; the heap grew by %.1f MB at most, and by %.1f in the end",
			browser.Eval[string](c.Page, `document.querySelector(".figures").textContent`), drawn, slow, peak/1e6, (c.Heap()-before)/1e6)
		if peak > largest {
			t.Errorf("the heap grew by %.0f bytes while the answer came", peak)
		}
		if drawn < 10 {
			t.Errorf("the page was drawn %d times", drawn)
		}
	}
	if best > longest {
		t.Errorf("a frame took %v ms", best)
	}
}
