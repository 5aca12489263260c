package advisor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// maxColumns bounds a comparison, so that it stays a table one can read.
const maxColumns = 4

// compare writes a table of pets, breeds or species and says which suits.
func (c *composer) compare() {
	switch {
	case len(c.ask.pets) >= 2:
		c.comparePets(c.ask.pets[:min(maxColumns, len(c.ask.pets))])
	case len(c.ask.breeds) >= 2:
		c.compareBreeds(c.ask.breeds[:min(maxColumns, len(c.ask.breeds))])
	case len(c.ask.species) >= 2:
		c.compareSpecies(c.ask.species[:min(maxColumns, len(c.ask.species))])
	default:
		c.dontKnow()
	}
}

// A row of a comparison: its label and one cell for each column.
type row struct {
	label string
	cells []string
}

func rowOf[T any](label string, columns []T, cell func(T) string) row {
	r := row{label: label}
	for _, v := range columns {
		r.cells = append(r.cells, cell(v))
	}
	return r
}

func table(heads []string, rows []row) string {
	var b strings.Builder
	b.WriteString("| | " + strings.Join(heads, " | ") + " |\n|---|" + strings.Repeat("---|", len(heads)) + "\n")
	for _, r := range rows {
		b.WriteString("| " + r.label + " | " + strings.Join(r.cells, " | ") + " |\n")
	}
	return b.String()
}

func (c *composer) comparePets(pets []*catalogue.Pet) {
	rows := []row{
		rowOf("Kind", pets, kindOf),
		rowOf("Age", pets, ageOf),
		rowOf("Adoption fee", pets, func(p *catalogue.Pet) string { return dollars(p.Price) }),
		rowOf("Energy", pets, func(p *catalogue.Pet) string { return string(p.Energy) }),
		rowOf("Children", pets, func(p *catalogue.Pet) string { return childrenCell(p.GoodWith.Children) }),
		rowOf("Cats / dogs", pets, func(p *catalogue.Pet) string {
			return companyCell(p.GoodWith.Cats) + " / " + companyCell(p.GoodWith.Dogs)
		}),
		rowOf("Shedding", pets, func(p *catalogue.Pet) string { return string(p.Shedding) }),
		rowOf("Home", pets, func(p *catalogue.Pet) string { return homeCell(p.Home) }),
		rowOf("Alone for", pets, func(p *catalogue.Pet) string { return hoursCell(p.HoursAlone) }),
		rowOf("For beginners", pets, func(p *catalogue.Pet) string { return yesNo(p.Beginner) }),
	}
	c.add(table(mapped(pets, func(p *catalogue.Pet) string { return "**" + p.Name + "**" }), rows[:c.voice.length.by(4, 7, len(rows), len(rows))]))
	c.citePets(pets...)
	fits := make([]fit, len(pets))
	for i, p := range pets {
		fits[i] = judge(p, c.wishless())
	}
	c.verdict(fits, func(f fit) string { return f.pet.Name })
}

// wishless is the profile without the kind of animal: what is compared is given.
func (c *composer) wishless() *profile {
	know := *c.know
	know.species, know.breeds, know.excluded = nil, nil, nil
	return &know
}

