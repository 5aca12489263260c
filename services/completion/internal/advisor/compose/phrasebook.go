package compose

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/excerpt"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/suit"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/urgent"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/reckon"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/triage"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Answers in languages other than English: they use that language's phrases, in plainer sentences. What has no
// phrases is said in English, after a note.

// A phrasebook is the phrasing in its composer's tongue.
type phrasebook struct{ *composer }

var _ phrasing = phrasebook{}

// say returns a phrase in the person's language.
func (c *composer) say(key string, in ...string) string { return c.tongue.Say(key, in...) }

// item answers an item in the person's language; false: it must be in English.
func (c phrasebook) item(i *plan.Item) bool {
	if i.Stranger != "" && !c.bare {
		c.add(c.say("stranger", i.Stranger))
	}
	switch {
	case i.Kind == read.KindEmergency:
		return c.shortEmergency()
	case i.Kind == read.KindCruelty:
		c.add(c.say("cruelty"))
	case i.Kind == read.KindDose:
		c.add(c.say("dose"))
	case i.Why:
		var fits []fit
		for _, p := range i.Pets {
			fits = append(fits, c.judge(p, i.Wants))
		}
		c.rows(fits, i)
	case i.Kind == read.KindRecommend:
		c.recommend(i)
	case i.Kind == read.KindStock:
		c.stock(i)
	case i.Kind == read.KindPet && len(i.Pets) > 0:
		c.shortPets(i)
	case i.Kind == read.KindPet && i.Stranger != "":
	case i.Kind == read.KindBreed || i.Kind == read.KindCompare || i.Kind == read.KindPet || i.Kind == read.KindGuide:
		return c.shortCare(i) || c.shortBreeds(i) || c.shortMiss(i)
	case i.Kind == read.KindOffTopic:
		c.add(c.say("offtopic"))
	default:
		text := c.say(string(i.Kind))
		c.add(text)
		return text != ""
	}
	return true
}

// shortEmergency says whom to call and what to do meanwhile; false: that exists only in English.
func (c phrasebook) shortEmergency() bool {
	v := &c.plan.Verdict
	i := &c.plan.Items[0]
	switch {
	case c.say(v.Harm) != "":
		c.add(c.say(v.Harm))
		return true
	case v.Person:
		c.add(c.say("person"))
	case v.Level == triage.Caution:
		c.add(c.say("urgent"))
		c.shortCare(i)
		return true
	case v.Level == triage.Today && v.Harm != urgent.Poison:
		c.add(c.say("today"))
	default:
		c.add("**" + c.callIn(c.tongue) + "**")
	}
	if c.plan.Frame.Person.Minor {
		c.add(c.say("adult"))
	}
	aid, known := c.aid(i), false
	for _, p := range aid {
		if text := c.tongue.Care(p.Guide.ID, p.Heading); text != "" {
			c.add(text)
			c.namesGuide(p)
			known = true
		}
	}
	switch {
	case known:
	case len(aid) > 0: // first aid in English is better than none
		c.add(c.tongue.Note, excerpt.Of(aid[0].Text, c.voice.Length.by(60, 90, 140, 160)))
		c.cite(aid[0])
	case !v.Person:
		c.add(c.say("until-then"))
	}
	if !v.Person {
		c.add(c.say("cannot-tell"))
	}
	return true
}

// nearCare is the least score of a passage that may replace the best one, as a share of its score.
const nearCare = 0.9

// shortCare tells the short version of a passage, if it is among the best and exists in the language.
func (c phrasebook) shortCare(i *plan.Item) bool {
	for n, h := range i.Hits {
		if n == 0 && !h.Answers() && i.Answer == nil || h.Score < nearCare*i.Hits[0].Score {
			return false
		}
		text := c.tongue.Care(h.Guide.ID, h.Heading)
		if text == "" || i.Answer != nil && h.Guide != i.Answer.Guide {
			continue
		}
		if i.Answer != nil && i.Answer.Verdict != "" {
			text = c.say(strings.ReplaceAll(strings.ToLower(i.Answer.Verdict), " ", "-")) + " " + text
		}
		c.add(text)
		c.namesGuide(h.Passage)
		return true
	}
	return false
}

func (c phrasebook) namesGuide(p *catalogue.Passage) {
	if !c.bare {
		c.add("*" + c.say("whole-guide", p.Guide.Title) + "*")
	}
}

