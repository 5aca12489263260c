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
	c := Condition{Constraint: catalogue.Constraint{Attribute: p.cat.Attribute("species"), Op: op}, Said: said}
	for _, s := range list {
		c.Names = append(c.Names, string(s))
	}
	return c
}

// conditions returns the conditions on a pet in words from up to to. used are the indices of their marks.
func (p *Planner) conditions(t *read.Turn, from, to int) (list []Condition, used map[int]bool) {
	used = map[int]bool{}
	species := p.wanted(t, from, to, used)
	list = append(list, species...)
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.From < from || m.To > to || m.Attribute == nil || m.Order != 0 || m.Attribute.Name == "species" || m.OfOther() {
			continue
		}
		if m.Asked {
			if m.Attribute.Name == "needs" && m.Role == read.Unwanted { // "one that needs no pills"
				used[i] = true
				list = append(list, Condition{Constraint: catalogue.Constraint{Attribute: m.Attribute, Op: catalogue.Is, Names: []string{"no"}}, Said: "no special needs"})
			}
			continue
		}
		if c, ok := p.condition(t, m); ok {
			c.Also = alsoIs(t, m)
			used[i] = true
			list = append(list, spread(m, c)...)
		}
	}
	if c, ok := p.pair(t, from, to); ok {
		list = append(list, c)
	}
	return merge(list), used
}

// pair returns a condition for animals that are placed together, if two of a kind are wanted.
func (p *Planner) pair(t *read.Turn, from, to int) (Condition, bool) {
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.From < from || m.To > to || m.Amount == nil || m.Attribute != nil || m.Amount.Low != 2 || m.Role != read.Plain {
			continue
		}
		next := slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
			return o.From == m.To && o.Role == read.Plain && o.Species() != "" && o.Pet == nil
		})
		if next {
			sex := p.cat.Attribute("sex")
			return Condition{Constraint: catalogue.Constraint{Attribute: sex, Op: catalogue.Is, Names: []string{"group"}}, Said: t.Said(m), Wish: true}, true
		}
	}
	return Condition{}, false
}

// merge joins conditions on one attribute that name several values: "Maine Coons and Persians", "black or white".
func merge(list []Condition) []Condition {
	var out []Condition
	for _, c := range list {
		at := slices.IndexFunc(out, func(o Condition) bool {
			return !c.Also && o.Attribute == c.Attribute && o.Op == c.Op && len(c.Names) > 0 && (c.Op == catalogue.Is || c.Op == catalogue.Not)
		})
		if at < 0 {
			out = append(out, c)
			continue
		}
		for _, n := range c.Names {
			out[at].Names = appendNew(out[at].Names, n)
		}
		if out[at].Said != c.Said {
			out[at].Said += " and " + c.Said
		}
	}
	return out
}

// alsoIs reports whether a value is wanted in addition to the one before: "white and brown", unlike "white or brown".
func alsoIs(t *read.Turn, m *read.Mark) bool {
	return m.Attribute.Name == "coat" && m.Role == read.Plain && slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		return o.Attribute == m.Attribute && o.Value != "" && o.To+1 == m.From && t.Words[o.To].Text == "and"
	})
}

