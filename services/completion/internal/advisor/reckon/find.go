package reckon

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A Finder finds what a turn asks to compute.
type Finder struct {
	Catalogue *catalogue.Catalogue
	// Asked returns the attributes that a sentence asks for, Fitting the pets that it describes.
	Asked   func(s *read.Sentence) []*catalogue.Attribute
	Fitting func(s *read.Sentence) []*catalogue.Pet
}

// Find returns what a turn asks to compute, and in which sentence; nil if nothing.
func (f *Finder) Find(t *read.Turn) (*Question, *read.Sentence) {
	if t.Language != nil {
		return nil, nil
	}
	whole := &read.Sentence{Text: t.Text, From: 0, To: len(t.Words)}
	if q, of := f.Heads(t); q != nil {
		return q, of
	}
	if q := f.ranks(t, whole); q != nil {
		return q, whole
	}
	if few := len(t.Asks) < 3; few && t.Has("total") {
		if pets := f.ranked(t, whole); len(pets) > 1 { // "the two cheapest cats and the oldest dog together"
			q := &Question{Op: Sum, Pets: pets, By: []*catalogue.Attribute{f.Catalogue.Attribute(fee)}}
			bounded(t, whole, q)
			return q, whole
		}
	}
	for i := range t.Asks {
		s := &t.Asks[i]
		q := &Question{By: f.by(t, s)}
		orders := ordersIn(t, s)
		q.Least = len(orders) > 0 && orders[0] < 0
		ends, other := f.ends(t, s)
		switch {
		case t.HasIn(s, "gap"):
			q.Op, q.Pets = Gap, f.twoOf(t, s, orders)
			if two := f.ranked(t, s); len(q.Pets) == 0 && len(two) == 2 { // "between your dearest dog and your cheapest"
				q.Pets, q.Least = two, false
			}
		case len(orders) == 1 && t.At("asks-if", s.From) && len(f.named(t, s)) == 2 && slices.Contains(wordsOf(t, s), "than"):
			q.Op, q.Pets, q.If = Gap, f.named(t, s), true
		case len(orders) == 1 && s.Question && len(f.named(t, s)) == 2 && (t.HasIn(s, "compare") || t.HasIn(s, "which")) && len(t.Pets(s.From, s.To)) == 2:
			q.Op, q.Pets = Gap, f.named(t, s) // "which is cheaper, Bolt or Frost?"
		case t.HasIn(s, "average") && slices.ContainsFunc(f.Asked(s), func(a *catalogue.Attribute) bool { return slices.Contains(q.By, a) }):
			q.Op, q.Pets, q.All = Mean, f.pets(t, s), t.Has("total")
		case ends != nil:
			q.Op, q.Pets, q.By, q.Least = Gap, ends, other, false
		case opposed(t, s) || t.HasIn(s, "highest") && t.HasIn(s, "lowest"):
			q.Op, q.Pets = Ends, f.pets(t, s)
		case t.HasIn(s, "count"): // "how many are they in total"
		case t.HasIn(s, "as-sum") && !t.At("asks-if", s.From) && len(f.named(t, s)) > 1 && !asksMore(t):
			q.Op, q.Pets = Sum, f.named(t, s) // "what are Luna and Oliver together"
			bounded(t, s, q)
		case t.HasIn(s, "total") || bounded(t, s, q) && t.HasIn(s, "asks-if") && len(f.named(t, s)) > 1:
			q.Op, q.Pets, q.Count = Sum, f.pets(t, s), t.Has("count") && !t.HasIn(s, "count")
			bounded(t, s, q)
		}
		if len(q.Pets) > 1 {
			return q, s
		}
	}
	return nil, nil
}

// ends returns the two pets at the ends of an order, and the numbers asked about them; nil if a sentence does not ask
// for that.
func (f *Finder) ends(t *read.Turn, s *read.Sentence) ([]*catalogue.Pet, []*catalogue.Attribute) {
	if !opposed(t, s) {
		return nil, nil
	}
	other, pets := f.otherNumber(t, s), f.ranked(t, s)
	if other == nil || len(pets) != 2 {
		return nil, nil
	}
	return pets, other
}

