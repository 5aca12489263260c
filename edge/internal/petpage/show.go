package petpage

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A list is the data of list.html.
type list struct {
	Title     string
	Canonical string
	Narrowed  bool // by more than the species: search engines should not index it
	Some      bool // at least one facet is chosen
	Groups    []group
	Pets      []*completionv1.StorePet
}

// A group is the facets with the same label.
type group struct {
	Label string
	Chips []chip
}

// A chip is a link that selects an option, or clears it.
type chip struct {
	Label  string
	Href   string
	Chosen bool
	Count  int  // of the pets that match; 0: it is not a link
	Follow bool // search engines should follow it, because they index its target
}

func listOf(pets []*completionv1.StorePet, c choice) list {
	all := slices.Concat([]facet{bySpecies(pets), byBreed(pets)}, facets())
	l := list{Title: "Pets", Canonical: address(c), Some: len(c) > 0, Pets: c.left(pets, all)}
	if species, ok := c[speciesFacet]; ok {
		l.Title = plural(species)
		l.Narrowed = len(c) > 1 || len(l.Pets) == 0
	} else {
		l.Narrowed = len(c) > 0
	}
	// A value that no pet has, such as a former species, can only be removed. The counts of the other facets
	// ignore it.
	known := maps.Clone(c)
	for _, f := range all[:2] {
		value, ok := c[f.name]
		if ok && !slices.ContainsFunc(f.options, func(o option) bool { return o.value == value }) {
			delete(known, f.name)
			label := value
			if f.name == speciesFacet {
				label = plural(value)
			}
			l.Groups = append(l.Groups, group{f.label, []chip{{Label: label, Href: address(c.with(f.name, "")), Chosen: true}}})
		}
	}
	for _, f := range all {
		if f.name == breedFacet { // only the chosen one: there are too many to show
			f.options = slices.DeleteFunc(slices.Clone(f.options), func(o option) bool { return o.value != c[f.name] })
			if len(f.options) == 0 {
				continue
			}
			l.Title = f.options[0].label
		}
		if len(l.Groups) == 0 || l.Groups[len(l.Groups)-1].Label != f.label {
			l.Groups = append(l.Groups, group{Label: f.label})
		}
		g := &l.Groups[len(l.Groups)-1]
		for _, o := range f.options {
			with := known.with(f.name, o.value)
			shown := chip{Label: o.label, Href: address(with), Count: len(with.left(pets, all)), Follow: len(with) == 1 && f.name == speciesFacet}
			if c[f.name] == o.value {
				shown.Chosen, shown.Href = true, address(c.with(f.name, ""))
			}
			g.Chips = append(g.Chips, shown)
		}
	}
	return l
}

func address(c choice) string {
	if query := c.query(); query != "" {
		return Root + "?" + query
	}
	return Root
}

// Details are the data of pet.html.
type details struct {
	*completionv1.StorePet
	Facts []fact
}

// A fact is a row of the table about a pet.
type fact struct{ Name, Value string }

func detailsOf(p *completionv1.StorePet) details {
	pet := p.GetPet()
	facts := []fact{
		{"Breed", pet.GetBreed()},
		{"Sex", map[string]string{"group": "several, placed together"}[pet.GetSex()]},
		{"Age", age(pet.GetAgeMonths())},
		{"Adoption fee", fee(pet.GetFeeUsd())},
		{"Color", strings.Join(pet.GetCoat(), ", ")},
		{"Size", p.GetSize()},
		{"Energy", p.GetEnergy()},
		{"Shedding", map[string]string{"none": "none", "low": "light", "medium": "moderate", "high": "heavy"}[p.GetShedding()]},
		{"Home", map[string]string{"apartment": "an apartment will do", "house": "a house", "garden": "a house with a yard"}[p.GetHome()]},
		{"Good with children", map[string]string{"yes": "yes", "older": "older ones", "no": "no"}[p.GetChildren()]},
		{"Good with cats", company(p.GetCats())},
		{"Good with dogs", company(p.GetDogs())},
		{"Can be left alone", fmt.Sprintf("up to %d hours a day", p.GetHoursAlone())},
		{"For beginners", map[bool]string{true: "yes", false: "no"}[p.GetBeginner()]},
		{"Special needs", p.GetSpecialNeeds()},
		{"Temperament", strings.Join(p.GetTemperament(), ", ")},
	}
	if facts[1].Value == "" {
		facts[1].Value = pet.GetSex()
	}
	return details{p, slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })}
}

func company(value string) string {
	return map[string]string{"yes": "yes", "slow": "after a slow introduction", "no": "no"}[value]
}

// words returns the functions of the templates.
func words() template.FuncMap {
	return template.FuncMap{
		"age": age, "fee": fee, "plural": plural, "kind": kind, "coat": func(p *completionv1.Pet) string { return strings.Join(p.GetCoat(), ",") },
		"join": func(list []string) string { return strings.Join(list, ", ") },
		"count": func(n int) string {
			if n == 1 {
				return "1 pet"
			}
			return fmt.Sprintf("%d pets", n)
		},
	}
}

// kind returns the noun for one animal of a species.
func kind(species string) string { return strings.ReplaceAll(species, "-", " ") }

// plural returns the plural noun of a species, as a title.
func plural(species string) string {
	name := kind(species)
	if name == "" {
		return ""
	}
	if name != "fish" {
		name += "s"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// age returns an age in the advisor's words.
func age(months int32) string {
	years, rest := months/12, months%12
	switch {
	case months < 24 && months != 12:
		return many(months, "month") + " old"
	case rest == 0 || years >= 10:
		return many(years, "year") + " old"
	case rest == 6:
		return fmt.Sprintf("%d and a half years old", years)
	default:
		return many(years, "year") + " and " + many(rest, "month") + " old"
	}
}

func many(n int32, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

func fee(usd int32) string {
	if usd == 0 {
		return "No fee"
	}
	return fmt.Sprintf("$%d", usd)
}
