package plan

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// schoolAge is the age, in years, from which a child should handle an animal with care.
const schoolAge = 6

// learns maps facts of the lexicon to what they say about a person.
var learns = map[string]func(*Person){ //nolint:gochecknoglobals // a table
	"apartment": func(p *Person) { p.Home = catalogue.Apartment },
	"house": func(p *Person) {
		if p.Home != catalogue.Garden {
			p.Home = catalogue.House
		}
	},
	"garden":         func(p *Person) { p.Home = catalogue.Garden },
	"renting":        func(p *Person) { p.Renting = true },
	"baby":           func(p *Person) { p.Children, p.Youngest = true, 0 },
	"toddler":        func(p *Person) { p.Children, p.Youngest = true, youngest(p.Youngest, 2) },
	"children":       func(p *Person) { p.Children = true },
	"older-children": func(p *Person) { p.Children, p.Youngest = true, youngest(p.Youngest, 10) },
	"no-children":    func(p *Person) { p.Children, p.Youngest = false, -1 },
	"first-time":     func(p *Person) { p.Beginner = true },
	"experienced":    func(p *Person) { p.Beginner = false },
	"home-all-day":   func(p *Person) { p.Away = 2 },
	"half-day":       func(p *Person) { p.Away = 5 },
	"full-day":       func(p *Person) { p.Away = max(p.Away, 8) },
	"travel":         func(p *Person) { p.Travels = true },
	"frail":          func(p *Person) { p.Frail = true },
	"elderly":        func(p *Person) { p.Elderly = true },
	"gift":           func(p *Person) { p.Gift = true },
	"low-budget":     func(p *Person) { p.LowBudget = true },
	"allergy":        func(p *Person) { p.Allergy = true },
}

// learnPerson adds a turn's facts about the person, and what follows for a pet.
func (p *Planner) learnPerson(f *Frame, t *read.Turn) {
	who := &f.Person
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Fact == "" || m.Role == read.Unwanted && m.Fact != "apartment" && m.Fact != "no-cage" && m.Fact != "no-walks" && m.Fact != "garden" {
			continue
		}
		switch learn := learns[m.Fact]; {
		case m.Fact == "house" && t.At("house-training", m.From):
		case m.Fact == "garden" && m.Role == read.Unwanted:
			if who.Home == "" || who.Home == catalogue.Garden {
				who.Home = catalogue.House // without a garden, it may be a house
			}
		case learn != nil:
			learn(who)
		}
	}
	for i := range t.Marks {
		p.learnAmount(f, t, &t.Marks[i])
	}
	for i := range t.Marks {
		if m := &t.Marks[i]; m.Species() != "" && (m.Role == read.Owned || m.Of == read.Other) {
			who.Owned = appendNew(who.Owned, m.Species())
		}
	}
	allergic := t.Species(0, len(t.Words), read.Allergic)
	if len(allergic) > 1 {
		f.set(p.species(catalogue.Not, "fur", catalogue.Dog, catalogue.Cat, catalogue.Rabbit, catalogue.GuineaPig, catalogue.Hamster))
	}
	for _, s := range allergic {
		who.Allergy = true
		if slices.Contains(t.Species(0, len(t.Words), read.Plain), s) {
			continue // it is wanted nevertheless
		}
		f.set(p.species(catalogue.Not, "you are allergic", s))
	}
	p.follow(f, t)
}

func youngest(known, age int) int {
	if known < 0 {
		return age
	}
	return min(known, age)
}

// learnAmount adds a number about the person: the age of a child or an adult, or the hours in which nobody is home.
func (p *Planner) learnAmount(f *Frame, t *read.Turn, m *read.Mark) {
	if m.Amount == nil || t.At("past-time", m.To) || t.Has("grief") && m.Role != read.Personal { // "15 years"
		return
	}
	years := m.Amount.Low
	if m.Attribute != nil && m.Attribute.Name == "age" {
		years /= 12
	}
	switch {
	case m.Attribute != nil && m.Attribute.Name == "hours":
		s := t.Sentence(m.From)
		if m.Amount.Unit == read.Away || s != nil && t.HasIn(s, "away") {
			f.Person.Away = int(m.Amount.High)
		}
	case m.Attribute != nil && m.Attribute.Name != "age":
	case m.Role == read.Personal && years >= 6 && years < 18 && asks.OfSpeaker(t, m):
		f.Person.Minor = true
	case asks.NearChild(t, m) && years < 18, m.Attribute != nil && years < 18 && m.Amount.Op == catalogue.Is && !m.Amount.Between && strings.HasPrefix(m.Amount.Unit, "y") && !asks.NextToAnimal(t, m):
		f.Person.Children = true
		f.Person.Youngest = youngest(f.Person.Youngest, int(years))
	case (m.Role == read.Personal || m.Attribute != nil) && years >= 65 && years < 110: // older than any of our pets
		f.Person.Elderly = true
	}
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
	if who.Away > 3 {
		add("hours away", "hours", catalogue.AtLeast, float64(who.Away))
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
	if t.Has("no-cage") {
		f.set(p.species(catalogue.Not, "no cage or tank", catalogue.Hamster, catalogue.GuineaPig, catalogue.Bird, catalogue.Fish, catalogue.Reptile))
	}
	if t.Has("prey-drive") {
		f.set(p.species(catalogue.Not, "an animal at home that hunts", catalogue.Rabbit, catalogue.GuineaPig, catalogue.Hamster, catalogue.Bird))
	}
	p.followCoat(f, t)
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
	if t.Has("no-fur") {
		f.set(p.species(catalogue.Not, "no fur", catalogue.Dog, catalogue.Cat, catalogue.Rabbit, catalogue.GuineaPig, catalogue.Hamster))
	}
	if t.Has("no-feathers") {
		f.Wants = append(f.Wants, p.species(catalogue.Not, "no feathers", catalogue.Bird))
	}
	if t.Has("furry") && !asks.Denied(t, "furry") && !t.Has("no-fur") {
		f.set(p.species(catalogue.Not, "with fur", catalogue.Fish, catalogue.Reptile, catalogue.Bird))
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
