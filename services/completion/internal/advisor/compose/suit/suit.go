// Package suit holds pets against what is wanted of them. It knows nothing of how that is said.
package suit

import (
	"cmp"
	"math"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Gravity is how much it weighs that a condition is not met: who looks for a cat is shown a
// cat that does not quite suit before a dog that does.
func Gravity(w *plan.Condition, p *catalogue.Pet) int {
	switch w.Attribute.Name {
	case "species", "group":
		return 100
	case "breed":
		return 100 // the caller may name animals that are like it
	case "children", "cats", "dogs", "allergy":
		return 10
	}
	if v, _ := w.Attribute.Of(p); w.Attribute.Type == catalogue.Number && w.Number > 0 && len(w.Names) == 0 {
		return 2 + int(min(6, 4*math.Abs(v.Number-w.Number)/w.Number))
	}
	return 4
}

// Meets reports whether a pet meets all that is no mere wish.
func Meets(p *catalogue.Pet, wants []plan.Condition) bool {
	return !slices.ContainsFunc(wants, func(w plan.Condition) bool { return !w.Wish && !w.Holds(p) })
}

// Compare compares two pets by an order: it is negative where a comes first.
func Compare(o *plan.Order, a, b *catalogue.Pet) int {
	x, _ := o.Attribute.Of(a)
	y, _ := o.Attribute.Of(b)
	if o.Attribute.Name == "size" && x.Number == y.Number {
		x.Number, y.Number = a.Breed.WeightKg[1], b.Breed.WeightKg[1]
	}
	return o.Direction * cmp.Compare(y.Number, x.Number)
}
