package compose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/excerpt"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/layout"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/ranking"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/suit"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/telling"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/urgent"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/reckon"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// aboutPets answers a question about pets of the store.
func (c *composer) aboutPets(i *plan.Item) {
	if len(i.Pets) == 0 {
		if i.Stranger == "" {
			c.guide(i)
		}
		return
	}
	if i.Total && len(i.Pets) > 1 {
		c.total(i.Pets)
	}
	c.show(i.Pets[:min(len(i.Pets), 6)]...)
	if len(i.Pets) == 1 {
		c.aboutPet(i, i.Pets[0])
		return
	}
	var b strings.Builder
	for _, p := range i.Pets[:min(len(i.Pets), 6)] {
		if facts := petFacts(p, i.Asked); facts != "" {
			fmt.Fprintf(&b, "- %s\n", facts)
		} else {
			fmt.Fprintf(&b, "- %s. %s\n", headline(p), excerpt.Sentences(p.Story, 20))
		}
	}
	c.add(b.String(), reckon.Apart(i.Pets))
}

// mistaken returns the species that a turn wrongly ascribes to a pet, if any.
func (c *composer) mistaken(p *catalogue.Pet) catalogue.Species {
	for _, m := range c.plan.Turn.Marks {
		if s := m.Species(); s != "" && m.Pet == nil && m.Breed == nil && m.Role == read.Plain {
			if s == p.Species {
				return ""
			}
			return s
		}
	}
	return ""
}

// half answers whether one of several animals that are placed together may be adopted alone.
func (c *composer) half(i *plan.Item) bool {
	for _, p := range i.Pets {
		if p.Sex == catalogue.Group && (c.plan.Turn.Has("half") || c.plan.Turn.Has("only") && c.part(p)) {
			c.add(fmt.Sprintf("No: **%s** belong together and are placed together, for %s in all.", p.Name, dollars(p.Price)))
			c.show(p)
			return true
		}
	}
	return false
}

// onCard answers from a pet's card, and begins with no if that is the answer.
func (c *composer) onCard(i *plan.Item, p *catalogue.Pet) {
	text := i.Card
	if i.Card == p.SpecialNeeds && strings.Contains(text, "must not") && c.plan.Turn.Has("asks-if") {
		text = "No. " + text
	}
	c.add(fmt.Sprintf("**%s** (%s, %s, %s): %s", p.Name, kindOf(p), ageOf(p), dollars(p.Price), text))
}

// part reports whether a turn names only one of several animals: "only Ivy".
func (c *composer) part(p *catalogue.Pet) bool {
	return slices.ContainsFunc(c.plan.Turn.Marks, func(m read.Mark) bool {
		return m.Pet == p && m.Role != read.Unwanted && !strings.EqualFold(c.plan.Turn.Said(&m), p.Name)
	})
}

