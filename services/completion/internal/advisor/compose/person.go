package compose

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/suit"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Unasked remarks about a pet or to a person: this file decides when to make them, and a phrasing has the words.

// nature is a pet's character in two words: not an attribute of the catalogue, but short for its temperament.
const nature = "nature"

// reasons returns what speaks for a pet: first the met wishes, then its other merits.
func (c *composer) reasons(f *fit, n int) []string {
	list, p, in := slices.Clone(f.met), f.pet, c.in()
	add := func(ok bool, attribute string) {
		if text := in.says(p, attribute); ok && text != "" {
			list = appendNew(list, text)
		}
	}
	add(p.Beginner, "beginner")
	add(p.GoodWith.Children == catalogue.Yes, "children")
	add(p.Energy == catalogue.Low, "energy")
	add(p.Home == catalogue.Apartment, "home")
	add(true, nature)
	add(len(list) == 0, "energy")
	return list[:min(n, len(list))]
}

// company is a remark of an honest seller that is not an attribute.
const company = "company"

// drawbacks returns the unasked remarks of an honest seller.
func (c *composer) drawbacks(p *catalogue.Pet, wants []plan.Condition) []string {
	var list []string
	in := c.in()
	add := func(ok bool, attribute, answeredBy string) {
		asked := slices.ContainsFunc(wants, func(w plan.Condition) bool { return w.Attribute.Name == answeredBy })
		if ok && !asked {
			list = append(list, in.snag(p, attribute))
		}
	}
	add(p.Sex != catalogue.Group && needsCompany(p), company, "needs")
	add(p.SpecialNeeds != "", "needs", "")
	add(p.GoodWith.Children != catalogue.Yes, "children", "children")
	slow := func(attribute string, of catalogue.Tolerance) bool {
		return of == catalogue.Slow && slices.ContainsFunc(wants, func(w plan.Condition) bool { return w.Attribute.Name == attribute })
	}
	add(slow("cats", p.GoodWith.Cats), "cats", "")
	add(slow("dogs", p.GoodWith.Dogs), "dogs", "")
	add(!p.Beginner, "beginner", "beginner")
	add(p.Shedding == catalogue.High, "shedding", "shedding")
	add(p.HoursAlone <= 4, "hours", "hours")
	add(p.Breed.Noise == catalogue.High, "noise", "noise")
	add(p.Energy == catalogue.High && p.Species == catalogue.Dog, "exercise", "energy")
	return list
}

// needsCompany reports whether animals of this kind should not live alone.
func needsCompany(p *catalogue.Pet) bool {
	return p.Species == catalogue.Rabbit || p.Species == catalogue.GuineaPig || slices.Contains(p.Breed.Groups, "finch") && p.BreedID != "canary" || p.BreedID == "budgerigar"
}

// caution begins with what to consider before getting any pet.
func (c *composer) caution() {
	who := &c.plan.Frame.Person
	switch {
	case who.Minor && c.plan.Frame.Turns == 1:
		c.add(c.either("First of all: you need an adult for it. Somebody over 18, usually a parent, comes along, signs, pays and looks after the pet with you.", "minor"))
	case who.Gift && c.plan.Frame.Turns == 1:
		c.add(c.either("Better not as a surprise: whoever will live with the pet should meet it first and say yes to the work and the years. A card with a visit to the store makes a fine present.", "gift"))
	case who.Travels && who.Away < 0:
		c.add(c.either("With much travel a pet is hard: it needs somebody reliable who looks after it each time, and dogs, birds and rabbits suffer most from it. If you have such a person, these can do:", "travel"))
	}
}

// notes adds what applies to any pet with small children or allergies.
func (c *composer) notes() {
	who := &c.plan.Frame.Person
	if c.voice.Length < Short {
		return
	}
	if who.Allergy {
		c.add(c.either("On allergies: no dog, cat or other furry pet is fully hypoallergenic. Visit the very animal twice for an hour or more, and ask a doctor first if anyone has asthma.", "allergy-note"))
	}
	if c.tongue == nil && suit.Prey(who.Owned, c.pets) {
		c.add("To a dog or a cat, a smaller animal is prey: keep a closed door between them whenever nobody watches.")
	}
	if who.Children && who.Youngest >= 0 && who.Youngest < 6 {
		c.add(c.either("With so young a child an adult looks after the pet and is in the room whenever the two are together.", "small-child"))
	}
}