// wanted returns the conditions on species, breed and group.
func (p *Planner) wanted(t *read.Turn, from, to int, used map[int]bool) []Condition {
	var list []Condition
	grouped := map[int]bool{}
	for i := range t.Marks {
		if m := &t.Marks[i]; m.Attribute != nil && m.Attribute.Name == "group" {
			grouped[m.From] = true
		}
	}
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.From < from || m.To > to || m.OfOther() {
			continue
		}
		op := catalogue.Is
		if m.Role == read.Unwanted || slices.ContainsFunc(t.Marks, func(o read.Mark) bool { return o.Fact == "no-fur" && o.From < m.From && m.To <= o.To }) {
			op = catalogue.Not // "allergic to fur or feathers"
		}
		wanted := m.Role == read.Plain || m.Role == read.Unwanted
		switch {
		case m.Breed != nil && m.Role == read.Together && (m.Breed.Species == catalogue.Cat || m.Breed.Species == catalogue.Dog):
			used[i] = true
			list = append(list, p.company(t, m.Breed.Species))
		case m.Breed != nil && wanted:
			used[i] = true
			list = append(list, Condition{Constraint: catalogue.Constraint{Attribute: p.breed, Op: op, Names: []string{m.Breed.ID}}, Said: m.Breed.Name})
		case m.Attribute != nil && m.Attribute.Name == "species" && m.Value != "" && m.Role == read.Apart:
			if s := m.Species(); s == catalogue.Cat || s == catalogue.Dog {
				used[i] = true
				c := p.company(t, s)
				c.Op, c.Number, c.Said = catalogue.AtMost, 0, "not with "+string(s)+"s"
				list = append(list, c)
			}
		case m.Attribute != nil && m.Attribute.Name == "species" && m.Value != "" && m.Role == read.Together:
			if s := m.Species(); s == catalogue.Cat || s == catalogue.Dog {
				used[i] = true
				list = append(list, p.company(t, s))
			}
		case m.Attribute != nil && m.Attribute.Name == "species" && m.Value != "" && wanted:
			used[i] = true
			if t.At("thing-of", m.To) || op == catalogue.Not && asks.SaysAge(t, m) {
				continue // "not a puppy" rules out no dog
			}
			if grouped[m.From] && m.Value != string(catalogue.Fish) {
				continue // "parrot" says more than "bird"
			}
			list = append(list, Condition{Constraint: catalogue.Constraint{Attribute: m.Attribute, Op: op, Names: []string{m.Value}}, Said: t.Said(m)})
		}
	}
	return withoutContrary(list)
}

// company returns the condition that a pet gets along with cats or dogs.
func (p *Planner) company(t *read.Turn, s catalogue.Species) Condition {
	name := string(s) + "s"
	c := Condition{Constraint: catalogue.Constraint{Attribute: p.cat.Attribute(name), Op: catalogue.AtLeast, Number: 1}, Said: "good with " + name}
	if t.Has("at-once") {
		c.Number, c.Said = float64(c.Attribute.Rank("yes")), "good with "+name+" at once"
	}
	return c
}

// withoutContrary removes exclusions of animals that are also wanted: "an older dog, not a puppy".
func withoutContrary(list []Condition) []Condition {
	return slices.DeleteFunc(slices.Clone(list), func(c Condition) bool {
		return c.Op == catalogue.Not && slices.ContainsFunc(list, func(o Condition) bool {
			return o.Op == catalogue.Is && o.Attribute == c.Attribute && slices.Equal(o.Names, c.Names)
		})
	})
}

// asksFor reports whether a turn asks for an attribute.
func asksFor(t *read.Turn, name string) bool {
	return slices.ContainsFunc(t.Marks, func(m read.Mark) bool { return m.Asked && m.Attribute.Name == name })
}

// condition returns a mark's condition on a pet.
func (p *Planner) condition(t *read.Turn, m *read.Mark) (Condition, bool) {
	c := Condition{Constraint: catalogue.Constraint{Attribute: m.Attribute, Op: catalogue.Is}, Said: t.Said(m)}
	switch {
	case m.Amount != nil:
		return p.amount(t, m, c)
	case asks.NoWish(p.cat, t, m):
		return c, false
	case m.Attribute.Name == "home":
		return homeCondition(t, m, c)
	case m.Attribute.Name == "children" || m.Attribute.Name == "cats" || m.Attribute.Name == "dogs":
		return companyCondition(t, m, c)
	case m.Attribute.Name == "needs" && m.Role == read.Unwanted:
		c.Names, c.Said = []string{"no"}, "no special needs"
		return c, true
	}
	c.Names = asks.NamesOf(m.Attribute, m.Value)
	if m.Role == read.Unwanted && m.Attribute.Name != "shedding" { // people who cannot stand hair accept little
		c.Op = catalogue.Not
	}
	looks := m.Attribute.Name == "group" && (m.Value == "long-haired" || m.Value == "short-haired") && len(t.Species(0, len(t.Words), read.Plain)) > 0
	c.Wish = looks || m.Attribute.Name == "temperament" || m.Attribute.Name == "group" && m.Value == "lap" && len(t.Species(0, len(t.Words), read.Plain)) > 0
	return c, true
}

