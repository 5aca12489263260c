package catalogue

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml"
)

// Type is how the values of an [Attribute] are compared.
type Type string

// The types of attributes.
const (
	// Choice has one of a few values without an order.
	Choice Type = "choice"
	// Scale has one of a few values that are listed from little to much.
	Scale Type = "scale"
	// Number has a number in the table's own unit.
	Number Type = "number"
	// Flag is yes or no.
	Flag Type = "flag"
	// Set has any number of values.
	Set Type = "set"
	// Text can be shown, but not compared.
	Text Type = "text"
	// Missing is asked for, but not recorded.
	Missing Type = "missing"
)

// An Attribute is a property of a pet that people ask about. The table of attributes, in
// attributes.yaml, defines how pets are filtered, sorted, counted and compared, and how the words of a
// question are read.
type Attribute struct {
	Name   string
	Type   Type
	Ask    []string           // words that ask for it
	More   []string           // comparatives and superlatives that mean more of it
	Less   []string           // and less
	Unit   map[string]float64 // words of units, each with its factor to the table's own
	Values []AttributeValue   // a scale's from little to much

	of func(*Pet) Value // nil for Text and Missing
}

// An AttributeValue is one of the values that an attribute may have, with its words.
type AttributeValue struct {
	Name  string
	Words []string
}

// A Value is a pet's value of an attribute. Numbers and scales use Number (for a scale, the
// rank). Choices and scales use Names with one element, sets with any number.
type Value struct {
	Number float64
	Names  []string
}

// Of returns a pet's value of the attribute; known is false if it is not recorded.
func (a *Attribute) Of(p *Pet) (v Value, known bool) {
	if a.of == nil {
		return Value{}, false
	}
	return a.of(p), true
}

// Rank returns a value's position on the scale, or -1.
func (a *Attribute) Rank(name string) int {
	return slices.IndexFunc(a.Values, func(v AttributeValue) bool { return v.Name == name })
}

// Ordered reports whether one value can be more than another.
func (a *Attribute) Ordered() bool { return a.Type == Scale || a.Type == Number || a.Type == Flag }

// Op is the relation that a pet's value must have to that of a [Constraint].
type Op string

// The operators. Is and Not compare with any of several values, the others with a number or
// a scale's rank.
const (
	Is      Op = "is"
	Not     Op = "is not"
	AtMost  Op = "at most"
	AtLeast Op = "at least"
	Below   Op = "below"
	Above   Op = "above"
)

// A Constraint is a condition on one attribute of a pet.
type Constraint struct {
	Attribute *Attribute
	Op        Op
	Names     []string // Is, Not
	Number    float64  // the others
}

