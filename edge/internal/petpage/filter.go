package petpage

import (
	"net/url"
	"slices"
	"strconv"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A facet is a property to filter pets by: one of its options, or none.
type facet struct {
	name, label string
	options     []option
}

// An option is one value of a facet, and the pets that it matches.
type option struct {
	value, label string
	fits         func(*completionv1.StorePet) bool
}

// facets returns all facets except the species and the breed, whose options depend on the pets.
func facets() []facet {
	yes := func(name, label string, fits func(*completionv1.StorePet) bool) facet {
		return facet{name, "Home", []option{{"yes", label, fits}}}
	}
	energy := func(value, label string) option {
		return option{value, label, func(p *completionv1.StorePet) bool { return p.GetEnergy() == value }}
	}
	fee := func(most int32) option {
		text := strconv.Itoa(int(most))
		return option{text, "Up to $" + text, func(p *completionv1.StorePet) bool { return p.GetPet().GetFeeUsd() <= most }}
	}
	return []facet{
		yes("flat", "Fits an apartment", func(p *completionv1.StorePet) bool { return p.GetHome() == "apartment" }),
		yes("children", "With children", func(p *completionv1.StorePet) bool { return p.GetChildren() == "yes" }),
		yes("cats", "With cats", func(p *completionv1.StorePet) bool { return p.GetCats() == "yes" }),
		yes("dogs", "With dogs", func(p *completionv1.StorePet) bool { return p.GetDogs() == "yes" }),
		yes("beginner", "For beginners", func(p *completionv1.StorePet) bool { return p.GetBeginner() }),
		yes("sheds-little", "Sheds little", func(p *completionv1.StorePet) bool { return p.GetShedding() == "none" || p.GetShedding() == "low" }),
		{"energy", "Energy", []option{energy("low", "Calm"), energy("medium", "Medium"), energy("high", "Lively")}},
		{"fee", "Adoption fee", []option{fee(50), fee(150), fee(300)}},
	}
}

// bySpecies returns the facet of the pets' species, in the order of the pets.
func bySpecies(pets []*completionv1.StorePet) facet {
	f := facet{name: speciesFacet, label: "Animal"}
	for _, p := range pets {
		species := p.GetPet().GetSpecies()
		if slices.ContainsFunc(f.options, func(o option) bool { return o.value == species }) {
			continue
		}
		f.options = append(f.options, option{species, plural(species), func(p *completionv1.StorePet) bool { return p.GetPet().GetSpecies() == species }})
	}
	return f
}

// byBreed returns the facet of the pets' breeds.
func byBreed(pets []*completionv1.StorePet) facet {
	f := facet{name: breedFacet, label: "Breed"}
	for _, p := range pets {
		breed := p.GetPet().GetBreed()
		if !slices.ContainsFunc(f.options, func(o option) bool { return o.value == breed }) {
			f.options = append(f.options, option{breed, breed, func(p *completionv1.StorePet) bool { return p.GetPet().GetBreed() == breed }})
		}
	}
	return f
}

const (
	speciesFacet = "species"
	breedFacet   = "breed"
)

// A choice is the chosen values by the names of facets. It ignores everything else in a query.
type choice map[string]string

// chosen returns the choice of a query. It does not check a species or a breed: there may be no such pet.
func chosen(query url.Values) choice {
	c := make(choice)
	for _, name := range []string{speciesFacet, breedFacet} {
		if value := query.Get(name); value != "" && len(value) < 40 {
			c[name] = value
		}
	}
	for _, f := range facets() {
		value := query.Get(f.name)
		if slices.ContainsFunc(f.options, func(o option) bool { return o.value == value }) {
			c[f.name] = value
		}
	}
	return c
}

// query returns the choice as the query of a URL, in a fixed order.
func (c choice) query() string {
	values := make(url.Values)
	for name, value := range c {
		values.Set(name, value)
	}
	return values.Encode()
}

// with returns the choice with a different value of a facet; "" removes the facet.
func (c choice) with(name, value string) choice {
	other := choice{name: value}
	for n, v := range c {
		if n != name {
			other[n] = v
		}
	}
	if value == "" {
		delete(other, name)
	}
	return other
}

// left returns the pets that match the choice.
func (c choice) left(pets []*completionv1.StorePet, all []facet) []*completionv1.StorePet {
	left := pets
	for _, f := range all {
		value, ok := c[f.name]
		if !ok {
			continue
		}
		var some []*completionv1.StorePet
		if i := slices.IndexFunc(f.options, func(o option) bool { return o.value == value }); i >= 0 {
			for _, p := range left {
				if f.options[i].fits(p) {
					some = append(some, p)
				}
			}
		}
		left = some
	}
	return left
}
