package advisor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// cost answers what a kind of animal costs: the store's fees, then the guides.
func (c *composer) cost() error {
	species := c.species()
	if len(species) == 0 {
		c.add(c.feeOverview())
	}
	for _, s := range species[:min(3, len(species))] {
		o := c.outlineOf(s)
		if len(species) == 1 && c.hasCostGuide(s) {
			// The guide tells what a month costs; two sets of figures would only confuse.
			c.add(fmt.Sprintf("**%s:** the adoption fee is %s in our store.", upperFirst(speciesPlural(s)), o.fee()))
			continue
		}
		c.add(fmt.Sprintf("**%s:** adoption fee %s in our store, then about %s a month for food, bedding or litter and routine vet care.", upperFirst(speciesPlural(s)), o.fee(), o.monthly()))
	}
	text := c.ask.text
	n := c.voice.length.by(1, 1, 2, 3)
	switch {
	case !slices.Contains(c.ask.attrs, "cost") && c.ask.part.says("adoption fee", "adoption fees", "fee", "fees"):
		text, n = "what does the adoption fee include", 1
	case len(species) == 1:
		text += " what does a " + speciesName(species[0]) + " cost"
	}
	hits, err := c.search(text, 6, catalogue.TopicCosts)
	if err != nil {
		return err
	}
	words := c.voice.length.by(25, 45, 80, 110)
	for _, h := range hits {
		if !h.Guide.About(catalogue.TopicCosts) || n == 0 {
			continue
		}
		c.add(fmt.Sprintf("**%s** %s", h.Heading, excerpt(h.Text, words)))
		c.cite(h.Passage)
		n--
		words /= 2
	}
	return nil
}

// hasCostGuide reports whether a guide is about what this species costs.
func (c *composer) hasCostGuide(s catalogue.Species) bool {
	return slices.ContainsFunc(c.cat.Guides(), func(g *catalogue.Guide) bool {
		return g.About(catalogue.TopicCosts) && len(g.Species) == 1 && g.Covers(s)
	})
}

func (c *composer) feeOverview() string {
	var text strings.Builder
	text.WriteString("Adoption fees in our store right now:\n")
	for _, s := range catalogue.AllSpecies() {
		if o := c.outlineOf(s); o.stock > 0 {
			fmt.Fprintf(&text, "- %s: %s\n", upperFirst(speciesPlural(s)), o.fee())
		}
	}
	return text.String()
}
