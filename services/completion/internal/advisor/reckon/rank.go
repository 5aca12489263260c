package reckon

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A First is who is first by one order, such as the oldest cat; several where they are alike.
type First struct {
	By   *catalogue.Attribute
	Most bool
	Of   string // the animal, as it was named
	Pets []*catalogue.Pet
}

// ranks returns the ranks that a turn asks for, if there are several, each with an animal of its own:
// "the oldest cat and the oldest dog, with fees".
func (f *Finder) ranks(t *read.Turn, whole *read.Sentence) *Question {
	if bound := slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		return m.Attribute != nil && (m.Amount != nil || m.Value != "" && m.Attribute.Name != "species" && m.Attribute.Name != "group" && m.Order == 0)
	}); bound || t.Has("gap") || t.Has("total") || t.Has("compare") || t.Has("average") || t.Has("as-sum") {
		return nil
	}
	q := &Question{Op: Ranks}
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Order == 0 || m.Attribute == nil || m.Attribute.Type != catalogue.Number || !Superlative(t.Said(m)) {
			continue
		}
		if read.CountBefore(t, m) > 1 {
			return nil
		}
		of, pets := f.behind(t, m.To)
		if of == "" {
			continue
		}
		sorted := slices.SortedStableFunc(slices.Values(pets), func(a, b *catalogue.Pet) int {
			return m.Order * cmp.Compare(value(m.Attribute, b), value(m.Attribute, a))
		})
		alike := slices.DeleteFunc(sorted, func(p *catalogue.Pet) bool { return value(m.Attribute, p) != value(m.Attribute, sorted[0]) })
		q.Firsts = append(q.Firsts, First{By: m.Attribute, Most: m.Order > 0, Of: of, Pets: slices.Clone(alike)})
		for _, p := range alike {
			q.Pets = appendNew(q.Pets, p)
		}
	}
	if split := !slices.ContainsFunc(t.Asks, func(s read.Sentence) bool { // each is a question by itself
		n := len(ordersIn(t, &s))
		return n > 1 || n > 0 && !s.Question
	}); split {
		return nil
	}
	animals := map[string]bool{}
	for _, r := range q.Firsts {
		animals[r.Of] = true
	}
	if len(animals) < 2 {
		return nil
	}
	q.By = []*catalogue.Attribute{f.Catalogue.Attribute(age), f.Catalogue.Attribute(fee)}
	for _, a := range f.Asked(whole) {
		q.By = appendNew(q.By, a)
	}
	return q
}

// behind returns the animal that is named at a word, and the pets that are such.
func (f *Finder) behind(t *read.Turn, at int) (of string, pets []*catalogue.Pet) {
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.From != at || m.Pet != nil || m.Role != read.Plain {
			continue
		}
		if m.Fact == "any-pet" || at < len(t.Words) && t.Words[at].Stem == "animal" {
			return t.Said(m), slices.Clone(f.Catalogue.Pets())
		}
		if group := f.referents(t, &read.Sentence{From: m.From, To: m.To}); m.Species() != "" && len(group) > 0 {
			return t.Said(m), group[0]
		}
	}
	return "", nil
}

// ranks says who is first, a line for each order.
func (q *Question) ranks() string {
	var b strings.Builder
	for _, r := range q.Firsts {
		for _, p := range r.Pets {
			facts := []string{written(r.By, value(r.By, p))}
			for _, a := range q.numbers(r.By) {
				facts = append(facts, a.Name+" "+written(a, value(a, p)))
			}
			fmt.Fprintf(&b, "- **%s** is the %s %s: %s.\n", p.Name, superlative(r.By, r.Most), r.Of, strings.Join(facts, ", "))
		}
	}
	return strings.TrimSpace(b.String())
}

// numbers returns what is told of each besides what it is ranked by: its age and fee, and what is asked for.
func (q *Question) numbers(by *catalogue.Attribute) (list []*catalogue.Attribute) {
	for _, a := range q.By {
		if a != by && a.Type == catalogue.Number {
			list = append(list, a)
		}
	}
	return list
}
