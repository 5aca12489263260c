package compose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// An Answer is what is said, and the pets of the store that it shows, in its order.
type Answer struct {
	Text string
	Pets []*catalogue.Pet
}

// A composer writes one answer.
type composer struct {
	cat    *catalogue.Catalogue
	plan   *plan.Plan
	voice  Voice
	blocks []string
	pets   []*catalogue.Pet
	breeds []*catalogue.Breed
	guides []*catalogue.Guide
	// bare is set where the form that was asked for leaves no room for more than the answer.
	bare bool
}

// Write composes the answer that a plan asks for.
func Write(cat *catalogue.Catalogue, pl *plan.Plan, v Voice) Answer {
	c := &composer{cat: cat, plan: pl, voice: v}
	s := &pl.Style
	switch {
	case s.Wants("short") || s.Wants("one-sentence") || s.Wants("two-sentences"):
		c.voice.Length = min(c.voice.Length, Brief)
	case s.Wants("long") && v.Length < Long:
		c.voice.Length++
	case len(pl.Items) > 1 && c.voice.Length > Short:
		c.voice.Length--
	}
	c.bare = s.Wants("names-only") || s.Wants("number-only") || s.Wants("one-sentence") || s.Wants("yes-no")
	c.language()
	if pl.Tone == read.TalkComplaint {
		c.add("I am sorry for the trouble.")
	}
	if k := pl.Items[0].Kind; pl.Frame.Person.Minor && (k == read.KindPet || k == read.KindStock || k == read.KindGuide && pl.Turn.Has("process")) {
		c.caution()
	}
	for i := range pl.Items {
		c.item(&pl.Items[i])
	}
	c.unused()
	return Answer{Text: c.form(), Pets: c.pets}
}

// language says in the person's language that the guides are in English and, in an
// emergency, whom to call.
func (c *composer) language() {
	l := c.plan.Turn.Language
	if l == nil {
		return
	}
	switch c.plan.Items[0].Kind {
	case read.KindEmergency:
		c.add("**" + c.callIn(l) + "**")
	case read.KindOffTopic:
		c.add(l.Unsure)
	default:
		c.add(l.Note)
	}
}

func (c *composer) callIn(l *read.Language) string {
	if c.plan.Verdict.Harm == harmPoison {
		return l.Poison
	}
	return l.Emergency
}

func (c *composer) item(i *plan.Item) {
	if i.Stranger != "" && !c.bare {
		c.add(fmt.Sprintf("We have no pet called %s right now.", i.Stranger))
	}
	switch {
	case i.Kind == read.KindEmergency:
		c.emergency(i)
	case i.Kind == read.KindCruelty:
		c.cruelty(i)
	case i.Kind == read.KindDose:
		c.dose(i)
	case i.Why:
		c.why(i)
	case i.Kind == read.KindRecommend:
		c.recommend(i)
	case i.Kind == read.KindStock:
		c.stock(i)
	case i.Kind == read.KindPet:
		c.aboutPets(i)
	case i.Kind == read.KindBreed:
		c.aboutBreeds(i)
	case i.Kind == read.KindCompare:
		c.compare(i)
	case i.Kind == read.KindGuide:
		c.guide(i)
	default:
		c.talk(i)
	}
}

func (c *composer) add(blocks ...string) {
	for _, b := range blocks {
		if b = strings.TrimSpace(b); b != "" {
			c.blocks = append(c.blocks, b)
		}
	}
}

func (c *composer) show(pets ...*catalogue.Pet) {
	for _, p := range pets {
		c.pets = appendNew(c.pets, p)
	}
}

func (c *composer) citeBreeds(breeds ...*catalogue.Breed) {
	for _, b := range breeds {
		c.breeds = appendNew(c.breeds, b)
	}
}

func (c *composer) cite(p *catalogue.Passage) { c.guides = appendNew(c.guides, p.Guide) }

// unused says what of the turn was not taken into account.
func (c *composer) unused() {
	if len(c.plan.Unused) > 0 && !c.bare {
		c.add("I could not take into account: " + list(quoted(c.plan.Unused)) + ". Put it another way, and I look again.")
	}
}

func quoted(texts []string) []string {
	return mapped(texts, func(s string) string { return "“" + s + "”" })
}

