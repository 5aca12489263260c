package compose

import (
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/reckon"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A phrasing expresses in its language what a composer has decided once for all languages: which pets are shown, what
// speaks for and against them, and which remarks are made unasked.
type phrasing interface {
	// says describes one aspect of a pet in a few words; "" if the language has none.
	says(p *catalogue.Pet, attribute string) string
	// headline introduces a pet in a list.
	headline(p *catalogue.Pet) string
	// lacks says that a pet is not what was wanted.
	lacks(w *plan.Condition) string
	// snag returns an honest seller's remark about an attribute.
	snag(p *catalogue.Pet, attribute string) string

	// contradiction says that no pet meets both conditions.
	contradiction(a, b *plan.Condition)
	// unplaced says that the store has no such animals.
	unplaced(animal string)
	// suggest shows the best of the pets that meet all wishes.
	suggest(i *plan.Item, fits []fit)
	// nearest shows the closest pets if none meets all wishes.
	nearest(i *plan.Item, fits []fit)

	// reckoned answers with a sum or another computation, and counts with the number of each of several kinds; false:
	// the language has no words for that.
	reckoned(r *reckon.Question) bool
	counts(i *plan.Item) bool
	// average tells the average of an attribute.
	average(i *plan.Item, a *catalogue.Attribute, fits []fit)
	// none says that there is no such pet, and instead shows the nearest.
	none(i *plan.Item)
	instead(i *plan.Item, fits []fit)
	// found lists the shown ones of all pets that were found.
	found(i *plan.Item, fits, shown []fit)
}

// in returns the phrasing in the answer's language.
func (c *composer) in() phrasing {
	if c.tongue != nil {
		return phrasebook{c}
	}
	return english{c}
}

// either returns a text in English, or the phrase for a key in another language.
func (c *composer) either(text, key string) string {
	if c.tongue != nil {
		return c.say(key)
	}
	return text
}
