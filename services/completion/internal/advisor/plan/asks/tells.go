package asks

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// RefusesDiet reports whether somebody does not want to feed an animal its diet.
func RefusesDiet(t *read.Turn) bool {
	return slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		return m.Attribute != nil && m.Attribute.Name == "diet" && m.Role == read.Unwanted
	})
}

// Doses reports whether a turn has a number that may be a dose, or the weight of its recipient.
func Doses(t *read.Turn) bool {
	return slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		return m.Amount != nil && (m.Attribute == nil || m.Attribute.Name == "weight")
	})
}

// OfStore reports whether a turn asks for facts about named pets. These are in the store, not in danger at
// somebody's home.
func OfStore(t *read.Turn) bool {
	return !read.Owns(t) && len(t.Pets(0, len(t.Words))) > 0 && len(Attributes(t, 0, len(t.Words))) > 0
}

// ForDose reports whether a sentence most likely asks for a dose.
func ForDose(t *read.Turn) bool {
	return slices.ContainsFunc(t.Asks, func(s read.Sentence) bool { return s.Kinds.Best() == read.KindDose })
}

// Questions returns how many questions a turn has.
func Questions(t *read.Turn) (n int) {
	for i := range t.Asks {
		if t.Asks[i].Question {
			n++
		}
	}
	return n
}

// Injects reports whether a turn tells the advisor to be something else, and names no pet.
func Injects(t *read.Turn) bool {
	return len(t.Pets(0, len(t.Words))) == 0 && slices.ContainsFunc(t.Asks, func(s read.Sentence) bool {
		return s.Kinds.Of(read.TalkInjection) > 0.5 || s.Kinds.Of(read.TalkInjection) > 0.25 && len(t.Asks) > 1
	})
}

// OfGroup returns the kind of answer that a sentence wants which compares or asks about breeds of which it
// names a group: "a beagle and a poodle", "what is a spaniel like".
func OfGroup(cat *catalogue.Catalogue, t *read.Turn, s *read.Sentence) read.Kind {
	groups, breeds := Grouped(cat, t, s.From, s.To), t.Breeds(s.From, s.To)
	if len(groups) == 0 || t.HasIn(s, "have") || t.HasIn(s, "list") || t.HasIn(s, "count") || Amounts(t, s.From, s.To) || NeedsAnimal(t, s) || slices.ContainsFunc(t.Marks, func(m read.Mark) bool { return m.Order != 0 && m.From >= s.From && m.To <= s.To }) {
		return ""
	}
	switch about := t.HasIn(s, "of-pet") || t.HasIn(s, "of-kind"); {
	case len(groups)+len(breeds) > 1 && t.HasIn(s, "compare") && s.Kinds.Of(read.KindGuide) < 0.7:
		return read.KindCompare
	case len(groups) == 1 && len(breeds) == 0 && about && s.Kinds.Of(read.KindGuide) < 0.9:
		return read.KindBreed
	}
	return ""
}

// Amounts reports whether words from up to to name an amount.
func Amounts(t *read.Turn, from, to int) bool {
	return slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		return m.Amount != nil && m.Attribute != nil && m.From >= from && m.To <= to
	})
}

// AlsoAllergic extends an allergy to the next named animal: "he wheezes at cats, at dogs".
func AlsoAllergic(t *read.Turn) {
	last := -1
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Species() == "" || m.Pet != nil {
			continue
		}
		if last >= 0 && m.From >= last && m.From-last <= 2 && m.Role != read.Unwanted && t.Words[m.From].Sentence == t.Words[last-1].Sentence {
			m.Role = read.Allergic
		}
		if m.Role == read.Allergic {
			last = m.To
		}
	}
}

// Denied reports whether a turn denies a fact.
func Denied(t *read.Turn, fact string) bool {
	return slices.ContainsFunc(t.Marks, func(m read.Mark) bool { return m.Fact == fact && m.Role == read.Unwanted })
}

// NextToAnimal reports whether an amount is next to any animal.
func NextToAnimal(t *read.Turn, m *read.Mark) bool {
	return slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		return o.Species() != "" && t.Words[o.From].Sentence == t.Words[m.From].Sentence && (o.From >= m.To && o.From-m.To <= 2 || o.To <= m.From && m.From-o.To <= 3)
	})
}

// SaysAge reports whether the word for an animal implies an age: "puppy".
func SaysAge(t *read.Turn, m *read.Mark) bool {
	return slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		return o.From == m.From && o.To == m.To && o.Attribute != nil && o.Attribute.Name == "age" && o.Value != ""
	})
}

// Sized reports whether a size stands right before an animal: "big dogs".
func Sized(t *read.Turn, m *read.Mark) bool {
	return slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		return o.To == m.From && o.Attribute != nil && o.Attribute.Name == "size" && o.Value != ""
	})
}

// Animals returns the words of a turn that name animals.
func Animals(t *read.Turn) []string {
	var list []string
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Pet != nil || m.Breed != nil || m.Attribute != nil && (m.Attribute.Name == "species" || m.Attribute.Name == "group") {
			list = append(list, t.Said(m))
		}
	}
	return list
}

// Tone returns the complaint in a turn, beside its questions.
func Tone(t *read.Turn) read.Kind {
	for i := range t.Asks {
		k := t.Asks[i].Kinds.Best()
		if k == read.TalkComplaint && t.Asks[i].Kinds.Of(k) > 0.4 {
			return k
		}
	}
	return ""
}

// RefusesByName reports whether a turn names a pet only to rule it out.
func RefusesByName(t *read.Turn) bool {
	return !WantsByName(t) && slices.ContainsFunc(t.Marks, func(m read.Mark) bool { return m.Pet != nil && m.Role == read.Unwanted })
}

// WantsByName reports whether a turn names a pet or a breed without ruling it out.
func WantsByName(t *read.Turn) bool {
	return slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		refused := slices.ContainsFunc(t.Marks, func(o read.Mark) bool { return m.Pet != nil && o.Pet == m.Pet && o.Role == read.Unwanted })
		return (m.Pet != nil || m.Breed != nil) && m.Role == read.Plain && !refused
	})
}
