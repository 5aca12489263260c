package advisor

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// How well a passage has to cover a question to be an answer. A question that
// mentions nothing of our world has to be covered nearly as a whole: its words are
// in the guides by chance.
const (
	enough       = 0.4
	enoughOffKey = 0.75
)

// care answers from the guides.
func (c *composer) care() error {
	hits, err := c.search(c.ask.text, 10, c.ask.topics...)
	if err != nil {
		return err
	}
	hits = c.relevant(hits)
	if len(hits) == 0 {
		c.dontKnow()
		return nil
	}
	if c.ask.more {
		hits = hits[min(1, len(hits)-1):]
	}
	if c.ask.part != nil && c.ask.part.has("symptom") {
		c.add("I cannot diagnose from here. If it is severe, came suddenly or does not get better within a day, call a vet.")
	}
	c.passages(hits)
	return nil
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
	c.add(excerpt(first.Text, c.voice.length.by(35, 60, 120, 140)))
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
	c.add(c.voice.pick("before",
		fmt.Sprintf("Before you adopt %s, settle these points:", article(speciesName(s))),
		fmt.Sprintf("These are the points to settle before %s moves in:", article(speciesName(s))),
		fmt.Sprintf("A good start with %s is prepared before it comes home:", article(speciesName(s)))))
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

func (c *composer) facetLines(s catalogue.Species) (string, error) {
	var lines string
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
		lines += fmt.Sprintf("- **%s:** %s\n", f.label, line(p.Text, c.voice.length.by(14, 22, 34, 50)))
		c.cite(p)
	}
	return lines, nil
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
