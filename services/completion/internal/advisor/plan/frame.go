package plan

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A Condition is a constraint with the words that it came from.
type Condition struct {
	catalogue.Constraint
	Said string
	// Wish is set where a pet that does not meet the constraint may still be shown, with a
	// word on it.
	Wish bool
	// Also is set where a pet has to have this beside another value of the attribute.
	Also bool
	// Of is set where the constraint follows from what the person told of themselves.
	Of string
}

// A Frame is what a conversation is about. Turns edit it.
type Frame struct {
	// Wants has what is asked of a pet, at most one condition of each attribute and operator.
	Wants  []Condition
	Person Person
	// Focus is what "she", "it" and "they" may mean.
	Focus Focus
	Shown []*catalogue.Pet // by the answer before, in its order
	Seen  []*catalogue.Pet // by any answer
	Last  *Item            // the first thing that the turn before asked for
	Store *Item            // the last choice of pets that was asked for
	Turns int
}

// A Focus is what is spoken of.
type Focus struct {
	Pets    []*catalogue.Pet
	Breeds  []*catalogue.Breed
	Species []catalogue.Species
}

// isEmpty reports whether nothing is in focus.
func (f *Focus) isEmpty() bool { return len(f.Pets)+len(f.Breeds) == 0 }

// Kinds returns the species in focus.
func (f *Focus) Kinds() []catalogue.Species {
	list := slices.Clone(f.Species)
	for _, b := range f.Breeds {
		list = appendNew(list, b.Species)
	}
	for _, p := range f.Pets {
		list = appendNew(list, p.Species)
	}
	return list
}

// A Person is who a pet is for, as far as it was said. Zero fields were not spoken of.
type Person struct {
	Home      catalogue.Home
	Renting   bool
	Children  bool
	Youngest  int // years of age of the youngest child; -1: not said
	Allergy   bool
	Owned     []catalogue.Species
	Away      int // hours a day that nobody is home; -1: not said
	Travels   bool
	Beginner  bool
	Frail     bool
	Elderly   bool
	Minor     bool // under eighteen
	Gift      bool
	LowBudget bool
}

func newFrame() *Frame { return &Frame{Person: Person{Youngest: -1, Away: -1}} }

// set replaces the conditions of the same attribute that the new one rules out.
func (f *Frame) set(c Condition) {
	f.Wants = slices.DeleteFunc(f.Wants, func(o Condition) bool { return o.Attribute == c.Attribute && !together(&o, &c) })
	f.Wants = append(f.Wants, c)
}

// together reports whether two conditions on one attribute may hold both: two that rule
// something out, one that wants and one that rules out something else, and the two ends of
// a range.
func together(a, b *Condition) bool {
	switch {
	case b.Also:
		return true
	case a.Op == catalogue.Not && b.Op == catalogue.Not:
		return !slices.Equal(a.Names, b.Names)
	case len(a.Names) > 0 && len(b.Names) > 0 && (a.Op == catalogue.Not || b.Op == catalogue.Not):
		return !slices.ContainsFunc(a.Names, func(s string) bool { return slices.Contains(b.Names, s) })
	case a.Attribute.Type == catalogue.Number && a.Op != catalogue.Is && b.Op != catalogue.Is:
		return isLower(a.Op) != isLower(b.Op)
	}
	return false
}

func isLower(op catalogue.Op) bool { return op == catalogue.AtLeast || op == catalogue.Above }

// drop forgets what is asked of an attribute.
func (f *Frame) drop(name string) bool {
	n := len(f.Wants)
	f.Wants = slices.DeleteFunc(f.Wants, func(c Condition) bool { return c.Attribute.Name == name })
	return len(f.Wants) < n
}

// dropWanted forgets what is wanted of an attribute; what is ruled out stays so.
func (f *Frame) dropWanted(name string) {
	f.Wants = slices.DeleteFunc(f.Wants, func(c Condition) bool { return c.Attribute.Name == name && c.Op == catalogue.Is })
}

// about turns to what a turn speaks of.
func (f *Frame) about(t *read.Turn) {
	pets, breeds := t.Pets(0, len(t.Words)), t.Breeds(0, len(t.Words))
	species := t.Species(0, len(t.Words), read.Plain, read.Owned, read.Past)
	switch {
	case len(pets)+len(breeds) > 0:
		f.Focus = Focus{Pets: pets, Breeds: breeds}
	case len(species) > 0 && !slices.ContainsFunc(f.Focus.Kinds(), func(s catalogue.Species) bool { return slices.Contains(species, s) }):
		f.Focus = Focus{Species: species}
	case len(species) > 0 && len(f.Focus.Pets)+len(f.Focus.Breeds) == 0:
		f.Focus.Species = species
	}
}

// show takes in an answer: the pets that it shows are what the next turn may point to.
func (f *Frame) show(pets []*catalogue.Pet) {
	if len(pets) == 0 {
		return
	}
	f.Shown = pets
	for _, p := range pets {
		f.Seen = appendNew(f.Seen, p)
	}
	if len(f.Focus.Pets)+len(f.Focus.Breeds) == 0 {
		f.Focus = Focus{Pets: pets}
	}
}

func appendNew[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	// Frames are copied: a shared backing array must not be written to.
	return append(list[:len(list):len(list)], v)
}
