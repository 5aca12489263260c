package petpage

import (
	"net/url"
	"slices"
	"strconv"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A facet is something to choose pets by: one of its options, or none.
type facet struct {
	name, label string
	options     []option
}

// An option is one value of a facet, and which pets it leaves.
type option struct {
	value, label string
	fits         func(*completionv1.StorePet) bool
}

// facets returns all facets but the species and the breed, which the pets themselves tell.
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

// bySpecies returns the facet of the species that there are, in their order.
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

// byBreed returns the facet of the breeds that there are.
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

// A choice is the values that somebody has chosen, by the names of facets. What a query has beside them is nothing.
type choice map[string]string

// chosen returns what a query chooses. A species or a breed it takes as it is: there may be no such pet.
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

// query returns the choice as the query of a URL, in an order of its own.
func (c choice) query() string {
	values := make(url.Values)
	for name, value := range c {
		values.Set(name, value)
	}
	return values.Encode()
}

// with returns the choice with another value of a facet; "": without any.
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

// left returns the pets that a choice leaves.
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
