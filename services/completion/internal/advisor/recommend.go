package advisor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// recommend shows the pets that suit best, or the nearest if none does.
func (c *composer) recommend() error {
	know := *c.know
	if c.ask.more && len(c.ask.pets) > 0 { // "more like Luna"
		know.species = []catalogue.Species{c.ask.pets[0].Species}
		know.energy = c.ask.pets[0].Energy
	}
	if len(c.ask.breeds) > 0 {
		know.breeds = c.ask.breeds
		know.species = []catalogue.Species{c.ask.breeds[0].Species}
	}
	fits := c.ranked(&know)
	suit := slices.IndexFunc(fits, func(f fit) bool { return f.far > 0 })
	if suit < 0 {
		suit = len(fits)
	}
	switch {
	case len(fits) == 0:
		c.add("I have shown you every pet that comes close. Tell me what may be different, such as the species, the size or the budget, and I look again.")
	case suit == 0:
		c.nearest(fits, &know)
	default:
		c.suggest(c.choose(fits[:suit], &know), &know)
	}
	return nil
}

// ranked judges all pets, best first. Among equals the voice decides, so that
// another seed or choice sees other pets first.
func (c *composer) ranked(know *profile) []fit {
	var fits []fit
	for _, p := range c.cat.Pets() {
		if c.ask.more && (slices.Contains(c.at.seen, p) || slices.Contains(c.ask.pets, p)) {
			continue
		}
		fits = append(fits, judge(p, know))
	}
	slices.SortStableFunc(fits, func(a, b fit) int {
		if d := cmp.Compare(a.far, b.far); d != 0 {
			return d
		}
		if d := cmp.Compare(b.score, a.score); d != 0 {
			return d
		}
		return cmp.Compare(c.voice.draw(a.pet.ID), c.voice.draw(b.pet.ID))
	})
	return fits
}

// choose takes the best few. Where no species is looked for it takes the best of
// different ones, so that the person sees what there is to choose from.
func (c *composer) choose(fits []fit, know *profile) []fit {
	n := c.voice.length.by(2, 2, 3, 4)
	if len(know.species) == 1 || len(know.breeds) > 0 {
		return fits[:min(n, len(fits))]
	}
	var chosen []fit
	for _, f := range fits {
		again := slices.ContainsFunc(chosen, func(o fit) bool { return o.pet.Species == f.pet.Species })
		if !again && len(chosen) < n {
			chosen = append(chosen, f)
		}
	}
	for _, f := range fits {
		if len(chosen) >= min(n, len(fits)) {
			break
		}
		if !slices.ContainsFunc(chosen, func(o fit) bool { return o.pet == f.pet }) {
			chosen = append(chosen, f)
		}
	}
	return chosen
}

func (c *composer) suggest(fits []fit, know *profile) {
	said := know.summary()
	switch {
	case c.ask.more:
		c.add(c.voice.pick("more", "Here are more pets that suit:", "These come to mind as well:", "Also worth a look:"))
	case said == "":
		c.add(c.voice.pick("open", "A few pets worth meeting, of different kinds:", "To begin with, here are pets of different kinds worth meeting:"))
	default:
		c.add(c.voice.pick("match", "For "+said+", I would look at these pets first:", "With "+said+" in mind, these pets suit best:", "These are my first picks for "+said+":"))
	}
	c.add(c.numbered(fits))
	c.currencyNote(know)
	c.childNote(know)
	c.allergyNote(know)
	if q := c.openQuestion(know); q != "" && c.voice.length >= short {
		c.add(q)
	}
}

func (c *composer) numbered(fits []fit) string {
	var b strings.Builder
	for i, f := range fits {
		fmt.Fprintf(&b, "%d. %s. %s\n", i+1, headline(f.pet), c.pitch(f))
		c.citePets(f.pet)
	}
	return b.String()
}

// pitch gives the reasons for a pet and what speaks against it.
func (c *composer) pitch(f fit) string {
	var b strings.Builder
	pros := f.pros
	if len(pros) < 2 {
		pros = append(slices.Clone(pros), plainPros(f.pet, pros)...)
	}
	pros = pros[:min(len(pros), c.voice.length.by(2, 3, 4, 5))]
	if len(pros) > 0 {
		fmt.Fprintf(&b, "%s.", upperFirst(strings.Join(pros, ", ")))
	}
	if c.voice.length >= normal {
		if s := proseSentences(f.pet.Story); len(s) > 0 {
			b.WriteString(" " + s[min(1, len(s)-1)])
		}
	}
	if n := min(len(f.cons), c.voice.length.by(1, 1, 2, 3)); n > 0 {
		fmt.Fprintf(&b, " *Keep in mind:* %s.", strings.Join(f.cons[:n], "; "))
	}
	return strings.TrimSpace(b.String())
}

