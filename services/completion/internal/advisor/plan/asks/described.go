package asks

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Describe treats a description of an animal like a name, if it fits exactly one of the store: "the three-legged
// cat", "your tortoise".
func Describe(cat *catalogue.Catalogue, t *read.Turn) {
	if len(t.Pets(0, len(t.Words))) > 0 {
		return
	}
	for i := range t.Marks {
		head := &t.Marks[i]
		if head.Species() == "" || head.Role != read.Plain || !read.Singular(t, head) {
			continue
		}
		if pet, from := described(cat, t, head); pet != nil {
			t.Marks = slices.Insert(t.Marks, i, read.Mark{From: from, To: head.To, Pet: pet})
			return
		}
	}
}

// described returns the one pet that the words around a mention of an animal describe, and the first of these words;
// nil if they describe none or several, or may well mean somebody else's animal.
func described(cat *catalogue.Catalogue, t *read.Turn, head *read.Mark) (*catalogue.Pet, int) {
	s := t.Sentence(head.From)
	if s == nil || t.HasIn(s, "list") || t.HasIn(s, "count") || t.HasIn(s, "have") {
		return nil, 0
	}
	from, one, ok := introduced(t, head, s)
	if !ok {
		return nil, 0
	}
	ours := !one && (t.Words[from].Text == "your" || t.HasIn(s, "ours"))
	var conditions []catalogue.Constraint
	told := false // an attribute hardly shared by other animals
	for i := range t.Marks {
		m := &t.Marks[i]
		inside := m.From > from && m.To <= head.To
		behind := m.From >= head.To && m.To <= s.To && m.Attribute != nil && m.Attribute.Name == "ailment"
		if !inside && !behind || m.Role != read.Plain || m.Attribute == nil || m.Asked || m.Order != 0 || m.Amount != nil || m.Value == "" {
			continue
		}
		switch m.Attribute.Type {
		case catalogue.Choice, catalogue.Set, catalogue.Scale, catalogue.Flag:
		default:
			if m.Attribute.Name != "age" {
				continue
			}
		}
		told = told || m.Attribute.Name == "ailment" && (ours || one || t.HasIn(s, "have") || len(Attributes(t, 0, len(t.Words))) > 0 || t.Words[max(from, 0)].Text == "the") || m.Value == "hairless"
		conditions = append(conditions, catalogue.Constraint{Attribute: m.Attribute, Op: catalogue.Is, Names: NamesOf(m.Attribute, m.Value)})
	}
	if head.Breed != nil {
		conditions = append(conditions, catalogue.Constraint{Attribute: cat.Attribute("breed"), Op: catalogue.Is, Names: []string{head.Breed.ID}})
	}
	facts := t.HasIn(s, "process") || slices.ContainsFunc(Attributes(t, s.From, s.To), ofOne) ||
		t.Has("pronoun") && slices.ContainsFunc(Attributes(t, 0, len(t.Words)), ofOne) // "the talking parrot. How much is he?"
	if sure := ours && !one || told || facts && (len(conditions) > 1 || head.Breed != nil); !sure {
		return nil, 0
	}
	if found := cat.Where(conditions); len(found) == 1 {
		return found[0], max(from, 0)
	}
	return nil, 0
}

// introduced returns the word that introduces a mention of a single, known animal: "the", or "a" for one "on your
// site". one is set if only the description can tell which.
func introduced(t *read.Turn, head *read.Mark, s *read.Sentence) (from int, one, ok bool) {
	const reach = 5
	clause := t.Words[head.From].Clause
	for i := head.From - 1; i >= 0 && head.From-i <= reach && t.Words[i].Clause == clause; i-- {
		switch t.Words[i].Text {
		case "the", "your", "that":
			return i, false, true
		case "a", "an":
			return i, true, t.HasIn(s, "ours") && !t.HasIn(s, "need")
		case "my", "our", "his", "her", "their", "and", "or", "between":
			return 0, false, false
		}
	}
	alone := head.From-s.From <= 2 && s.To-s.From <= reach && !t.HasIn(s, "need") // "Naked cat. How much?"
	return s.From - 1, true, alone && len(Attributes(t, 0, len(t.Words))) > 0
}

// ofOne reports whether an attribute is asked about one animal, and not about its kind.
func ofOne(a *catalogue.Attribute) bool {
	switch a.Name {
	case "fee", "available", "stay", "story", "sex":
		return true
	}
	return false
}

// NamesOf widens a value to what people mean by it: a small animal may be tiny, and people who want little hair
// accept none.
func NamesOf(a *catalogue.Attribute, value string) []string {
	switch a.Name + "=" + value {
	case "size=small":
		return []string{"tiny", "small"}
	case "size=large":
		return []string{"large", "giant"}
	case "shedding=low", "shedding=none":
		return []string{"none", "low"}
	}
	return []string{value}
}
