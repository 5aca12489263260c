package compose

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/excerpt"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/urgent"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/triage"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// How answers are put in another language than English: by the phrases of that language, in
// plainer sentences than in English. What cannot be told so is told in English behind a word
// on it.

// A teller writes an answer in the language of its composer's tongue.
type teller struct{ *composer }

// say returns a phrase of the person's language.
func (c *composer) say(key string, in ...string) string { return c.tongue.Say(key, in...) }

// told answers an item in the person's language; false if it has to be told in English.
func (c teller) told(i *plan.Item) bool {
	if i.Stranger != "" && !c.bare {
		c.add(c.say("stranger", i.Stranger))
	}
	switch {
	case i.Kind == read.KindEmergency:
		return c.dangerTold()
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
		c.recommendTold(i)
	case i.Kind == read.KindStock:
		c.stockTold(i)
	case i.Kind == read.KindPet && len(i.Pets) > 0:
		c.petsTold(i)
	case i.Kind == read.KindPet && i.Stranger != "":
	case i.Kind == read.KindBreed || i.Kind == read.KindCompare || i.Kind == read.KindPet || i.Kind == read.KindGuide:
		return c.careTold(i) || c.breedsTold(i) || c.missTold(i)
	case i.Kind == read.KindOffTopic:
		c.add(c.say("offtopic"))
	default:
		text := c.say(string(i.Kind))
		c.add(text)
		return text != ""
	}
	return true
}

// dangerTold tells whom to call and what to do until then; false if that is in English only.
func (c teller) dangerTold() bool {
	v := &c.plan.Verdict
	i := &c.plan.Items[0]
	switch {
	case v.Harm == triage.Crisis, v.Harm == triage.IllPerson:
		return false
	case v.Person:
		c.add(c.say("person"))
	case v.Level == triage.Caution:
		c.add(c.say("urgent"))
		c.careTold(i)
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
			c.guideTold(p)
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

// nearCare is how near to the best passage one has to be that is told in its place.
const nearCare = 0.9

// careTold tells a passage in short, if it is among the best and known in the language.
func (c teller) careTold(i *plan.Item) bool {
	for n, h := range i.Hits {
		if n == 0 && !h.Answers() && i.Answer == nil || i.Answer == nil && h.Score < nearCare*i.Hits[0].Score {
			return false
		}
		text := c.tongue.Care(h.Guide.ID, h.Heading)
		if text == "" || i.Answer != nil && h.Guide != i.Answer.Guide {
			continue
		}
		if i.Answer != nil && i.Answer.Verdict != "" {
			text = c.say(strings.ToLower(i.Answer.Verdict)) + " " + text
		}
		c.add(text)
		c.guideTold(h.Passage)
		return true
	}
	return false
}

func (c teller) guideTold(p *catalogue.Passage) {
	if !c.bare {
		c.add("*" + c.say("whole-guide", p.Guide.Title) + "*")
	}
}

// missTold says that nothing is known on a question; false where something is, in English.
func (c teller) missTold(i *plan.Item) bool {
	if i.Answer != nil || len(i.Hits) > 0 && i.Hits[0].Answers() {
		return false
	}
	c.add(c.say("talk-confused"))
	return true
}

// breedsTold tells what was asked of pets and breeds, or else what they are like.
func (c teller) breedsTold(i *plan.Item) bool {
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
		line(breed.Name, example(breed))
		c.citeBreeds(breed)
	}
	c.add(b.String())
	return b.Len() > 0
}

// petsTold answers a question about pets of the store.
func (c teller) petsTold(i *plan.Item) {
	pets := i.Pets[:min(len(i.Pets), 6)]
	c.show(pets...)
	if i.Total && len(pets) > 1 {
		c.totalTold(pets)
	}
	for _, p := range pets {
		f := c.judge(p, c.personal())
		facts := c.factsTold(p, i)
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
			c.add(c.yesTo(p, i) + "**" + p.Name + "**: " + strings.Join(facts, "; ") + ".")
			if !i.Suits && len(f.against) > 0 {
				c.add(c.say("mind", strings.Join(f.against, "; ")))
			}
		}
	}
}