func (c *composer) compareBreeds(breeds []*catalogue.Breed) {
	rows := []row{
		rowOf("Size", breeds, func(b *catalogue.Breed) string { return string(b.Size) + ", " + weight(b) }),
		rowOf("Energy", breeds, func(b *catalogue.Breed) string { return string(b.Energy) }),
		rowOf("Exercise a day", breeds, exerciseCell),
		rowOf("Children", breeds, func(b *catalogue.Breed) string { return childrenCell(b.GoodWith.Children) }),
		rowOf("Shedding", breeds, func(b *catalogue.Breed) string { return string(b.Shedding) }),
		rowOf("Alone for", breeds, func(b *catalogue.Breed) string { return hoursCell(b.HoursAlone) }),
		rowOf("Upkeep", breeds, monthly),
		rowOf("Grooming", breeds, func(b *catalogue.Breed) string { return string(b.Grooming) }),
		rowOf("Noise", breeds, func(b *catalogue.Breed) string { return string(b.Noise) }),
		rowOf("Home", breeds, func(b *catalogue.Breed) string { return homeCell(b.Home) }),
		rowOf("Lives", breeds, func(b *catalogue.Breed) string { return span(b.LifespanYears) + " years" }),
		rowOf("For beginners", breeds, func(b *catalogue.Breed) string { return yesNo(b.Beginner) }),
		rowOf("Prone to", breeds, func(b *catalogue.Breed) string { return strings.Join(b.Health[:min(2, len(b.Health))], ", ") }),
	}
	c.add(table(mapped(breeds, func(b *catalogue.Breed) string { return "**" + b.Name + "**" }), rows[:c.voice.length.by(5, 8, len(rows), len(rows))]))
	c.citeBreeds(breeds...)
	if c.voice.length >= normal {
		for _, b := range breeds {
			c.add("**" + b.Name + ":** " + firstSentences(b.Summary, 22))
		}
	}
	c.askedFacts(breeds)
	fits := make([]fit, len(breeds))
	for i, b := range breeds {
		fits[i] = judge(example(b), c.wishless())
	}
	c.verdict(fits, func(f fit) string { return f.pet.Breed.Name })
	c.inStore(breeds)
}

// askedFacts answers what the comparison was asked for: "which is quieter".
func (c *composer) askedFacts(breeds []*catalogue.Breed) {
	for _, attr := range c.ask.attrs[:min(2, len(c.ask.attrs))] {
		if oneOf(attr, "food", "training", "grooming", "temperament") {
			continue
		}
		var facts []string
		for _, b := range breeds {
			if s := breedFact(b, attr); s != "" {
				facts = append(facts, "**"+b.Name+":** "+s)
			}
		}
		c.add(strings.Join(facts, " "))
	}
}

// example is a grown animal as its breed is described, to judge a breed like a pet.
func example(b *catalogue.Breed) *catalogue.Pet {
	return &catalogue.Pet{
		ID: b.ID, Name: "the " + b.Name, Species: b.Species, BreedID: b.ID, Breed: b, Sex: catalogue.Group, Size: b.Size,
		Energy: b.Energy, GoodWith: b.GoodWith, Shedding: b.Shedding, Home: b.Home, HoursAlone: b.HoursAlone,
		Beginner: b.Beginner, AgeMonths: 36,
	}
}

func (c *composer) inStore(breeds []*catalogue.Breed) {
	var here []string
	for _, b := range breeds {
		for _, p := range c.cat.Select(catalogue.Filter{BreedIDs: []string{b.ID}}) {
			here = append(here, fmt.Sprintf("**%s** (%s, %s, %s)", p.Name, b.Name, ageOf(p), dollars(p.Price)))
			c.citePets(p)
		}
	}
	if len(here) > 0 {
		c.add("In our store right now: " + list(here[:min(4, len(here))]) + ".")
	}
}

// verdict says which of several suits the person better, and why.
func (c *composer) verdict(fits []fit, name func(fit) string) {
	order := slices.Clone(fits)
	slices.SortStableFunc(order, func(a, b fit) int {
		return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(b.score, a.score))
	})
	best, next := order[0], order[1]
	said := c.wishless().summary()
	switch {
	case said == "":
		c.add(c.contrast(fits, name))
	case best.far > 0:
		var text strings.Builder
		text.WriteString("**Verdict:** with " + said + ", neither is an easy choice.")
		for _, f := range fits {
			fmt.Fprintf(&text, " %s: %s.", upperFirst(name(f)), strings.Join(f.against, "; "))
		}
		c.add(text.String())
	case best.far == next.far && best.score == next.score:
		c.add("**Verdict:** with " + said + ", both can work. " + easier(order, name))
	default:
		text := fmt.Sprintf("**Verdict:** with %s, I would choose **%s**", said, name(best))
		// What both have is no reason for either.
		if pros := without(best.pros, next.pros); len(pros) > 0 {
			text += ": " + strings.Join(pros[:min(3, len(pros))], ", ")
		}
		text += "."
		if objections := append(slices.Clone(next.against), without(next.cons, best.cons)...); len(objections) > 0 {
			text += fmt.Sprintf(" Against %s: %s.", name(next), strings.Join(objections[:min(2, len(objections))], "; "))
		} else {
			text += " " + easier(order[:2], name)
		}
		c.add(text)
	}
}

