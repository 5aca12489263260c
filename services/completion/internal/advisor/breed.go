package advisor

import (
	"fmt"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// aboutBreeds answers a question about breeds: what was asked first, then what else
// one should know.
func (c *composer) aboutBreeds() error {
	for _, b := range c.ask.breeds[:min(2, len(c.ask.breeds))] {
		c.aboutBreed(b)
		c.citeBreeds(b)
	}
	c.inStore(c.ask.breeds)
	return nil
}

func (c *composer) aboutBreed(b *catalogue.Breed) {
	var direct []string
	for _, attr := range c.ask.attrs {
		if s := breedFact(b, attr); s != "" && len(direct) < 3 {
			direct = append(direct, s)
		}
	}
	plural := b.Name
	switch {
	case len(direct) > 0:
		c.add(fmt.Sprintf("**%s:** %s", plural, strings.Join(direct, " ")))
		if c.voice.length >= normal && len(direct) < 2 {
			c.add(b.Summary)
		}
	default:
		c.add("**" + plural + ".** " + b.Summary)
		c.add(c.breedSheet(b))
		if c.voice.length >= normal {
			c.add("**Care:** " + b.Care)
		}
	}
	c.breedFit(b)
}

// breedFit judges a breed for the person, if there is something to go by.
func (c *composer) breedFit(b *catalogue.Breed) {
	know := c.wishless()
	if know.facts() == 0 {
		return
	}
	f := judge(example(b), know)
	switch {
	case len(f.against) > 0:
		c.add(fmt.Sprintf("**For you** (%s) I would be careful: %s.", know.summary(), strings.Join(f.against[:min(3, len(f.against))], "; ")))
	case len(f.pros) > 0 && know.summary() != "":
		text := fmt.Sprintf("**For you** (%s) it can work: %s.", know.summary(), strings.Join(f.pros[:min(3, len(f.pros))], ", "))
		if len(f.cons) > 0 {
			text += fmt.Sprintf(" Keep in mind: %s.", f.cons[0])
		}
		c.add(text)
	}
}

// breedSheet lists the facts of a breed.
func (c *composer) breedSheet(b *catalogue.Breed) string {
	facts := []string{
		fmt.Sprintf("**Size:** %s, %s", b.Size, weight(b)),
		fmt.Sprintf("**Energy:** %s%s", b.Energy, exercise(b)),
		"**Children and pets:** " + childrenWords(b.GoodWith.Children) + "; " + companyPair(b.GoodWith, b.Species),
		fmt.Sprintf("**Coat:** %s, grooming effort %s", shedWords(b.Shedding), b.Grooming),
		fmt.Sprintf("**Upkeep:** %s; **lives** %s years", monthly(b), span(b.LifespanYears)),
		fmt.Sprintf("**Home:** %s; alone for %s; noise %s", homeWords(b.Home), hoursCell(b.HoursAlone), b.Noise),
		"**Prone to:** " + list(b.Health),
		"**For beginners:** " + yesNo(b.Beginner),
	}
	return "- " + strings.Join(facts[:c.voice.length.by(2, 4, len(facts), len(facts))], "\n- ")
}

func exercise(b *catalogue.Breed) string {
	if b.ExerciseMinutes == 0 {
		return ""
	}
	return fmt.Sprintf(", about %d minutes of exercise or play a day", b.ExerciseMinutes)
}

func companyPair(g catalogue.GoodWith, s catalogue.Species) string {
	if s == catalogue.Fish {
		return "lives in its own tank, out of reach of cats"
	}
	return companyWords(g.Cats, "cats") + ", " + companyWords(g.Dogs, "dogs")
}

// breedFact answers what was asked about a breed in a sentence; "" where the
// catalogue does not tell.
func breedFact(b *catalogue.Breed, attr string) string {
	switch attr {
	case "cost", "fee":
		return fmt.Sprintf("Upkeep is about %s: food, litter or bedding, routine vet care. Emergencies come on top.", monthly(b))
	case "children":
		return upperFirst(childrenWords(b.GoodWith.Children)) + "."
	case "cats":
		return upperFirst(companyWords(b.GoodWith.Cats, "cats")) + "."
	case "dogs":
		return upperFirst(companyWords(b.GoodWith.Dogs, "dogs")) + "."
	case "others":
		return upperFirst(companyPair(b.GoodWith, b.Species)) + "."
	case "home":
		return upperFirst(homeWords(b.Home)) + map[bool]string{true: ", as long as it gets its exercise and company.", false: "."}[b.Home == catalogue.Apartment && b.ExerciseMinutes > 0]
	case "alone":
		return fmt.Sprintf("Can be left for %s on a usual day, once used to it.", hoursCell(b.HoursAlone))
	case "exercise":
		return fmt.Sprintf("Energy is %s%s.", b.Energy, exercise(b))
	case "shedding":
		return upperFirst(shedWords(b.Shedding)) + "."
	case "allergy":
		return breedAllergy(b)
	case "grooming":
		return fmt.Sprintf("Grooming effort is %s. %s", b.Grooming, b.Care)
	case "noise":
		return map[catalogue.Level]string{catalogue.Low: "A quiet kind.", catalogue.Mid: "Makes some noise, which training and company keep in bounds.", catalogue.High: "A loud kind: think of the neighbors."}[b.Noise]
	case "size":
		return fmt.Sprintf("A grown animal is %s and weighs %s.", b.Size, weight(b))
	case "lifespan":
		return fmt.Sprintf("Lives %s years on average.", span(b.LifespanYears))
	case "health":
		return fmt.Sprintf("Prone to %s. Ask for the parents' health tests or the vet record, and have a vet check early signs.", list(b.Health))
	case "temperament":
		return fmt.Sprintf("%s by nature. %s", upperFirst(list(b.Temperament)), b.Summary)
	case "beginner":
		return map[bool]string{true: "Suits a first-time owner.", false: "Not the easiest start: better with some experience or a good trainer."}[b.Beginner]
	case "food":
		return b.Care
	case "origin":
		return fmt.Sprintf("Comes from %s.", b.Origin)
	case "training":
		return fmt.Sprintf("By nature %s; %s", list(b.Temperament), map[bool]string{true: "a beginner can manage with patience and rewards.", false: "expect to put time into training."}[b.Beginner])
	}
	return ""
}

func breedAllergy(b *catalogue.Breed) string {
	switch {
	case b.Species == catalogue.Fish || b.Species == catalogue.Reptile:
		return "No fur and no dander, so among the safest choices for allergic people; the food or bedding can still be a trigger for some."
	case b.AllergyFriendly:
		return fmt.Sprintf("No, not fully hypoallergenic, because no animal of this kind is, but easier on many allergic people: it %s. Spend an hour or more with the very animal, twice, before you decide.", shedWords(b.Shedding))
	}
	return fmt.Sprintf("Not hypoallergenic: it %s, and dander and saliva carry the allergens. With an allergy in the home, look at another kind.", shedWords(b.Shedding))
}
