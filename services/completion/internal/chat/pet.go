package chat

import (
	"reflect"
	"slices"
)

// A Pet is an animal of the store, or a group that is placed together, as an answer shows it:
// what a client needs to draw it, beside the text that says it in words.
type Pet struct {
	ID        string
	Name      string
	Species   string // such as "dog" or "guinea-pig"
	Breed     string // its name
	Sex       string // "female", "male", "group"
	AgeMonths int
	FeeUSD    int
	Coat      []string // what it looks like, a word or two each
	Portrait  string   // path of its picture; empty: there is none
	Reasons   []string // what speaks for it, a few words each
}

// SamePets reports whether two answers show the same pets. A list that is absent is an empty one.
func SamePets(a, b []Pet) bool {
	return slices.EqualFunc(a, b, func(a, b Pet) bool {
		if !slices.Equal(a.Coat, b.Coat) || !slices.Equal(a.Reasons, b.Reasons) {
			return false
		}
		a.Coat, b.Coat, a.Reasons, b.Reasons = nil, nil, nil, nil
		return reflect.DeepEqual(a, b)
	})
}

// What a pet takes beside its texts, and each element of its lists, in bytes.
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