// easier tells which of several that suit equally is less work.
func easier(fits []fit, name func(fit) string) string {
	effort := func(f fit) int {
		e := f.pet.Energy.Rank() + f.pet.Breed.Noise.Rank() + f.pet.Shedding.Rank() + f.pet.Breed.ExerciseMinutes/30
		if !f.pet.Beginner {
			e += 3
		}
		return e
	}
	slices.SortStableFunc(fits, func(a, b fit) int { return cmp.Compare(effort(a), effort(b)) })
	best, next := fits[0], fits[1]
	var why []string
	add := func(ok bool, s string) {
		if ok && len(why) < 3 {
			why = append(why, s)
		}
	}
	add(best.pet.Beginner && !next.pet.Beginner, "it suits beginners")
	add(best.pet.Breed.ExerciseMinutes < next.pet.Breed.ExerciseMinutes, fmt.Sprintf("it needs less exercise (%d against %d minutes a day)", best.pet.Breed.ExerciseMinutes, next.pet.Breed.ExerciseMinutes))
	add(best.pet.Breed.Noise.Rank() < next.pet.Breed.Noise.Rank(), "it is quieter")
	add(best.pet.Shedding.Rank() < next.pet.Shedding.Rank(), "it sheds less")
	add(best.pet.HoursAlone > next.pet.HoursAlone, "it copes with more time alone")
	if len(why) == 0 {
		return "They are close, so meet them and let character decide."
	}
	return fmt.Sprintf("**%s** is the easier one: %s.", upperFirst(name(best)), list(why))
}

// contrast is the verdict on somebody of whom nothing is known.
func (c *composer) contrast(fits []fit, name func(fit) string) string {
	calm := slices.MinFunc(fits, func(a, b fit) int {
		return cmp.Or(cmp.Compare(a.pet.Energy.Rank(), b.pet.Energy.Rank()), cmp.Compare(a.pet.Breed.ExerciseMinutes, b.pet.Breed.ExerciseMinutes))
	})
	lively := slices.MaxFunc(fits, func(a, b fit) int {
		return cmp.Or(cmp.Compare(a.pet.Energy.Rank(), b.pet.Energy.Rank()), cmp.Compare(a.pet.Breed.ExerciseMinutes, b.pet.Breed.ExerciseMinutes))
	})
	text := "**Verdict:** "
	if calm.pet != lively.pet && name(calm) != name(lively) {
		text += fmt.Sprintf("%s suits a calmer household, %s a more active one. ", upperFirst(name(calm)), name(lively))
	} else {
		text += "they are close, so the single animal's character decides. "
	}
	return text + "Tell me about your home, children, other pets and hours away, and I can say which suits you."
}

func mapped[T any](list []T, f func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

func childrenCell(t catalogue.Tolerance) string {
	return map[catalogue.Tolerance]string{catalogue.Yes: "all ages", catalogue.Older: "school age up", catalogue.No: "no"}[t]
}

func companyCell(t catalogue.Tolerance) string {
	return map[catalogue.Tolerance]string{catalogue.Yes: "yes", catalogue.Slow: "slowly", catalogue.No: "no"}[t]
}

func homeCell(h catalogue.Home) string {
	return map[catalogue.Home]string{catalogue.Apartment: "apartment is enough", catalogue.House: "house", catalogue.Garden: "house with garden"}[h]
}

func hoursCell(n int) string {
	if n >= 24 {
		return "a day"
	}
	return fmt.Sprintf("about %d h", n)
}

func exerciseCell(b *catalogue.Breed) string {
	if b.ExerciseMinutes == 0 {
		return "none outside"
	}
	return fmt.Sprintf("%d min", b.ExerciseMinutes)
}

func yesNo(ok bool) string {
	if ok {
		return "yes"
	}
	return "no"
}
