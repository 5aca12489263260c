package plan

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// schoolAge is the age, in years, from which a child should handle an animal with care.
const schoolAge = 6

// learnPerson adds a turn's facts about the person, and what follows for a pet.
func (p *Planner) learnPerson(f *Frame, t *read.Turn) {
	who := &f.Person
	who.Learn(t)
	allergic := t.Species(0, len(t.Words), read.Allergic)
	if len(allergic) > 1 {
		f.set(p.species(catalogue.Not, "no fur", catalogue.Dog, catalogue.Cat, catalogue.Rabbit, catalogue.GuineaPig, catalogue.Hamster))
	}
	for _, s := range allergic {
		who.Allergy = true
		if slices.Contains(t.Species(0, len(t.Words), read.Plain), s) {
			continue // it is wanted nevertheless
		}
		if len(allergic) == 1 || !s.Furry() { // otherwise fur is ruled out
			f.set(p.species(catalogue.Not, "you are allergic", s))
		}
	}
	p.follow(f, t)
}

// follow turns facts about the person into conditions on a pet.
func (p *Planner) follow(f *Frame, t *read.Turn) {
	who := &f.Person
	f.Wants = slices.DeleteFunc(f.Wants, func(c Condition) bool { return c.Of != "" })
	add := func(of, attribute string, op catalogue.Op, number float64, names ...string) {
		a := p.cat.Attribute(attribute)
		if slices.ContainsFunc(f.Wants, func(c Condition) bool { return c.Attribute == a && c.Of == "" && attribute != "species" }) {
			return // explicit wishes take precedence
		}
		f.Wants = append(f.Wants, Condition{Constraint: catalogue.Constraint{Attribute: a, Op: op, Number: number, Names: names}, Said: of, Of: of})
	}
	if who.Home != "" {
		add(homeOf(who.Home), "home", catalogue.AtMost, float64(who.Home.Rank()))
	}
	if who.Children {
		least := "older"
		if who.Youngest < schoolAge && who.Youngest >= 0 || who.Youngest < 0 {
			least = "yes"
		}
		add("children", "children", catalogue.AtLeast, float64(p.cat.Attribute("children").Rank(least)))
	}
	if slices.Contains(who.Owned, catalogue.Cat) {
		add("a cat at home", "cats", catalogue.AtLeast, 1)
	}
	if slices.Contains(who.Owned, catalogue.Dog) {
		add("a dog at home", "dogs", catalogue.AtLeast, 1)
	}
	if hours := who.Alone(); hours > 3 {
		add("hours away", "hours", catalogue.AtLeast, float64(hours))
	}
	if who.Beginner {
		add("a first-time owner", "beginner", catalogue.Is, 0, "yes")
	}
	if who.Allergy {
		add("an allergy", "allergy", catalogue.Is, 0, "yes")
	}
	if who.Frail || who.Elderly {
		add("little strength for long walks", "energy", catalogue.AtMost, boolTo(who.Frail, 0, 1))
		add("easy to lift", "size", catalogue.AtMost, float64(p.cat.Attribute("size").Rank("medium")))
	}
	if t.Has("no-cage") || asks.Refuses(t, "caged") {
		f.set(p.species(catalogue.Not, "no cage or tank", catalogue.Hamster, catalogue.GuineaPig, catalogue.Bird, catalogue.Fish, catalogue.Reptile))
	}
	if t.Has("prey-drive") {
		f.set(p.species(catalogue.Not, "an animal at home that hunts", catalogue.Rabbit, catalogue.GuineaPig, catalogue.Hamster, catalogue.Bird))
	}
	p.followCoat(f, t)
	p.followUse(f, t)
	if t.Has("glass") && !NamesAnimal(f.Wants) && len(t.Species(0, len(t.Words), read.Plain)) == 0 {
		f.set(p.species(catalogue.Is, "behind glass", catalogue.Fish, catalogue.Reptile))
	}
	if t.Has("active-person") && !bounds(f.Wants, p.cat.Attribute("energy")) {
		energy := p.cat.Attribute("energy")
		f.Wants = append(f.Wants, Condition{Constraint: catalogue.Constraint{Attribute: energy, Op: catalogue.AtLeast, Number: float64(energy.Rank("medium"))}, Said: "an active home", Of: "an active home", Wish: true})
	}
	if t.Has("no-walks") && !slices.ContainsFunc(f.Wants, func(c Condition) bool { return c.Attribute.Name == "species" && c.Op == catalogue.Is }) {
		f.set(p.species(catalogue.Not, "no walks", catalogue.Dog))
	}
	if t.Has("quiet-wanted") {
		add("a quiet home", "noise", catalogue.Is, 0, "low")
	}
}

