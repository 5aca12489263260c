package advisor

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// How well a passage has to cover a question to be an answer. A question that
// mentions nothing of our world has to be covered nearly as a whole: its words are
// in the guides by chance.
const (
	enough       = 0.43
	enoughOffKey = 0.75
)

const (
	noDiagnosis = "I cannot diagnose from here. If it is severe, came suddenly or does not get better within a day, call a vet."
	seeVet      = "**Please see a vet the same day:** this has gone on too long to wait at home. Call today, and go at once if there is blood, weakness, a tight belly or no drinking. I cannot diagnose from here."
)

// care answers from the guides.
func (c *composer) care() error {
	if c.ask.value == "alike" {
		c.alike()
	}
	c.carePets()
	if c.ask.value == "or recommend" && c.know.children == yes && len(c.ask.species) == 1 {
		return c.forChild(c.ask.species[0])
	}
	hits, err := c.careHits()
	if err != nil {
		return err
	}
	if len(hits) == 0 {
		return c.careMiss()
	}
	if c.ask.more {
		hits = hits[min(1, len(hits)-1):]
	}
	switch {
	case c.ask.part.lasts():
		c.add(seeVet)
	case c.ask.part.ails():
		c.add(noDiagnosis)
	}
	c.passages(c.ofOwnKind(hits))
	return c.dishes(hits)
}

// ofOwnKind drops further passages that say in their heading that they are about
// another animal than the one that is asked about.
func (c *composer) ofOwnKind(hits []catalogue.Hit) []catalogue.Hit {
	species := c.species()
	if len(species) != 1 || slices.Contains(c.ask.topics, "introductions") {
		return hits
	}
	others := func(h catalogue.Hit) bool {
		heading, other := " "+strings.Trim(strings.ToLower(h.Heading), "?")+" ", false
		for _, s := range catalogue.AllSpecies() {
			if strings.Contains(heading, " "+speciesName(s)+" ") || strings.Contains(heading, " "+speciesPlural(s)+" ") {
				if s == species[0] {
					return false
				}
				other = true
			}
		}
		return other
	}
	return append(hits[:1:1], slices.DeleteFunc(slices.Clone(hits[1:]), others)...)
}

var livesAlone = regexp.MustCompile(`(?i)\b(?:lives? alone|alone,|solitary|kept alone|fight|never two|always lives alone|houses? alone|single)\b`)

// alike answers whether animals of one kind may be kept together.
func (c *composer) alike() {
	for _, b := range c.ask.breeds[:min(1, len(c.ask.breeds))] {
		for _, s := range append(proseSentences(b.Summary), proseSentences(b.Care)...) {
			if livesAlone.MatchString(s) {
				c.add("**No.** " + s)
				c.citeBreeds(b)
				return
			}
		}
	}
}

// careHits searches for what is asked, in the words in which the guides put it.
func (c *composer) careHits() ([]catalogue.Hit, error) {
	r, topics := c.ask.part, c.ask.topics
	text := r.nameless(c.ask.text)
	switch {
	case len(c.ask.pets) > 0 && slices.Contains(topics, catalogue.TopicAdoption):
		text = "what happens when you meet the pet steps to adopt"
	case r.mourns():
		c.add("I am so sorry for your loss.")
		text = "how do you cope with the loss of a pet grief"
	case slices.Contains(topics, "introductions"):
		text += c.companions()
	case c.ask.value == "or recommend" && slices.Contains(topics, "children"):
		text += " which pets suit children of which age"
	case r.has("fasting"):
		text += " refuses to eat"
	case r.has("ask", "return"):
		text += " return the pet"
	}
	if r.ails() {
		topics = appendNew(topics, catalogue.TopicHealth)
	}
	hits, err := c.search(text, 10, topics...)
	if err != nil {
		return nil, err
	}
	if len(c.ask.breeds) > 0 && r.sizesHome() {
		return slices.DeleteFunc(c.relevant(hits), func(h catalogue.Hit) bool { return !c.speaksOfBreeds(h.Passage) }), nil
	}
	if toxin := r.toxinAsked(); toxin != "" {
		return c.toxinHits(c.relevant(hits), toxin)
	}
	return c.relevant(hits), nil
}

// companions names the animals that a new one is to live with.
func (c *composer) companions() string {
	var text strings.Builder
	for _, s := range c.know.owned {
		if s != catalogue.Dog && s != catalogue.Cat {
			return " dogs cats and small animals birds under one roof"
		}
		text.WriteString(" " + speciesName(s))
	}
	return text.String()
}