// homeCondition returns the condition in words for a home: that an apartment is enough for a pet or, for animals,
// that they need more: "which dogs need a garden".
func homeCondition(t *read.Turn, m *read.Mark, c Condition) (Condition, bool) {
	c.Op, c.Number = catalogue.AtMost, float64(m.Attribute.Rank(m.Value))
	if m.Value == string(catalogue.Apartment) {
		return c, m.Role != read.Unwanted
	}
	if m.Role == read.Unwanted {
		c.Number--
	} else {
		c.Op = catalogue.AtLeast
	}
	return c, read.Impersonal(t, t.Sentence(m.From))
}

// companyCondition returns the condition in words about children, cats and dogs.
func companyCondition(t *read.Turn, m *read.Mark, c Condition) (Condition, bool) {
	const barely = 2 // "no cats" says that there are none
	switch {
	case m.Value == "no" && m.To-m.From > barely:
		c.Op = catalogue.AtMost
		return c, true // "must not live with cats"
	case m.Role == read.Unwanted && m.Value == "yes" && read.Impersonal(t, t.Sentence(m.From)):
		c.Op, c.Number = catalogue.AtMost, 0 // "which dogs are not for families with kids"
		if m.Attribute.Name == "children" && (t.Has("toddler") || t.Has("baby")) {
			c.Number = float64(m.Attribute.Rank("older"))
		}
		return c, true
	case m.Value == "no" || m.Role == read.Unwanted:
		return c, false
	}
	c.Op, c.Number = catalogue.AtLeast, float64(m.Attribute.Rank(m.Value))
	if m.Attribute.Name != "children" && !t.Has("at-once") {
		c.Number = 1
	}
	return c, true
}

// amount returns an amount's condition on a pet.
func (p *Planner) amount(t *read.Turn, m *read.Mark, c Condition) (Condition, bool) {
	const person = 60 * 12 // in months: older than any of our pets
	if m.Attribute == nil || m.Role == read.Owned || m.Role == read.Past || m.Role == read.Personal || m.Attribute.Name == "age" && m.Amount.Low >= person {
		return c, false
	}
	c.Op, c.Number = m.Amount.Op, m.Amount.Low
	switch m.Attribute.Name {
	case "hours":
		c.Op = catalogue.AtLeast
		c.Number = m.Amount.High
		s := t.Sentence(m.From)
		exercise := slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
			return o.Attribute != nil && o.Attribute.Name == "exercise" && o.From >= s.From && o.To <= s.To
		})
		return c, !exercise && (c.Number <= 24 || m.Amount.Unit == "days") && (len(t.Words) <= shortTurn || m.Amount.Unit == read.Away || t.HasIn(s, "away") || asksFor(t, "hours"))
	case "age":
		if asks.OthersAge(t, m) {
			return c, false
		}
	case "exercise", "upkeep", "fee", "weight":
		if c.Op == catalogue.Is && !m.Amount.Between && (!m.Amount.Exact || !read.Impersonal(t, t.Sentence(m.From))) {
			c.Op = catalogue.AtMost // a mere sum is a limit
		}
	}
	return c, true
}

// spread splits an amount between two bounds into two conditions.
func spread(m *read.Mark, c Condition) []Condition {
	if m.Amount == nil || !m.Amount.Between {
		if m.Amount != nil && c.Op == catalogue.Is && c.Attribute.Name == "age" {
			// "2 years old" lasts until the third birthday.
			low, high := c, c
			low.Op, high.Op, high.Number = catalogue.AtLeast, catalogue.Below, c.Number+12
			if !strings.HasPrefix(m.Amount.Unit, "y") {
				high.Number = c.Number + 1
			}
			return []Condition{low, high}
		}
		if m.Amount != nil && m.Amount.Exact && c.Op == catalogue.Is {
			low, high := c, c
			low.Op, high.Op = catalogue.AtLeast, catalogue.AtMost
			return []Condition{low, high}
		}
		return []Condition{c}
	}
	low, high := c, c
	low.Op, low.Number = catalogue.AtLeast, m.Amount.Low
	high.Op, high.Number = catalogue.AtMost, m.Amount.High
	return []Condition{low, high}
}
