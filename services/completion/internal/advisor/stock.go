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
	shelf := c.shelf()
	words := shelf.String()
	pets := c.cat.Select(shelf.Filter)
	if len(c.ask.pets) > 0 {
		pets = slices.Clone(c.ask.pets)
	}
	pets = slices.DeleteFunc(pets, func(p *catalogue.Pet) bool { return !c.passesAge(p) || c.ask.part.wantsSpeech() && !speaks(p.Breed) })
	if kind := c.ask.part.kindWord(); kind != "" && len(c.ask.pets)+len(c.ask.breeds) == 0 {
		pets = slices.DeleteFunc(pets, func(p *catalogue.Pet) bool { return !isOfKind(p.Breed, kind) })
	}
	if shelf.gentle {
		pets = slices.DeleteFunc(pets, func(p *catalogue.Pet) bool {
			return !p.Breed.AllergyFriendly && p.Species != catalogue.Fish && p.Species != catalogue.Reptile
		})
		c.add("No dog, cat or other furry pet is fully hypoallergenic, but some are easier on many allergies. Spend time with the animal before you decide.")
	}
	if order := c.ask.part.first("order"); order != "" && len(pets) > 0 {
		c.superlative(pets, order)
		return
	}
	switch {
	case len(pets) == 0:
		c.add(c.voice.pick("stock",
			fmt.Sprintf("No, there are no %s in the store right now.", words),
			fmt.Sprintf("Sorry, we have no %s right now.", words),
			fmt.Sprintf("No %s wait for a home with us at the moment.", words)))
		c.stockNearest(shelf.Filter)
	case len(shelf.Species)+len(shelf.BreedIDs) == 0 && len(pets) == len(c.cat.Pets()):
		c.everything(pets)
	case len(pets) == 1:
		c.add(c.voice.pick("stock",
			fmt.Sprintf("Of %s we have **one** waiting for a home:", words),
			fmt.Sprintf("There is **one** among our %s:", words),
			fmt.Sprintf("Looking for %s, I find **one**:", words)))
		c.add(c.lines(pets))
		if c.voice.length >= normal {
			c.add(firstSentences(pets[0].Story, 40))
		}
	default:
		c.add(c.voice.pick("stock",
			fmt.Sprintf("We have **%d** %s waiting for a home:", len(pets), words),
			fmt.Sprintf("**%d** %s wait for a home with us right now:", len(pets), words),
			fmt.Sprintf("There are **%d** %s in the store:", len(pets), words),
			fmt.Sprintf("Right now we have **%d** %s to adopt:", len(pets), words)))
		c.add(c.lines(pets))
	}
}

// kindNames returns what the names of the breeds have in them that a word for a part of
// a species means.
func kindNames(word string) []string {
	return map[string][]string{
		"snake": {"snake", "python", "boa", "hognose"}, "python": {"python"}, "gecko": {"gecko"}, "lizard": {"gecko", "dragon", "skink", "iguana", "chameleon", "anole", "lizard"},
		"turtle": {"turtle", "tortoise", "slider"}, "tortoise": {"tortoise"}, "terrier": {"terrier"}, "spaniel": {"spaniel"}, "retriever": {"retriever"},
		"parrot": {"parrot", "conure", "cockatiel", "budgerigar", "lovebird", "parrotlet", "parakeet", "macaw", "cockatoo", "quaker"},
	}[word]
}

// kindWord returns which part of a species is spoken of, where that is the only animal.
func (r *reading) kindWord() string {
	if len(r.found["species"]) != 1 {
		return ""
	}
	w := strings.TrimSuffix(r.word(r.found["species"][0].from), "s")
	if w == "parot" || w == "parrott" {
		w = "parrot"
	}
	if w == "geckoe" {
		w = "gecko"
	}
	if kindNames(w) == nil {
		return ""
	}
	return w
}

func isOfKind(b *catalogue.Breed, kind string) bool {
	name := strings.ToLower(b.Name + " " + strings.Join(b.Aliases, " "))
	return slices.ContainsFunc(kindNames(kind), func(w string) bool { return strings.Contains(name, w) })
}

// A shelf is a part of the store: what is on it and what it is called.
type shelf struct {
	catalogue.Filter
	before []string // words before the noun: "female", "calm"
	noun   string
	after  []string // and behind: "up to $100"
	gentle bool     // easier for allergic people
}

func (s *shelf) String() string {
	words := strings.Join(append(slices.Clone(s.before), s.noun), " ")
	if len(s.after) > 0 {
		words += " " + strings.Join(s.after, ", ")
	}
	return words
}

// shelf reads from a question which pets are meant. Only what this question says
// counts: "how many cats do you have" means all cats.
func (c *composer) shelf() shelf {
	said := newProfile()
	said.take(c.ask.part, true)
	s := shelf{Filter: catalogue.Filter{Species: c.ask.species, Sizes: said.sizes, Home: said.home}, noun: "pets"}
	c.shelfKind(&s)
	s.describe(c.ask.part, &said)
	s.price(c.ask.part)
	s.suit(&said)
	if c.ask.part.wantsSpeech() {
		s.after = append(s.after, "of a kind known to talk")
	}
	return s
}

