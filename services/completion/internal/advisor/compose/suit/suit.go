// Package suit compares pets with wishes. It does not put that into words.
package suit

import (
	"cmp"
	"math"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Gravity is the weight of an unmet condition: people who look for a cat see an imperfect cat before a suitable dog.
func Gravity(w *plan.Condition, p *catalogue.Pet) int {
	switch w.Attribute.Name {
	case "species", "group":
		return 100
	case "breed":
		return 100 // the caller may name similar animals
	case "children", "cats", "dogs", "allergy":
		return 10
	}
	if v, _ := w.Attribute.Of(p); w.Attribute.Type == catalogue.Number && w.Number > 0 && len(w.Names) == 0 {
		return 2 + int(min(6, 4*math.Abs(v.Number-w.Number)/w.Number))
	}
	return 4
}

// Meets reports whether a pet meets all conditions that are more than wishes.
func Meets(p *catalogue.Pet, wants []plan.Condition) bool {
	return !slices.ContainsFunc(wants, func(w plan.Condition) bool { return !w.Wish && !w.Holds(p) })
}

// Compare compares two pets by an order: it is negative if a comes first.
func Compare(o *asks.Order, a, b *catalogue.Pet) int {
	x, _ := o.Attribute.Of(a)
	y, _ := o.Attribute.Of(b)
	if o.Attribute.Name == "size" && x.Number == y.Number {
		x.Number, y.Number = a.Breed.WeightKg[1], b.Breed.WeightKg[1]
	}
	return o.Direction * cmp.Compare(y.Number, x.Number)
}

// Contradiction returns two conditions that no pet can meet together; nil: there are none.
func Contradiction(wants []plan.Condition) (one, other *plan.Condition) {
	for i, a := range wants {
		for k, b := range wants[i+1:] {
			if a.Attribute != b.Attribute || a.Of != "" || b.Of != "" {
				continue
			}
			low, high := a, b
			if low.Op != catalogue.AtLeast && low.Op != catalogue.Above {
				low, high = b, a
			}
			opposed := (low.Op == catalogue.AtLeast || low.Op == catalogue.Above) && (high.Op == catalogue.AtMost || high.Op == catalogue.Below) && low.Number > high.Number
			same := a.Op == catalogue.Is && b.Op == catalogue.Not && slices.Equal(a.Names, b.Names)
			if opposed || same {
				return &wants[i], &wants[i+1+k]
			}
		}
	}
	return nil, nil
}

// Absent returns the conditions on breeds that no pet meets.
func Absent(cat *catalogue.Catalogue, wants []plan.Condition) []plan.Condition {
	return slices.DeleteFunc(slices.Clone(wants), func(w plan.Condition) bool {
		return w.Attribute.Name != "breed" || w.Op != catalogue.Is || slices.ContainsFunc(cat.Pets(), w.Holds)
	})
}

// LikeBreeds replaces breeds that the store lacks by conditions on their species, size and energy.
func LikeBreeds(cat *catalogue.Catalogue, wants []plan.Condition) []plan.Condition {
	var list []plan.Condition
	for _, w := range wants {
		b := (*catalogue.Breed)(nil)
		if w.Attribute.Name == "breed" && w.Op == catalogue.Is {
			b = cat.Breed(w.Names[0])
		}
		if b == nil {
			list = append(list, w)
			continue
		}
		is := func(name, value string) {
			list = append(list, plan.Condition{Constraint: catalogue.Constraint{Attribute: cat.Attribute(name), Op: catalogue.Is, Names: []string{value}}, Said: value, Wish: name != "species"})
		}
		is("species", string(b.Species))
		is("size", string(b.Size))
		is("energy", string(b.Energy))
	}
	return list
}

// Temper describes life with a kind of animal in one sentence.
func Temper(s catalogue.Species) string {
	return map[catalogue.Species]string{
		catalogue.Dog:       "They need walks, training and company every day, and cannot be alone for long.",
		catalogue.Cat:       "They manage some hours alone, need play and a clean litter box, and choose when to cuddle.",
		catalogue.Rabbit:    "They need a partner, room to run and hay all day, and dislike being carried.",
		catalogue.GuineaPig: "They live in pairs or groups, are awake by day and squeak for their greens.",
		catalogue.Hamster:   "They live alone, are awake at night and are watched more than handled.",
		catalogue.Bird:      "They need company for hours a day, and most are heard through the home.",
		catalogue.Fish:      "They are watched and not touched; the water is the work.",
		catalogue.Reptile:   "They need the right heat and light day and night, and little handling.",
	}[s]
}

// Example returns a typical adult animal of a breed, so that breeds can be judged like pets.
func Example(b *catalogue.Breed) *catalogue.Pet {
	return &catalogue.Pet{
		ID: b.ID, Name: b.Name, Species: b.Species, BreedID: b.ID, Breed: b, Sex: catalogue.Group, Size: b.Size,
		Energy: b.Energy, GoodWith: b.GoodWith, Shedding: b.Shedding, Home: b.Home, HoursAlone: b.HoursAlone,
		Beginner: b.Beginner, AgeMonths: 36,
	}
}

// Prey reports whether one of some animals at home hunts one of some pets, or the other way round: dogs and cats hunt all
// smaller ones.
func Prey(owned []catalogue.Species, pets []*catalogue.Pet) bool {
	hunts := func(s catalogue.Species) bool { return s == catalogue.Dog || s == catalogue.Cat }
	return slices.ContainsFunc(pets, func(p *catalogue.Pet) bool {
		return slices.ContainsFunc(owned, func(s catalogue.Species) bool { return hunts(s) != hunts(p.Species) })
	})
}
