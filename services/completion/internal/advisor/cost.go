package advisor

import (
	"fmt"

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
		c.add(fmt.Sprintf("**%s:** adoption fee %s in our store, then about %s a month for food, bedding or litter and routine vet care.", upperFirst(speciesPlural(s)), o.fee(), o.monthly()))
	}
	text := c.ask.text
	if len(species) == 1 {
		text += " what does a " + speciesName(species[0]) + " cost"
	}
	hits, err := c.search(text, 6, catalogue.TopicCosts)
	if err != nil {
		return err
	}
	n := c.voice.length.by(1, 1, 2, 3)
	for _, h := range hits {
		if !h.Guide.About(catalogue.TopicCosts) || n == 0 {
			continue
		}
		c.add(fmt.Sprintf("**%s** %s", h.Heading, excerpt(h.Text, c.voice.length.by(25, 45, 80, 110))))
		c.cite(h.Passage)
		n--
	}
	return nil
}

func (c *composer) feeOverview() string {
	text := "Adoption fees in our store right now:\n"
	for _, s := range catalogue.AllSpecies() {
		if o := c.outlineOf(s); o.stock > 0 {
			text += fmt.Sprintf("- %s: %s\n", upperFirst(speciesPlural(s)), o.fee())
		}
	}
	return text
}
