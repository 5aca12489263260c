package pages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestPetCards asks for pets: those in the answer appear as cards, even after a reload, and each can be asked about.
func TestPetCards(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.Go(url(serve(t, "--log=memory", "--advisor-pace=0")))
	c.Wait(`document.querySelector("#model:enabled")`)
	c.put("Which calm cats do you have for a flat?")
	c.ends("done")
	const names = `[...document.querySelectorAll(".assistant:last-child .pets strong")].map((e) => e.textContent)`
	c.Wait(names + `.length > 0`)
	want := browser.Eval[[]string](c.Page, answerOf+`.then((c) => c.choices[0].message.pets.map((p) => p.name))`)
	if diff := cmp.Diff(want, browser.Eval[[]string](c.Page, names)); diff != "" {
		t.Errorf("the answer's pets and the cards (-want +got)\n%s", diff)
	}
	why := browser.Eval[[]string](c.Page, answerOf+`.then((c) => c.choices[0].message.pets.map((p) => p.reasons.join(" · ")))`)
	if diff := cmp.Diff(why, browser.Eval[[]string](c.Page, `[...document.querySelectorAll(".assistant:last-child .pets .why")].map((e) => e.textContent)`)); diff != "" {
		t.Errorf("what speaks for the pets, and what the cards say (-want +got)\n%s", diff)
	}
	told := browser.Eval[[]pet](c.Page, answerOf+`.then((c) => c.choices[0].message.pets)`)
	seen := browser.Eval[[]string](c.Page, `import("/chat/portraits.js").then(({ portrait }) => `+answerOf+`.then((c) => [...document.querySelectorAll(".assistant:last-child .pets li")].map((e, i) => {
		const { species, coat } = c.choices[0].message.pets[i], drawn = e.querySelector("svg.portrait"), { width, height } = drawn.getBoundingClientRect();
		return [...e.querySelectorAll(".about > span:not(.why)")].map((e) => e.textContent).join("|") + (drawn.outerHTML === portrait(species, coat).outerHTML && width > 40 && height > 40 ? "" : ", and is drawn as another");
	})))`)
	var facts []string
	for _, p := range told {
		facts = append(facts, p.facts())
	}
	if diff := cmp.Diff(facts, seen); diff != "" || len(facts) == 0 {
		t.Errorf("the pets' facts and portraits, and those on the cards (-want +got)\n%s", diff)
	}
	if !strings.Contains(why[0], "calm") {
		t.Errorf("for the first calm cat speaks %q", why[0])
	}
	// Their names are links in the text, where bold, and among the sources, even in the reloaded text below.
	const links = `["strong", "em"].map((kind) => [...new Set([...document.querySelectorAll(".assistant:last-child .body " + kind + " a")].map((e) => e.textContent + " " + new URL(e.href).pathname))].sort().join("|"))`
	page := browser.Eval[string](c.Page, answerOf+`.then((c) => [...new Set(c.choices[0].message.pets.map((p) => p.name + " /pets/" + p.id))].sort().join("|"))`)
	linked := func() {
		t.Helper()
		if diff := cmp.Diff([]string{page, page}, browser.Eval[[]string](c.Page, links)); diff != "" {
			t.Errorf("the names in the text (-want +got)\n%s", diff)
		}
	}
	linked()
	c.lookAt(t, "cards", widths...)
	c.Resize(320, 800)
	c.lookAt(t, "cards-narrow")
	c.Resize(1280, 800)
	if rows := browser.Eval[[]string](c.Page, `Object.values(Object.groupBy(document.querySelectorAll(".pets li"), (e) => Math.round(e.getBoundingClientRect().top)))
		.map((row) => [...new Set(row.map((e) => Math.round(e.querySelector("button").getBoundingClientRect().top)))]).filter((tops) => tops.length > 1).map(String)`); len(rows) > 0 {
		t.Errorf("the buttons of a row of cards are not in line: %q", rows)
	}
	c.forDocs(t)
	c.Reload()
	c.Wait(names + `.length > 0`)
	c.Wait(`document.querySelector(".assistant:last-child .body strong a")`)
	linked()
	offered := browser.Eval[[]string](c.Page, onward)
	if diff := cmp.Diff(browser.Eval[[]string](c.Page, answerOf+`.then((c) => c.choices[0].message.related_questions)`), offered); diff != "" {
		t.Errorf("the answer's questions and those to click (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"Compare " + want[0] + " and " + want[1] + ".", "Is " + want[0] + " good for a first-time owner?", "What does " + want[0] + " cost per month?",
	}, offered); diff != "" {
		t.Errorf("what is offered to go on with (-want +got)\n%s", diff)
	}
	mouse(t, c, offered[0])
	c.Wait(asked + `.endsWith("|" + ` + fmt.Sprintf("%q", offered[0]) + `)`)
	c.ends("done")
	c.Wait(`document.querySelectorAll(".onward").length === 1 && document.querySelector(".assistant:last-child .onward") !== null`)
	mouse(t, c, "Ask about "+want[0])
	c.Wait(asked + `.endsWith("|Tell me more about ` + want[0] + `.")`)
	c.ends("done")
	if got := c.stored(); got == "" {
		t.Error("there is no answer")
	}
}

