package pages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

const (
	// listed evaluates to the titles in the list of conversations.
	listed = `[...document.querySelectorAll("#chat-list a")].map((e) => e.textContent).join("|")`
	hash   = `location.hash`
)

// follows waits until an expression has that value.
func (c chat) follows(expression, text string) { c.Wait(fmt.Sprintf("%s === %q", expression, text)) }

// put asks a question in the open conversation.
func (c chat) put(question string) {
	c.Click("#question")
	c.Press(question)
	c.Enter()
}

// chooseChat clicks a conversation in the list.
func (c chat) chooseChat(title string) {
	c.Wait(fmt.Sprintf(`[...document.querySelectorAll("#chat-list a")].some((e) => e.textContent === %q)`, title))
	browser.Eval[bool](c.Page, fmt.Sprintf(`[...document.querySelectorAll("#chat-list a")].find((e) => e.textContent === %q).click(), true`, title))
}

// menu chooses an action from the menu of a conversation in the list.
func (c chat) menu(t *testing.T, title, act string) {
	t.Helper()
	mouse(t, c, "More: "+title)
	mouse(t, c, act)
}

const other = "Which dog is calm?"

// TestConversations leaves a running answer for another conversation, and returns: by the list, by the browser's
// buttons, and by a reload. Nothing is lost, and a deleted conversation can be restored.
func TestConversations(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.Before(`window.saved = []; { const make = URL.createObjectURL; URL.createObjectURL = (blob) => { blob.text().then((text) => saved.push(text)); return make.call(URL, blob); }; }`)
	server := serve(t, "--log=memory", "--advisor-pace=60")
	c.ask(url(server))
	c.has(60)
	c.Wait(`location.hash.startsWith("#chat/")`)
	first := browser.Eval[string](c.Page, hash)
	mouse(t, c, "New chat")
	c.follows(hash, "")
	c.follows(asked, "")
	c.put(other)
	c.has(20)
	second := browser.Eval[string](c.Page, hash)
	c.follows(listed, other+"|"+question)

	c.chooseChat(question)
	c.follows(hash, first)
	c.follows(asked, question)
	c.ends("done")
	c.isTheServers(t)
	c.follows(`document.title`, question+" · Pawstream")
	browser.Eval[bool](c.Page, `history.back(), true`)
	c.follows(hash, second)
	c.follows(asked, other)
	c.ends("done")
	c.isTheServers(t)
	c.Reload()
	c.follows(asked, other)
	c.ends("done")
	c.lookAt(t, "conversations", widths...)

	// Renaming, and searches by name, question and answer.
	c.menu(t, other, "Rename")
	c.Wait(`document.activeElement.ariaLabel === "Name of the conversation"`)
	c.Press("Süße Hunde")
	c.Enter()
	c.Wait(listed + `.includes("Süße Hunde")`)
	word := browser.Eval[string](c.Page, `[...new Set(document.querySelector(".assistant .body").textContent.match(/[A-Za-z]{6,}/g))].find((word) => !"`+question+`".includes(word))`)
	for words, want := range map[string]string{"suße": "Süße Hunde", "adopting": question, "calm?": "Süße Hunde", strings.ToUpper(word): "Süße Hunde", "xyzzy": ""} {
		browser.Eval[bool](c.Page, fmt.Sprintf(`((e) => (e.value = %q, e.dispatchEvent(new Event("input")), true))(document.querySelector("#chat-words"))`, words))
		if want == "" {
			c.Wait(`document.querySelector("#chat-list").textContent === "Nothing found."`)
		} else {
			c.Wait(fmt.Sprintf(`%s.split("|").includes(%q)`, listed, want))
		}
	}
	browser.Eval[bool](c.Page, `((e) => (e.value = "", e.dispatchEvent(new Event("input")), true))(document.querySelector("#chat-words"))`)
	c.Wait(listed + `.split("|").length === 2`)

	// Files.
	c.menu(t, "Süße Hunde", "Save as Markdown")
	c.Wait(`saved.length === 1`)
	if got := browser.Eval[string](c.Page, `saved[0]`); !strings.HasPrefix(got, "# Süße Hunde\n\n## You\n\n"+other+"\n\n## Pawstream (pet-advisor-1)\n\n") || !strings.Contains(got, c.stored()) {
		t.Errorf("saved as Markdown:\n%s", got)
	}
	c.menu(t, "Süße Hunde", "Save as JSON")
	c.Wait(`saved.length === 2`)
	if got := browser.Eval[string](c.Page, `((m) => m.map((m) => m.role).join() + (m[1].content.length > 100))(JSON.parse(saved[1]).messages)`); got != "user,assistanttrue" {
		t.Errorf("saved as JSON: %s", got)
	}

	// Deleting, restoring, and deleting for good.
	c.menu(t, "Süße Hunde", "Delete")
	c.follows(listed, question)
	c.follows(asked, "")
	mouse(t, c, "Restore")
	c.follows(asked, other)
	c.follows(hash, second)
	c.menu(t, question, "Delete")
	c.follows(listed, "Süße Hunde")
	c.Reload()
	c.follows(asked, other)
	c.follows(listed, "Süße Hunde")
	c.Go(url(server) + first)
	c.Wait(`document.querySelector("#notices").textContent.includes("was deleted")`)
	c.follows(hash, "")
	c.Go("about:blank")
	c.Go(url(server) + "#chat/nobody")
	c.Wait(`document.querySelector("#notices").textContent.includes("no conversation at this address")`)
}

