// Package subject keeps the kinds of animals that a conversation is about, in the person's words. Pets of the store are not
// its matter.
package subject

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// A Subject is a kind of animal that was named.
type Subject struct {
	Words   []words.Word
	Species catalogue.Species
	Breed   *catalogue.Breed // nil: the whole species, or a part of it that is no breed
}

// Most is how many subjects "both" and "those two" mean.
const Most = 2

// Add returns the last subjects, oldest first, after a turn that may name others.
func Add(known []Subject, cat *catalogue.Catalogue, t *read.Turn) []Subject {
	known = slices.Clone(known)
	end := 0
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Species() == "" || m.Pet != nil || m.From < end || m.Role == read.Unwanted || m.Role == read.Together {
			continue
		}
		to := m.To
		for k := range t.Marks { // "Syrian hamsters" are one subject
			if o := &t.Marks[k]; o.From == m.From && o.Species() == m.Species() {
				to = max(to, o.To)
			}
		}
		s := Subject{Words: t.Words[m.From:to], Species: m.Species(), Breed: breedIn(cat, t, m.From, to)}
		known, end = append(slices.DeleteFunc(known, s.same), s), to
	}
	return known[max(0, len(known)-Most):]
}

// same reports whether two subjects are one.
func (s Subject) same(o Subject) bool {
	return slices.EqualFunc(s.Words, o.Words, func(a, b words.Word) bool { return a.Stem == b.Stem }) || s.Breed != nil && s.Breed == o.Breed
}

// breedIn returns the breed that words name, or the first one of a group such as poodles or dwarf hamsters.
func breedIn(cat *catalogue.Catalogue, t *read.Turn, from, to int) *catalogue.Breed {
	if list := t.Breeds(from, to); len(list) > 0 {
		return list[0]
	}
	if groups := asks.Grouped(cat, t, from, to); len(groups) > 0 {
		return groups[0][0]
	}
	if to-from < 2 { // a species
		return nil
	}
	for _, b := range cat.Breeds() {
		named := words.Split(b.Name)
		if slices.Contains(t.Species(from, to), b.Species) && !slices.ContainsFunc(t.Words[from:to], func(w words.Word) bool {
			return !slices.ContainsFunc(named, func(n words.Word) bool { return n.Stem == w.Stem })
		}) {
			return b
		}
	}
	return nil
}