// forDocs takes the picture that the documents show: an answer with cards, beside its frames.
func (c chat) forDocs(t *testing.T) {
	t.Helper()
	c.Click("#hide-chats")
	c.Click("#show-frames")
	c.Wait(`document.querySelectorAll("#frames li").length > 100`)
	browser.Eval[bool](c.Page, `document.activeElement.blur(), document.querySelector("#scroll").scrollTop = 0, true`)
	c.Screenshot(artifacts(t), "chat.png")
	c.Click("#hide-frames")
	c.Click("#show-chats")
}

// A pet is one of an answer's pets.
type pet struct {
	Breed     string `json:"breed"`
	Sex       string `json:"sex"`
	AgeMonths int    `json:"age_months"`
	FeeUSD    int    `json:"fee_usd"`
}

// facts returns the facts on the pet's card.
func (p pet) facts() string {
	age := fmt.Sprintf("%d months", p.AgeMonths)
	switch {
	case p.AgeMonths == 1:
		age = "1 month"
	case p.AgeMonths == 12:
		age = "1 year"
	case p.AgeMonths >= 24 && (p.AgeMonths%12 == 0 || p.AgeMonths >= 120):
		age = fmt.Sprintf("%d years", p.AgeMonths/12)
	case p.AgeMonths >= 24 && p.AgeMonths%12 == 6:
		age = fmt.Sprintf("%d and a half years", p.AgeMonths/12)
	case p.AgeMonths >= 24 && p.AgeMonths%12 == 1:
		age = fmt.Sprintf("%d years and 1 month", p.AgeMonths/12)
	case p.AgeMonths >= 24:
		age = fmt.Sprintf("%d years and %d months", p.AgeMonths/12, p.AgeMonths%12)
	}
	fee := fmt.Sprintf("$%d", p.FeeUSD)
	if p.FeeUSD == 0 {
		fee = "No fee"
	}
	return p.Breed + "|" + p.Sex + ", " + age + " old|" + fee
}

// onward evaluates to the offered questions.
const onward = `[...document.querySelectorAll(".onward button")].map((e) => e.textContent)`

// TestSources follows a breed's link among an answer's sources: it leads to the pets of that breed.
func TestSources(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	c := open(t)
	c.Go(url(serve(t, "--log=memory", "--advisor-pace=0")))
	c.Wait(`document.querySelector("#model:enabled")`)
	c.put("How much grooming do a Maine Coon and a Samoyed need?")
	c.ends("done")
	const sources = `[...document.querySelectorAll(".assistant:last-child .body em")].at(-1)`
	const links = `[...` + sources + `.querySelectorAll("a")].map((a) => a.textContent + " " + a.pathname + a.search)`
	c.Wait(links + `.length > 0`)
	if diff := cmp.Diff([]string{"Thor /pets/thor", "Maine Coon /pets?breed=Maine+Coon", "Samoyed /pets?breed=Samoyed"}, browser.Eval[[]string](c.Page, links)); diff != "" {
		t.Errorf("the links among the sources (-want +got)\n%s", diff)
	}
	browser.Eval[bool](c.Page, sources+`.querySelectorAll("a")[1].click(), true`)
	c.Wait(`location.pathname === "/pets" && document.querySelector("h1").textContent === "Maine Coon" && document.querySelectorAll(".pets li").length > 0`)
	if got := browser.Eval[string](c.Page, `[...new Set([...document.querySelectorAll(".pets li .about strong + span")].map((e) => e.textContent))].join()`); got != "Maine Coon" {
		t.Errorf("the pets are of the breeds %s", got)
	}
	c.lookAt(t, "store-breed", widths...)
}

// TestSourcesInOtherLanguages asks in German and French: there, too, the sources' names are links, and the questions
// offered next are in French.
func TestSourcesInOtherLanguages(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.Go(url(serve(t, "--log=memory", "--advisor-pace=0")))
	c.Wait(`document.querySelector("#model:enabled")`)
	const links = `[...[...document.querySelectorAll(".assistant:last-child .body em")].at(-1).querySelectorAll("a")].map((a) => a.textContent + " " + a.pathname + a.search)`
	c.put("Wie alt wird ein Golden Retriever?")
	c.ends("done")
	c.Wait(links + `.join() === "Golden Retriever /pets?breed=Golden+Retriever"`)
	c.put("Avez-vous des chats calmes ?")
	c.ends("done")
	c.Wait(links + `.length > 3`)
	cards := browser.Eval[[]string](c.Page, `[...document.querySelectorAll(".assistant:last-child .pets strong a")].map((a) => a.textContent + " " + a.pathname)`)
	if diff := cmp.Diff(cards, browser.Eval[[]string](c.Page, links)); diff != "" {
		t.Errorf("the links among the sources, beside the cards (-want +got)\n%s", diff)
	}
	c.Wait(onward + `.length === 3`)
	offered := browser.Eval[[]string](c.Page, onward)
	if !strings.HasPrefix(offered[0], "Quelle est la différence entre ") {
		t.Errorf("after an answer in French %q is offered", offered)
	}
	mouse(t, c, offered[0])
	c.ends("done")
	c.Wait(onward + `.length === 3 && ` + onward + `[0].startsWith("Est-ce que ")`)
	browser.Eval[bool](c.Page, `document.querySelector(".pets button").click(), true`)
	c.ends("done")
	if got := browser.Eval[string](c.Page, asked); !strings.Contains(got, "|Parlez-moi de ") {
		t.Errorf("of a pet is asked: %s", got)
	}
}

