package asks

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Filters reports whether a sentence asks which animals of the store meet a condition, and mentions nobody who wants
// one: "which dogs can stay alone for six hours".
func Filters(t *read.Turn, s *read.Sentence) bool {
	if t.HasIn(s, "recommends") || !read.Impersonal(t, s) {
		return false
	}
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.From < s.From || m.To > s.To || m.Species() == "" && m.Fact != "any-pet" || m.Role != read.Plain || read.Singular(t, m) {
			continue
		}
		return true
	}
	return false
}

// NeedsAnimal reports whether a sentence names the wanted animal: "need a quiet dog".
func NeedsAnimal(t *read.Turn, s *read.Sentence) bool {
	return follows(t, s, "need", 4, func(m *read.Mark) bool {
		friend := m.Attribute != nil && m.Attribute.Name == "sex" && m.Value != "" && len(t.Species(s.From, s.To, read.Owned)) > 0
		return m.Species() != "" && m.Pet == nil || friend
	})
}

// ChoosesAnimal reports whether a sentence asks which animal: "which small dog".
func ChoosesAnimal(t *read.Turn, s *read.Sentence) bool {
	return follows(t, s, "which", 3, func(m *read.Mark) bool {
		noun := m.Fact == "any-pet" || m.Attribute != nil && m.Attribute.Name == "species" && m.Value != ""
		return noun && (m.To == s.To || t.At("after-animal", m.To))
	})
}

// follows reports whether a plain mark that fits follows a fact of a sentence, at most between words later.
func follows(t *read.Turn, s *read.Sentence, fact string, between int, fits func(*read.Mark) bool) bool {
	for i := range t.Marks {
		f := &t.Marks[i]
		if f.Fact != fact || f.From < s.From || f.To > s.To {
			continue
		}
		for j := range t.Marks {
			m := &t.Marks[j]
			if m.From >= f.To && m.From-f.To <= between && m.Role == read.Plain && fits(m) {
				return true
			}
		}
	}
	return false
}

// Company reports whether a breed is named only as a future companion, or as one at home.
func Company(t *read.Turn, s *read.Sentence, b *catalogue.Breed) bool {
	return !slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		return m.Breed == b && m.From >= s.From && m.To <= s.To && m.Role != read.Together && m.Role != read.Owned
	})
}

// NearChild reports whether a number is a child's age, because a child is mentioned within a few words of the same
// sentence.
func NearChild(t *read.Turn, m *read.Mark) bool {
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

// CountsChildren reports whether a number says how many children there are: "two boys of 8 and 11".
func CountsChildren(t *read.Turn, m *read.Mark) bool {
	return slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		child := o.Fact == "children" || o.Fact == "toddler" || o.Fact == "baby" || o.Fact == "older-children"
		return child && (o.From == m.To || o.From <= m.From && m.To < o.To)
	})
}

// OfSpeaker reports whether a number follows "I am". These words are grammar.
func OfSpeaker(t *read.Turn, m *read.Mark) bool {
	if m.From == 0 {
		return false
	}
	before := t.Words[m.From-1].Text
	return before == "im" || before == "am"
}