// careMiss answers what the guides do not.
func (c *composer) careMiss() error {
	switch r := c.ask.part; {
	case r.toxinAsked() != "":
		c.add("My guides do not cover that for this animal. Treat it as dangerous until a vet or a poison line has told you otherwise: " + poisonLines + ".")
	case len(c.ask.pets)+len(c.ask.breeds) > 0: // what is known of them has been said
	case r.lasts():
		c.add(seeVet)
	case r.ails():
		c.add(noDiagnosis + " My guides do not describe it. For the call, note when it began, what changed lately, and how your animal eats, drinks and moves.")
	case c.ask.value == "noted":
		c.add("My guides do not describe that. If your animal seems unwell or in pain, please call a vet. If not, tell me a little more, and I look again.")
	case c.ask.value == "or recommend":
		return c.recommend()
	default:
		c.dontKnow()
	}
	return nil
}

// ails reports whether the reading tells of an animal that is not well.
func (r *reading) ails() bool { return r.has("symptom") || r.has("fasting") }

// mourns reports whether the person tells of a death.
func (r *reading) mourns() bool {
	return r.has("topic", "loss") && r.says("died", "passed away", "so sad", "miss him", "miss her", "lost my", "lost our", "grief", "mourning")
}

// carePets begins with what is known of the very animal that is asked about.
func (c *composer) carePets() {
	for _, p := range c.ask.pets[:min(2, len(c.ask.pets))] {
		text := fmt.Sprintf("**%s** is %s, and on our list of pets waiting for a home today.", p.Name, article(kindOf(p)))
		if slices.Contains(c.ask.topics, catalogue.TopicAdoption) {
			text += " I cannot book a visit or reserve a pet: please ask the store's staff. This is how it goes on:"
		}
		if p.SpecialNeeds != "" {
			text += " Special needs: " + trimStop(p.SpecialNeeds) + "."
		}
		c.add(text)
		c.citePets(p)
	}
	for _, b := range c.ask.breeds[:min(2, len(c.ask.breeds))] {
		c.add("**" + b.Name + ":** " + b.Care)
		c.citeBreeds(b)
	}
}

// nameless writes the animal for a name: no guide speaks of Luna or of Beagles. A text that is not the
// reading's own is left alone.
func (r *reading) nameless(text string) string {
	if text != r.text {
		return text
	}
	short, last := "", 0
	for _, n := range r.names {
		switch {
		case n.Pet != nil:
			short += text[last:n.Start] + speciesName(n.Pet.Species)
		case n.Breed.Species == catalogue.Dog || n.Breed.Species == catalogue.Cat:
			short += text[last:n.Start] + speciesName(n.Breed.Species)
		default: // the guides on other animals do name kinds
			continue
		}
		last = n.End
	}
	return short + text[last:]
}

// relevant drops passages that only happen to share words with the question, and
// those that are far behind the best.
func (c *composer) relevant(hits []catalogue.Hit) []catalogue.Hit {
	if len(hits) == 0 {
		return nil
	}
	need := enough
	if !c.onKey() {
		need = enoughOffKey
	}
	best := hits[0]
	if best.Coverage < need {
		// The best by score may have one rare word; a better covered one is preferred.
		i := slices.IndexFunc(hits, func(h catalogue.Hit) bool { return h.Coverage >= need && h.Score > best.Score*0.5 })
		if i < 0 {
			return nil
		}
		best = hits[i]
		hits = slices.Concat(hits[i:i+1], hits[:i], hits[i+1:])
	}
	// First aid comes first in an emergency, but not where somebody only wants to know.
	if i := slices.IndexFunc(hits, func(h catalogue.Hit) bool {
		return !h.FirstAid() && h.Score >= best.Score*0.5 && h.Coverage >= best.Coverage*0.8
	}); best.FirstAid() && i > 0 {
		best = hits[i]
		hits = slices.Concat(hits[i:i+1], hits[:i], hits[i+1:])
	}
	rest := slices.DeleteFunc(slices.Clone(hits), func(h catalogue.Hit) bool {
		return h.Passage != best.Passage && (h.Score < best.Score*0.35 || h.Coverage < best.Coverage*0.6)
	})
	// What the same guide says goes on best from there.
	slices.SortStableFunc(rest[1:], func(a, b catalogue.Hit) int {
		return cmp.Compare(nearness(b, best), nearness(a, best))
	})
	return rest
}

func nearness(h, best catalogue.Hit) float64 {
	if h.Guide == best.Guide {
		return h.Score * 1.6
	}
	return h.Score
}