// otherNumber returns the numbers that a sentence asks for, apart from those by which it ranks: "the fees of the
// oldest and the youngest"; nil if there are none.
func (f *Finder) otherNumber(t *read.Turn, s *read.Sentence) (list []*catalogue.Attribute) {
	ranks := f.by(t, s)
	for _, a := range f.Asked(s) {
		if a.Type == catalogue.Number && !slices.Contains(ranks, a) {
			list = appendNew(list, a)
		}
	}
	return list
}

// ranked returns the pets that a sentence means by rank: "the two cheapest cats and the oldest dog". A rank without
// an animal applies to the next one.
func (f *Finder) ranked(t *read.Turn, s *read.Sentence) (list []*catalogue.Pet) {
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.From < s.From || m.To > s.To || m.Order == 0 || m.Attribute == nil || m.Attribute.Type != catalogue.Number || !Superlative(t.Said(m)) {
			continue
		}
		of := f.referents(t, &read.Sentence{From: m.To, To: s.To})
		if len(of) == 0 && len(list) > 0 {
			of = f.referents(t, &read.Sentence{From: s.From, To: m.From})
		}
		if len(of) == 0 {
			continue
		}
		sorted := slices.SortedStableFunc(slices.Values(of[0]), func(a, b *catalogue.Pet) int {
			return m.Order * cmp.Compare(value(m.Attribute, b), value(m.Attribute, a))
		})
		for _, pet := range sorted[:min(max(read.CountBefore(t, m), 1), len(sorted))] {
			list = appendNew(list, pet)
		}
	}
	return list
}

// opposed reports whether a sentence asks for the most and the least of one attribute.
func opposed(t *read.Turn, s *read.Sentence) bool {
	of := func(order int) *catalogue.Attribute {
		for i := range t.Marks {
			if m := &t.Marks[i]; m.Order == order && m.From >= s.From && m.To <= s.To && Superlative(t.Said(m)) {
				return m.Attribute
			}
		}
		return nil
	}
	return of(1) != nil && of(1) == of(-1) && len(ordersIn(t, s)) > 1
}

// wordsOf returns the words of a sentence.
func wordsOf(t *read.Turn, s *read.Sentence) (list []string) {
	for _, w := range t.Words[s.From:s.To] {
		list = append(list, w.Text)
	}
	return list
}

// ordersIn returns the directions in which a sentence orders: 1 for more, -1 for less.
func ordersIn(t *read.Turn, s *read.Sentence) (list []int) {
	for _, m := range t.Marks {
		ranged := slices.ContainsFunc(t.Marks, func(o read.Mark) bool { // "from cheapest to dearest"
			return o.Order == -m.Order && o.Attribute == m.Attribute && (o.From == m.To+1 && t.Words[m.To].Text == "to" || m.From == o.To+1 && t.Words[o.To].Text == "to")
		})
		if m.Order != 0 && m.From >= s.From && m.To <= s.To && m.Attribute != nil && m.Attribute.Type == catalogue.Number && !ranged {
			list = append(list, m.Order)
		}
	}
	return list
}

// by returns the numbers that a sentence mentions, or the fee if there are none.
func (f *Finder) by(t *read.Turn, s *read.Sentence) (list []*catalogue.Attribute) {
	fee, age := f.Catalogue.Attribute("fee"), f.Catalogue.Attribute("age")
	for _, m := range t.Marks {
		if m.From < s.From || m.To > s.To || m.Attribute == nil || m.Attribute.Type != catalogue.Number {
			continue
		}
		if m.Order != 0 {
			list = appendNew(list, m.Attribute)
		}
	}
	if len(list) > 0 {
		return list
	}
	for _, a := range f.Asked(s) {
		if a == fee || a == age || a.Name == "weight" {
			list = appendNew(list, a)
		}
	}
	for i := s.From; i < s.To && len(list) == 0; i++ {
		for _, a := range []*catalogue.Attribute{fee, age} {
			if _, ok := a.Unit[t.Words[i].Text]; ok {
				list = appendNew(list, a)
			}
		}
	}
	if len(list) == 0 {
		list = append(list, fee)
	}
	return list
}