// TestTabs lets two tabs ask at the same time, each in its own conversation, and both see both. In a shared
// conversation, both show what one asks.
func TestTabs(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	address := url(serve(t, "--log=memory", "--advisor-pace=25")) // slow enough to stop an answer
	first := open(t)
	second, third := chat{first.Another()}, chat{first.Another()}
	for _, c := range []chat{second, third} {
		c.Before(keptFunction)
		c.Resize(1280, 800)
	}
	first.ask(address)
	first.has(40)
	second.Go(address)
	second.Wait(`document.querySelector("#model:enabled")`)
	second.Wait(`document.activeElement.id === "question"`)
	second.follows(asked, "")
	second.Press(other)
	second.Enter()
	second.has(40)
	first.follows(listed, other+"|"+question)
	third.Go(address + browser.Eval[string](first.Page, hash))
	third.follows(asked, question)
	for _, c := range []chat{first, second, third} {
		c.ends("done")
		c.isTheServers(t)
	}

	// One tab asks, and the other follows. The other stops the answer, and it stops in both.
	first.put("And a rabbit?")
	third.follows(asked, question+"|And a rabbit?")
	third.has(20)
	mouse(t, third, "Stop")
	third.ends("stopped")
	first.ends("stopped")

	// Without messages between them, both continue differently: neither version is lost.
	browser.Eval[bool](third.Page, `BroadcastChannel.prototype.postMessage = () => {}, true`)
	third.put("A hamster?")
	third.ends("done")
	first.put("A parrot?")
	first.Wait(`document.querySelector("#notices").textContent.includes("with a copy")`)
	first.ends("done")
	for c, last := range map[chat]string{first: "A parrot?", third: "A hamster?"} {
		c.Reload()
		c.follows(asked, question+"|And a rabbit?|"+last)
		c.ends("done")
	}

	// What another tab deletes disappears, and can be restored.
	c := second
	c.chooseChat(question)
	c.Wait(asked + `.startsWith("` + question + `")`)
	third.chooseChat(other)
	third.menu(t, other, "Delete")
	second.Wait(`!` + listed + `.includes("` + other + `")`)
	same := browser.Eval[string](c.Page, hash)
	for _, tab := range []chat{first, third} {
		browser.Eval[bool](tab.Page, `location.hash = "`+same+`", true`)
		tab.Wait(asked + `.startsWith("` + question + `")`)
	}
	browser.Eval[bool](first.Page, `document.querySelector("#chat-list [aria-current]").nextElementSibling.click(), true`)
	mouse(t, first, "Delete")
	third.Wait(`document.querySelector("#notices").textContent.includes("in another tab")`)
	third.follows(asked, "")
	mouse(t, third, "Restore")
	third.Wait(asked + `.startsWith("` + question + `")`)
	third.follows(hash, same)
}