// plainPros says something good of a pet about which no wish was known.
func plainPros(p *catalogue.Pet, have []string) []string {
	var list []string
	add := func(ok bool, s string) {
		if ok && !slices.Contains(have, s) && len(list) < 3 {
			list = append(list, s)
		}
	}
	add(p.Beginner, "suits a first-time owner")
	add(p.GoodWith.Children == catalogue.Yes, "good with children of all ages")
	add(p.Home == catalogue.Apartment, "happy in an apartment")
	add(p.Energy == catalogue.Low && !slices.Contains(p.Breed.Temperament[:min(2, len(p.Breed.Temperament))], "calm"), "calm")
	add(len(p.Breed.Temperament) > 1, strings.Join(p.Breed.Temperament[:min(2, len(p.Breed.Temperament))], " and ")+" by nature")
	return list
}

// nearest is honest that nothing suits, and shows what comes closest and why not.
func (c *composer) nearest(fits []fit, know *profile) {
	other, hasOther := alternative(fits, know)
	if fits = ofKind(fits, know); len(fits) == 0 {
		c.add("I have shown you every one that comes close. Tell me what may be different, such as the kind of animal, the size or the budget, and I look again.")
		return
	}
	fits = fits[:min(len(fits), c.voice.length.by(1, 2, 3, 3))]
	c.add(c.voice.pick("none",
		"No pet in the store right now fits everything you told me ("+know.summary()+").",
		"I have to be honest: none of our pets fits all of it ("+know.summary()+")."))
	c.add("The nearest, and what does not fit:")
	var b strings.Builder
	for i, f := range fits {
		fmt.Fprintf(&b, "%d. %s. *But* %s.", i+1, headline(f.pet), strings.Join(f.against, "; "))
		if len(f.pros) > 0 {
			fmt.Fprintf(&b, " Otherwise: %s.", strings.Join(f.pros[:min(2, len(f.pros))], ", "))
		}
		b.WriteString("\n")
		c.citePets(f.pet)
	}
	c.add(b.String())
	if hasOther && c.voice.length >= normal {
		c.add(fmt.Sprintf("If it may be another kind of animal, %s would fit the rest.", headline(other.pet)))
		c.citePets(other.pet)
	}
	c.currencyNote(know)
	c.childNote(know)
	c.allergyNote(know)
	if c.voice.length > brief {
		c.add("New animals arrive often. If one of your points can be relaxed, tell me which, and I look again.")
	}
}

// ofKind leaves out other animals than those that are looked for.
func ofKind(fits []fit, know *profile) []fit {
	if len(know.species) == 0 {
		return fits
	}
	return slices.DeleteFunc(slices.Clone(fits), func(f fit) bool { return !slices.Contains(know.species, f.pet.Species) })
}

// alternative returns the best pet that is only of another kind than looked for.
func alternative(fits []fit, know *profile) (fit, bool) {
	i := slices.IndexFunc(fits, func(f fit) bool {
		return f.far == otherKind && !slices.Contains(know.species, f.pet.Species) && !slices.Contains(know.excluded, f.pet.Species)
	})
	if i < 0 || len(know.species) == 0 || len(know.breeds) > 0 {
		return fit{}, false
	}
	return fits[i], true
}

// currencyNote says how a budget in other money was read.
func (c *composer) currencyNote(know *profile) {
	if know.currency == "" || know.fee+know.monthly == 0 {
		return
	}
	c.add("Our fees are in US dollars. I took your " + know.currency + " for about as many dollars; check the rate of the day.")
}

// childNote adds what goes for small children with any pet.
func (c *composer) childNote(know *profile) {
	if know.children != yes || know.youngest < 0 || know.youngest >= schoolAge || c.voice.length < short {
		return
	}
	text := "With " + childOf(know.youngest) + " in the family, an adult looks after the pet and is in the room whenever the two are together."
	if know.age == "young" {
		text += " A very young animal bites, scratches and knocks things over while it learns, so a steady adult one is often easier."
	}
	c.add(text)
}

// childOf names a child by its age.
func childOf(years int) string {
	switch years {
	case 0:
		return "a baby"
	case 1:
		return "a one-year-old"
	}
	return fmt.Sprintf("a child of %d", years)
}

func (c *composer) allergyNote(know *profile) {
	if know.allergy != yes {
		return
	}
	c.add("On allergies: no dog, cat or other furry pet is fully hypoallergenic. Visit the very animal twice for an hour or more, and ask a doctor first if anyone has asthma.")
	if h, err := c.cat.Search(c.ctx, catalogue.Query{Text: "hypoallergenic pets test for an allergy", Topics: []catalogue.Topic{"allergies"}, Limit: 1}); err == nil && len(h) > 0 {
		c.cite(h[0].Passage)
	}
}

