package reckon

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Bounds on the words of a turn that changes a sum: with a word for a change, and without.
const (
	longAmend  = 20
	shortAmend = 6
)

// Amend returns the sum of some pets as a turn changes it, or nil if it does not. A pet of the sum after a word for
// removal is removed, and other pets are added: "swap Frost for Bolt and add Caruso".
func Amend(cat *catalogue.Catalogue, t *read.Turn, sum []*catalogue.Pet) *Question {
	if t.Language != nil || len(sum) == 0 || len(t.Words) > longAmend {
		return nil
	}
	out, cued, changed := false, false, false
	pets := slices.Clone(sum)
	for i := 0; i < len(t.Words); i++ {
		if t.At("takes-out", i) || t.At("puts-in", i) {
			out, cued = t.At("takes-out", i), true
		}
		pet, n := nameAt(cat, t, i)
		if pet == nil {
			pet = onlyOf(sum, t, i)
			if pet == nil || !out {
				continue
			}
		}
		switch had := slices.Contains(sum, pet); {
		case had && out:
			pets, changed = slices.DeleteFunc(pets, func(o *catalogue.Pet) bool { return o == pet }), true
		case !had && !slices.Contains(pets, pet):
			pets, changed = append(pets, pet), true
		}
		i += max(n, 1) - 1
	}
	goesOn := t.At("goes-on", 0) && len(t.Words) <= shortAmend
	if !changed || len(pets) == 0 || !cued && !t.Has("total") && !goesOn || asksMore(t) {
		return nil
	}
	q := &Question{Op: Sum, Pets: pets, By: []*catalogue.Attribute{cat.Attribute(fee)}}
	bounded(t, &read.Sentence{From: 0, To: len(t.Words)}, q)
	return q
}

// asksMore reports whether a turn asks for more than costs.
func asksMore(t *read.Turn) bool {
	return slices.ContainsFunc(t.Marks, func(m read.Mark) bool { return m.Asked && m.Attribute.Name != fee && m.Attribute.Name != "upkeep" })
}

// nameAt returns the pet whose name begins at word i, in any spelling, and the length of the name. Beside a sum, an
// ordinary word that is a name means the pet, unless it has an article.
func nameAt(cat *catalogue.Catalogue, t *read.Turn, i int) (*catalogue.Pet, int) {
	for _, m := range t.Marks {
		if m.Pet != nil && m.From == i {
			return m.Pet, m.To - m.From
		}
	}
	const longest = 3
	for n := min(longest, len(t.Words)-i); n > 0; n-- {
		if pet := cat.PetNamed(t.Text[t.Words[i].Start:t.Words[i+n-1].End]); pet != nil && (i == 0 || t.Words[i-1].Text != "a") {
			return pet, n
		}
	}
	return nil, 0
}

// onlyOf returns the sum's only pet of the species at word i: "without the snake".
func onlyOf(sum []*catalogue.Pet, t *read.Turn, i int) *catalogue.Pet {
	for _, m := range t.Marks {
		if m.From != i || m.Species() == "" {
			continue
		}
		of := slices.DeleteFunc(slices.Clone(sum), func(p *catalogue.Pet) bool { return p.Species != m.Species() })
		if len(of) == 1 {
			return of[0]
		}
	}
	return nil
}
