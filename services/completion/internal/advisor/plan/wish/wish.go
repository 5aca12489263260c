// Package wish reads what a turn says that a pet must be, as conditions on the store's pets. It does not know what is
// told of the person, nor what an earlier turn said.
package wish

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A Condition is a constraint with its words.
type Condition struct {
	catalogue.Constraint
	Said string
	// Wish is set if a pet that does not meet the constraint may still be shown, with a remark.
	Wish bool
	// Also is set if a pet must have this in addition to another value of the attribute.
	Also bool
	// Of is set if the constraint follows from facts about the person.
	Of string
}

// A Reader reads conditions on the pets of its catalogue.
type Reader struct{ Catalogue *catalogue.Catalogue }

// ShortTurn is the most words of a turn that may edit an earlier question.
const ShortTurn = 18

// Species returns a condition on the kind of animal.
func (r Reader) Species(op catalogue.Op, said string, list ...catalogue.Species) Condition {
	c := Condition{Constraint: catalogue.Constraint{Attribute: r.Catalogue.Attribute("species"), Op: op}, Said: said}
	for _, s := range list {
		c.Names = append(c.Names, string(s))
	}
	return c
}

// Conditions returns the conditions on a pet in words from up to to. used are the indices of their marks.
func (r Reader) Conditions(t *read.Turn, from, to int) (list []Condition, used map[int]bool) {
	used = map[int]bool{}
	species := r.wanted(t, from, to, used)
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
		if c, ok := r.condition(t, m); ok {
			c.Also = alsoIs(t, m)
			used[i] = true
			list = append(list, spread(m, c)...)
		}
	}
	if c, ok := r.pair(t, from, to); ok {
		list = append(list, c)
	}
	return merge(list), used
}

// pair returns a condition for animals that are placed together, if two of a kind are wanted.
func (r Reader) pair(t *read.Turn, from, to int) (Condition, bool) {
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.From < from || m.To > to || m.Amount == nil || m.Attribute != nil || m.Amount.Low != 2 || m.Role != read.Plain {
			continue
		}
		next := slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
			return o.From == m.To && o.Role == read.Plain && o.Species() != "" && o.Pet == nil
		})
		if next {
			sex := r.Catalogue.Attribute("sex")
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
func (r Reader) wanted(t *read.Turn, from, to int, used map[int]bool) []Condition {
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
			list = append(list, r.company(t, m.Breed.Species))
		case m.Breed != nil && wanted:
			used[i] = true
			list = append(list, Condition{Constraint: catalogue.Constraint{Attribute: r.Catalogue.Attribute("breed"), Op: op, Names: []string{m.Breed.ID}}, Said: m.Breed.Name})
		case m.Attribute != nil && m.Attribute.Name == "species" && m.Value != "" && m.Role == read.Apart:
			if s := m.Species(); s == catalogue.Cat || s == catalogue.Dog {
				used[i] = true
				c := r.company(t, s)
				c.Op, c.Number, c.Said = catalogue.AtMost, 0, "not with "+string(s)+"s"
				list = append(list, c)
			}
		case m.Attribute != nil && m.Attribute.Name == "species" && m.Value != "" && m.Role == read.Together:
			if s := m.Species(); s == catalogue.Cat || s == catalogue.Dog {
				used[i] = true
				list = append(list, r.company(t, s))
			}
		case m.Attribute != nil && m.Attribute.Name == "species" && m.Value != "" && wanted:
			used[i] = true
			if t.At("thing-of", m.To) || op == catalogue.Not && (asks.SaysAge(t, m) || asks.Sized(t, m)) {
				continue // "not a puppy" and "no big dogs" rule out no dog
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
func (r Reader) company(t *read.Turn, s catalogue.Species) Condition {
	name := string(s) + "s"
	c := Condition{Constraint: catalogue.Constraint{Attribute: r.Catalogue.Attribute(name), Op: catalogue.AtLeast, Number: 1}, Said: "good with " + name}
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
func (r Reader) condition(t *read.Turn, m *read.Mark) (Condition, bool) {
	c := Condition{Constraint: catalogue.Constraint{Attribute: m.Attribute, Op: catalogue.Is}, Said: t.Said(m)}
	switch {
	case m.Amount != nil:
		return r.amount(t, m, c)
	case asks.NoWish(r.Catalogue, t, m):
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
func (r Reader) amount(t *read.Turn, m *read.Mark, c Condition) (Condition, bool) {
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
		return c, !exercise && (m.Amount.Unit != "days" || !t.Has("travel")) && (c.Number <= 24 || m.Amount.Unit == "days") && (len(t.Words) <= ShortTurn || m.Amount.Unit == read.Away || t.HasIn(s, "away") || asksFor(t, "hours"))
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

// appendNew appends v unless list contains it.
func appendNew[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}
