package asks

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/reckon"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// An Order sorts pets by an attribute: Direction 1 puts most first, -1 least.
type Order struct {
	Attribute *catalogue.Attribute
	Direction int
	Said      string
	// One is set for "the cheapest", but not for "cheaper ones". N is 3 for "your three cheapest", and Nth is 2 for
	// "the second cheapest".
	One    bool
	N, Nth int
}

// Ordered returns the order that words from up to to ask for; nil: none.
func Ordered(t *read.Turn, from, to int) *Order {
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.From >= from && m.To <= to && m.Order != 0 && m.Attribute != nil && !valued(t, m) {
			said := t.Said(m)
			o := &Order{Attribute: m.Attribute, Direction: m.Order, Said: said, One: reckon.Superlative(said), Nth: ranked(t, m)}
			if t.At("leads-list", m.To) { // "cheapest first"
				o.One = false
			}
			if slices.ContainsFunc(t.Marks, func(n read.Mark) bool { // "from cheapest to dearest"
				return n.Attribute == m.Attribute && n.Order == -m.Order && n.From == m.To+1 && t.Words[m.To].Text == "to"
			}) {
				o.One = false
			}
			o.N = read.CountBefore(t, m)
			return o
		}
	}
	return nil
}

// ranked returns 2 for "the second cheapest" and 3 for "the third oldest", else 0.
func ranked(t *read.Turn, m *read.Mark) int {
	if m.From == 0 {
		return 0
	}
	return map[string]int{"second": 2, "2nd": 2, "third": 3, "3rd": 3}[t.Words[m.From-1].Text]
}

// valued reports whether the words of an order also name a value, which then is meant.
func valued(t *read.Turn, m *read.Mark) bool {
	return m.Attribute.Type == catalogue.Scale && slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		return o.From == m.From && o.To == m.To && o.Attribute == m.Attribute && o.Value != "" && o.Order == 0
	})
}

// Attributes returns the attributes that words from up to to ask for, each once.
func Attributes(t *read.Turn, from, to int) []*catalogue.Attribute {
	var list []*catalogue.Attribute
	for _, m := range t.Marks {
		if m.From < from || m.To > to || m.Attribute == nil || !m.Asked || m.Attribute.Name == "fee" && countsThing(t, &m, to) {
			continue
		}
		inside := slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
			return o.Asked && o.Attribute != m.Attribute && (o.From <= m.From && m.To <= o.To && o.To-o.From > m.To-m.From ||
				m.Attribute.Name == "fee" && o.From == m.From && o.To > m.From+1) // "how much exercise does"
		})
		if !inside {
			list = appendNew(list, m.Attribute)
		}
	}
	if slices.ContainsFunc(list, func(a *catalogue.Attribute) bool { return a.Name == "allergy" }) { // "with my cat allergy"
		list = slices.DeleteFunc(list, func(a *catalogue.Attribute) bool { return a.Name == "cats" || a.Name == "dogs" })
	}
	return list
}

// countsThing reports whether "how much" asks for an amount of something: "how much hay".
func countsThing(t *read.Turn, m *read.Mark, to int) bool {
	return m.To-m.From == 2 && t.Words[m.To-1].Text == "much" && m.To < to && !t.At("after-how-much", m.To) && t.Words[m.To].Clause == t.Words[m.From].Clause
}

// Valued returns the attributes of which words from up to to name a value: "are they couch potatoes".
func Valued(t *read.Turn, from, to int) []*catalogue.Attribute {
	var list []*catalogue.Attribute
	for _, m := range t.Marks {
		if m.From >= from && m.To <= to && m.Attribute != nil && m.Value != "" && (m.Attribute.Ordered() || m.Attribute.Name == "ailment" || m.Attribute.Name == "sex") {
			list = appendNew(list, m.Attribute)
		}
	}
	return list
}

func appendNew[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}
