package reckon

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Sense changes mentions of a turn by its grammar: a pet to which others are compared ("older than Winston") becomes
// an amount, and people for whom an animal is unsuitable become conditions.
func Sense(cat *catalogue.Catalogue, t *read.Turn) {
	for i := range t.Asks {
		s := &t.Asks[i]
		if t.HasIn(s, "which") || t.HasIn(s, "list") || t.HasIn(s, "have") || len(t.Species(s.From, s.To, read.Plain)) > 0 {
			measured := measure(cat, t, s)
			if negated := t.HasIn(s, "unfit") && t.HasIn(s, "which") && negate(cat, t, s); measured || negated {
				s.Kinds = read.Surely(read.KindStock) // by grammar
			}
		}
	}
}

// measure replaces the pet after "than" by an amount, if it is the only one. It reports whether it did.
func measure(cat *catalogue.Catalogue, t *read.Turn, s *read.Sentence) bool {
	if len(t.Pets(s.From, s.To)) != 1 {
		return false
	}
	at := slices.IndexFunc(t.Marks, func(m read.Mark) bool {
		return m.Pet != nil && m.From > s.From && m.To <= s.To && t.Words[m.From-1].Text == "than"
	})
	if at < 0 {
		return false
	}
	m := &t.Marks[at]
	by, direction := (*catalogue.Attribute)(nil), 0
	for _, o := range t.Marks {
		switch near := o.From >= s.From && (o.To == m.From-1 || o.To == m.From); {
		case near && o.Order != 0 && o.Attribute != nil && o.Attribute.Type == catalogue.Number:
			by, direction = o.Attribute, o.Order
		case near && o.Fact == "costs-more":
			by, direction = cat.Attribute("fee"), 1
		case near && o.Fact == "costs-less":
			by, direction = cat.Attribute("fee"), -1
		}
	}
	if by == nil {
		return false
	}
	v, known := by.Of(m.Pet)
	if !known {
		return false
	}
	op := catalogue.Above
	if direction < 0 {
		op = catalogue.Below
	}
	from, to := m.From, m.To
	t.Marks = slices.DeleteFunc(t.Marks, func(o read.Mark) bool {
		return o.From < to && from < o.To || o.To >= from-1 && o.To <= from && (o.Order != 0 || o.Attribute != nil)
	})
	t.Marks = append(t.Marks, read.Mark{From: from - 1, To: to, Attribute: by, Amount: &read.Amount{Op: op, Low: v.Number, High: v.Number, Exact: true}})
	slices.SortStableFunc(t.Marks, func(a, b read.Mark) int { return a.From - b.From })
	return true
}

// negate replaces the people for whom an animal is unsuitable by conditions that it must not meet, and reports
// whether there are any.
func negate(cat *catalogue.Catalogue, t *read.Turn, s *read.Sentence) (negated bool) {
	lacks := map[string]string{"first-time": "beginner", "children": "children", "older-children": "children", "toddler": "children"}
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.From < s.From || m.To > s.To {
			continue
		}
		if name := lacks[m.Fact]; name != "" {
			*m = read.Mark{From: m.From, To: m.To, Attribute: cat.Attribute(name), Value: "yes"}
		}
		if m.Attribute == nil || m.Value != "yes" {
			continue
		}
		negated, m.Of, m.Role = true, read.Sought, read.Unwanted
		if m.Attribute.Type == catalogue.Flag {
			m.Value, m.Role = "no", read.Plain
		}
	}
	return negated
}