func (c *composer) aboutPet(i *plan.Item, p *catalogue.Pet) {
	if c.half(i) {
		return
	}
	if s := c.mistaken(p); s != "" && len(i.Asked) == 0 {
		c.add(fmt.Sprintf("No: **%s** is %s, not %s.", p.Name, article(speciesName(p.Species)), article(speciesName(s))))
	}
	facts := petFacts(p, i.Asked)
	f := c.judge(p, c.personal())
	if i.Card != "" && !strings.Contains(facts, i.Card) && (facts == "" && !i.Suits || i.Card == p.SpecialNeeds) {
		c.onCard(i, p)
		if facts == "" && !i.Suits {
			return
		}
	}
	switch {
	case i.Suits && (len(f.against) > 0 || len(f.met) > 0):
		c.verdictOn(p, &f)
		told := slices.ContainsFunc(f.against, func(s string) bool { return strings.Contains(facts, s) })
		if facts != "" && !told {
			c.add(facts)
		}
		return
	case facts != "":
		c.add(facts)
		if f.against = slices.DeleteFunc(f.against, func(s string) bool { return strings.Contains(facts, s) }); len(f.against) > 0 {
			c.add(fmt.Sprintf("Mind that for you **%s** has a snag: %s.", p.Name, strings.Join(f.against, "; ")))
		}
		if p.SpecialNeeds != "" && c.voice.Length >= Normal && len(i.Asked) == 1 && i.Asked[0].Name != "needs" {
			c.add(specialNeeds(p))
		}
		return
	}
	c.add(fmt.Sprintf("**%s** is a %s, %s. The adoption fee is %s.", p.Name, kindOf(p), ageOf(p), dollars(p.Price)))
	if c.bare {
		return
	}
	c.add(excerpt.Sentences(p.Story, c.voice.Length.by(20, 25, 80, 120)))
	lines := []string{
		"**Children:** " + childrenWords(p.GoodWith.Children),
		"**Other pets:** " + companyWords(p.GoodWith.Cats, "cats") + ", " + companyWords(p.GoodWith.Dogs, "dogs"),
		fmt.Sprintf("**Energy:** %s; %s", p.Energy, homeWords(p.Home)),
		fmt.Sprintf("**Alone:** %s on a usual day", hoursCell(p.HoursAlone)),
		fmt.Sprintf("**Coat:** %s; %s", strings.Join(p.Coat, ", "), shedWords(p.Shedding)),
		fmt.Sprintf("**First-time owners:** %s", yesNo(p.Beginner)),
		fmt.Sprintf("**Upkeep:** about %s", monthly(p.Breed)),
	}
	if p.SpecialNeeds != "" {
		lines = append([]string{"**Special needs:** " + trimStop(p.SpecialNeeds)}, lines...)
	}
	c.add("- " + strings.Join(lines[:c.voice.Length.by(2, 4, len(lines), len(lines))], "\n- "))
	if len(f.against) > 0 {
		c.add("**For you** there is a snag: " + strings.Join(f.against, "; ") + ".")
	}
}

func specialNeeds(p *catalogue.Pet) string {
	return "*Special needs:* " + upperFirst(trimStop(p.SpecialNeeds)) + "."
}

// verdictOn says whether a pet suits the person.
func (c *composer) verdictOn(p *catalogue.Pet, f *fit) {
	if len(f.against) > 0 {
		c.add(fmt.Sprintf("Rather not: **%s** %s.", p.Name, strings.Join(f.against, "; ")))
		return
	}
	text := fmt.Sprintf("Yes, **%s** can suit you: %s.", p.Name, strings.Join(c.reasons(f, 4), ", "))
	if cons := c.drawbacks(p, nil); len(cons) > 0 {
		text += " Keep in mind: " + cons[0] + "."
	}
	c.add(text)
}

// personal returns the conditions that follow from facts about the person.
func (c *composer) personal() []plan.Condition {
	var list []plan.Condition
	for _, w := range c.plan.Frame.Wants {
		if w.Of != "" {
			list = append(list, w)
		}
	}
	return list
}

// petFacts returns the requested attributes of a pet.
func petFacts(p *catalogue.Pet, asked []*catalogue.Attribute) string {
	var facts []string
	for _, a := range asked {
		if s := petFact(p, a.Name); s != "" && len(facts) < 4 && !slices.Contains(facts, s) {
			facts = append(facts, s)
		}
	}
	return strings.Join(facts, " ")
}

