package advisor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// stock lists or counts the pets of the store that pass what the question says.
func (c *composer) stock() {
	filter, words := c.stockFilter()
	pets := c.cat.Select(filter)
	pets = slices.DeleteFunc(pets, func(p *catalogue.Pet) bool { return !c.passesAge(p) })
	if order := c.ask.part.first("order"); order != "" && len(pets) > 0 {
		c.superlative(pets, order)
		return
	}
	switch {
	case len(pets) == 0:
		c.add(fmt.Sprintf("No, there are no %s in the store right now.", words))
		c.stockNearest(filter)
	case len(filter.Species)+len(filter.BreedIDs) == 0 && len(pets) == len(c.cat.Pets()):
		c.everything(pets)
	case len(pets) == 1:
		c.add(fmt.Sprintf("Of %s we have **one** waiting for a home:", words))
		c.add(c.lines(pets))
		if c.voice.length >= normal {
			c.add(firstSentences(pets[0].Story, 40))
		}
	default:
		c.add(fmt.Sprintf("We have **%d** %s waiting for a home:", len(pets), words))
		c.add(c.lines(pets))
	}
}

// stockFilter turns a question into a filter and into the words for it. Only what
// this question says counts: "how many cats do you have" means all cats.
func (c *composer) stockFilter() (catalogue.Filter, string) {
	r := c.ask.part
	said := newProfile()
	said.learn(r)
	f := catalogue.Filter{Species: c.ask.species, Sizes: said.sizes, Home: said.home, Beginner: said.experience == no}
	if len(f.Species) == 0 && r.says("them", "those", "they", "these", "ones", "any") {
		f.Species = c.at.about()
	}
	noun := "pets"
	if len(f.Species) > 0 {
		noun = list(mapped(f.Species, speciesPlural))
	}
	if len(c.ask.breeds) > 0 {
		f.Species = nil
		for _, b := range c.ask.breeds {
			f.BreedIDs = append(f.BreedIDs, b.ID)
		}
		noun = list(mapped(c.ask.breeds, func(b *catalogue.Breed) string { return b.Name + "s" }))
	}
	var before, after []string
	if s := r.first("sex"); s != "" {
		f.Sex = catalogue.Sex(s)
		before = append(before, s)
	}
	if said.age != "" {
		before = append(before, said.age)
	}
	if len(said.sizes) > 0 {
		before = append(before, string(said.sizes[0]))
	}
	if said.energy != "" {
		f.Energies = []catalogue.Level{said.energy}
		before = append(before, map[catalogue.Level]string{catalogue.Low: "calm", catalogue.High: "active", catalogue.Mid: "moderately active"}[said.energy])
	}
	for _, a := range amounts(r) {
		if a.least {
			f.MinPrice = a.dollars
			after = append(after, "from "+dollars(a.dollars))
		} else if !a.monthly {
			f.MaxPrice = a.dollars
			after = append(after, "up to "+dollars(a.dollars))
		}
	}
	f.Children = said.kidSafe || said.children == yes
	f.Cats = said.withCat || slices.Contains(said.owned, catalogue.Cat)
	f.Dogs = said.withDog || slices.Contains(said.owned, catalogue.Dog)
	for _, with := range []struct {
		ok   bool
		text string
	}{
		{f.Children, "good with children"},
		{f.Cats, "able to live with cats"},
		{f.Dogs, "able to live with dogs"},
		{f.Home == catalogue.Apartment, "suited to an apartment"},
		{f.Beginner, "suited to beginners"},
	} {
		if with.ok {
			after = append(after, with.text)
		}
	}
	if said.shedsNo {
		f.Sheds = []catalogue.Level{catalogue.None, catalogue.Low}
		after = append(after, "that shed little")
	}
	words := strings.Join(append(before, noun), " ")
	if len(after) > 0 {
		words += " " + strings.Join(after, ", ")
	}
	return f, words
}

func (c *composer) passesAge(p *catalogue.Pet) bool {
	said := newProfile()
	said.learnAge(c.ask.part)
	return said.age == "" || said.age == stageOf(p)
}

func (c *composer) lines(pets []*catalogue.Pet) string {
	limit := c.voice.length.by(5, 8, 12, 30)
	var b strings.Builder
	for i, p := range pets {
		if i == limit {
			fmt.Fprintf(&b, "- and %d more: %s\n", len(pets)-i, join(pets[i:], func(p *catalogue.Pet) string { return "**" + p.Name + "**" }))
			break
		}
		fmt.Fprintf(&b, "- %s\n", headline(p))
	}
	for i, p := range pets {
		if i < limit {
			c.citePets(p)
		}
	}
	return b.String()
}