// bounded sets the limit of a sum, and reports whether a sentence has one.
func bounded(t *read.Turn, s *read.Sentence, q *Question) bool {
	for _, m := range t.Marks {
		if m.Amount != nil && m.Attribute != nil && m.Attribute.Name == "fee" && m.From >= s.From && m.To <= s.To && (m.Amount.Op == catalogue.AtMost || m.Amount.Op == catalogue.Below) {
			q.Limit, q.Strict = m.Amount.Low, m.Amount.Op == catalogue.Below
			return true
		}
	}
	return false
}

// named returns the pets that a sentence identifies one by one: by name, or by a breed or a kind with only one pet.
func (f *Finder) named(t *read.Turn, s *read.Sentence) (list []*catalogue.Pet) {
	for _, group := range f.referents(t, s) {
		if len(group) == 1 {
			list = appendNew(list, group[0])
		}
	}
	if len(t.Pets(s.From, s.To)) > 0 && (t.HasIn(s, "total") || t.HasIn(s, "as-sum")) { // "neptune + the sparks together"
		for i := s.From; i < s.To; i++ {
			beside := i == s.From || t.Words[i-1].Clause != t.Words[i].Clause || slices.Contains([]string{"and", "plus", "for", "of", "with"}, t.Words[i-1].Text) || strings.Contains(t.Text[t.Words[i-1].End:t.Words[i].Start], "+")
			if pet, n := nameAt(f.Catalogue, t, i); pet != nil && beside && n > 0 {
				list = appendNew(list, pet)
			}
		}
	}
	return list
}

// referents returns the pets that each mention in a sentence may mean, in its order.
func (f *Finder) referents(t *read.Turn, s *read.Sentence) (list [][]*catalogue.Pet) {
	end := -1
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.From < s.From || m.To > s.To || m.From < end || m.Order != 0 {
			continue
		}
		var group []*catalogue.Pet
		for _, pet := range f.Catalogue.Pets() {
			of := m.Attribute != nil && m.Value != "" && (m.Attribute.Name == "species" || m.Attribute.Name == "group")
			if of {
				v, _ := m.Attribute.Of(pet)
				of = slices.Contains(v.Names, m.Value)
			}
			if m.Pet == pet || m.Breed != nil && m.Breed == pet.Breed || of {
				group = append(group, pet)
			}
		}
		if len(group) > 0 && !slices.ContainsFunc(list, func(o []*catalogue.Pet) bool { return slices.Equal(o, group) }) {
			list, end = append(list, group), m.To
		}
	}
	return list
}

// twoOf returns the two pets of a difference. If a word such as "the parrot" may mean several, it means the first one
// by the order.
func (f *Finder) twoOf(t *read.Turn, s *read.Sentence, orders []int) []*catalogue.Pet {
	groups := f.referents(t, s)
	if len(groups) < 2 {
		groups = f.referents(t, &read.Sentence{From: 0, To: len(t.Words)})
	}
	if len(groups) != 2 {
		return nil
	}
	by := f.by(t, s)[0]
	var list []*catalogue.Pet
	for _, group := range groups {
		best := slices.MaxFunc(group, func(a, b *catalogue.Pet) int {
			x, _ := by.Of(a)
			y, _ := by.Of(b)
			d := int(x.Number - y.Number)
			if len(orders) > 0 {
				d *= orders[0]
			}
			return d
		})
		if len(group) > 1 && len(orders) == 0 {
			return nil
		}
		list = append(list, best)
	}
	return list
}

// pets returns the pets of a computation: the named ones, or all that fit.
func (f *Finder) pets(t *read.Turn, s *read.Sentence) []*catalogue.Pet {
	if list := f.named(t, s); len(list) > 1 {
		return list
	}
	return f.Fitting(s)
}

// appendNew appends v unless list contains it.
func appendNew[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// Superlative reports whether words are superlative: "-est" and "most" are grammar.
func Superlative(said string) bool {
	for w := range strings.FieldsSeq(strings.ToLower(said)) {
		if strings.HasSuffix(w, "est") || w == "most" || w == "least" {
			return true
		}
	}
	return false
}
