package plan

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// schoolAge is from when on a child is expected to handle an animal with care, in years.
const schoolAge = 6

// learns says what each fact of the lexicon tells of a person.
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

// learnPerson takes in what a turn tells of the person and what follows from it for a pet.
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
				who.Home = catalogue.House // without a garden there may be a house
			}
		case learn != nil:
			learn(who)
		}
	}
	for i := range t.Marks {
		p.learnAmount(f, t, &t.Marks[i])
	}
	for _, s := range t.Species(0, len(t.Words), read.Owned) {
		who.Owned = appendNew(who.Owned, s)
	}
	for _, s := range t.Species(0, len(t.Words), read.Allergic) {
		who.Allergy = true
		if slices.Contains(t.Species(0, len(t.Words), read.Plain), s) {
			continue // it is wanted all the same
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

// learnAmount takes in a number that tells of the person: the age of a child or of a
// grown-up, the hours that nobody is home.
func (p *Planner) learnAmount(f *Frame, t *read.Turn, m *read.Mark) {
	if m.Amount == nil {
		return
	}
	years := m.Amount.Low
	if m.Attribute != nil && m.Attribute.Name == "age" {
		years /= 12
	}
	switch {
	case m.Attribute != nil && m.Attribute.Name == "hours":
		s := t.Sentence(m.From)
		if s != nil && t.HasIn(s, "away") {
			f.Person.Away = int(m.Amount.High)
		}
	case m.Attribute != nil && m.Attribute.Name != "age":
	case nearChild(t, m) && years < 18, m.Attribute != nil && years < 18 && m.Amount.Op == catalogue.Is && !m.Amount.Between && strings.HasPrefix(m.Amount.Unit, "y") && !nextToAnimal(t, m):
		f.Person.Children = true
		f.Person.Youngest = youngest(f.Person.Youngest, int(years))
	case m.Role == read.Personal && m.Attribute == nil && years >= 6 && years < 18 && ofSpeaker(t, m):
		f.Person.Minor = true
	case m.Role == read.Personal && years >= 65 && years < 110:
		f.Person.Elderly = true
	}
}

// ofSpeaker reports whether a number follows "I am": these words are grammar.
func ofSpeaker(t *read.Turn, m *read.Mark) bool {
	if m.From == 0 {
		return false
	}
	before := t.Words[m.From-1].Text
	return before == "im" || before == "am"
}

// nearChild reports whether a number is the age of a child: one is spoken of within a few
// words in the same sentence.
func nearChild(t *read.Turn, m *read.Mark) bool {
	for i := range t.Marks {
		o := &t.Marks[i]
		friendly := slices.ContainsFunc(t.Marks, func(a read.Mark) bool { // "kid friendly"
			return a.Attribute != nil && a.Attribute.Name == "children" && a.Value != "" && a.From <= o.From && o.To <= a.To
		})
		if friendly {
			continue
		}
		child := o.Fact == "children" || o.Fact == "toddler" || o.Fact == "baby" || o.Fact == "older-children"
		if child && o.From < m.To+4 && m.From < o.To+5 && t.Words[o.From].Sentence == t.Words[m.From].Sentence {
			return true
		}
	}
	return false
}

// follow turns what is known of the person into conditions on a pet.
func (p *Planner) follow(f *Frame, t *read.Turn) {
	who := &f.Person
	f.Wants = slices.DeleteFunc(f.Wants, func(c Condition) bool { return c.Of != "" })
	add := func(of, attribute string, op catalogue.Op, number float64, names ...string) {
		a := p.cat.Attribute(attribute)
		if slices.ContainsFunc(f.Wants, func(c Condition) bool { return c.Attribute == a && c.Of == "" && attribute != "species" }) {
			return // what was asked for counts before what follows
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
	if t.Has("no-walks") && !slices.ContainsFunc(f.Wants, func(c Condition) bool { return c.Attribute.Name == "species" && c.Op == catalogue.Is }) {
		f.set(p.species(catalogue.Not, "no walks", catalogue.Dog))
	}
	if t.Has("quiet-wanted") {
		add("a quiet home", "noise", catalogue.Is, 0, "low")
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

// conditions returns what words from up to to ask of a pet. used has the marks that they
// came from.
func (p *Planner) conditions(t *read.Turn, from, to int) (list []Condition, used map[int]bool) {
	used = map[int]bool{}
	species := p.wanted(t, from, to, used)
	list = append(list, species...)
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.From < from || m.To > to || m.Attribute == nil || m.Asked || m.Order != 0 || m.Attribute.Name == "species" {
			continue
		}
		if c, ok := p.condition(t, m); ok {
			used[i] = true
			list = append(list, spread(m, c)...)
		}
	}
	if c, ok := p.pair(t, from, to); ok {
		list = append(list, c)
	}
	return merge(list), used
}

// pair asks for animals that are placed together where two of a kind are wanted.
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

// merge joins conditions of one attribute that name several values: "Maine Coons and
// Persians", "black or white".
func merge(list []Condition) []Condition {
	var out []Condition
	for _, c := range list {
		at := slices.IndexFunc(out, func(o Condition) bool {
			return o.Attribute == c.Attribute && o.Op == c.Op && len(c.Names) > 0 && (c.Op == catalogue.Is || c.Op == catalogue.Not)
		})
		if at < 0 {
			out = append(out, c)
			continue
		}
		for _, n := range c.Names {
			out[at].Names = appendNew(out[at].Names, n)
		}
		out[at].Said += " and " + c.Said
	}
	return out
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
		if m.From < from || m.To > to {
			continue
		}
		op := catalogue.Is
		if m.Role == read.Unwanted {
			op = catalogue.Not
		}
		wanted := m.Role == read.Plain || m.Role == read.Unwanted
		switch {
		case m.Breed != nil && m.Role == read.Together && (m.Breed.Species == catalogue.Cat || m.Breed.Species == catalogue.Dog):
			used[i] = true
			list = append(list, p.company(m.Breed.Species))
		case m.Breed != nil && wanted:
			used[i] = true
			list = append(list, Condition{Constraint: catalogue.Constraint{Attribute: p.breed, Op: op, Names: []string{m.Breed.ID}}, Said: m.Breed.Name})
		case m.Attribute != nil && m.Attribute.Name == "species" && m.Value != "" && m.Role == read.Together:
			if s := m.Species(); s == catalogue.Cat || s == catalogue.Dog {
				used[i] = true
				list = append(list, p.company(s))
			}
		case m.Attribute != nil && m.Attribute.Name == "species" && m.Value != "" && wanted:
			used[i] = true
			if grouped[m.From] && m.Value != string(catalogue.Fish) {
				continue // "parrot" says more than "bird"
			}
			list = append(list, Condition{Constraint: catalogue.Constraint{Attribute: m.Attribute, Op: op, Names: []string{m.Value}}, Said: t.Said(m)})
		}
	}
	return withoutContrary(list)
}

// company asks that a pet gets along with cats or dogs.
func (p *Planner) company(s catalogue.Species) Condition {
	name := string(s) + "s"
	return Condition{Constraint: catalogue.Constraint{Attribute: p.cat.Attribute(name), Op: catalogue.AtLeast, Number: 1}, Said: "good with " + name}
}

// withoutContrary leaves out an animal as unwanted that is wanted as well: "an older dog,
// not a puppy".
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

// condition returns what a mark asks of a pet.
func (p *Planner) condition(t *read.Turn, m *read.Mark) (Condition, bool) {
	c := Condition{Constraint: catalogue.Constraint{Attribute: m.Attribute, Op: catalogue.Is}, Said: t.Said(m)}
	switch {
	case m.Amount != nil:
		return p.amount(t, m, c)
	case m.Value == "" || m.Role == read.Owned || m.Role == read.Past || m.Role == read.Personal:
		return c, false
	case m.Attribute.Name == "age" && m.Value == "senior" && afterUnit(t, m):
		return c, false // "2 years old"
	case m.Attribute.Name == "size" && beforeHome(t, m):
		return c, false // "a big garden"
	case m.Attribute.Name == "sex" && m.Value != "group" && len(t.Words) > 8 && !animalWanted(t, m):
		return c, false // "the boys named her"
	case m.Attribute.Name == "group" && p.breedGroup(m.Value):
		return c, false // the species' name says as much
	case m.Attribute.Name == "home":
		c.Op, c.Number = catalogue.AtMost, float64(m.Attribute.Rank(m.Value))
		return c, m.Role != read.Unwanted
	case m.Attribute.Name == "children" || m.Attribute.Name == "cats" || m.Attribute.Name == "dogs":
		if m.Value == "no" || m.Role == read.Unwanted {
			return c, false
		}
		c.Op, c.Number = catalogue.AtLeast, float64(m.Attribute.Rank(m.Value))
		if m.Attribute.Name != "children" {
			c.Number = 1
		}
		return c, true
	}
	c.Names = namesOf(m.Attribute, m.Value)
	if m.Role == read.Unwanted && m.Attribute.Name != "shedding" { // who cannot stand hair wants little
		c.Op = catalogue.Not
	}
	c.Wish = m.Attribute.Name == "temperament" || m.Attribute.Name == "group" && m.Value == "lap" && len(t.Species(0, len(t.Words), read.Plain)) > 0
	return c, true
}

// breedGroup reports whether no breed belongs to a group.
func (p *Planner) breedGroup(name string) bool {
	return !slices.ContainsFunc(p.cat.Breeds(), func(b *catalogue.Breed) bool { return slices.Contains(b.Groups, name) })
}

// namesOf widens a value to what people mean by it: a small animal may be tiny, and who
// wants little hair is glad of none.
func namesOf(a *catalogue.Attribute, value string) []string {
	switch a.Name + "=" + value {
	case "size=small":
		return []string{"tiny", "small"}
	case "size=large":
		return []string{"large", "giant"}
	case "shedding=low":
		return []string{"none", "low"}
	}
	return []string{value}
}

// nextToAnimal reports whether an amount stands next to any animal, whosoever it is.
func nextToAnimal(t *read.Turn, m *read.Mark) bool {
	return slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		return o.Species() != "" && t.Words[o.From].Sentence == t.Words[m.From].Sentence && (o.From >= m.To && o.From-m.To <= 2 || o.To <= m.From && m.From-o.To <= 3)
	})
}

// beforeHome reports whether a mark describes a home or a family.
func beforeHome(t *read.Turn, m *read.Mark) bool {
	return slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		home := o.Fact == "garden" || o.Fact == "house" || o.Fact == "apartment" || o.Fact == "children" || o.Fact == "toddler"
		return home && (o.From == m.To || o.From <= m.From && m.To <= o.To)
	})
}

