package compose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/layout"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/urgent"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/triage"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// An Answer is a text, and the pets of the store that it shows, in its order.
type Answer struct {
	Text string
	Pets []*catalogue.Pet
	// Reasons are the merits of each of Pets, a few words each: what was asked for comes first.
	Reasons [][]string
}

// A composer writes one answer. It is for one goroutine.
type composer struct {
	cat    *catalogue.Catalogue
	plan   *plan.Plan
	voice  Voice
	tongue *read.Language // the answer's language; nil: English
	blocks []string
	pets   []*catalogue.Pet
	breeds []*catalogue.Breed
	guides []*catalogue.Guide
	// bare is set if the requested form has no room for more than the answer.
	bare bool
}

// Write composes the answer to a plan.
func Write(cat *catalogue.Catalogue, pl *plan.Plan, v Voice) Answer {
	c := &composer{cat: cat, plan: pl, voice: v}
	s := &pl.Style
	c.voice.Length = length(pl, v.Length)
	c.bare = s.Wants("one-word") || s.Wants("names-only") || s.Wants("number-only") || s.Wants("one-sentence") || s.Wants("yes-no")
	if pl.Turn.Language.Speaks() {
		c.tongue = pl.Turn.Language
	}
	c.language()
	switch {
	case pl.Verdict.Grief != "" && pl.Verdict.Level < triage.Now && pl.Items[0].Kind != read.TalkSad:
		c.add(c.either(pl.Verdict.Grief, string(read.TalkSad)))
	case pl.Tone == read.TalkComplaint:
		c.add(c.either("I am sorry for the trouble.", string(read.TalkComplaint)))
	}
	if asks.Pays(pl.Turn.Written) {
		c.add(c.either("I cannot take orders or payments, and nothing was charged. Please never write the number of a card in a chat: you pay in the store.", "card-number"))
	}
	if pl.Tone == read.TalkDoubt && c.tongue == nil {
		c.add("I stay with that, whoever says otherwise. It is what my guides say:")
	}
	if k := pl.Items[0].Kind; pl.Frame.Person.Minor && (k == read.KindPet || k == read.KindStock || k == read.KindGuide && pl.Turn.Has("process")) {
		c.caution()
	}
	for i := range pl.Items {
		if k := pl.Items[i].Kind; !pl.Turn.Foreign || k == read.KindEmergency || k == read.KindPet && len(pl.Items[i].Pets) > 0 {
			c.item(&pl.Items[i]) // everything else would be a guess
		}
	}
	if pl.Verdict.Level == triage.Caution && pl.Items[0].Kind != read.KindEmergency {
		c.add(c.either(urgent.MayBe, "urgent"))
	}
	if c.tongue != nil && len(pl.Turn.Words) > 5 && (pl.Items[0].Kind == read.KindOffTopic || slices.Contains(c.blocks, c.say("talk-confused"))) {
		c.add(c.say("in-danger")) // it may describe a danger
	}
	c.unused()
	if len(c.plan.Missed) > 0 && pl.Verdict.Grief == "" && c.plan.Items[0].Normal == nil && c.tongue == nil && !c.bare && !c.urgent() {
		c.add("I have nothing reliable on " + list(quoted(c.plan.Missed)) + "; the staff in the store or your vet can tell you more.")
	}
	layouter{c}.lay()
	return Answer{Text: c.form(), Pets: c.pets, Reasons: c.merits()}
}

// mostReasons is the most reasons for one pet, beside the text.
const mostReasons = 3

// merits returns the reasons for each shown pet, by the present and earlier wishes.
func (c *composer) merits() [][]string {
	var wants []plan.Condition
	for i := range c.plan.Items {
		wants = append(wants, c.plan.Items[i].Wants...)
	}
	wants = append(wants, c.plan.Frame.Wants...)
	all := make([][]string, len(c.pets))
	for i, p := range c.pets {
		f := c.judge(p, wants)
		all[i] = c.reasons(&f, mostReasons)
	}
	return all
}

// unread says in English what a language's Note says in the person's language.
const unread = "I understand only English, German, French, Spanish, Italian, Portuguese and Dutch. **Call a vet now if an animal is in danger**, and for poison ASPCA Animal Poison Control (888) 426-4435, day and night. Otherwise please ask again in one of these languages."

// language says, in a language that is not read, which ones are, and whom to call about an animal in danger, because
// the advisor cannot tell whether one is.
func (c *composer) language() {
	t := c.plan.Turn
	if !t.Foreign {
		if l := t.Language; l != nil && !l.Speaks() { // as requested
			if c.urgent() {
				c.add("**" + c.callIn(l) + "**")
			}
			c.add("I do not write " + l.Name + "; here is the answer in English.")
		}
		return
	}
	if l := t.Language; l != nil {
		if c.plan.Items[0].Kind == read.KindEmergency && c.callIn(l) != "" {
			c.add("**" + c.callIn(l) + "**")
		}
		c.add(l.Note)
	}
	c.add(unread)
}