// onKey reports whether the question is about animals or their keeping.
func (c *composer) onKey() bool {
	r := c.ask.part
	if r == nil {
		return true
	}
	return len(c.ask.species) > 0 || len(r.names) > 0 || r.has("animal") || r.has("symptom") || r.has("toxin") || r.has("danger") ||
		(r.has("topic") || r.has("attribute")) && len(r.tokens) <= 14 && (c.at.talksOfPets() || r.has("topic"))
}

// talksOfPets reports whether the conversation has come to animals.
func (m *moment) talksOfPets() bool {
	return len(m.focus.kinds()) > 0 || len(m.profile.species) > 0 || len(m.profile.owned) > 0
}

// passages writes the best passage at length and the next ones shorter.
func (c *composer) passages(hits []catalogue.Hit) {
	first := hits[0]
	text := first.Text
	if c.ask.part != nil && warns(first.Passage) && c.ask.part.toxinAsked() != "" {
		c.toxinLead()
		text = c.ask.part.fromToxin(text)
	}
	c.add(excerpt(text, c.voice.length.by(35, 60, 120, 140)))
	c.cite(first.Passage)
	more := c.voice.length.by(0, 0, 2, 4)
	for _, h := range hits[1:] {
		if more == 0 {
			break
		}
		c.add(fmt.Sprintf("**%s** %s", h.Heading, excerpt(h.Text, c.voice.length.by(0, 0, 45, 90))))
		c.cite(h.Passage)
		more--
	}
}

// forChild answers whether a kind of animal suits a child of a certain age.
func (c *composer) forChild(s catalogue.Species) error {
	child := "children"
	if c.know.youngest >= 0 {
		child = childOf(c.know.youngest)
	}
	hits, err := c.cat.Search(c.ctx, catalogue.Query{Text: "which pet suits children of which age", Species: []catalogue.Species{s}, Topics: []catalogue.Topic{"children"}, Limit: 5})
	if err != nil {
		return err
	}
	hits = slices.DeleteFunc(hits, func(h catalogue.Hit) bool { return !h.Guide.About("children") })
	c.add(c.childVerdict(s, child))
	if len(hits) > 0 {
		said := proseSentences(hits[0].Text)
		about := slices.DeleteFunc(slices.Clone(said), func(t string) bool {
			return !strings.Contains(strings.ToLower(t), speciesName(s))
		})
		if len(about) > 0 {
			c.add(strings.Join(about, " "))
		}
		c.cite(hits[0].Passage)
	}
	c.childNote(c.know)
	if c.voice.length < normal {
		return nil
	}
	if hits, err = c.search("rules children pets adult responsible", 5, "children"); err != nil {
		return err
	}
	for _, h := range hits {
		if h.Guide.About("children") && strings.Contains(h.Heading, "rules") {
			c.add("**" + h.Heading + "** " + excerpt(h.Text, 45))
			c.cite(h.Passage)
			break
		}
	}
	return nil
}

// childVerdict counts how many of the kind in the store live well with such a child.
func (c *composer) childVerdict(s catalogue.Species, child string) string {
	pets := c.cat.Select(catalogue.Filter{Species: []catalogue.Species{s}})
	var fine, nearly []*catalogue.Pet
	for _, p := range pets {
		switch p.GoodWith.Children {
		case catalogue.Yes:
			fine = append(fine, p)
		case catalogue.Older:
			nearly = append(nearly, p)
		case catalogue.Slow, catalogue.No:
		}
	}
	old := c.know.youngest >= schoolAge
	if old {
		fine, nearly = append(fine, nearly...), nil
	}
	name := func(p *catalogue.Pet) string { return "**" + p.Name + "**" }
	switch {
	case len(fine) > 0:
		c.citePets(fine[:min(3, len(fine))]...)
		return fmt.Sprintf("It depends on the animal. Of our %d %s, %d would suit %s with an adult in charge, such as %s.", len(pets), speciesPlural(s), len(fine), child, join(fine[:min(3, len(fine))], name))
	case len(nearly) > 0:
		c.citePets(nearly[:min(3, len(nearly))]...)
		return fmt.Sprintf("Not the best choice for %s: our %s are for children of school age and up, such as %s.", child, speciesPlural(s), join(nearly[:min(3, len(nearly))], name))
	}
	return fmt.Sprintf("Not for %s: none of our %s should live with children.", child, speciesPlural(s))
}

// speaksOfBreeds reports whether a passage names one of the breeds that are asked about.
func (c *composer) speaksOfBreeds(p *catalogue.Passage) bool {
	text := strings.ToLower(p.Heading + " " + p.Text)
	return slices.ContainsFunc(c.ask.breeds, func(b *catalogue.Breed) bool {
		return strings.Contains(text, strings.ToLower(b.Name))
	})
}