// animalWanted reports whether the sentence of a mark asks for an animal.
func animalWanted(t *read.Turn, m *read.Mark) bool {
	return t.Has("count") || t.Has("list") || t.Has("have") || t.Has("which") || slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		return o.Species() != "" && o.Pet == nil && o.Role == read.Plain && t.Words[o.From].Sentence == t.Words[m.From].Sentence
	})
}

// besideAnimal reports whether an amount stands next to an animal: "a two year old cat" and
// "a cat that is two". By itself an age may be anybody's.
func besideAnimal(t *read.Turn, m *read.Mark) bool {
	return slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		animal := o.Species() != "" || o.Attribute != nil && o.Attribute.Name == "age" && o.Value == "young"
		near := t.Words[o.From].Sentence == t.Words[m.From].Sentence
		return animal && near && o.Role == read.Plain && (o.From >= m.To && o.From-m.To <= 2 || o.To <= m.From && m.From-o.To <= 3) && o.From != m.From
	})
}

// afterUnit reports whether "old" follows a unit of time.
func afterUnit(t *read.Turn, m *read.Mark) bool {
	return slices.ContainsFunc(t.Marks, func(o read.Mark) bool { return o.Amount != nil && o.From < m.From && m.From <= o.To })
}

// amount returns what an amount asks of a pet.
func (p *Planner) amount(t *read.Turn, m *read.Mark, c Condition) (Condition, bool) {
	if m.Attribute == nil || m.Role == read.Owned || m.Role == read.Past || m.Role == read.Personal {
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
		return c, !exercise && (c.Number <= 24 || m.Amount.Unit == "days") && (len(t.Words) <= shortTurn || t.HasIn(s, "away") || asksFor(t, "hours"))
	case "age":
		if nearChild(t, m) || m.Amount.Op == catalogue.Is && !m.Amount.Between && !besideAnimal(t, m) {
			return c, false
		}
	case "exercise", "upkeep", "fee", "weight":
		if c.Op == catalogue.Is && !m.Amount.Between {
			c.Op = catalogue.AtMost // a sum without a word is what one has
		}
	}
	return c, true
}

// spread splits an amount between two bounds into two conditions.
func spread(m *read.Mark, c Condition) []Condition {
	if m.Amount == nil || !m.Amount.Between {
		if m.Amount != nil && c.Op == catalogue.Is && c.Attribute.Name == "age" {
			// "2 years old" is so until the third birthday.
			low, high := c, c
			low.Op, high.Op, high.Number = catalogue.AtLeast, catalogue.Below, c.Number+12
			if !strings.HasPrefix(m.Amount.Unit, "y") {
				high.Number = c.Number + 1
			}
			return []Condition{low, high}
		}
		return []Condition{c}
	}
	low, high := c, c
	low.Op, low.Number = catalogue.AtLeast, m.Amount.Low
	high.Op, high.Number = catalogue.AtMost, m.Amount.High
	return []Condition{low, high}
}
