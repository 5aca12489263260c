package advisor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A facet is one thing to think of before adopting.
type facet struct {
	label  string
	text   string // what to search for
	topics []catalogue.Topic
}

func facets(s catalogue.Species) []facet {
	own := map[catalogue.Species]facet{
		catalogue.Cat:       {"Litter and scratching", "set up litter box", []catalogue.Topic{"litter"}},
		catalogue.Dog:       {"Training", "house train a dog", []catalogue.Topic{"training"}},
		catalogue.Rabbit:    {"Company", "should a rabbit live with a second rabbit", []catalogue.Topic{"company"}},
		catalogue.GuineaPig: {"Company", "how many guinea pigs live together", []catalogue.Topic{"company"}},
		catalogue.Hamster:   {"Nights and company", "hamsters live alone awake at night", []catalogue.Topic{"company", "behavior"}},
		catalogue.Bird:      {"Company and noise", "birds need company pair noise", []catalogue.Topic{"company", "behavior"}},
		catalogue.Fish:      {"Water", "cycle new aquarium tank water changes", []catalogue.Topic{"water"}},
		catalogue.Reptile:   {"Heat and light", "heat UVB basking temperature", []catalogue.Topic{"temperature"}},
	}[s]
	name := speciesName(s)
	return []facet{
		{"Commitment", "are you ready for a " + name + " commitment time lifespan", []catalogue.Topic{catalogue.TopicBefore}},
		{"Money", "what does a " + name + " cost per month", []catalogue.Topic{catalogue.TopicCosts}},
		{"At home", "what do you need at home for a " + name + " housing set up", []catalogue.Topic{catalogue.TopicBefore, "housing"}},
		own,
		{"Vet", "vet check vaccines health " + name, []catalogue.Topic{"vaccination", catalogue.TopicHealth}},
		{"Food", "what and how much should a " + name + " eat diet", []catalogue.Topic{"feeding"}},
		{"Choosing", "how do you choose the right " + name, []catalogue.Topic{catalogue.TopicBefore, catalogue.TopicAdoption}},
		{"First days", "first day with a new " + name, []catalogue.Topic{"first-days"}},
	}
}

// beforeAdopting puts together what matters before a pet comes home: one line from
// the guide on each of money, room, vet and so on.
func (c *composer) beforeAdopting() error {
	species := c.species()
	if len(species) != 1 {
		hits, err := c.search("what to know before adopting a pet checklist commitment", 5, catalogue.TopicBefore)
		if err != nil {
			return err
		}
		if hits = c.relevant(hits); len(hits) == 0 {
			c.dontKnow()
			return nil
		}
		c.passages(hits)
		return nil
	}
	s := species[0]
	c.carePets()
	if len(c.ask.breeds) > 0 {
		c.add("What goes for every " + speciesName(s) + ":")
	} else {
		c.add(c.beforeLead(s))
	}
	lines, err := c.facetLines(s)
	if err != nil {
		return err
	}
	c.add(lines)
	if n := len(c.cat.Select(catalogue.Filter{Species: species})); n > 0 && c.voice.length >= normal {
		o := c.outlineOf(s)
		c.add(fmt.Sprintf("We have %d %s waiting, with fees of %s. Tell me about your home, family and hours, and I suggest some.", n, speciesPlural(s), o.fee()))
	}
	return nil
}

// beforeLead opens the list.
func (c *composer) beforeLead(s catalogue.Species) string {
	if !c.ask.part.has("ask", "should_know") {
		return fmt.Sprintf("To look after %s well:", article(speciesName(s)))
	}
	return c.voice.pick("before",
		fmt.Sprintf("Before you adopt %s, settle these points:", article(speciesName(s))),
		fmt.Sprintf("These are the points to settle before %s moves in:", article(speciesName(s))),
		fmt.Sprintf("A good start with %s is prepared before it comes home:", article(speciesName(s))))
}

func (c *composer) facetLines(s catalogue.Species) (string, error) {
	var lines strings.Builder
	used := map[*catalogue.Passage]bool{}
	left := c.voice.length.by(3, 4, 6, 8)
	for _, f := range facets(s) {
		if left == 0 {
			break
		}
		p, err := c.facetPassage(s, f, used)
		if err != nil {
			return "", err
		}
		if p == nil {
			continue
		}
		used[p] = true
		left--
		fmt.Fprintf(&lines, "- **%s:** %s\n", f.label, line(p.Text, c.voice.length.by(14, 22, 34, 50)))
		c.cite(p)
	}
	return lines.String(), nil
}

// facetPassage returns the best unused passage of a guide on the facet's topics, of
// this species alone rather than of many.
func (c *composer) facetPassage(s catalogue.Species, f facet, used map[*catalogue.Passage]bool) (*catalogue.Passage, error) {
	hits, err := c.cat.Search(c.ctx, catalogue.Query{Text: f.text, Species: []catalogue.Species{s}, Topics: f.topics, Limit: 12})
	if err != nil {
		return nil, err
	}
	for _, own := range []bool{true, false} {
		for _, h := range hits {
			on := slices.ContainsFunc(f.topics, h.Guide.About)
			if on && !used[h.Passage] && (len(h.Guide.Species) == 1) == own && !h.Guide.About(catalogue.TopicEmergency) {
				return h.Passage, nil
			}
		}
	}
	return nil, nil
}
