package read

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// A Turn is one message of a person, as far as it was understood.
type Turn struct {
	Text     string    // in English: as written, or translated
	Written  string    // as written
	Language *Language // nil: English
	Foreign  bool      // in a language that is not read, apart from names and international words
	Words    []words.Word
	Marks    []Mark // in the order of their words
	Asks     []Sentence
	Style    Style
	// Edits is set if the turn has no subject of its own, and is only about the form of the previous answer. It may
	// also say which pets are meant.
	Edits bool
}

// A Sentence is a part of a turn that is read separately.
type Sentence struct {
	Text     string
	From, To int // words, as in a slice
	Question bool
	Kinds    Kinds
}

// A Mark is something that a turn mentions. Exactly one of Pet, Breed, Attribute and Fact is set. The mark of an
// amount has the attribute of its unit, if any.
type Mark struct {
	From, To int // words, as in a slice
	Pet      *catalogue.Pet
	Breed    *catalogue.Breed

	Attribute *catalogue.Attribute
	Value     string // "" if the attribute itself is asked for, or an amount or an order is meant
	Asked     bool   // asks for the attribute itself
	// Order is 1 for more of the attribute ("older", "oldest"), -1 for less.
	Order  int
	Amount *Amount

	Fact string // about the person, or a way of asking: see data/lexicon.yaml
	Role Role
	// Of is [Other] or [Speaker] if a plain mention is hardly about the wanted animal, whatever is asked, and
	// [Sought] otherwise.
	Of int
}

// An Amount is a number with a comparison.
type Amount struct {
	Op        catalogue.Op // Is: about as much
	Low, High float64      // High only with Between
	Between   bool
	Exact     bool // "exactly $60"
	Unit      string
}

// Role is how a mention is meant.
type Role uint8

// The roles.
const (
	// Plain is wanted, or asked about.
	Plain Role = iota
	// Owned is at home.
	Owned
	// Past was at home once.
	Past
	// Together is an animal or a person with whom a pet will live.
	Together
	// Apart is an animal that a pet must not live with: "a cat that hates dogs".
	Apart
	// Unwanted is ruled out.
	Unwanted
	// Allergic is what somebody is allergic to.
	Allergic
	// Personal is about a person: "my mother is 78".
	Personal
)

// Sentence returns the sentence of word i.
func (t *Turn) Sentence(i int) *Sentence {
	for k := range t.Asks {
		if t.Asks[k].From <= i && i < t.Asks[k].To {
			return &t.Asks[k]
		}
	}
	return nil
}

// Has reports whether the turn mentions a fact or a way of asking.
func (t *Turn) Has(fact string) bool { return t.first(0, len(t.Words), fact) != nil }

// HasIn is Has for a sentence.
func (t *Turn) HasIn(s *Sentence, fact string) bool { return t.first(s.From, s.To, fact) != nil }

// Amounts reports whether the turn has a number.
func (t *Turn) Amounts() bool {
	return slices.ContainsFunc(t.Marks, func(m Mark) bool { return m.Amount != nil })
}

// At reports whether a fact or a way of asking begins at word i.
func (t *Turn) At(fact string, i int) bool {
	return slices.ContainsFunc(t.Marks, func(m Mark) bool { return m.Fact == fact && m.From == i })
}

func (t *Turn) first(from, to int, fact string) *Mark {
	for i := range t.Marks {
		if m := &t.Marks[i]; m.Fact == fact && m.From >= from && m.To <= to {
			return m
		}
	}
	return nil
}

// Unnamed returns the words of a sentence without names of pets, which the guides do not know.
func Unnamed(t *Turn, s *Sentence) []words.Word {
	var list []words.Word
	for i := s.From; i < s.To; i++ {
		if !slices.ContainsFunc(t.Marks, func(m Mark) bool { return m.Pet != nil && m.From <= i && i < m.To }) {
			list = append(list, t.Words[i])
		}
	}
	return list
}

// Owns reports whether a turn mentions an animal at home.
func Owns(t *Turn) bool {
	return slices.ContainsFunc(t.Marks, func(m Mark) bool { return m.Role == Owned && m.Species() != "" })
}

// Pets returns the pets named in words from up to to, each once.
func (t *Turn) Pets(from, to int) []*catalogue.Pet {
	var list []*catalogue.Pet
	for _, m := range t.Marks {
		if m.Pet != nil && m.From >= from && m.To <= to && !slices.Contains(list, m.Pet) {
			list = append(list, m.Pet)
		}
	}
	return list
}

// Breeds returns the breeds named in words from up to to, each once.
func (t *Turn) Breeds(from, to int) []*catalogue.Breed {
	var list []*catalogue.Breed
	for _, m := range t.Marks {
		if m.Breed != nil && m.From >= from && m.To <= to && !slices.Contains(list, m.Breed) {
			list = append(list, m.Breed)
		}
	}
	return list
}

// Species returns the species mentioned in words from up to to, each once, also by a breed or a pet. With roles, it
// returns only those with one of them.
func (t *Turn) Species(from, to int, roles ...Role) []catalogue.Species {
	var list []catalogue.Species
	for _, m := range t.Marks {
		if m.From < from || m.To > to || len(roles) > 0 && !slices.Contains(roles, m.Role) {
			continue
		}
		if s := m.Species(); s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// CountsTwo reports whether a turn mentions the number two.
func CountsTwo(t *Turn) bool {
	return slices.ContainsFunc(t.Marks, func(m Mark) bool { return m.Amount != nil && m.Attribute == nil && m.Amount.Low == 2 })
}

// Singular reports whether a mark is about one animal.
func Singular(t *Turn, m *Mark) bool {
	w := t.Words[m.To-1].Text
	return w[len(w)-1] != 's' || len(w) > 1 && w[len(w)-2] == 's'
}

// Impersonal reports whether a sentence mentions no person, so that it asks about the animals: "which dogs are not
// for families".
func Impersonal(t *Turn, s *Sentence) bool {
	if s == nil {
		return false
	}
	for _, w := range t.Words[s.From:s.To] {
		switch w.Text {
		case "i", "im", "ive", "id", "we", "weve", "were", "me", "us", "my", "our", "mine", "ours":
			return false
		}
	}
	return true
}

// OfOther reports whether a mention is not about the wanted animal.
func (m *Mark) OfOther() bool { return m.Of != Sought }

// Species returns the species of a mark, or "".
func (m *Mark) Species() catalogue.Species {
	switch {
	case m.Pet != nil:
		return m.Pet.Species
	case m.Breed != nil:
		return m.Breed.Species
	case m.Attribute != nil && m.Attribute.Name == "species" && m.Value != "":
		return catalogue.Species(m.Value)
	}
	return ""
}

// TrimsList reports whether a turn removes something from a list. It names no pet, and asks nothing.
func TrimsList(t *Turn) bool {
	return t.Has("takes-off") && len(t.Words) <= longestEdit && len(t.Pets(0, len(t.Words))) == 0 &&
		!slices.ContainsFunc(t.Asks, func(s Sentence) bool { return s.Question })
}