// TestOlderConversations opens the page in a browser with the previous version's conversations, one per tab.
func TestOlderConversations(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	c := open(t)
	server := serve(t, "--log=memory")
	c.Go(url(server) + "chat/icon.svg")
	browser.Eval[bool](c.Page, `(() => {
		const messages = (asked) => [{ role: "user", text: asked }, { role: "assistant", text: "So be it.", status: "done", model: "m", turn: { key: "k" + asked, id: "", cursor: "" }, times: { asked: 1, first: 2, last: 3 }, tokens: 4 }];
		localStorage.setItem("pawstream.conversation", JSON.stringify({ version: 1, at: 1000, messages: messages("one") }));
		localStorage.setItem("pawstream.conversation.a", JSON.stringify({ version: 1, at: 3000, messages: messages("two") }));
		localStorage.setItem("pawstream.conversation.b", JSON.stringify({ version: 1, at: 2000, messages: messages("three") }));
		localStorage.setItem("pawstream.conversation.c", '{"version":0,"chat":"precious"}');
		sessionStorage.setItem("pawstream.tab", "pawstream.conversation.b");
		return true;
	})()`)
	c.Go(url(server))
	c.follows(asked, "three")
	c.ends("done")
	c.follows(listed, "two|three|one")
	c.Wait(`document.querySelector("#chat-list h3").textContent === "Earlier"`)
	c.Wait(`document.querySelector("#notices").textContent.includes("another version")`)
	c.Wait(`Object.keys(localStorage).filter((key) => key.startsWith("pawstream.conversation")).length === 0 && localStorage.getItem("pawstream.aside.c").includes("precious")`)
	c.Go("about:blank")
	c.Go(url(server))
	c.follows(asked, "")
	// Looking at a conversation keeps the order of the list, so nobody deletes what has just moved.
	for _, title := range []string{"one", "two", "three", "one"} {
		c.chooseChat(title)
		c.follows(asked, title)
		c.ends("done")
	}
	c.follows(listed, "two|three|one")
}

// TestNoRoom asks when the storage is full, and when there is none.
func TestNoRoom(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	address := url(serve(t, "--log=memory", "--advisor-pace=0"))
	t.Run("full", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		// A browser accepts the put, and rolls back the whole transaction when it finds no room.
		c.Before(`{ const { put } = IDBObjectStore.prototype; IDBObjectStore.prototype.put = function (...args) { const request = put.apply(this, args); if (window.full) setTimeout(() => { try { this.transaction.abort() } catch {} }); return request; }; }`)
		c.ask(address)
		c.ends("done")
		c.stored()
		browser.Eval[bool](c.Page, `window.full = true`)
		c.put(other)
		c.Wait(`document.querySelector("#notices").textContent.includes("no room to store")`)
		c.ends("done")
		c.Wait(named("Save as a file"))
		// Meanwhile it stays in memory, whatever else is opened.
		mouse(t, c, "New chat")
		c.put("A third?")
		c.ends("done")
		c.chooseChat(question)
		c.follows(asked, question+"|"+other)
		c.ends("done")
		shown := c.visible()
		browser.Eval[bool](c.Page, `window.full = false, true`)
		c.put("And now?") // once there is room, it is stored
		c.ends("done")
		c.Wait(`keptMessages().then((messages) => messages.length === 6 && messages.at(-1).status === "done")`)
		c.Wait(`!document.querySelector("#notices").textContent.includes("no room to store")`)
		c.Reload()
		c.ends("done")
		c.follows(asked, question+"|"+other+"|And now?")
		c.Wait(`!document.querySelector(".assistant[aria-busy]")`)
		if got := squeeze(browser.Eval[string](c.Page, `document.querySelectorAll(".assistant .body")[1].textContent`)); got != shown {
			t.Errorf("of %q there is %q left", shown, got)
		}
	})
	for name, script := range map[string]string{
		"forbidden": `for (const name of ["indexedDB", "localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });`,
		"broken":    `IDBFactory.prototype.open = () => { const request = new EventTarget(); setTimeout(() => request.onerror?.(), 50); return request; };`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			c.Before(script)
			c.Go(address)
			c.Wait(`document.querySelector("#notices").textContent.includes("stores nothing for this page")`)
			c.Wait(`document.querySelector("#model:enabled")`)
			c.put(question)
			c.ends("done")
			mouse(t, c, "New chat")
			c.put(other)
			c.ends("done")
			c.follows(listed, other+"|"+question)
			c.chooseChat(question)
			c.follows(asked, question)
			c.ends("done")
		})
	}
}

