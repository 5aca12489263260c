package asks

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// NoWish reports whether a value is about something other than a wanted pet.
func NoWish(cat *catalogue.Catalogue, t *read.Turn, m *read.Mark) bool {
	if m.Value == "" || m.Role == read.Owned || m.Role == read.Past || m.Role == read.Personal {
		return true
	}
	if slices.ContainsFunc(t.Marks, func(o read.Mark) bool { return o.Fact == "at-once" && o.From < m.To && m.From < o.To }) {
		return true // "no slow introductions" says nothing of a calm one
	}
	switch m.Attribute.Name {
	case "age":
		return m.Value == "senior" && afterUnit(t, m) // "2 years old"
	case "size":
		return ofThing(t, m) || beforeHome(t, m) // "my pension is small", "a big garden"
	case "sex":
		some := m.Value == "group" && m.To-m.From == 1 && len(t.Words) > 4 && !besideAnimal(t, m) && !t.Has("count") && !t.Has("list") // "a running couple"
		return some || m.Value != "group" && (ofPeople(t, m) || len(t.Words) > 8 && !animalWanted(t, m))                               // "the boys named her"
	case "group":
		return breedGroup(cat, m.Value) // the species' name says the same
	case "diet":
		return m.Role != read.Unwanted && m.Value != "plants" // it is food, not a wanted animal
	case "beginner":
		return m.Role == read.Unwanted && !read.Impersonal(t, t.Sentence(m.From)) // "I am no beginner"
	}
	return false
}

// breedGroup reports whether no breed belongs to a group.
func breedGroup(cat *catalogue.Catalogue, name string) bool {
	return !slices.ContainsFunc(cat.Breeds(), func(b *catalogue.Breed) bool { return slices.Contains(b.Groups, name) })
}

// ofPeople reports whether a word for a sex is not an animal's: "you guys", "10 gal", "with her tomcat".
func ofPeople(t *read.Turn, m *read.Mark) bool {
	if m.From == 0 {
		return false
	}
	switch before := t.Words[m.From-1].Text; before {
	case "you", "these", "those", "her", "his", "their":
		return before != "these" && before != "those" || t.Words[m.From].Text[len(t.Words[m.From].Text)-1] == 's'
	}
	return slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		return o.Amount != nil && o.To == m.From && m.To == m.From+1 && !besideAnimal(t, m)
	})
}

// animalWanted reports whether a mark's sentence asks for an animal.
func animalWanted(t *read.Turn, m *read.Mark) bool {
	wished := slices.ContainsFunc(t.Marks, func(o read.Mark) bool { return o.Fact == "need" && o.To <= m.From && m.From-o.To <= 2 })
	return wished || t.Has("count") || t.Has("list") || t.Has("have") || t.Has("which") || slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		return o.Species() != "" && o.Pet == nil && o.Role == read.Plain && t.Words[o.From].Sentence == t.Words[m.From].Sentence
	})
}

// beforeHome reports whether a mark describes a home or a family.
func beforeHome(t *read.Turn, m *read.Mark) bool {
	return slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		home := o.Fact == "garden" || o.Fact == "house" || o.Fact == "apartment" || o.Fact == "children" || o.Fact == "toddler"
		return home && (o.From == m.To || o.From <= m.From && m.To <= o.To)
	})
}

// ofThing reports whether a mark is about a thing: the noun before "is".
func ofThing(t *read.Turn, m *read.Mark) bool {
	at := m.From - 1
	if at > 0 && (t.At("after-how-much", at) && t.Words[at].Stem != "be" || t.Words[at].Text == "very" || t.Words[at].Text == "so" || t.Words[at].Text == "too") {
		at--
	}
	if at < 1 || t.Words[at].Stem != "be" || t.Words[at-1].Clause != t.Words[at].Clause {
		return false
	}
	return !slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		animal := o.Species() != "" || o.Fact == "any-pet" || o.Fact == "pronoun" || o.Fact == "which"
		return animal && o.From <= at-1 && at-1 < o.To
	})
}

// OthersAge reports whether an age is not that of a wanted pet.
func OthersAge(t *read.Turn, m *read.Mark) bool {
	return lasts(t, m) || NearChild(t, m) || forWhom(t, m) || m.Amount.Op == catalogue.Is && !m.Amount.Between && !besideAnimal(t, m)
}

// lasts reports whether an amount of time is a duration: "had dogs for 12 years".
func lasts(t *read.Turn, m *read.Mark) bool {
	if m.From == 0 || m.To < len(t.Words) && t.Words[m.To].Stem == "old" {
		return false
	}
	before := t.Words[m.From-1].Text
	return before == "for" || before == "since" || before == "within" || before == "past"
}

// forWhom reports whether an age is that of the person who will get a pet: "something for a 6 year old".
func forWhom(t *read.Turn, m *read.Mark) bool {
	at := m.From
	if at < 2 || t.Words[at-2].Text != "for" || t.Words[at-1].Text != "a" && t.Words[at-1].Text != "an" && t.Words[at-1].Text != "my" && t.Words[at-1].Text != "our" {
		return false
	}
	return !slices.ContainsFunc(t.Marks, func(o read.Mark) bool { return o.Species() != "" && o.From >= m.To && o.From-m.To <= 1 })
}

// besideAnimal reports whether an amount is next to an animal: "a two year old cat", "a cat that is two". Elsewhere,
// an age may be anybody's.
func besideAnimal(t *read.Turn, m *read.Mark) bool {
	return slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		animal := o.Species() != "" || o.Fact == "any-pet" || o.Fact == "pronoun" || o.Attribute != nil && o.Attribute.Name == "age" && o.Value == "young"
		near := t.Words[o.From].Sentence == t.Words[m.From].Sentence
		return animal && near && o.Role == read.Plain && (o.From >= m.To && o.From-m.To <= 2 || o.To <= m.From && m.From-o.To <= 3) && o.From != m.From
	})
}

// afterUnit reports whether "old" follows a unit of time.
func afterUnit(t *read.Turn, m *read.Mark) bool {
	return slices.ContainsFunc(t.Marks, func(o read.Mark) bool { return o.Amount != nil && o.From < m.From && m.From <= o.To })
}