// petFact returns an attribute of a pet, beginning with the answer.
func petFact(p *catalogue.Pet, attribute string) string { //nolint:funlen // one case for each attribute
	name := "**" + p.Name + "**"
	is := verb(p, "is", "are")
	switch attribute {
	case "fee":
		if p.Sex == catalogue.Group {
			return fmt.Sprintf("%s for %s together, which is the adoption fee of all of them and not of each. Upkeep is about %s.", dollars(p.Price), name, monthly(p.Breed))
		}
		return fmt.Sprintf("%s for %s, which is the adoption fee. Upkeep is about %s.", dollars(p.Price), name, monthly(p.Breed))
	case "upkeep":
		year := [2]float64{12 * p.Breed.MonthlyCost[0], 12 * p.Breed.MonthlyCost[1]}
		return fmt.Sprintf("About %s for %s, so $%.0f to $%.0f a year, besides the adoption fee of %s and, in the first year, the home and its equipment.", monthly(p.Breed), name, year[0], year[1], dollars(p.Price))
	case "age":
		return fmt.Sprintf("%s %s %s.", name, is, ageOf(p))
	case "children":
		return yesTo(p.GoodWith.Children) + fmt.Sprintf("%s %s %s.", name, is, childrenWords(p.GoodWith.Children))
	case "cats", "dogs":
		t := p.GoodWith.Cats
		if attribute == "dogs" {
			t = p.GoodWith.Dogs
		}
		return yesTo(t) + name + " " + companyWords(t, attribute) + "."
	case "story", "temperament":
		return p.Story
	case "allergy":
		if s := says(p, attribute); p.Breed.AllergyFriendly || !p.Species.Furry() && p.Species != catalogue.Bird {
			return fmt.Sprintf("%s is %s, though no animal is quite free of allergens: visit twice before you decide.", name, s)
		}
		return fmt.Sprintf("No: %s is not a good choice with allergies or asthma. %s", name, breedAllergy(p.Breed))
	case "available":
		return fmt.Sprintf("Yes: %s %s on our list of pets that wait for a home today. Ask the store before you set out, as that can change by the hour.", name, is)
	case "stay":
		return fmt.Sprintf("How long %s has been here is not recorded; the staff can tell you.", name)
	case "health", "needs":
		if p.SpecialNeeds != "" {
			return fmt.Sprintf("%s: %s. As a %s also watch for %s.", name, lowerFirst(trimStop(p.SpecialNeeds)), p.Breed.Name, list(p.Breed.Health))
		}
		return fmt.Sprintf("No special needs are recorded for %s. The breed is prone to %s. Ask to see the vet record.", name, list(p.Breed.Health))
	case "home":
		yes := "Yes: "
		if p.Home != catalogue.Apartment {
			yes = "Rather not in an apartment: "
		}
		return yes + "for " + name + " " + homeWords(p.Home) + "."
	case "sex":
		if p.Sex == catalogue.Group {
			return name + " are placed together."
		}
		return fmt.Sprintf("%s is %s.", name, p.Sex)
	case "breed", "species":
		return fmt.Sprintf("%s is a %s.", name, kindOf(p))
	case "size", "weight":
		return fmt.Sprintf("%s %s %s; a grown %s weighs %s.", name, is, p.Size, p.Breed.Name, weight(p.Breed))
	}
	if s := says(p, attribute); s != "" {
		if attribute == "hours" || attribute == "shedding" || attribute == "beginner" {
			return name + " " + s + "."
		}
		return fmt.Sprintf("%s: %s.", name, s)
	}
	return breedFact(p.Breed, attribute)
}

func yesTo(t catalogue.Tolerance) string {
	return map[catalogue.Tolerance]string{
		catalogue.Yes: "Yes: ", catalogue.Older: "With older children: ", catalogue.Slow: "Yes, slowly: ", catalogue.No: "No: ",
	}[t]
}

