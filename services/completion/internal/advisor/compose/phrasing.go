package compose

import (
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/reckon"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A phrasing puts into the words of its language what a composer has decided: which pets are shown, what speaks for
// and against them, and when something is said unasked. That is decided once for all languages.
type phrasing interface {
	// says returns in a few words what a pet is like in one respect; "" if the language has none.
	says(p *catalogue.Pet, attribute string) string
	// headline introduces a pet in a list.
	headline(p *catalogue.Pet) string
	// lacks returns that a pet is not what was wanted.
	lacks(w *plan.Condition) string
	// snag returns what an honest seller says of an attribute.
	snag(p *catalogue.Pet, attribute string) string

	// contradiction says that no pet meets both conditions.
	contradiction(a, b *plan.Condition)
	// unplaced says that the store has no such animals.
	unplaced(animal string)
	// suggest shows the best of the pets that meet all wishes.
	suggest(i *plan.Item, fits []fit)
	// nearest shows what comes closest to wishes that no pet meets.
	nearest(i *plan.Item, fits []fit)

	// reckoned answers by a sum or the like, and counts how many there are of several kinds; false: the language
	// has no words for that.
	reckoned(r *reckon.Question) bool
	counts(i *plan.Item) bool
	// average says what an attribute comes to on average.
	average(i *plan.Item, a *catalogue.Attribute, fits []fit)
	// none says that there is no such pet, and instead shows the nearest.
	none(i *plan.Item)
	instead(i *plan.Item, fits []fit)
	// found lists the pets that are shown of all that were found.
	found(i *plan.Item, fits, shown []fit)
}

// in returns the phrasing of the language that the answer is in.
func (c *composer) in() phrasing {
	if c.tongue != nil {
		return phrasebook{c}
	}
	return english{c}
}

// either returns what is said in English or, in another language, by a key of its phrases.
func (c *composer) either(text, key string) string {
	if c.tongue != nil {
		return c.say(key)
	}
	return text
}