// everything is the answer to "what pets do you have": numbers, and one of each kind.
func (c *composer) everything(pets []*catalogue.Pet) {
	c.add(fmt.Sprintf("**%d** pets wait for a home with us:", len(pets)))
	var b strings.Builder
	for _, s := range catalogue.AllSpecies() {
		of := c.cat.Select(catalogue.Filter{Species: []catalogue.Species{s}})
		if len(of) == 0 {
			continue
		}
		o := c.outlineOf(s)
		fmt.Fprintf(&b, "- **%s**: %d, fee %s, such as %s\n", upperFirst(speciesPlural(s)), len(of), o.fee(),
			join(of[:min(3, len(of))], func(p *catalogue.Pet) string { return "**" + p.Name + "**" }))
		c.citePets(of[:min(3, len(of))]...)
	}
	c.add(b.String(), "Ask for one kind, a budget or a character, and I list the pets.")
}

// superlative answers "your cheapest dog".
func (c *composer) superlative(pets []*catalogue.Pet, order string) {
	rank := map[string]func(p *catalogue.Pet) int{
		"cheapest": func(p *catalogue.Pet) int { return p.Price },
		"dearest":  func(p *catalogue.Pet) int { return -p.Price },
		"youngest": func(p *catalogue.Pet) int { return p.AgeMonths },
		"oldest":   func(p *catalogue.Pet) int { return -p.AgeMonths },
		"smallest": func(p *catalogue.Pet) int { return p.Size.Rank()*1e6 + int(p.Breed.WeightKg[1]*1000) },
		"largest":  func(p *catalogue.Pet) int { return -p.Size.Rank()*1e6 - int(p.Breed.WeightKg[1]*1000) },
		"calmest":  func(p *catalogue.Pet) int { return p.Energy.Rank()*1000 + p.Breed.Noise.Rank() },
		"liveliest": func(p *catalogue.Pet) int {
			return -p.Energy.Rank()*1000 - p.Breed.ExerciseMinutes
		},
	}[order]
	slices.SortStableFunc(pets, func(a, b *catalogue.Pet) int { return cmp.Compare(rank(a), rank(b)) })
	word := map[string]string{"dearest": "most expensive", "liveliest": "liveliest"}[order]
	if word == "" {
		word = order
	}
	n := min(len(pets), c.voice.length.by(1, 2, 3, 4))
	c.add(fmt.Sprintf("The %s is %s.", word, headline(pets[0])))
	if c.voice.length >= normal {
		c.add(firstSentences(pets[0].Story, 40))
	}
	c.citePets(pets[0])
	if n > 1 {
		var b strings.Builder
		for _, p := range pets[1:n] {
			fmt.Fprintf(&b, "- %s\n", headline(p))
			c.citePets(p)
		}
		c.add("Next come:\n" + b.String())
	}
}

// stockNearest shows what there is of the kind when the wish leaves none.
func (c *composer) stockNearest(f catalogue.Filter) {
	species := f.Species
	for _, b := range c.ask.breeds {
		species = appendNew(species, b.Species)
	}
	pets := c.cat.Select(catalogue.Filter{Species: species, MaxPrice: f.MaxPrice})
	if len(pets) == 0 {
		pets = c.cat.Select(catalogue.Filter{Species: species})
		slices.SortStableFunc(pets, func(a, b *catalogue.Pet) int { return cmp.Compare(a.Price, b.Price) })
	}
	if len(species) == 0 || len(pets) == 0 {
		return
	}
	c.add(fmt.Sprintf("Of our %s, these come nearest:", list(mapped(species, speciesPlural))))
	c.add(c.lines(pets[:min(3, len(pets))]))
}

// unsold says that an animal is not placed here, and what comes near it.
func (c *composer) unsold() error {
	c.add(fmt.Sprintf("We do not place %s here. Our store has dogs, cats, rabbits, guinea pigs, hamsters, birds, fish and reptiles, and my guides cover only those.", plural(c.ask.value)))
	if c.voice.length >= short {
		c.add("If one of them could suit you as well, tell me about your home, time and budget, and I suggest a pet.")
	}
	return nil
}

func plural(noun string) string {
	switch {
	case strings.HasSuffix(noun, "s"):
		return noun
	case strings.HasSuffix(noun, "y") && !strings.HasSuffix(noun, "ey"):
		return noun[:len(noun)-1] + "ies"
	case noun == "mouse":
		return "mice"
	case noun == "goose":
		return "geese"
	case oneOf(noun, "fox", "ostrich", "lynx"):
		return noun + "es"
	case oneOf(noun, "sheep", "deer"):
		return noun
	}
	return noun + "s"
}
