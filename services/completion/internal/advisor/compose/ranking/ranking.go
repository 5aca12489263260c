// Package ranking says who of several pets, breeds or kinds of animals comes first in an order, and what the others have.
// It does not know why somebody asks.
package ranking

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/suit"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A column is one of those that are compared.
type column struct {
	name string
	pet  *catalogue.Pet
}

// Tell says which of some pets comes first, under their names: "**Tofu** is younger: 4 months old, against 5 months old
// for **Pumpkin**." A function describes a pet's attribute in a few words, and another one makes a list.
func Tell(o *asks.Order, pets []*catalogue.Pet, names []string, says func(*catalogue.Pet, string) string, join func([]string) string) string {
	columns := make([]column, len(pets))
	for i, p := range pets {
		columns[i] = column{names[i], p}
	}
	slices.SortStableFunc(columns, func(a, b column) int { return suit.Compare(o, a.pet, b.pet) })
	told := o.Attribute.Name
	if told == "size" {
		told = "weight" // both may be small
	}
	fact := func(c column) string {
		return strings.TrimPrefix(strings.TrimPrefix(says(c.pet, told), "lives "), "grows to ")
	}
	var first, rest []string
	for _, c := range columns {
		if suit.Compare(o, columns[0].pet, c.pet) == 0 {
			first = append(first, "**"+c.name+"**")
		} else {
			rest = append(rest, fact(c)+" for **"+c.name+"**")
		}
	}
	if len(rest) == 0 {
		return fmt.Sprintf("In that %s are alike: %s.", join(first), fact(columns[0]))
	}
	return fmt.Sprintf("%s %s: %s, against %s.", join(first), predicate(o, len(first)), fact(columns[0]), join(rest))
}

// predicate returns what an order says of n: "is younger", "shed less".
func predicate(o *asks.Order, n int) string {
	said := strings.ToLower(o.Said)
	verb, rest, _ := strings.Cut(said, " ")
	switch verb = strings.TrimSuffix(verb, "s"); verb {
	case "shed", "cost", "live", "bark", "get", "meow":
		if n == 1 {
			verb += "s"
		}
		return verb + " " + rest
	}
	if o.One {
		said = "the " + said
	}
	if n > 1 {
		return "are " + said
	}
	return "is " + said
}

// A Kind is a kind of animal, and what its breeds have of an attribute.
type Kind struct {
	Name, Fact string
	Breeds     []*catalogue.Breed
}

// Kinds says which kind of animal comes first as a rule, and then what each has; "" if nothing is known of them.
func Kinds(o *asks.Order, kinds []Kind) string {
	mean := func(k Kind) float64 {
		sum := 0.0
		for _, b := range k.Breeds {
			v, _ := o.Attribute.Of(suit.Example(b))
			sum += v.Number
		}
		return sum / float64(max(1, len(k.Breeds)))
	}
	kinds = slices.SortedStableFunc(slices.Values(kinds), func(a, b Kind) int { return o.Direction * cmp.Compare(mean(b), mean(a)) })
	if len(kinds) < 2 || kinds[0].Fact == "" {
		return ""
	}
	facts := make([]string, len(kinds))
	for i, k := range kinds {
		facts[i] = k.Fact
	}
	return fmt.Sprintf("As a rule **%s**.\n\n%s", kinds[0].Name, strings.Join(facts, "\n\n"))
}