func (c *composer) shelfKind(s *shelf) {
	if len(s.Species) == 0 && c.ask.part.says("them", "those", "they", "these", "ones", "any") {
		s.Species = c.at.about()
	}
	if kind := c.ask.part.kindWord(); kind != "" && len(s.Species) == 1 {
		s.noun = plural(kind)
	} else if len(s.Species) > 0 {
		s.noun = list(mapped(s.Species, speciesPlural))
	}
	if len(c.ask.breeds) > 0 {
		s.Species = nil
		for _, b := range c.ask.breeds {
			s.BreedIDs = append(s.BreedIDs, b.ID)
		}
		s.noun = list(mapped(c.ask.breeds, func(b *catalogue.Breed) string { return plural(b.Name) }))
	}
}

func (s *shelf) describe(r *reading, said *profile) {
	if sex := r.first("sex"); sex != "" {
		s.Sex = catalogue.Sex(sex)
		s.before = append(s.before, sex)
	}
	if said.age != "" {
		s.before = append(s.before, said.age)
	}
	if len(said.sizes) > 0 {
		s.before = append(s.before, string(said.sizes[0]))
	}
	if said.energy != "" {
		s.Energies = []catalogue.Level{said.energy}
		s.before = append(s.before, map[catalogue.Level]string{catalogue.Low: "calm", catalogue.High: "active", catalogue.Mid: "moderately active"}[said.energy])
	}
}

func (s *shelf) price(r *reading) {
	for _, a := range amounts(r) {
		switch {
		case a.least:
			s.MinPrice = a.dollars
			s.after = append(s.after, "from "+dollars(a.dollars))
		case !a.monthly:
			s.MaxPrice = a.dollars
			s.after = append(s.after, "up to "+dollars(a.dollars))
		}
	}
}

func (s *shelf) suit(said *profile) {
	with := func(ok bool, text string) bool {
		if ok {
			s.after = append(s.after, text)
		}
		return ok
	}
	s.Children = with(said.kidSafe || said.children == yes, "good with children")
	s.Cats = with(said.withCat || slices.Contains(said.owned, catalogue.Cat), "able to live with cats")
	s.Dogs = with(said.withDog || slices.Contains(said.owned, catalogue.Dog), "able to live with dogs")
	s.gentle = with(said.allergy == yes, "easier on many allergies")
	s.Beginner = with(said.experience == no, "suited to beginners")
	with(s.Home == catalogue.Apartment, "suited to an apartment")
	if with(said.away > 0, fmt.Sprintf("that can be alone for %d hours", said.away)) {
		s.HoursAlone = said.away
	}
	if with(said.quiet, "of a quiet kind") {
		s.Noise = []catalogue.Level{catalogue.Low}
	}
	if with(said.shedsNo, "that shed little") {
		s.Sheds = []catalogue.Level{catalogue.None, catalogue.Low}
	}
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
	c.add(c.voice.pick("stock",
		fmt.Sprintf("**%d** pets wait for a home with us:", len(pets)),
		fmt.Sprintf("We have **%d** pets in the store right now:", len(pets)),
		fmt.Sprintf("There are **%d** pets to adopt here:", len(pets))))
	var b strings.Builder
	for _, s := range catalogue.AllSpecies() {
		of := c.cat.Select(catalogue.Filter{Species: []catalogue.Species{s}})
		if len(of) == 0 {
			continue
		}
		o := c.outlineOf(s)
		fmt.Fprintf(&b, "- **%s**: %d, fee %s, such as %s\n", upperFirst(speciesPlural(s)), len(of), o.fee(),
			join(of[:min(2, len(of))], func(p *catalogue.Pet) string { return "**" + p.Name + "**" }))
		c.citePets(of[:min(2, len(of))]...)
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
	c.add(c.voice.pick("order", "The "+word+" is ", "Our "+word+" is ", "Right now the "+word+" is ") + headline(pets[0]) + ".")
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
	said := newProfile()
	said.take(c.ask.part, true)
	pets := c.cat.Select(catalogue.Filter{Species: species})
	slices.SortStableFunc(pets, func(a, b *catalogue.Pet) int {
		one, two := judge(a, &said), judge(b, &said)
		return cmp.Or(cmp.Compare(one.far, two.far), cmp.Compare(two.score, one.score))
	})
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
	case strings.HasSuffix(noun, "ch"), strings.HasSuffix(noun, "sh") && !strings.HasSuffix(noun, "fish"), strings.HasSuffix(noun, "x"):
		return noun + "es"
	case strings.HasSuffix(noun, "fish"):
		return noun
	case oneOf(noun, "sheep", "deer"):
		return noun
	}
	return noun + "s"
}