// aboutBreeds answers a question about breeds or kinds of animals.
func (c *composer) aboutBreeds(i *plan.Item) {
	breeds := i.Breeds
	if len(breeds) == 0 && len(i.Pets) > 0 {
		for _, p := range i.Pets {
			breeds = append(breeds, p.Breed)
		}
	}
	if len(breeds) == 0 {
		c.aboutSpecies(i)
		return
	}
	breeds = breeds[:min(3, len(breeds))]
	told := false
	for _, b := range breeds {
		var facts []string
		for _, a := range i.Asked[:min(4, len(i.Asked))] {
			if s := breedFact(b, a.Name); s != "" && !slices.Contains(facts, s) {
				facts = append(facts, s)
			}
		}
		if len(facts) > 0 {
			c.add("**" + b.Name + ":** " + strings.Join(facts, " "))
			c.citeBreeds(b)
			told = true
		}
	}
	// The guides may know what the table does not.
	if !told && len(i.Hits) > 0 && i.Hits[0].Surely() && len(i.Asked) == 0 {
		c.passages(i, 1)
		told = true
	}
	if !told {
		for _, b := range breeds {
			c.breedSheet(b)
		}
	}
	if i.Suits {
		for _, b := range breeds {
			p := suit.Example(b)
			f := c.judge(p, c.personal())
			if len(f.against) > 0 {
				c.add("For you: rather not, as it " + strings.Join(f.against, "; ") + ".")
			}
		}
	}
	c.inStore(breeds)
}

func (c *composer) breedSheet(b *catalogue.Breed) {
	c.citeBreeds(b)
	c.add("**" + b.Name + ":** " + b.Summary)
	lines := []string{
		fmt.Sprintf("**Size:** %s, %s", b.Size, weight(b)),
		fmt.Sprintf("**Lives:** %s years", span(b.LifespanYears)),
		fmt.Sprintf("**Energy:** %s; %s", b.Energy, homeWords(b.Home)),
		fmt.Sprintf("**Children:** %s", childrenWords(b.GoodWith.Children)),
		fmt.Sprintf("**Coat:** %s; grooming effort %s", shedWords(b.Shedding), b.Grooming),
		fmt.Sprintf("**Upkeep:** about %s", monthly(b)),
	}
	if !c.bare {
		c.add("- "+strings.Join(lines[:c.voice.Length.by(2, 3, 6, 6)], "\n- "), excerpt.Sentences(b.Care, c.voice.Length.by(0, 0, 40, 80)))
	}
}

// aboutSpecies answers a question about a kind of animal: from the guides, or with the ranges of its breeds.
func (c *composer) aboutSpecies(i *plan.Item) {
	if len(i.Species) == 1 {
		var breeds []*catalogue.Breed
		for _, b := range c.cat.Breeds() {
			if b.Species == i.Species[0] {
				breeds = append(breeds, b)
			}
		}
		for _, a := range i.Asked[:min(2, len(i.Asked))] {
			if s := speciesFact(i.Species[0], breeds, a.Name); s != "" {
				c.add(s)
			}
		}
	}
	if len(c.blocks) > 0 && c.voice.Length < Normal {
		return
	}
	c.guide(i)
}

// speciesFact returns the range of an attribute over a species' breeds.
func speciesFact(s catalogue.Species, breeds []*catalogue.Breed, attribute string) string {
	of := func(get func(*catalogue.Breed) [2]float64) string {
		low, high := get(breeds[0])[0], get(breeds[0])[1]
		for _, b := range breeds {
			low, high = min(low, get(b)[0]), max(high, get(b)[1])
		}
		return span([2]float64{low, high})
	}
	name := upperFirst(speciesPlural(s))
	switch attribute {
	case "lifespan", "age":
		return fmt.Sprintf("%s live %s years, depending on the kind.", name, of(func(b *catalogue.Breed) [2]float64 { return b.LifespanYears }))
	case "upkeep", "fee":
		return fmt.Sprintf("%s cost about $%s a month to keep, depending on the kind.", name, of(func(b *catalogue.Breed) [2]float64 { return b.MonthlyCost }))
	case "children":
		return childrenFact(breeds)
	}
	return ""
}