// TestThousandConversations has many conversations: the page loads, finds one by its answer, and opens it.
func TestThousandConversations(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	c := open(t)
	address := url(serve(t, "--log=memory"))
	c.Go(address)
	c.Wait(`document.querySelector("#model:enabled")`)
	browser.Eval[bool](c.Page, `new Promise((resolve) => { indexedDB.open("pawstream").onsuccess = ({ target: { result: database } }) => {
		const writing = database.transaction(["heads", "talks"], "readwrite");
		for (let i = 0; i < 1000; i++) {
			const id = "c" + i, messages = [{ role: "user", text: "Question " + i }, { role: "assistant", text: "word ".repeat(600) + "needle" + i + ".", status: "done", turn: { key: id, id: "", cursor: "" }, times: {}, tokens: 4 }];
			writing.objectStore("heads").put({ id, version: 1, title: "Question " + i, begun: i, at: i, shape: "2 " + id });
			writing.objectStore("talks").put({ id, version: 1, messages });
		}
		writing.oncomplete = () => resolve(true);
	}; })`)
	c.Reload()
	c.Wait(`document.querySelectorAll("#chat-list li").length === 1000`)
	if first := browser.Eval[string](c.Page, `document.querySelector("#chat-list a").textContent`); first != "Question 999" {
		t.Errorf("the list begins with %q", first)
	}
	c.Type("#chat-words", "needle357.")
	c.follows(listed, "Question 357")
	c.lookAt(t, "thousand")
	c.chooseChat("Question 357")
	c.follows(asked, "Question 357")
	c.ends("done")
}

// TestListOfConversations uses the list on a phone, where it covers the conversation, and only by keyboard.
func TestListOfConversations(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	c := open(t)
	c.Resize(320, 640)
	c.ask(url(serve(t, "--log=memory", "--advisor-pace=0")))
	c.ends("done")
	keyboard(t, c, "Conversations")
	c.Wait(`document.activeElement.id === "chat-words"`)
	c.follows(listed, question)
	c.lookAt(t, "list-320")
	keyboard(t, c, "More: "+question)
	keyboard(t, c, "Rename")
	c.Press("Cats")
	c.Enter()
	c.follows(listed, "Cats")
	c.lookAt(t, "list-renamed-320")
	c.Key("Escape", 27)
	c.Wait(`document.querySelector("#chats").hidden && document.activeElement.id === "show-chats"`)
	mouse(t, c, "New chat")
	c.follows(asked, "")
	mouse(t, c, "Conversations")
	c.chooseChat("Cats")
	c.follows(asked, question)
	c.Wait(`document.querySelector("#chats").hidden`)
	if browser.Eval[bool](c.Page, `document.documentElement.scrollWidth > innerWidth`) {
		t.Error("the page scrolls sideways")
	}
	var links []string
	mouse(t, c, "Conversations")
	links = browser.Eval[[]string](c.Page, `[...document.querySelectorAll("a[href^=docs]")].filter((e) => e.checkVisibility()).map((e) => new URL(e.href).pathname)`)
	if diff := cmp.Diff([]string{"/docs/protocol", "/docs"}, links); diff != "" {
		t.Errorf("documents to go to (-want +got)\n%s", diff)
	}
}