// TestOnward clicks an offered question: the next offer differs. After a danger there is none.
func TestOnward(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	c := open(t)
	c.Go(url(serve(t, "--log=memory", "--advisor-pace=0")))
	c.Wait(`document.querySelector("#model:enabled")`)
	c.put("How loud are pet birds?")
	c.ends("done")
	c.Wait(onward + `.length === 3`)
	offered := browser.Eval[[]string](c.Page, onward)
	if offered[0] != "How do you tame a bird?" {
		t.Errorf("after a question on birds %q is offered", offered)
	}
	mouse(t, c, offered[0])
	c.Wait(asked + `.endsWith("|" + ` + fmt.Sprintf("%q", offered[0]) + `)`)
	c.ends("done")
	c.Wait(onward + `.length === 3 && !` + onward + `.includes(` + fmt.Sprintf("%q", offered[0]) + `)`)
	c.put("My dog ate chocolate. What now?")
	c.ends("done")
	c.Wait(onward + `.length === 0`)
}

// TestPortraits draws each species in each coat, and unknown ones.
func TestPortraits(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	c := open(t)
	c.Go(url(serve(t, "--log=memory")))
	c.Wait(`document.querySelector("#model:enabled")`)
	c.Resize(1280, 900)
	bad := browser.Eval[[]string](c.Page, `import("/chat/portraits.js").then(({ portrait }) => {
		const bad = [], wall = document.createElement("div");
		wall.className = "pets";
		wall.style.cssText = "grid-template-columns: repeat(15, 1fr); gap: 4px; position: fixed; inset: 0; z-index: 99; background: var(--page)";
		const coats = [["black"], ["black and white"], ["blue"], ["brindle"], ["brown", "white"], ["calico"], ["cream"], ["golden"], ["gray"], ["green"], ["red", "white"], ["spotted", "brown"], ["tabby", "white"], ["white"], ["plaid", null, 7]];
		for (const species of ["dog", "cat", "rabbit", "guinea-pig", "hamster", "bird", "fish", "reptile", "constructor"]) for (const coat of coats) {
			const svg = portrait(species, coat);
			wall.append(svg);
			if (/undefined|NaN|null/.test(svg.outerHTML) || svg.childElementCount < 5) bad.push(species + " " + coat + ": " + svg.outerHTML);
		}
		for (const coat of [undefined, "red", {}, [], ["__proto__"]]) portrait(undefined, coat);
		document.body.append(wall);
		return bad;
	})`)
	for _, drawing := range bad {
		t.Error(drawing)
	}
	c.Screenshot(artifacts(t), "portraits.png")
}

// TestBadPets opens a stored conversation with malformed pets: the page shows what it can, safely.
func TestBadPets(t *testing.T) {
	skip.Long(t, "a real browser in one more state of the page")
	t.Parallel()
	c := open(t)
	server := serve(t, "--log=memory")
	c.Go(url(server) + "chat/icon.svg")
	browser.Eval[bool](c.Page, `(localStorage.setItem("pawstream.conversation", JSON.stringify({ version: 1, messages: [{ role: "user", text: "?" },
		{ role: "assistant", text: "So.", status: "done", turn: { key: "k", id: "", cursor: "" }, times: {}, tokens: 0, pets: [null, 7, "x", {}, { name: "" }, { name: "A", species: 1 },
			{ name: "<b>Bo</b>", species: "dragon", breed: 7, sex: {}, age_months: "old", fee_usd: "free", coat: "plaid", reasons: [null, "<i>calm</i>", {}] }], related: [null, 7, "", "x".repeat(1e4), "<b>Why?</b>", {}] }] })), true)`)
	c.Go(url(server))
	c.Wait(`document.querySelectorAll(".pets li").length === 1 && document.querySelector(".pets strong").textContent === "<b>Bo</b>" && document.querySelector(".pets .why").textContent === "<i>calm</i>"`)
	c.Wait(onward + `.join("|") === "<b>Why?</b>"`)
}