// Holds reports whether a pet meets the constraint. A constraint on a value that is not recorded
// never holds.
func (c *Constraint) Holds(p *Pet) bool {
	v, known := c.Attribute.Of(p)
	if !known {
		return false
	}
	switch c.Op {
	case Is:
		return overlap(v.Names, c.Names)
	case Not:
		return !overlap(v.Names, c.Names)
	case AtMost:
		return v.Number <= c.Number
	case AtLeast:
		return v.Number >= c.Number
	case Below:
		return v.Number < c.Number
	case Above:
		return v.Number > c.Number
	}
	return false
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// Where returns the pets that meet all constraints, in the order of the catalogue.
func (c *Catalogue) Where(constraints []Constraint) []*Pet {
	var found []*Pet
	for _, p := range c.pets {
		if !slices.ContainsFunc(constraints, func(one Constraint) bool { return !one.Holds(p) }) {
			found = append(found, p)
		}
	}
	return found
}

// Attribute returns the attribute with a name. It panics if the table lacks the name:
// names come only from code.
func (c *Catalogue) Attribute(name string) *Attribute {
	for _, a := range c.attributes {
		if a.Name == name {
			return a
		}
	}
	panic("catalogue: no attribute " + name)
}

// Attributes returns the table of attributes.
func (c *Catalogue) Attributes() []*Attribute { return c.attributes }

//go:embed attributes.yaml
var attributesText []byte

func readAttributes() ([]*Attribute, error) {
	var rows []struct {
		Name            string
		Type            Type
		Ask, More, Less []string
		Unit            map[string]float64
		Values          yaml.MapSlice
	}
	if err := decode("attributes.yaml", attributesText, &rows); err != nil {
		return nil, err
	}
	var list []*Attribute
	for _, r := range rows {
		of, ok := getters[r.Name]
		if !ok && r.Type != Text && r.Type != Missing {
			return nil, fmt.Errorf("attributes.yaml: nothing reads %q", r.Name)
		}
		a := &Attribute{Name: r.Name, Type: r.Type, Ask: r.Ask, More: r.More, Less: r.Less, Unit: r.Unit, of: of}
		for _, v := range r.Values {
			a.Values = append(a.Values, valueOf(v))
		}
		if a.Type == Scale {
			a.of = a.ranked(of)
		}
		list = append(list, a)
	}
	return list, nil
}

func valueOf(item yaml.MapItem) AttributeValue {
	v := AttributeValue{Name: fmt.Sprint(item.Key)}
	if list, ok := item.Value.([]any); ok {
		for _, word := range list {
			v.Words = append(v.Words, fmt.Sprint(word))
		}
	}
	return v
}

// ranked adds a value's rank on the scale.
func (a *Attribute) ranked(of func(*Pet) Value) func(*Pet) Value {
	return func(p *Pet) Value {
		v := of(p)
		v.Number = float64(a.Rank(v.Names[0]))
		return v
	}
}

func name[T ~string](v T) Value { return Value{Names: []string{string(v)}} }

func numeric(v float64) Value { return Value{Number: v} }

func flag(ok bool) Value {
	if ok {
		return Value{Number: 1, Names: []string{"yes"}}
	}
	return Value{Names: []string{"no"}}
}

// getters read the attributes off a pet.
var getters = map[string]func(*Pet) Value{ //nolint:gochecknoglobals // a table of functions
	"species": func(p *Pet) Value { return name(p.Species) },
	"group":   func(p *Pet) Value { return Value{Names: p.Breed.Groups} },
	"breed":   func(p *Pet) Value { return name(p.BreedID) },
	"sex":     func(p *Pet) Value { return name(p.Sex) },
	"age":     func(p *Pet) Value { return Value{Number: float64(p.AgeMonths), Names: []string{p.Stage()}} },
	"fee":     func(p *Pet) Value { return numeric(float64(p.Price)) },
	"upkeep":  func(p *Pet) Value { return numeric((p.Breed.MonthlyCost[0] + p.Breed.MonthlyCost[1]) / 2) },
	"size":    func(p *Pet) Value { return name(p.Size) },
	"weight":  func(p *Pet) Value { return numeric(p.Breed.WeightKg[1]) },
	"energy":  func(p *Pet) Value { return name(p.Energy) },
	"noise":   func(p *Pet) Value { return name(p.Breed.Noise) },
	"shedding": func(p *Pet) Value {
		if p.Species == Fish || p.Species == Reptile {
			return name(None)
		}
		return name(p.Shedding)
	},
	"grooming":    func(p *Pet) Value { return name(p.Breed.Grooming) },
	"allergy":     func(p *Pet) Value { return flag(p.Breed.AllergyFriendly || !p.Species.Furry() && p.Species != Bird) },
	"children":    func(p *Pet) Value { return name(p.GoodWith.Children) },
	"cats":        func(p *Pet) Value { return name(p.GoodWith.Cats) },
	"dogs":        func(p *Pet) Value { return name(p.GoodWith.Dogs) },
	"home":        func(p *Pet) Value { return name(p.Home) },
	"hours":       func(p *Pet) Value { return numeric(float64(p.HoursAlone)) },
	"beginner":    func(p *Pet) Value { return flag(p.Beginner) },
	"lifespan":    func(p *Pet) Value { return numeric(p.Breed.LifespanYears[1]) },
	"exercise":    func(p *Pet) Value { return numeric(float64(p.Breed.ExerciseMinutes)) },
	"needs":       func(p *Pet) Value { return flag(p.SpecialNeeds != "") },
	"ailment":     func(p *Pet) Value { return Value{Names: p.Ailments} },
	"diet":        func(p *Pet) Value { return Value{Names: p.Diet} },
	"temperament": func(p *Pet) Value { return Value{Names: p.Breed.Traits} },
	"coat":        func(p *Pet) Value { return Value{Names: p.Coat} },
}

// Furry reports whether animals of the species have fur.
func (s Species) Furry() bool { return s != Bird && s != Fish && s != Reptile }

// Stage returns the stage of life that a pet is in: "young", "adult" or "senior".
// Small animals grow up and grow old sooner.
func (p *Pet) Stage() string {
	young, senior := 12, 84
	switch p.Species {
	case Dog:
		if p.Size == Giant || p.Size == Large {
			young, senior = 18, 84
		}
	case Cat:
		senior = 120
	case Rabbit:
		young, senior = 9, 72
	case GuineaPig:
		young, senior = 6, 48
	case Hamster:
		young, senior = 3, 18
	case Bird, Reptile, Fish:
		senior = int(p.Breed.LifespanYears[0] * 12 * 4 / 5)
		young = min(12, senior/8)
	}
	switch {
	case p.AgeMonths < young:
		return "young"
	case p.AgeMonths >= senior:
		return "senior"
	}
	return "adult"
}