// form gives the answer the form that was asked for.
func (c *composer) form() string {
	s := &c.plan.Style
	text := strings.Join(c.blocks, "\n\n")
	urgent := c.plan.Items[0].Kind == read.KindEmergency
	switch {
	case urgent: // no form is worth a line that may be needed
	case s.Wants("yes-no") && yesOrNo(text) != "":
		return yesOrNo(text)
	case s.Wants("one-sentence"):
		text = firstOf(text, 1)
	case s.Wants("two-sentences"):
		text = firstOf(text, 2)
	}
	if sources := c.sources(); sources != "" && !c.bare && !s.Wants("two-sentences") {
		text += "\n\n" + sources
	}
	if s.Words > 0 && !urgent {
		text = upTo(text, s.Words)
	}
	if s.Wants("no-markdown") {
		text = plain(text)
	}
	if s.Wants("uppercase") {
		text = strings.ToUpper(text)
	}
	if s.Start != "" {
		text = s.Start + " " + text
	}
	if s.End != "" {
		text += " " + s.End
	}
	return text
}

// yesOrNo returns the word that a text begins with, where that is the whole answer.
func yesOrNo(text string) string {
	for _, word := range []string{"Yes", "No"} {
		if rest, ok := strings.CutPrefix(plain(text), word); ok && rest != "" && strings.ContainsRune(":,. ", rune(rest[0])) {
			return word + "."
		}
	}
	return ""
}

// firstOf returns the first sentences of a text, without its markup.
func firstOf(text string, n int) string {
	flat := plain(strings.ReplaceAll(text, "\n\n", " "))
	sentences := proseSentences(flat)
	return strings.Join(sentences[:min(n, len(sentences))], " ")
}

// upTo shortens a text to at most n words, at the end of a sentence where it can.
func upTo(text string, n int) string {
	if countWords(text) <= n {
		return text
	}
	kept := ""
	for _, s := range proseSentences(plain(text)) {
		if countWords(kept)+countWords(s) > n {
			break
		}
		kept += s + " "
	}
	if kept == "" {
		kept = strings.Join(strings.Fields(plain(text))[:n], " ")
	}
	return strings.TrimSpace(kept)
}

// plain takes the Markdown off a text.
func plain(text string) string {
	text = strings.NewReplacer("**", "", "*", "", "`", "", "\n- ", "\n").Replace(text)
	return strings.TrimPrefix(text, "- ")
}

func (c *composer) sources() string {
	var parts []string
	if len(c.pets) > 0 {
		parts = append(parts, "pets in our store: "+join(c.pets, func(p *catalogue.Pet) string { return p.Name }))
	}
	if len(c.breeds) > 0 {
		parts = append(parts, "breed facts: "+join(c.breeds, func(b *catalogue.Breed) string { return b.Name }))
	}
	if len(c.guides) > 0 {
		parts = append(parts, "care guides: "+join(c.guides, func(g *catalogue.Guide) string { return g.Title }))
	}
	if len(parts) == 0 {
		return ""
	}
	return "*Sources: " + strings.Join(parts, "; ") + ".*"
}

func join[T any](list []T, name func(T) string) string {
	return strings.Join(mapped(list, name), ", ")
}

func mapped[T any](list []T, f func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

func appendNew[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// talk answers what is only said, and what is nothing that the store knows.
func (c *composer) talk(i *plan.Item) {
	replies := read.Replies(i.Kind)
	if len(replies) == 0 {
		c.offTopic(i)
		return
	}
	c.add(c.voice.pick(string(i.Kind), replies...))
	if i.Kind == read.TalkConfused && len(i.Hits) > 0 && i.Hits[0].Answers() {
		c.passages(i, 1)
	}
}

// offTopic says that a thing is not known here, and names the nearest that is.
func (c *composer) offTopic(i *plan.Item) {
	text := c.voice.pick("off",
		"That is outside of what I know: I advise on the pets in our store, on choosing one, and on their care, health and behavior.",
		"I can't help with that one. What I know is the pets in our store, which of them suits whom, and how to look after them.")
	if c.plan.Turn.Foreign {
		text = "I read English best. " + text
	}
	c.add(text)
	if len(i.Hits) > 0 && i.Hits[0].Answers() && len(i.Species) > 0 {
		c.add(fmt.Sprintf("The nearest that I have is a guide on “%s”. Ask me about that, if it is what you meant.", i.Hits[0].Guide.Title))
	}
}

// why repeats what the last recommendation rested on.
func (c *composer) why(i *plan.Item) {
	pets := i.Pets[:min(len(i.Pets), c.voice.Length.by(1, 3, 4, 6))]
	if said := c.wishes(i.Wants); said != "" {
		c.add("I went by what you told me: " + said + ". For each of them that means:")
	} else {
		c.add("You had not told me much yet, so I chose pets that are easy to begin with, of different kinds:")
	}
	var b strings.Builder
	for _, p := range pets {
		f := c.judge(p, i.Wants)
		fmt.Fprintf(&b, "- **%s**: %s.\n", p.Name, strings.Join(f.reasons(5), "; "))
		c.show(p)
	}
	c.add(b.String())
}