// shortMiss says that nothing is known about a question; false: something is, in English.
func (c phrasebook) shortMiss(i *plan.Item) bool {
	if i.Answer != nil || len(i.Hits) > 0 && i.Hits[0].Answers() {
		return false
	}
	c.add(c.say("talk-confused"))
	return true
}

// shortBreeds tells the requested facts about pets and breeds, or else what they are like.
func (c phrasebook) shortBreeds(i *plan.Item) bool {
	asked := mapped(i.Asked, func(a *catalogue.Attribute) string { return a.Name })
	if len(asked) == 0 && i.Kind == read.KindGuide || len(i.Pets)+len(i.Breeds) == 0 {
		return false
	}
	if len(asked) == 0 {
		asked = []string{"size", "energy", "children", "shedding", "lifespan", "upkeep"}
	}
	var b strings.Builder
	line := func(name string, p *catalogue.Pet) {
		facts := mapped(asked[:min(6, len(asked))], func(a string) string { return c.says(p, a) })
		facts = slices.DeleteFunc(facts, func(s string) bool { return s == "" })
		if len(facts) > 0 {
			fmt.Fprintf(&b, "- **%s**: %s.\n", name, strings.Join(facts, "; "))
		}
	}
	for _, p := range i.Pets[:min(4, len(i.Pets))] {
		line(p.Name, p)
		c.show(p)
	}
	for _, breed := range i.Breeds[:min(4, len(i.Breeds))] {
		line(breed.Name, suit.Example(breed))
		c.citeBreeds(breed)
	}
	c.add(b.String())
	return b.Len() > 0
}

// shortPets answers a question about pets of the store.
func (c phrasebook) shortPets(i *plan.Item) {
	pets := i.Pets[:min(len(i.Pets), 6)]
	c.show(pets...)
	if i.Total && len(pets) > 1 {
		c.add(c.say("total", dollars(fees(pets))))
	}
	for _, p := range pets {
		f := c.judge(p, c.personal())
		facts := c.shortFacts(p, i)
		switch {
		case i.Suits && len(f.against) > 0:
			c.add(c.say("no-suits", p.Name, strings.Join(f.against, "; ")))
		case i.Suits:
			c.add(c.say("yes-suits", p.Name, strings.Join(c.reasons(&f, 4), "; ")))
		case len(facts) == 0:
			c.add(c.headline(p) + ".")
			facts = mapped([]string{"needs", "children", "cats", "dogs", "energy", "home", "hours", "shedding", "beginner", "upkeep"},
				func(a string) string { return c.says(p, a) })
		}
		if len(facts) > 3 && !c.bare {
			c.add("- " + strings.Join(facts[:c.voice.Length.by(2, 5, len(facts), len(facts))], "\n- "))
		} else if len(facts) > 0 && len(facts) <= 3 {
			c.add(strings.TrimSpace(c.say(verdict(p, i)) + " **" + p.Name + "**: " + strings.Join(facts, "; ") + "."))
			if !i.Suits && len(f.against) > 0 {
				c.add(c.say("mind", strings.Join(f.against, "; ")))
			}
		}
	}
}

// shortFacts returns the requested facts about a pet.
func (c phrasebook) shortFacts(p *catalogue.Pet, i *plan.Item) []string {
	var facts []string
	for _, a := range i.Asked {
		text := c.says(p, a.Name)
		switch a.Name {
		case "available":
			text = c.say("available", p.Name)
		case "stay":
			text = c.say("not-recorded")
		}
		if text != "" && len(facts) < 3 {
			facts = appendNew(facts, strings.TrimSuffix(text, "."))
		}
	}
	return facts
}

// verdict returns the key of a yes or no to the first attribute asked for; "": the question wants none.
func verdict(p *catalogue.Pet, i *plan.Item) string {
	if len(i.Asked) == 0 {
		return ""
	}
	t := map[string]catalogue.Tolerance{"children": p.GoodWith.Children, "cats": p.GoodWith.Cats, "dogs": p.GoodWith.Dogs}[i.Asked[0].Name]
	return map[catalogue.Tolerance]string{catalogue.Yes: "yes", catalogue.No: "no"}[t]
}

