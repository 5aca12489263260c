package advisor

import (
	"fmt"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// aboutPets answers a question about pets of the store.
func (c *composer) aboutPets() error {
	pets := c.ask.pets[:min(len(c.ask.pets), 8)]
	if len(pets) == 1 {
		return c.aboutPet(pets[0])
	}
	if c.ask.value == "together" {
		c.together(pets)
		return nil
	}
	var b strings.Builder
	for _, p := range pets {
		facts := c.petFacts(p)
		if facts == "" {
			facts = headlineTail(p) + " " + firstSentences(p.Story, c.voice.length.by(12, 20, 30, 60))
		}
		fmt.Fprintf(&b, "- **%s**: %s\n", p.Name, facts)
		c.citePets(p)
	}
	c.add(b.String())
	return nil
}

// together adds up what several pets cost, and says how more than one is adopted.
func (c *composer) together(pets []*catalogue.Pet) {
	fees := 0
	var upkeep [2]float64
	var kept []string
	for _, p := range pets {
		fees += p.Price
		upkeep[0] += p.Breed.MonthlyCost[0]
		upkeep[1] += p.Breed.MonthlyCost[1]
		kept = append(kept, "**"+p.Name+"** ("+dollars(p.Price)+")")
	}
	c.citePets(pets...)
	names := list(kept)
	if len(c.ask.attrs) == 0 || c.ask.part.has("ask", "process") {
		c.add("You can adopt more than one pet at a time, if there is room and time for all of them. I cannot reserve them: please ask the store's staff.")
	}
	c.add(fmt.Sprintf("%s: **%s** in adoption fees together, and about $%.0f to $%.0f a month in upkeep for all of them.", names, dollars(fees), upkeep[0], upkeep[1]))
	for i, p := range pets {
		for _, o := range pets[i+1:] {
			if p.GoodWith.Cats == catalogue.No && o.Species == catalogue.Cat || p.GoodWith.Dogs == catalogue.No && o.Species == catalogue.Dog ||
				o.GoodWith.Cats == catalogue.No && p.Species == catalogue.Cat || o.GoodWith.Dogs == catalogue.No && p.Species == catalogue.Dog {
				c.add(fmt.Sprintf("But **%s** and **%s** should not live together.", p.Name, o.Name))
			}
		}
	}
}

func headlineTail(p *catalogue.Pet) string {
	return fmt.Sprintf("%s, %s, adoption fee %s.", kindOf(p), ageOf(p), dollars(p.Price))
}

// petFacts answers the attributes that were asked for.
func (c *composer) petFacts(p *catalogue.Pet) string {
	var facts []string
	for _, attr := range c.ask.attrs {
		if s := petFact(p, attr); s != "" && len(facts) < 4 {
			facts = append(facts, s)
		}
	}
	return strings.Join(facts, " ")
}

func (c *composer) aboutPet(p *catalogue.Pet) error {
	c.citePets(p)
	if facts := c.petFacts(p); facts != "" {
		c.add(fmt.Sprintf("**%s** (%s, %s): %s", p.Name, kindOf(p), ageOf(p), facts))
		if p.SpecialNeeds != "" && c.voice.length >= normal {
			c.add("*Special needs:* " + upperFirst(trimStop(p.SpecialNeeds)) + ".")
		}
		if len(judge(p, c.wishless()).against) > 0 {
			c.petFit(p)
		}
		return nil
	}
	c.add(fmt.Sprintf("**%s** is a %s, %s. The adoption fee is %s.", p.Name, kindOf(p), ageOf(p), dollars(p.Price)))
	if p.Sex == catalogue.Group {
		c.blocks[len(c.blocks)-1] = fmt.Sprintf("**%s**: %s, %s. The adoption fee is %s.", p.Name, kindOf(p), ageOf(p), dollars(p.Price))
	}
	c.add(firstSentences(p.Story, c.voice.length.by(15, 25, 80, 120)))
	facts := []string{
		"**Children:** " + childrenWords(p.GoodWith.Children),
		"**Other pets:** " + companyPair(p.GoodWith, p.Species),
		fmt.Sprintf("**Energy:** %s; %s", p.Energy, homeWords(p.Home)),
		fmt.Sprintf("**Alone:** %s on a usual day", hoursCell(p.HoursAlone)),
		fmt.Sprintf("**Coat:** %s", shedWords(p.Shedding)),
		fmt.Sprintf("**First-time owners:** %s", yesNo(p.Beginner)),
		fmt.Sprintf("**Upkeep:** about %s", monthly(p.Breed)),
	}
	if p.SpecialNeeds != "" {
		facts = append([]string{"**Special needs:** " + trimStop(p.SpecialNeeds)}, facts...)
	}
	c.add("- " + strings.Join(facts[:min(len(facts), c.voice.length.by(2, 4, 8, 8))], "\n- "))
	c.petFit(p)
	if c.voice.length == long {
		c.add("**The breed:** " + p.Breed.Summary)
		c.citeBreeds(p.Breed)
	}
	return nil
}

// petFit says how a pet suits the person, if there is something to go by.
func (c *composer) petFit(p *catalogue.Pet) {
	know := c.wishless()
	if know.facts() == 0 || c.voice.length == brief {
		return
	}
	f := judge(p, know)
	name := "**For you:** "
	switch {
	case len(f.against) > 0:
		c.add(name + "I see a difficulty: " + strings.Join(f.against, "; ") + ".")
	case len(f.pros) > 0:
		text := name + strings.Join(f.pros[:min(4, len(f.pros))], ", ")
		if len(f.cons) > 0 {
			text += "; but " + f.cons[0]
		}
		c.add(text + ".")
	}
}

// petFact answers what was asked about a pet; "" where the catalogue does not tell.
// What depends on the breed and not on the animal is told of the breed.
func petFact(p *catalogue.Pet, attr string) string {
	switch attr {
	case "fee":
		return fmt.Sprintf("The adoption fee is %s; upkeep is about %s.", dollars(p.Price), monthly(p.Breed))
	case "cost":
		return fmt.Sprintf("Upkeep is about %s, on top of the adoption fee of %s.", monthly(p.Breed), dollars(p.Price))
	case "children":
		return yesTo(p.GoodWith.Children) + childrenWords(p.GoodWith.Children) + "."
	case "cats":
		return yesTo(p.GoodWith.Cats) + companyWords(p.GoodWith.Cats, "cats") + "."
	case "dogs":
		return yesTo(p.GoodWith.Dogs) + companyWords(p.GoodWith.Dogs, "dogs") + "."
	case "others":
		return upperFirst(companyPair(p.GoodWith, p.Species)) + "."
	case "exercise":
		return fmt.Sprintf("%s energy%s.", upperFirst(string(p.Energy)), exercise(p.Breed))
	case "health":
		return petHealth(p)
	case "temperament", "story":
		return p.Story
	case "allergy", "noise", "grooming", "food", "training", "origin":
		return breedFact(p.Breed, attr)
	}
	return petState(p, attr)
}

// petState answers what is said of the animal itself: she is, she has, she needs.
func petState(p *catalogue.Pet, attr string) string {
	she := upperFirst(subject(p))
	is, needs := verb(p, "is", "are"), verb(p, "needs", "need")
	switch attr {
	case "home":
		return map[catalogue.Home]string{
			catalogue.Apartment: "An apartment is enough for " + object(p) + ".",
			catalogue.House:     she + " " + needs + " a house rather than an apartment.",
			catalogue.Garden:    she + " " + needs + " a house with a garden.",
		}[p.Home]
	case "alone":
		return fmt.Sprintf("%s can be left alone for %s on a usual day.", she, hoursCell(p.HoursAlone))
	case "shedding":
		return she + " " + plainVerb(p, shedWords(p.Shedding)) + "."
	case "size":
		return fmt.Sprintf("%s %s %s; a grown %s weighs %s.", she, is, p.Size, p.Breed.Name, weight(p.Breed))
	case "lifespan":
		return fmt.Sprintf("%s live %s years on average, and %s %s %s now.", plural(p.Breed.Name), span(p.Breed.LifespanYears), subject(p), is, ageOf(p))
	case "age":
		return fmt.Sprintf("%s %s %s.", she, is, ageOf(p))
	case "beginner":
		if p.Beginner {
			return she + " " + verb(p, "suits", "suit") + " a first-time owner."
		}
		return she + " " + needs + " somebody with experience."
	case "sex":
		if p.Sex == catalogue.Group {
			return "They are placed together as a pair or group."
		}
		return fmt.Sprintf("%s is %s. Ask at the store for the health record, which says whether %s is neutered.", p.Name, p.Sex, subject(p))
	case "availability":
		return fmt.Sprintf("%s %s on our list of pets waiting for a home today. Ask the store before you set out, as that can change by the hour.", she, is)
	}
	return ""
}

func petHealth(p *catalogue.Pet) string {
	text := "No special needs are on record."
	if p.SpecialNeeds != "" {
		text = "On record: " + trimStop(p.SpecialNeeds) + "."
	}
	return fmt.Sprintf("%s The kind is prone to %s. Ask for the health record before you sign, and plan a first check with your own vet.", text, list(p.Breed.Health))
}

// yesTo opens the answer to a yes-or-no question.
func yesTo(t catalogue.Tolerance) string {
	return map[catalogue.Tolerance]string{catalogue.Yes: "Yes: ", catalogue.No: "No: ", catalogue.Older: "With limits: ", catalogue.Slow: "With time: "}[t]
}

// plainVerb takes the third person's s off where several animals are meant.
func plainVerb(p *catalogue.Pet, words string) string {
	if p.Sex != catalogue.Group {
		return words
	}
	first, rest, _ := strings.Cut(words, " ")
	if first == "does" {
		return "do " + rest
	}
	return strings.TrimSuffix(first, "s") + " " + rest
}

// whichPet asks back where a word may mean several pets.
func (c *composer) whichPet() {
	var names []string
	for _, p := range c.ask.pets[:min(5, len(c.ask.pets))] {
		names = append(names, "**"+p.Name+"**")
	}
	c.add("Do you mean " + strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1] + "? For all of them:")
	_ = c.aboutPets() // makes no search
}