// followCoat turns wishes about fur and feathers into conditions on a pet.
func (p *Planner) followCoat(f *Frame, t *read.Turn) {
	if asks.Furless(t) {
		f.set(p.species(catalogue.Not, "no fur", catalogue.Dog, catalogue.Cat, catalogue.Rabbit, catalogue.GuineaPig, catalogue.Hamster))
	}
	if asks.Featherless(t) {
		f.Wants = append(f.Wants, p.species(catalogue.Not, "no feathers", catalogue.Bird))
	}
	if t.Has("furry") && !asks.Furless(t) {
		f.set(p.species(catalogue.Not, "no fish, bird or reptile", catalogue.Fish, catalogue.Reptile, catalogue.Bird))
	}
}

// followUse turns travel, what a pet is for, and what another animal at home bears, into conditions on it.
func (p *Planner) followUse(f *Frame, t *read.Turn) {
	who := &f.Person
	if who.Travels && who.Away < 0 {
		day := Condition{Constraint: catalogue.Constraint{Attribute: p.cat.Attribute("hours"), Op: catalogue.AtLeast, Number: 20}, Said: "travel", Of: "travel", Wish: true}
		f.Wants = append(f.Wants, day)
	}
	free := len(t.Species(0, len(t.Words), read.Plain)) == 0 && !NamesAnimal(f.Wants)
	rule := func(said string, list ...catalogue.Species) {
		c := p.species(catalogue.Not, said, list...)
		c.Of = said
		f.Wants = append(f.Wants, c)
	}
	if t.Has("bears-no-dogs") && slices.Contains(who.Owned, catalogue.Dog) {
		rule("no other dog", catalogue.Dog)
	}
	if t.Has("bears-no-cats") && slices.Contains(who.Owned, catalogue.Cat) {
		rule("no other cat", catalogue.Cat)
	}
	switch {
	case !free:
	case t.Has("dorm"):
		rule("a dorm", catalogue.Dog, catalogue.Cat)
	case t.Has("caged") && !asks.Refuses(t, "caged") && t.Has("only"):
		rule("a home without free-roaming animals", catalogue.Dog, catalogue.Cat)
	}
	switch {
	case !free:
	case t.Has("purrs") && !excludes(f.Wants, catalogue.Cat):
		c := p.species(catalogue.Is, "purring", catalogue.Cat)
		c.Of = "purring"
		f.Wants = append(f.Wants, c)
	case t.Has("cuddly") && !t.Has("furry") && !asks.Furless(t):
		rule("to be stroked", catalogue.Fish, catalogue.Bird, catalogue.Reptile)
	case t.Has("hands-on"):
		rule("to be held", catalogue.Fish, catalogue.Bird)
	case t.Has("to-watch"):
		c := p.species(catalogue.Is, "nice to watch", catalogue.Fish, catalogue.Reptile, catalogue.Bird)
		c.Of, c.Wish = "an animal to watch", true
		f.Wants = append(f.Wants, c)
	}
}

func boolTo(ok bool, yes, no float64) float64 {
	if ok {
		return yes
	}
	return no
}

func homeOf(h catalogue.Home) string {
	return map[catalogue.Home]string{catalogue.Apartment: "an apartment", catalogue.House: "a house", catalogue.Garden: "a house with a garden"}[h]
}

func (p *Planner) species(op catalogue.Op, said string, list ...catalogue.Species) Condition {
	return p.wishes.Species(op, said, list...)
}

// conditions returns the conditions on a pet in words from up to to. used are the indices of their marks.
func (p *Planner) conditions(t *read.Turn, from, to int) (list []Condition, used map[int]bool) {
	return p.wishes.Conditions(t, from, to)
}