// rows lists pets with what speaks for and against each.
func (c phrasebook) rows(fits []fit, i *plan.Item) {
	var b strings.Builder
	for n := range fits {
		f := &fits[n]
		fmt.Fprintf(&b, "%d. %s. %s.", n+1, c.headline(f.pet), upperFirst(strings.Join(c.reasons(f, c.voice.Length.by(2, 3, 4, 5)), "; ")))
		if len(f.against) > 0 {
			b.WriteString(" *" + c.say("but", strings.Join(f.against, "; ")) + "*")
		} else if cons := c.drawbacks(f.pet, i.Wants); len(cons) > 0 {
			b.WriteString(" *" + c.say("mind", strings.Join(cons[:min(2, len(cons))], "; ")) + "*")
		}
		b.WriteString("\n")
		c.show(f.pet)
	}
	c.add(b.String())
}

// kindsOf names the kind of the pets, or calls them animals if they differ.
func (c phrasebook) kindsOf(fits []fit) string {
	species := fits[0].pet.Species
	if slices.ContainsFunc(fits, func(f fit) bool { return f.pet.Species != species }) {
		return c.say("pets")
	}
	if len(fits) == 1 {
		return c.say(string(species))
	}
	return c.say(string(species) + "s")
}

// contradiction implements [phrasing].
func (c phrasebook) contradiction(a, b *plan.Condition) {
	c.add(c.say("contradiction", strings.Join(c.labels([]plan.Condition{*a, *b}), " / ")))
}

func (c phrasebook) unplaced(string) { c.add(c.say("unplaced")) }

// suggest implements [phrasing].
func (c phrasebook) suggest(i *plan.Item, fits []fit) {
	c.caution()
	if len(c.labels(i.Wants)) == 0 {
		c.add(c.say("suit-any"))
	} else {
		c.add(c.say("suit"))
	}
	c.rows(c.choose(i, fits), i)
	c.understood(i.Wants)
	c.notes()
}

// nearest implements [phrasing].
func (c phrasebook) nearest(i *plan.Item, fits []fit) {
	c.caution()
	c.add(c.say("nothing-fits"))
	c.instead(i, closest(fits, 3))
	c.understood(i.Wants)
	c.notes()
}

// understood repeats the wishes as understood.
func (c phrasebook) understood(wants []plan.Condition) {
	if labels := c.labels(wants); len(labels) > 0 && !c.bare {
		c.add(c.say("understood", strings.Join(labels, ", ")))
	}
}

func (c phrasebook) reckoned(r *reckon.Question) bool {
	if fits := mapped(r.Pets, func(p *catalogue.Pet) fit { return fit{pet: p} }); r.Op == reckon.Sum {
		c.found(&plan.Item{Total: true}, fits, fits)
		return true
	}
	return false
}
func (phrasebook) counts(*plan.Item) bool { return false }

// average implements [phrasing].
func (c phrasebook) average(_ *plan.Item, a *catalogue.Attribute, fits []fit) {
	v := mean(a, fits)
	if a.Name == "age" {
		c.add(c.say("average", c.ageOf(int(v))))
		return
	}
	c.add(c.say("average", dollars(int(v+0.5))))
}

// none implements [phrasing].
func (c phrasebook) none(i *plan.Item) {
	switch {
	case i.Count:
		c.add(c.say("zero"))
	case i.More:
		c.add(c.say("no-more"))
		return
	default:
		c.add(c.say("none"))
	}
	c.understood(i.Wants)
}

// instead implements [phrasing].
func (c phrasebook) instead(i *plan.Item, fits []fit) {
	c.add(c.say("nearest"))
	c.rows(fits, i)
}

// found implements [phrasing].
func (c phrasebook) found(i *plan.Item, fits, shown []fit) {
	n := strconv.Itoa(len(fits))
	lead := c.say("count", n, c.kindsOf(fits))
	switch {
	case i.Order != nil && i.Order.One && i.Order.Nth > 1 && i.Order.Nth <= len(fits):
		lead = strconv.Itoa(i.Order.Nth) + "."
	case i.Order != nil && i.Order.One:
		lead = cmp.Or(c.say(i.Order.Attribute.Name+"."+strconv.Itoa(i.Order.Direction)), c.say("first"))
	case len(shown) < len(fits):
		lead = c.say("count-some", n, c.kindsOf(fits), strconv.Itoa(len(shown)))
	case i.Have:
		lead = c.say("yes-count", n, c.kindsOf(fits))
	}
	var b strings.Builder
	for _, f := range shown {
		fmt.Fprintf(&b, "- %s%s\n", c.headline(f.pet), c.also(f.pet, i))
		c.show(f.pet)
	}
	c.add(lead, b.String())
	c.understood(i.Wants)
	if i.Total && len(fits) > 1 {
		c.add(c.say("total", dollars(fees(petsOf(fits)))))
	}
}
