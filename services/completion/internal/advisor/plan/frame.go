package plan

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/person"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/subject"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/wish"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A Condition is a constraint with its words.
type Condition = wish.Condition

// A Frame is the state of a conversation. Turns edit it.
type Frame struct {
	// Wants are the conditions on a pet: at most one per attribute and operator, unless both can hold.
	Wants  []Condition
	Person Person
	// Focus is what "she", "it" and "they" may refer to.
	Focus Focus
	Shown []*catalogue.Pet // by the last answer that showed any, in its order
	// Listed are the pets that are counted by "the second one": those of the last answer that showed several, or the
	// last two that were shown one by one.
	Listed []*catalogue.Pet
	// Subjects are the last kinds of animals that were named, at most two.
	Subjects []subject.Subject
	Seen     []*catalogue.Pet // by any answer
	Last     *Item            // the first item of the last turn
	Store    *Item            // the last item that chose pets
	Turns    int
}

// A Focus is what a conversation is about at the moment.
type Focus struct {
	Pets    []*catalogue.Pet
	Breeds  []*catalogue.Breed
	Species []catalogue.Species
}

// isEmpty reports whether no pet or breed is in focus.
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

// A Person is who a pet is for.
type Person = person.Person

func newFrame() *Frame { return &Frame{Person: person.Unknown()} }

// set adds a condition, and removes those on the same attribute that it contradicts.
func (f *Frame) set(c Condition) {
	f.Wants = slices.DeleteFunc(f.Wants, func(o Condition) bool { return o.Attribute == c.Attribute && !together(&o, &c) })
	f.Wants = append(f.Wants, c)
}

// together reports whether two conditions on one attribute may both hold: two exclusions, a wish and an exclusion of
// something else, or the two ends of a range.
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

// drop removes the conditions on an attribute. It reports whether there were any.
func (f *Frame) drop(name string) bool {
	n := len(f.Wants)
	f.Wants = slices.DeleteFunc(f.Wants, func(c Condition) bool { return c.Attribute.Name == name })
	return len(f.Wants) < n
}

// dropWanted removes the wishes for an attribute, but keeps exclusions.
func (f *Frame) dropWanted(name string) {
	f.Wants = slices.DeleteFunc(f.Wants, func(c Condition) bool { return c.Attribute.Name == name && c.Op == catalogue.Is })
}

// about sets the focus to the subjects of a turn.
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

// show adds an answer: the next turn may refer to the pets that it shows.
func (f *Frame) show(pets []*catalogue.Pet) {
	if len(pets) == 0 {
		return
	}
	f.Listed = relisted(f.Listed, f.Shown, pets)
	f.Shown = pets
	for _, p := range pets {
		f.Seen = appendNew(f.Seen, p)
	}
	picked := len(pets) == 1 && len(f.Focus.Pets) > 1 && slices.Contains(f.Focus.Pets, pets[0]) // "the cheapest?"
	if len(f.Focus.Pets)+len(f.Focus.Breeds) == 0 || picked {
		f.Focus = Focus{Pets: pets}
	}
}

// relisted returns the pets to count after an answer that shows some. What shows only pets of the list leaves it as it is.
func relisted(listed, before, shown []*catalogue.Pet) []*catalogue.Pet {
	known := !slices.ContainsFunc(shown, func(p *catalogue.Pet) bool { return !slices.Contains(listed, p) })
	switch {
	case known && (len(shown) == 1 || len(shown) == len(listed)):
		return listed
	case len(shown) == 1 && len(before) == 1:
		return []*catalogue.Pet{before[0], shown[0]}
	}
	return shown
}

func appendNew[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	// Frames are copied, so a shared backing array must not change.
	return append(list[:len(list):len(list)], v)
}