// childrenFact says how many of some breeds may live with children.
func childrenFact(breeds []*catalogue.Breed) string {
	count := map[catalogue.Tolerance]int{}
	for _, b := range breeds {
		count[b.GoodWith.Children]++
	}
	var parts []string
	for _, t := range []catalogue.Tolerance{catalogue.Yes, catalogue.Older, catalogue.No} {
		switch count[t] {
		case 0:
		case len(breeds):
			return upperFirst(childrenWords(t)) + "."
		default:
			parts = append(parts, fmt.Sprintf("%s of the %d kinds are %s", numeral(count[t]), len(breeds), childrenWords(t)))
		}
	}
	return upperFirst(strings.Join(parts, "; ")) + "."
}

// breedFact returns an attribute of a breed; "" if the catalogue has none.
func breedFact(b *catalogue.Breed, attribute string) string {
	switch attribute {
	case "fee", "upkeep":
		return fmt.Sprintf("Costs about %s to keep.", monthly(b))
	case "children":
		return yesTo(b.GoodWith.Children) + childrenWords(b.GoodWith.Children) + "."
	case "cats":
		return yesTo(b.GoodWith.Cats) + companyWords(b.GoodWith.Cats, "cats") + "."
	case "dogs":
		return yesTo(b.GoodWith.Dogs) + companyWords(b.GoodWith.Dogs, "dogs") + "."
	case "home":
		return upperFirst(homeWords(b.Home)) + "."
	case "hours":
		return fmt.Sprintf("Can be left for %s on a usual day, once used to it.", hoursCell(b.HoursAlone))
	case "energy", "exercise":
		return fmt.Sprintf("Energy is %s; exercise %s a day.", b.Energy, exerciseCell(b))
	case "shedding":
		return upperFirst(shedWords(b.Shedding)) + "."
	case "allergy":
		return breedAllergy(b)
	case "grooming":
		return fmt.Sprintf("Grooming effort is %s. %s", b.Grooming, b.Care)
	case "noise":
		return map[catalogue.Level]string{catalogue.Low: "A quiet kind.", catalogue.Mid: "Makes some noise, which training and company keep in bounds.", catalogue.High: "A loud kind: think of the neighbors."}[b.Noise]
	case "size", "weight":
		return fmt.Sprintf("A grown animal is %s and weighs %s.", b.Size, weight(b))
	case "lifespan", "age":
		return fmt.Sprintf("Lives %s years on average.", span(b.LifespanYears))
	case "health", "needs":
		return fmt.Sprintf("Prone to %s. Ask for the parents' health tests or the vet record, and have a vet check early signs.", list(b.Health))
	case "temperament":
		return fmt.Sprintf("%s by nature. %s", upperFirst(list(b.Temperament)), b.Summary)
	case "beginner":
		return map[bool]string{true: "Yes, suits a first-time owner.", false: "Not the easiest start: better with some experience or a good trainer."}[b.Beginner]
	case "origin":
		return fmt.Sprintf("Comes from %s.", b.Origin)
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
	return fmt.Sprintf("No, not hypoallergenic: it %s, and dander and saliva carry the allergens.", shedWords(b.Shedding))
}

func (c *composer) inStore(breeds []*catalogue.Breed) {
	if c.bare || c.voice.Length < Normal {
		return
	}
	var here []string
	for _, b := range breeds {
		for _, p := range c.cat.Select(catalogue.Filter{BreedIDs: []string{b.ID}}) {
			here = append(here, fmt.Sprintf("**%s** (%s, %s, %s)", p.Name, b.Name, ageOf(p), dollars(p.Price)))
			c.show(p)
		}
	}
	if len(here) > 0 {
		c.add("In our store right now: " + list(here[:min(4, len(here))]) + ".")
	}
}

// compare says how several pets, breeds or kinds of animals differ: first in the requested attributes, then in a
// table.
func (c *composer) compare(i *plan.Item) { //nolint:funlen // a row for each attribute
	var columns []*catalogue.Pet
	var names []string
	for _, p := range i.Pets {
		columns, names = append(columns, p), append(names, p.Name)
		c.show(p)
	}
	for _, b := range i.Breeds {
		columns, names = append(columns, suit.Example(b)), append(names, b.Name)
		c.citeBreeds(b)
	}
	if len(columns) < 2 {
		c.compareSpecies(i)
		return
	}
	columns, names = columns[:min(4, len(columns))], names[:min(4, len(names))]
	if i.Pick != nil {
		c.add(ranking.Tell(i.Pick, columns, names, says, list))
		return
	}
	if i.Total && len(i.Pets) > 1 {
		c.total(i.Pets)
		return
	}
	for _, a := range i.Asked[:min(2, len(i.Asked))] {
		if c.plan.Style.Wants("table") {
			break // the table says it
		}
		c.add(difference(columns, names, a))
	}
	if len(i.Asked) == 0 {
		c.add(telling.Contrast(columns, names))
	}
	if c.bare || i.Just && !c.plan.Style.Wants("table") || c.voice.Length == Brief && c.plan.Style.Last("table", "bullets", "numbered", "checklist") == "" {
		return
	}
	rows := []layout.Row{}
	add := func(label, attribute string) {
		r := layout.Row{Label: label}
		for _, p := range columns {
			r.Cells = append(r.Cells, says(p, attribute))
		}
		rows = append(rows, r)
	}
	if len(i.Asked) >= 2 || len(i.Asked) == 1 && c.plan.Style.Wants("table") {
		for _, a := range i.Asked {
			add(upperFirst(a.Name), a.Name)
		}
		c.add(layout.Compare(pointed(&c.plan.Style), names, rows))
		return
	}
	if len(i.Pets) > 0 {
		add("Age", "age")
		add("Adoption fee", "fee")
	}
	add("Size", "size")
	add("Energy", "energy")
	add("Noise", "noise")
	add("Shedding", "shedding")
	add("Children", "children")
	add("Alone", "hours")
	add("Home", "home")
	add("Lifespan", "lifespan")
	add("Upkeep", "upkeep")
	add("Beginners", "beginner")
	c.add(layout.Compare(pointed(&c.plan.Style), names, rows[:c.voice.Length.by(4, 6, len(rows), len(rows))]))
	f := mapped(columns, func(p *catalogue.Pet) string {
		fit := c.judge(p, c.personal())
		if len(fit.against) == 0 {
			return ""
		}
		return p.Name + ": " + strings.Join(fit.against, "; ")
	})
	if f = slices.DeleteFunc(f, func(s string) bool { return s == "" }); len(f) > 0 {
		c.add("For you, mind: " + strings.Join(f, ". ") + ".")
	}
	if len(i.Breeds) > 0 {
		c.inStore(i.Breeds)
	}
}

// total tells the sum of fees and upkeep of several pets.
func (c *composer) total(pets []*catalogue.Pet) {
	var upkeep [2]float64
	for _, p := range pets {
		upkeep[0] += p.Breed.MonthlyCost[0]
		upkeep[1] += p.Breed.MonthlyCost[1]
	}
	each := mapped(pets, func(p *catalogue.Pet) string { return fmt.Sprintf("**%s** %s", p.Name, dollars(p.Price)) })
	c.add(fmt.Sprintf("**%s** in adoption fees together: %s. Upkeep for all of them is about $%.0f to $%.0f a month.", dollars(fees(pets)), list(each), upkeep[0], upkeep[1]))
}

// compareSpecies compares kinds of animals with the ranges of their breeds, and with the guides.
func (c *composer) compareSpecies(i *plan.Item) {
	var kinds []ranking.Kind
	for _, s := range i.Species[:min(3, len(i.Species))] {
		var breeds []*catalogue.Breed
		for _, b := range c.cat.Breeds() {
			if b.Species == s {
				breeds = append(breeds, b)
			}
		}
		if i.Pick != nil {
			kinds = append(kinds, ranking.Kind{Name: speciesPlural(s), Breeds: breeds, Fact: speciesFact(s, breeds, i.Pick.Attribute.Name)})
			continue
		}
		facts := []string{speciesFact(s, breeds, "lifespan"), speciesFact(s, breeds, "upkeep"), suit.Temper(s)}
		for _, w := range c.plan.Frame.Wants {
			if fact := speciesFact(s, breeds, w.Attribute.Name); fact != "" && !slices.Contains(facts, fact) {
				facts = append([]string{fact}, facts...)
			}
		}
		c.add("- **" + upperFirst(speciesPlural(s)) + ":** " + strings.Join(facts, " "))
	}
	if len(kinds) > 0 {
		c.add(ranking.Kinds(i.Pick, kinds))
	}
	if i.Answer != nil || len(i.Hits) > 0 && i.Hits[0].Answers() {
		c.guide(i)
	}
}

// pointed reports whether a style wishes for points rather than a table.
func pointed(s *read.Style) bool {
	return s.Last("table", "bullets", "numbered", "checklist") != "" && !s.Wants("table")
}

// difference says who has the most and who the least of an attribute.
func difference(columns []*catalogue.Pet, names []string, a *catalogue.Attribute) string {
	if !a.Ordered() {
		var parts []string
		for i, p := range columns {
			fact := breedFact(p.Breed, a.Name)
			if p.Story != "" {
				fact = petFact(p, a.Name)
			}
			parts = append(parts, "**"+names[i]+":** "+layout.First(fact, 1))
		}
		return strings.Join(parts, " ")
	}
	most, least := 0, 0
	for i, p := range columns {
		v, _ := a.Of(p)
		top, _ := a.Of(columns[most])
		bottom, _ := a.Of(columns[least])
		if v.Number > top.Number {
			most = i
		}
		if v.Number < bottom.Number {
			least = i
		}
	}
	if most == least {
		return fmt.Sprintf("In that they are alike: %s.", says(columns[0], a.Name))
	}
	text := fmt.Sprintf("**%s**: %s. **%s**: %s.", names[most], says(columns[most], a.Name), names[least], says(columns[least], a.Name))
	if top, bottom := columns[most], columns[least]; a.Name == "fee" {
		text += fmt.Sprintf(" That is %s more for **%s**.", dollars(top.Price-bottom.Price), names[most])
	}
	return text
}

// guide answers from the guides.
func (c *composer) guide(i *plan.Item) {
	if c.half(i) {
		return
	}
	if i.Normal != nil {
		c.normal(i.Normal, c.plan.Verdict.Known)
		return
	}
	if i.Answer != nil {
		c.direct(i)
		return
	}
	if len(i.Hits) == 0 || !i.Hits[0].Answers() {
		c.miss(i)
		return
	}
	if i.Kind != read.KindGuide {
		c.passages(i, 1)
		return
	}
	if thing := telling.Unheard(i.Text, i.Hits); thing != "" && !i.Hits[0].Surely() {
		c.add(fmt.Sprintf("My guides say nothing of “%s” as food, so leave it out until a vet has said yes. What they say:", thing))
	}
	c.passages(i, c.voice.Length.by(1, 1, 2, 3))
	for _, p := range i.Pets[:min(2, len(i.Pets))] {
		c.add(fmt.Sprintf("**%s** is a %s, %s, adoption fee %s, upkeep about %s.", p.Name, kindOf(p), ageOf(p), dollars(p.Price), monthly(p.Breed)))
		if p.SpecialNeeds != "" {
			c.add(specialNeeds(p))
		}
		c.show(p)
	}
}

// normal reassures people about something normal, and says what a danger would look like; if known, only what helps.
func (c *composer) normal(p *catalogue.Passage, known bool) {
	if !known {
		c.add(c.voice.pick("normal", "**From what you tell, this is most likely normal and no emergency.**", "**That sounds like something normal, and not like an emergency.**"))
	}
	c.add(excerpt.Of(p.Text, c.voice.Length.by(60, 100, 160, 220)))
	c.cite(p)
	c.add(urgent.CannotTell)
}

// direct gives the answer written for exactly this question, and then more about its subject.
func (c *composer) direct(i *plan.Item) {
	c.add(c.asked(i) + i.Answer.Lead())
	c.guides = appendNew(c.guides, i.Answer.Guide)
	if c.bare || c.voice.Length < Short {
		return
	}
	more := c.voice.Length.by(0, 1, 1, 3)
	for _, h := range i.Hits {
		if h.Guide == i.Answer.Guide && h.Near() && more > 0 {
			c.add("**" + h.Heading + "** " + excerpt.Of(h.Text, c.voice.Length.by(40, 60, 90, 160)))
			more--
		}
	}
}

// asked returns the question that an answer is for, where there are several.
func (c *composer) asked(i *plan.Item) string {
	const line = 90
	others := slices.ContainsFunc(c.plan.Items, func(o plan.Item) bool { return o.Text != i.Text && o.Kind == read.KindGuide })
	text := telling.Question(i.Text)
	if !others || text == "" || len(text) > line || c.bare || c.tongue != nil || c.plan.Turn.Language != nil {
		return ""
	}
	return "**" + text + "** "
}

// miss says that nothing is known about a question, and names the nearest passage.
func (c *composer) miss(i *plan.Item) {
	if i.Uncovered != "" {
		c.add(fmt.Sprintf("My guides do not cover %s, and what they say of other animals may be wrong for them. A vet who treats exotic pets can tell you.", i.Uncovered))
		return
	}
	c.add(c.voice.pick("miss",
		"I have nothing reliable on that.",
		"On that I have nothing that I could vouch for."))
	if len(i.Hits) > 0 && i.Hits[0].Near() && !c.bare {
		c.add(fmt.Sprintf("The nearest in my guides is “%s”:", i.Hits[0].Heading))
		c.add(excerpt.Of(i.Hits[0].Text, 50))
		c.cite(i.Hits[0].Passage)
		return
	}
	c.add("The staff in the store or your vet can tell you more. Name the animal and what you want to know, and I look again.")
}

// answerFirst tells a passage, and before it the sentence that answers best, if the excerpt begins with another one.
func (c *composer) answerFirst(best, first, text string, limit int) {
	short := excerpt.Of(text, limit)
	if c.plan.Style.Wants("one-sentence") || c.plan.Style.Wants("yes-no") {
		c.add(best)
		return
	}
	if best != first {
		c.add(best)
		short = strings.TrimSpace(strings.Replace(short, best, "", 1))
	}
	c.add(short)
}

// nearTie is the least score of a further passage that is told, as a share of the best score.
const nearTie = 0.92

// passages tells the best passages, at most n, with different headings.
func (c *composer) passages(i *plan.Item, n int) {
	from := 0
	if i.Detail {
		from, n = 1, 2
	}
	figure, in, wanted := telling.Figure(c.cat, i.Text, i.Hits)
	if wanted && in == nil && !i.Detail {
		c.add("My guides give no figure for that. What they say:")
	}
	best := i.Hits[0].Score
	told := 0
	for k, h := range i.Hits {
		if k < from || told == n {
			continue
		}
		// Another guide must be as good; another passage of the same guide may be a little worse.
		tie := h.Answers() && (h.Score >= nearTie*best || h.Guide == i.Hits[0].Guide && h.Score >= nearTie*nearTie*best)
		if k > from && !tie {
			break
		}
		limit := c.voice.Length.by(45, 70, 140, 220)
		if told == 0 {
			most, first := telling.Best(c.cat, i.Text, h.Text)
			if in != nil {
				c.add(figure)
				c.cite(in)
				most = figure
			}
			c.answerFirst(most, first, h.Text, limit)
		} else {
			c.add("**" + h.Heading + "** " + excerpt.Of(h.Text, limit/2))
		}
		c.cite(h.Passage)
		told++
	}
}