// openQuestion asks for what would narrow the choice most.
func (c *composer) openQuestion(know *profile) string {
	var open []string
	ask := func(missing bool, what string) {
		if missing && len(open) < 3 {
			open = append(open, what)
		}
	}
	ask(len(know.species) == 0, "the kind of animal you lean towards")
	ask(know.home == "", "your home")
	ask(know.children == unknown && !know.kidSafe, "whether children live with you")
	ask(know.away < 0, "how long you are out on a usual day")
	ask(know.fee == 0 && know.monthly == 0, "your budget")
	ask(len(know.owned) == 0 && !know.noPets, "other pets")
	if len(open) < 2 {
		return c.voice.pick("meet", "Which of them would you like to know more about?", "Ask me about any of them by name.")
	}
	return "To narrow it down, tell me about " + list(open) + "."
}

// summary repeats in a few words what is known of the person.
func (p *profile) summary() string {
	var s []string
	add := func(ok bool, text string) {
		if ok {
			s = append(s, text)
		}
	}
	add(len(p.species) > 0, p.wanted())
	add(len(p.species) == 0 && len(p.sizes) > 0, "a "+firstOf(p.sizes)+" animal")
	add(p.home == catalogue.Apartment, "an apartment")
	add(p.home == catalogue.House, "a house")
	add(p.home == catalogue.Garden, "a home with a garden")
	add(p.children == yes && p.youngest >= 0 && p.youngest < 1, "a baby in the family")
	add(p.children == yes && p.youngest == 1, "a one-year-old child")
	add(p.children == yes && p.youngest >= 2, fmt.Sprintf("a child of about %d", p.youngest))
	add(p.children == yes && p.youngest < 0, "children")
	add(p.allergy == yes, "allergies")
	add(len(p.owned) > 0, article(joinSpecies(p.owned))+" at home already")
	add(p.away >= 4, fmt.Sprintf("about %d hours away a day", p.away))
	add(p.away >= 0 && p.away < 4, "somebody at home most of the day")
	add(p.experience == no, "a first-time owner")
	add(p.energy == catalogue.Low, "a calm character")
	add(p.energy == catalogue.High, "an active character")
	add(p.quiet, "little noise")
	add(p.shedsNo && p.allergy != yes, "little hair")
	add(p.fee > 0, "a fee of up to "+dollars(p.fee))
	add(p.monthly > 0, dollars(p.monthly)+" a month")
	add(p.cheap && p.fee == 0 && p.monthly == 0, "a small budget")
	add(p.travels, "frequent travel")
	return list(s)
}

// wanted writes what animal is looked for, with its age and size: "a small young dog".
func (p *profile) wanted() string {
	names := make([]string, len(p.species))
	for i, s := range p.species {
		names[i] = speciesName(s)
	}
	noun := strings.Join(names, " or ")
	if len(p.breeds) > 0 {
		noun = p.breeds[0].Name
	}
	if p.age != "" {
		noun = p.age + " " + noun
	}
	if len(p.sizes) > 0 {
		noun = string(p.sizes[0]) + " " + noun
	}
	return article(noun)
}

func firstOf(sizes []catalogue.Size) string {
	if len(sizes) == 0 {
		return ""
	}
	return string(sizes[0])
}

func joinSpecies(list []catalogue.Species) string {
	return strings.Join(mapped(list, speciesName), " and a ")
}

// why repeats what the last recommendation rested on.
func (c *composer) why() {
	pets := c.ask.pets
	if len(pets) == 0 {
		c.dontKnow()
		return
	}
	said := c.know.summary()
	if said == "" {
		c.add("You had not told me much yet, so I chose pets that are easy to begin with, of different kinds:")
	} else {
		c.add("I went by what you told me: " + said + ". For each of them that means:")
	}
	var b strings.Builder
	for _, p := range pets[:min(len(pets), 4)] {
		f := judge(p, c.know)
		pros := slices.Concat(f.pros, plainPros(p, f.pros))
		fmt.Fprintf(&b, "- **%s**: %s.", p.Name, strings.Join(pros[:min(len(pros), c.voice.length.by(2, 3, 5, 6))], ", "))
		if len(f.against) > 0 {
			fmt.Fprintf(&b, " Against: %s.", strings.Join(f.against, "; "))
		} else if len(f.cons) > 0 {
			fmt.Fprintf(&b, " Against: %s.", f.cons[0])
		}
		b.WriteString("\n")
		c.citePets(p)
	}
	c.add(b.String())
}