// urgent reports whether the form must not shorten the answer, because any line may be needed.
func (c *composer) urgent() bool {
	k := c.plan.Items[0].Kind
	return k == read.KindEmergency || k == read.KindDose || k == read.KindCruelty
}

// note says in the person's language that an answer is in English and, in an emergency, whom to call.
func (c *composer) note() {
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
	if c.plan.Verdict.Harm == urgent.Poison {
		return l.Poison
	}
	return l.Emergency
}

func (c *composer) item(i *plan.Item) {
	if c.tongue != nil {
		if (phrasebook{c}).item(i) {
			return
		}
		c.note()
		tongue := c.tongue
		c.tongue = nil
		defer func() { c.tongue = tongue }()
	}
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
		if b = strings.TrimSpace(b); b != "" && !slices.Contains(c.blocks, b) {
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

// unused names parts of the turn that were not taken into account.
func (c *composer) unused() {
	if c.tongue != nil {
		written := slices.DeleteFunc(slices.Clone(c.plan.Unused), func(s string) bool { return !strings.Contains(c.plan.Turn.Written, s) })
		if len(written) > 0 && !c.bare {
			c.add(c.say("unused", strings.Join(quoted(written), ", ")))
		}
		return
	}
	if len(c.plan.Unused) > 0 && !c.bare && !c.plan.Turn.Foreign {
		c.add("I could not take into account: " + list(quoted(c.plan.Unused)) + ". Put it another way, and I look again.")
	}
}

func quoted(texts []string) []string {
	return mapped(texts, func(s string) string { return "“" + s + "”" })
}

// form converts the answer into the requested form.
func (c *composer) form() string {
	s := &c.plan.Style
	text := strings.Join(c.blocks, "\n\n")
	urgent := c.urgent()
	switch {
	case urgent: // no form may shorten it
	case s.Wants("number-only") && layout.Number(text) != "":
		return layout.Number(text)
	case (s.Wants("yes-no") || s.Wants("one-word")) && layout.YesOrNo(text) != "":
		return layout.YesOrNo(text)
	case s.Wants("one-sentence"):
		text = layout.First(text, 1)
	case s.Wants("three-sentences"):
		text = layout.Sentences(c.blocks, 3)
	case s.Wants("two-sentences"):
		text = layout.First(text, 2)
	}
	if sources := c.sources(); sources != "" && !c.bare && s.Last("two-sentences", "three-sentences", "no-sources", "line", "csv", "child") == "" {
		text += "\n\n" + sources
	}
	if s.Words > 0 && !urgent {
		text = layout.UpTo(text, s.Words)
	}
	if s.Wants("no-markdown") {
		text = layout.Plain(text)
	}
	if s.Wants("uppercase") {
		text = strings.ToUpper(text)
	}
	if s.Wants("lowercase") && !urgent {
		text = strings.ToLower(text)
	}
	if s.Start != "" {
		text = s.Start + " " + text
	}
	if s.End != "" {
		text += " " + s.End
	}
	return text
}

func (c *composer) sources() string {
	if c.tongue != nil && len(c.guides) == 0 {
		names := append(mapped(c.pets, func(p *catalogue.Pet) string { return p.Name }), mapped(c.breeds, func(b *catalogue.Breed) string { return b.Name })...)
		if len(names) == 0 {
			return ""
		}
		return "*" + c.say("sources") + ": " + strings.Join(names, ", ") + ".*"
	}
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

func mapped[T, U any](list []T, f func(T) U) []U {
	out := make([]U, len(list))
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

// talk answers small talk, and topics that the store knows nothing about.
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

// offTopic says that a topic is unknown here, and names the nearest known one.
func (c *composer) offTopic(i *plan.Item) {
	text := c.voice.pick("off",
		"That is outside of what I know: I advise on the pets in our store, on choosing one, and on their care, health and behavior.",
		"I can't help with that one. What I know is the pets in our store, which of them suits whom, and how to look after them.")
	c.add(text)
	if len(i.Hits) > 0 && i.Hits[0].Answers() && len(i.Species) > 0 {
		c.add(fmt.Sprintf("The nearest that I have is a guide on “%s”. Ask me about that, if it is what you meant.", i.Hits[0].Guide.Title))
	}
}

// why repeats the basis of the last recommendation.
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
		fmt.Fprintf(&b, "- **%s**: %s.\n", p.Name, strings.Join(c.reasons(&f, 5), "; "))
		c.show(p)
	}
	c.add(b.String())
}
