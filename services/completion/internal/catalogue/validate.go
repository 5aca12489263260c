package catalogue

import (
	"fmt"
	"strings"
)

// validate checks all values and references, and sets the lookups by id.
func (c *Catalogue) validate() error {
	var p problems
	c.byBreed = make(map[string]*Breed, len(c.breeds))
	for _, b := range c.breeds {
		entry := fmt.Sprintf("breeds/*.yaml: %q", b.ID)
		claim(&p, entry, c.byBreed, b.ID, b)
		b.validate(&p, entry)
	}
	c.byPet = make(map[string]*Pet, len(c.pets))
	for _, pet := range c.pets {
		entry := fmt.Sprintf("pets.yaml: %q", pet.ID)
		claim(&p, entry, c.byPet, pet.ID, pet)
		pet.validate(&p, entry, c.byBreed[pet.BreedID])
	}
	c.byGuide = make(map[string]*Guide, len(c.guides))
	for _, g := range c.guides {
		claim(&p, "guides/"+g.ID+".md", c.byGuide, g.ID, g)
		g.validate(&p, "guides/"+g.ID+".md")
	}
	for kind, n := range map[string]int{"pet": len(c.pets), "breed": len(c.breeds), "guide": len(c.guides)} {
		if n == 0 {
			p.add("data", "there is not one %s", kind)
		}
	}
	return p.err()
}

func claim[T any](p *problems, entry string, ids map[string]T, id string, v T) {
	if id == "" || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		p.add(entry, "id must be lower-case letters, digits and hyphens")
	}
	if _, taken := ids[id]; taken {
		p.add(entry, "id is used twice")
	}
	ids[id] = v
}

func (pet *Pet) validate(p *problems, entry string, breed *Breed) {
	member(p, entry, "species", pet.Species, AllSpecies()...)
	member(p, entry, "sex", pet.Sex, Female, Male, Group)
	member(p, entry, "energy", pet.Energy, Low, Mid, High)
	common(p, entry, pet.Size, pet.Shedding, pet.Home, pet.GoodWith)
	text(p, entry, "name", pet.Name)
	text(p, entry, "story", pet.Story)
	number(p, entry, "age_months", float64(pet.AgeMonths), 0, 1200)
	number(p, entry, "price", float64(pet.Price), 0, 10000)
	number(p, entry, "hours_alone", float64(pet.HoursAlone), 0, 24)
	switch {
	case breed == nil:
		p.add(entry, "breed %q does not exist", pet.BreedID)
	case breed.Species != pet.Species:
		p.add(entry, "breed %q is a %s, the pet a %s", pet.BreedID, breed.Species, pet.Species)
	}
}

func (b *Breed) validate(p *problems, entry string) {
	member(p, entry, "species", b.Species, AllSpecies()...)
	member(p, entry, "energy", b.Energy, Low, Mid, High)
	member(p, entry, "grooming", b.Grooming, Low, Mid, High)
	member(p, entry, "noise", b.Noise, Low, Mid, High)
	common(p, entry, b.Size, b.Shedding, b.Home, b.GoodWith)
	text(p, entry, "name", b.Name)
	text(p, entry, "summary", b.Summary)
	text(p, entry, "care", b.Care)
	for _, list := range [][]string{b.Aliases, b.Temperament, b.Health} {
		for _, s := range list {
			text(p, entry, "a list's element", s)
		}
	}
	span(p, entry, "weight_kg", b.WeightKg, 0, 150)
	span(p, entry, "lifespan_years", b.LifespanYears, 0, 150)
	span(p, entry, "monthly_cost", b.MonthlyCost, 0, 2000)
	number(p, entry, "exercise_minutes", float64(b.ExerciseMinutes), 0, 600)
	number(p, entry, "hours_alone", float64(b.HoursAlone), 0, 24)
}

func (g *Guide) validate(p *problems, entry string) {
	text(p, entry, "title", g.Title)
	text(p, entry, "summary", g.Summary)
	for _, s := range g.Species {
		member(p, entry, "species", s, AllSpecies()...)
	}
	for _, t := range g.Topics {
		member(p, entry, "topics", t, AllTopics()...)
	}
	if len(g.Topics) == 0 {
		p.add(entry, "topics is empty")
	}
	if n := len(g.Passages); n < 1 || n > 8 {
		p.add(entry, "has %d passages, want 1 to 8", n)
	}
}

func common(p *problems, entry string, size Size, shedding Level, home Home, with GoodWith) {
	member(p, entry, "size", size, Tiny, Small, Medium, Large, Giant)
	member(p, entry, "shedding", shedding, None, Low, Mid, High)
	member(p, entry, "home", home, Apartment, House, Garden)
	member(p, entry, "good_with.children", with.Children, Yes, Older, No)
	member(p, entry, "good_with.cats", with.Cats, Yes, Slow, No)
	member(p, entry, "good_with.dogs", with.Dogs, Yes, Slow, No)
}

func member[T ~string](p *problems, entry, field string, v T, allowed ...T) {
	if !contains(allowed, v) {
		p.add(entry, "%s is %q, want one of %q", field, v, allowed)
	}
}

func text(p *problems, entry, field, v string) {
	if strings.TrimSpace(v) == "" || v != strings.TrimSpace(v) {
		p.add(entry, "%s is empty or has spaces around it", field)
	}
}

func number(p *problems, entry, field string, v, low, high float64) {
	if !(v >= low && v <= high) {
		p.add(entry, "%s is %g, want %g to %g", field, v, low, high)
	}
}

func span(p *problems, entry, field string, v [2]float64, low, high float64) {
	number(p, entry, field, v[0], low, high)
	number(p, entry, field, v[1], low, high)
	if v[0] > v[1] {
		p.add(entry, "%s runs from %g down to %g", field, v[0], v[1])
	}
}
