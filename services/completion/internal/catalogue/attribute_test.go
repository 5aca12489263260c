package catalogue

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// plainFacts reads a pet's choices, scales, flags and sets independently of the table.
func plainFacts(p *Pet) map[string][]string {
	flag := func(ok bool) []string {
		if ok {
			return []string{"yes"}
		}
		return []string{"no"}
	}
	shedding := string(p.Shedding)
	if p.Species == Fish || p.Species == Reptile {
		shedding = "none"
	}
	easy := p.Species == Fish || p.Species == Reptile || p.Species != Bird && p.Breed.AllergyFriendly
	if p.Species == Bird {
		easy = p.Breed.AllergyFriendly
	}
	return map[string][]string{
		"species": {string(p.Species)}, "group": p.Breed.Groups, "breed": {p.BreedID}, "sex": {string(p.Sex)}, "age": {p.Stage()},
		"size": {string(p.Size)}, "energy": {string(p.Energy)}, "noise": {string(p.Breed.Noise)}, "shedding": {shedding},
		"grooming": {string(p.Breed.Grooming)}, "allergy": flag(easy), "children": {string(p.GoodWith.Children)},
		"cats": {string(p.GoodWith.Cats)}, "dogs": {string(p.GoodWith.Dogs)}, "home": {string(p.Home)}, "beginner": flag(p.Beginner),
		"needs": flag(p.SpecialNeeds != ""), "temperament": p.Breed.Traits, "coat": p.Coat,
		"ailment": p.Ailments, "diet": p.Diet,
	}
}

// plainNumbers does the same for numbers.
func plainNumbers(p *Pet) map[string]float64 {
	return map[string]float64{
		"age": float64(p.AgeMonths), "fee": float64(p.Price), "upkeep": (p.Breed.MonthlyCost[0] + p.Breed.MonthlyCost[1]) / 2,
		"weight": p.Breed.WeightKg[1], "hours": float64(p.HoursAlone), "lifespan": p.Breed.LifespanYears[1], "exercise": float64(p.Breed.ExerciseMinutes),
	}
}

// plainScales has the orders of the scales, independently of the table.
func plainScales() map[string][]string {
	levels := []string{"low", "medium", "high"}
	return map[string][]string{
		"size": {"tiny", "small", "medium", "large", "giant"}, "energy": levels, "noise": levels, "grooming": levels,
		"shedding": {"none", "low", "medium", "high"}, "children": {"no", "older", "yes"}, "cats": {"no", "slow", "yes"}, "dogs": {"no", "slow", "yes"},
		"home": {"apartment", "house", "garden"},
	}
}

// TestAttributesOfPets compares every attribute's getter with the pets, for every value.
func TestAttributesOfPets(t *testing.T) {
	c := shop(t)
	for _, a := range c.Attributes() {
		t.Run(a.Name, func(t *testing.T) {
			for _, p := range c.Pets() {
				v, known := a.Of(p)
				facts, isFact := plainFacts(p)[a.Name]
				number, isNumber := plainNumbers(p)[a.Name]
				if known != (isFact || isNumber) || known == (a.Type == Text || a.Type == Missing) {
					t.Fatalf("%s: known is %v of a %s", p.ID, known, a.Type)
				}
				if isFact && !slices.Equal(v.Names, facts) {
					t.Errorf("%s: has %q, want %q", p.ID, v.Names, facts)
				}
				if isNumber && v.Number != number {
					t.Errorf("%s: has %g, want %g", p.ID, v.Number, number)
				}
				if a.Type == Scale && v.Number != float64(slices.Index(plainScales()[a.Name], facts[0])) {
					t.Errorf("%s: %q has rank %g", p.ID, facts[0], v.Number)
				}
				if a.Type == Flag && (v.Number == 1) != (facts[0] == "yes") {
					t.Errorf("%s: %q is %g", p.ID, facts[0], v.Number)
				}
			}
			for _, v := range a.Values {
				var want, got []string
				for _, p := range c.Pets() {
					if slices.Contains(plainFacts(p)[a.Name], v.Name) {
						want = append(want, p.ID)
					}
				}
				for _, p := range c.Where([]Constraint{{Attribute: a, Op: Is, Names: []string{v.Name}}}) {
					got = append(got, p.ID)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: (-want +got)\n%s", v.Name, diff)
				}
				others := c.Where([]Constraint{{Attribute: a, Op: Not, Names: []string{v.Name}}})
				if len(others)+len(got) != len(c.Pets()) {
					t.Errorf("%s: %d pets have it and %d not", v.Name, len(got), len(others))
				}
			}
		})
	}
}

