package chat

import (
	"reflect"
	"slices"
)

// A Pet is an animal of the store, or a group that is adopted together, as an answer shows it.
// It has what a client needs to draw it; the answer's text says the same in words.
type Pet struct {
	ID        string
	Name      string
	Species   string // such as "dog" or "guinea-pig"
	Breed     string // its name
	Sex       string // "female", "male", "group"
	AgeMonths int
	FeeUSD    int
	Coat      []string // how it looks, a word or two each
	Portrait  string   // path of its picture; empty: none
	Reasons   []string // why it suits, a few words each
}

// SamePets reports whether two answers show the same pets. An absent list equals an empty one.
func SamePets(a, b []Pet) bool {
	return slices.EqualFunc(a, b, func(a, b Pet) bool {
		if !slices.Equal(a.Coat, b.Coat) || !slices.Equal(a.Reasons, b.Reasons) {
			return false
		}
		a.Coat, b.Coat, a.Reasons, b.Reasons = nil, nil, nil, nil
		return reflect.DeepEqual(a, b)
	})
}

// The memory of a pet without its texts, and of each element of its lists, in bytes.
const (
	petSize  = 160
	textSize = 16
)

// Size returns about how many bytes the pet takes.
func (p *Pet) Size() int {
	size := petSize + len(p.ID) + len(p.Name) + len(p.Species) + len(p.Breed) + len(p.Sex) + len(p.Portrait)
	return size + SizeOfTexts(p.Coat) + SizeOfTexts(p.Reasons)
}

// SizeOfTexts returns about how many bytes a list of texts takes.
func SizeOfTexts(texts []string) (size int) {
	for _, text := range texts {
		size += textSize + len(text)
	}
	return size
}