// factsTold returns what was asked of a pet.
func (c teller) factsTold(p *catalogue.Pet, i *plan.Item) []string {
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

// yesTo returns the yes or no that the first attribute which was asked for wants.
func (c teller) yesTo(p *catalogue.Pet, i *plan.Item) string {
	if len(i.Asked) == 0 {
		return ""
	}
	t := map[string]catalogue.Tolerance{"children": p.GoodWith.Children, "cats": p.GoodWith.Cats, "dogs": p.GoodWith.Dogs}[i.Asked[0].Name]
	switch t {
	case catalogue.Yes:
		return c.say("yes") + " "
	case catalogue.No:
		return c.say("no") + " "
	case catalogue.Older, catalogue.Slow:
	}
	return ""
}

func (c teller) totalTold(pets []*catalogue.Pet) {
	sum := 0
	for _, p := range pets {
		sum += p.Price
	}
	c.add(c.say("total", dollars(sum)))
}

// recommendTold shows the pets that suit best, or what comes nearest.
func (c teller) recommendTold(i *plan.Item) {
	if contradiction(i.Wants) != "" {
		c.add(c.say("contradiction", strings.Join(c.labels(i.Wants), " / ")))
		return
	}
	if i.Unknown != "" && !plan.NamesAnimal(i.Wants) {
		c.add(c.say("unplaced"))
		return
	}
	c.solitary(i.Wants)
	fits, suit := c.candidates(i)
	switch {
	case len(fits) == 0:
		c.add(c.say("no-more"))
		return
	case c.plan.Style.Wants("names-only") && suit > 0:
		c.names(fits[:min(suit, 5)])
		return
	}
	c.cautionTold()
	labels := strings.Join(c.labels(i.Wants), ", ")
	switch {
	case suit == 0:
		c.add(c.say("nothing-fits"))
	case labels == "":
		c.add(c.say("suit-any"))
	default:
		c.add(c.say("suit"))
	}
	if suit > 0 {
		c.rows(c.choose(i, fits[:suit]), i)
	} else {
		c.add(c.say("nearest"))
		c.rows(slices.DeleteFunc(fits[:min(3, len(fits))], func(f fit) bool { return f.far >= 200 }), i)
	}
	if labels != "" && !c.bare {
		c.add(c.say("understood", labels))
	}
	c.notesTold()
}

// rows writes a list of pets with what speaks for and against each.
func (c teller) rows(fits []fit, i *plan.Item) {
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

func (c teller) cautionTold() {
	who := &c.plan.Frame.Person
	switch {
	case who.Minor && c.plan.Frame.Turns == 1:
		c.add(c.say("minor"))
	case who.Gift && c.plan.Frame.Turns == 1:
		c.add(c.say("gift"))
	case who.Travels && who.Away < 0:
		c.add(c.say("travel"))
	}
}

func (c teller) notesTold() {
	who := &c.plan.Frame.Person
	if c.voice.Length < Short {
		return
	}
	if who.Allergy {
		c.add(c.say("allergy-note"))
	}
	if who.Children && who.Youngest >= 0 && who.Youngest < 6 {
		c.add(c.say("small-child"))
	}
}

// stockTold answers which pets there are, exactly.
func (c teller) stockTold(i *plan.Item) {
	if i.Order != nil && i.Order.Attribute.Type == catalogue.Missing {
		c.add(c.say("not-recorded"))
		return
	}
	if i.Unknown != "" && (!plan.NamesAnimal(i.Wants) || i.Have) {
		c.add(c.say("unplaced"))
		return
	}
	fits, suit := c.candidates(i)
	fits = fits[:suit]
	if i.Order == nil {
		slices.SortStableFunc(fits, func(a, b fit) int {
			return slices.Index(c.cat.Pets(), a.pet) - slices.Index(c.cat.Pets(), b.pet)
		})
	}
	switch {
	case c.plan.Style.Wants("number-only"):
		c.add(strconv.Itoa(suit))
	case suit == 0 && i.More:
		c.add(c.say("no-more"))
	case suit == 0:
		c.noneTold(i)
	case c.plan.Style.Wants("yes-no"):
		c.add(c.say("yes"))
	case c.plan.Style.Wants("names-only"):
		c.names(fits)
	case i.Average:
		c.averageTold(i, fits)
	default:
		c.foundTold(i, fits)
	}
}

func (c teller) averageTold(i *plan.Item, fits []fit) {
	if len(i.Asked) > 0 && i.Asked[0].Name == "age" {
		months := 0
		for _, f := range fits {
			months += f.pet.AgeMonths
		}
		c.add(c.say("average", c.ageOf(months/len(fits))))
		return
	}
	sum := 0
	for _, f := range fits {
		sum += f.pet.Price
	}
	c.add(c.say("average", dollars((sum+len(fits)/2)/len(fits))))
}

// noneTold says that there is no such pet, and what is nearest.
func (c teller) noneTold(i *plan.Item) {
	c.add(c.say(map[bool]string{true: "zero", false: "none"}[i.Count]))
	if labels := c.labels(i.Wants); len(labels) > 0 && !c.bare {
		c.add(c.say("understood", strings.Join(labels, ", ")))
	}
	near := *i
	near.Wants = likeBreeds(c.cat, i.Wants)
	fits, _ := c.candidates(&near)
	if c.bare || len(fits) == 0 || fits[0].far >= 100 && len(i.Wants) > 1 {
		return
	}
	best := fits[0].far
	fits = slices.DeleteFunc(fits[:min(3, len(fits))], func(f fit) bool { return f.far > best || f.far >= 200 })
	if len(fits) > 0 {
		c.add(c.say("nearest"))
		c.rows(fits, i)
	}
}

// foundTold lists the pets that were asked for.
func (c teller) foundTold(i *plan.Item, fits []fit) {
	const most = 12
	shown := fits[:min(most, len(fits))]
	n := strconv.Itoa(len(fits))
	lead := c.say("count", n, c.kindsOf(fits))
	switch {
	case i.Order != nil && i.Order.One && i.Order.Nth > 1 && i.Order.Nth <= len(fits):
		shown = fits[i.Order.Nth-1 : i.Order.Nth]
		lead = strconv.Itoa(i.Order.Nth) + "."
	case i.Order != nil && i.Order.One:
		shown = c.top(i.Order, fits)
		lead = cmp.Or(c.say(i.Order.Attribute.Name+"."+strconv.Itoa(i.Order.Direction)), c.say("first"))
	case i.Have && len(shown) == len(fits):
		lead = c.say("yes-count", n, c.kindsOf(fits))
	case len(shown) < len(fits):
		lead = c.say("count-some", n, c.kindsOf(fits), strconv.Itoa(len(shown)))
	}
	var b strings.Builder
	for _, f := range shown {
		fmt.Fprintf(&b, "- %s%s\n", c.headline(f.pet), c.also(f.pet, i))
		c.show(f.pet)
	}
	c.add(lead, b.String())
	if labels := c.labels(i.Wants); len(labels) > 0 && !c.bare {
		c.add(c.say("understood", strings.Join(labels, ", ")))
	}
	if i.Total && len(fits) > 1 {
		var pets []*catalogue.Pet
		for _, f := range fits {
			pets = append(pets, f.pet)
		}
		c.totalTold(pets)
	}
}

// also tells what was asked for and a headline lacks.
func (c teller) also(p *catalogue.Pet, i *plan.Item) string {
	var extra []string
	names := mapped(i.Asked, func(a *catalogue.Attribute) string { return a.Name })
	if i.Order != nil {
		names = append(names, i.Order.Attribute.Name)
	}
	for _, name := range names {
		switch name {
		case "age", "fee", "species", "breed", "sex", "group":
			continue
		}
		if s := c.says(p, name); s != "" {
			extra = appendNew(extra, s)
		}
	}
	if len(extra) == 0 {
		return ""
	}
	return "; " + strings.Join(extra[:min(2, len(extra))], "; ")
}

// kindsOf names the one kind of animal that all pets are of, or says that they are animals.
func (c teller) kindsOf(fits []fit) string {
	species := fits[0].pet.Species
	if slices.ContainsFunc(fits, func(f fit) bool { return f.pet.Species != species }) {
		return c.say("pets")
	}
	if len(fits) == 1 {
		return c.say(string(species))
	}
	return c.say(string(species) + "s")
}