// TestScales checks that the table lists every value of a scale that occurs, in ascending order.
func TestScales(t *testing.T) {
	c := shop(t)
	for name, order := range plainScales() {
		a := c.Attribute(name)
		var listed []string
		for _, v := range a.Values {
			listed = append(listed, v.Name)
		}
		if diff := cmp.Diff(order, listed); diff != "" || a.Type != Scale {
			t.Errorf("%s, a %s: (-want +got)\n%s", name, a.Type, diff)
		}
	}
	for _, a := range c.Attributes() {
		if _, ok := plainScales()[a.Name]; a.Type == Scale && !ok {
			t.Errorf("%s is a scale that the tests do not know", a.Name)
		}
	}
}

// TestAttributeTable checks that the words are unambiguous: no value is listed twice, no word stands
// for two values of one attribute, and every unit stands for something.
func TestAttributeTable(t *testing.T) {
	c := shop(t)
	names := map[string]bool{}
	for _, a := range c.Attributes() {
		if names[a.Name] || !slices.Contains([]Type{Choice, Scale, Number, Flag, Set, Text, Missing}, a.Type) {
			t.Errorf("%s is listed twice or of the unknown type %q", a.Name, a.Type)
		}
		names[a.Name] = true
		of := map[string]string{}
		for _, v := range a.Values {
			for _, w := range v.Words {
				if w != strings.ToLower(strings.TrimSpace(w)) || w == "" {
					t.Errorf("%s: %s: %q", a.Name, v.Name, w)
				}
				if other, taken := of[w]; taken && other != v.Name {
					t.Errorf("%s: %q stands for %s and for %s", a.Name, w, other, v.Name)
				}
				of[w] = v.Name
			}
		}
		for unit, factor := range a.Unit {
			if unit == "" || factor <= 0 {
				t.Errorf("%s: unit %q counts %g", a.Name, unit, factor)
			}
		}
		if a.Type != Number && len(a.Unit) > 0 {
			t.Errorf("%s has units and is a %s", a.Name, a.Type)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic for an attribute that the table lacks")
		}
	}()
	c.Attribute("shoe size")
}

func TestConstraintHolds(t *testing.T) {
	c := fixture(t)
	rex, salt := c.Pet("rex"), c.Pet("salt-and-pepper")
	for _, test := range []struct {
		attribute string
		op        Op
		names     []string
		number    float64
		rex, salt bool
	}{
		{"species", Is, []string{"dog"}, 0, true, false},
		{"species", Is, []string{"bird", "cat"}, 0, false, true},
		{"species", Is, nil, 0, false, false},
		{"species", Not, []string{"dog"}, 0, false, true},
		{"species", Not, []string{"dog", "cat"}, 0, false, false},
		{"species", Not, nil, 0, true, true},
		{"group", Is, []string{"shepherd"}, 0, false, false},
		{"group", Not, []string{"shepherd"}, 0, true, true},
		{"sex", Is, []string{"group"}, 0, false, true},
		{"fee", AtMost, nil, 90, false, true},
		{"fee", AtMost, nil, 89.99, false, false},
		{"fee", Below, nil, 200, false, true},
		{"fee", Below, nil, 200.01, true, true},
		{"fee", AtLeast, nil, 200, true, false},
		{"fee", AtLeast, nil, 90, true, true},
		{"fee", Above, nil, 90, true, false},
		{"fee", Above, nil, 200, false, false},
		{"age", AtLeast, nil, 30, true, false},
		{"age", Is, []string{"adult"}, 0, true, false},
		{"age", Is, []string{"young"}, 0, false, true},
		{"size", AtMost, nil, 2, false, true},
		{"size", Above, nil, 2, true, false},
		{"children", AtLeast, nil, 1, true, true},
		{"children", AtLeast, nil, 2, true, false},
		{"dogs", AtLeast, nil, 1, true, false},
		{"home", AtMost, nil, 0, false, true},
		{"needs", Is, []string{"yes"}, 0, false, true},
		{"beginner", Is, []string{"yes"}, 0, true, false},
		{"coat", Not, []string{"black"}, 0, true, true},
		{"fee", Op("near"), nil, 200, false, false},
		{"origin", Is, []string{"Canada"}, 0, false, false},
		{"origin", Not, []string{"Canada"}, 0, false, false},
		{"stay", AtLeast, nil, 0, false, false},
	} {
		constraint := Constraint{Attribute: c.Attribute(test.attribute), Op: test.op, Names: test.names, Number: test.number}
		if a, b := constraint.Holds(rex), constraint.Holds(salt); a != test.rex || b != test.salt {
			t.Errorf("%s %s %v %g holds for rex: %v, for salt-and-pepper: %v", test.attribute, test.op, test.names, test.number, a, b)
		}
	}
	both := []Constraint{
		{Attribute: c.Attribute("fee"), Op: Above, Number: 50}, {Attribute: c.Attribute("species"), Op: Not, Names: []string{"dog"}},
	}
	if got := c.Where(both); len(got) != 1 || got[0] != salt {
		t.Errorf("Where = %v", got)
	}
	if got := c.Where(nil); len(got) != 2 {
		t.Errorf("Where without constraints = %v", got)
	}
}
