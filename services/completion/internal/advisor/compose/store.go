package compose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/excerpt"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/suit"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// A fit is how a pet meets what is wanted.
type fit struct {
	pet     *catalogue.Pet
	met     []string // conditions that it meets, in words
	against []string // and those that it does not
	far     int      // how grave against is
	score   int
}

// reasons returns what speaks for a pet.
func (f *fit) reasons(n int) []string {
	list := slices.Clone(f.met)
	for _, s := range merits(f.pet) {
		list = appendNew(list, s)
	}
	return list[:min(n, len(list))]
}

// judge holds a pet against conditions.
func (c *composer) judge(p *catalogue.Pet, wants []plan.Condition) fit {
	f := fit{pet: p}
	for i := range wants {
		w := &wants[i]
		text := teller{c}.says(p, w.Attribute.Name)
		switch {
		case w.Holds(p):
			if text != "" && w.Attribute.Name != "species" && w.Attribute.Name != "breed" && w.Attribute.Name != "group" {
				f.met = appendNew(f.met, text)
			}
			f.score += 3
		case w.Wish:
			f.score--
		default:
			f.against = append(f.against, cmp.Or(text, teller{c}.lacks(w)))
			f.far += suit.Gravity(w, p)
		}
	}
	if p.Beginner {
		f.score++
	}
	if p.GoodWith.Children == catalogue.Yes {
		f.score++
	}
	if p.SpecialNeeds != "" {
		f.score--
		if slices.ContainsFunc(wants, func(w plan.Condition) bool { return w.Attribute.Name == "ailment" && w.Op == catalogue.Not }) {
			f.score -= 3 // who wants no injections is not glad of pills
		}
	}
	// What a pet's own story warns of weighs more than what goes for its breed.
	if c.plan.Frame.Person.Allergy && strings.Contains(p.Story+p.SpecialNeeds, "asthma") {
		f.far += 20
		f.against = append(f.against, c.english("not for anybody with asthma", "asthma"))
	}
	return f
}

// candidates returns the fits of all pets that may be shown, best first, and how many of
// them meet everything.
func (c *composer) candidates(i *plan.Item) (fits []fit, fitting int) {
	for _, p := range c.cat.Pets() {
		if slices.Contains(i.Except, p) || i.More && slices.Contains(c.plan.Frame.Seen, p) {
			continue
		}
		fits = append(fits, c.judge(p, i.Wants))
	}
	slices.SortStableFunc(fits, func(a, b fit) int {
		if d := cmp.Compare(a.far, b.far); d != 0 {
			return d
		}
		if i.Order != nil {
			if d := suit.Compare(i.Order, a.pet, b.pet); d != 0 {
				return d
			}
		}
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(c.voice.draw(a.pet.ID), c.voice.draw(b.pet.ID)))
	})
	for fitting < len(fits) && suit.Meets(fits[fitting].pet, i.Wants) {
		fitting++
	}
	return fits, fitting
}

// recommend shows the pets that suit best, or says that none does and what comes nearest.
func (c *composer) recommend(i *plan.Item) {
	if both := contradiction(i.Wants); both != "" {
		c.add("These two do not go together: " + both + ". Which of them counts more?")
		return
	}
	if i.Unknown != "" && !plan.NamesAnimal(i.Wants) {
		c.unplaced(i.Unknown)
		return
	}
	c.solitary(i.Wants)
	fits, suit := c.candidates(i)
	if c.plan.Style.Wants("names-only") && suit > 0 {
		c.names(fits[:min(suit, 5)])
		return
	}
	said := c.request(i.Wants)
	switch {
	case len(fits) == 0:
		c.add("I have shown you every pet that comes close. Tell me what may be different, such as the kind of animal, the size or the budget, and I look again.")
	case suit == 0:
		c.nearest(fits, said)
	default:
		c.suggest(i, fits[:suit], said)
	}
}

// solitary says that animals that live alone are not kept in pairs.
func (c *composer) solitary(wants []plan.Condition) {
	pair, hamster := false, false
	for _, w := range wants {
		pair = pair || w.Attribute.Name == "sex" && slices.Contains(w.Names, string(catalogue.Group))
		hamster = hamster || w.Attribute.Name == "species" && w.Op == catalogue.Is && slices.Equal(w.Names, []string{string(catalogue.Hamster)})
	}
	if pair && hamster {
		c.add(c.english("No, not two in one cage: hamsters live alone, and two that share a cage fight, often to the death.", "solitary"))
	}
}

// suggest shows the best few. Where no kind of animal is looked for it takes the best of
// different ones.
func (c *composer) suggest(i *plan.Item, fits []fit, said string) {
	chosen := c.choose(i, fits)
	first := chosen[0].pet
	c.caution()
	switch {
	case i.More:
		c.add(c.voice.pick("more", "Here are more pets that suit:", "These come to mind as well:", "Also worth a look:"))
	case c.voice.Length == Brief:
		c.add(fmt.Sprintf("**%s**, %s, %s, fee %s: %s.", first.Name, kindOf(first), ageOf(first), dollars(first.Price), strings.Join(chosen[0].reasons(3), ", ")))
		c.show(first)
		return
	case said == "":
		c.add(c.voice.pick("open", "A few pets worth meeting, of different kinds:", "To begin with, here are pets of different kinds worth meeting:"))
	case len(chosen) == 1:
		c.add(fmt.Sprintf("For %s there is one that fits all of it: **%s**.", said, first.Name))
	default:
		c.add(c.voice.pick("match",
			fmt.Sprintf("I would meet **%s** first. For %s, these suit:", first.Name, said),
			fmt.Sprintf("My first pick is **%s**. With %s in mind, these fit:", first.Name, said),
			fmt.Sprintf("**%s** comes first. These are my picks for %s:", first.Name, said)))
	}
	var b strings.Builder
	for n, f := range chosen {
		fmt.Fprintf(&b, "%d. %s. %s.", n+1, headline(f.pet), upperFirst(strings.Join(f.reasons(c.voice.Length.by(2, 3, 4, 5)), ", ")))
		if c.voice.Length >= Normal {
			b.WriteString(" " + c.telling(f.pet))
		}
		if cons := drawbacks(f.pet, i.Wants); len(cons) > 0 {
			fmt.Fprintf(&b, " *Keep in mind:* %s.", strings.Join(cons[:min(2, len(cons))], "; "))
		}
		b.WriteString("\n")
		c.show(f.pet)
	}
	c.add(b.String())
	c.notes(i)
}

// telling returns the sentence of a pet's story that says most of what was asked.
func (c *composer) telling(p *catalogue.Pet) string {
	sentences := excerpt.Split(p.Story)
	best, most := sentences[min(1, len(sentences)-1)], 0
	asked := map[string]bool{}
	for _, w := range c.plan.Turn.Words {
		if len(w.Stem) > 3 {
			asked[w.Stem] = true
		}
	}
	for _, s := range sentences {
		n := 0
		for _, w := range words.Split(s) {
			if asked[w.Stem] {
				n++
			}
		}
		if n > most {
			best, most = s, n
		}
	}
	return best
}

// choose takes the best few, of different kinds where none is looked for.
func (c *composer) choose(i *plan.Item, fits []fit) []fit {
	n := c.voice.Length.by(1, 2, 3, 4)
	if i.Order != nil && i.Order.One {
		n = 2
	}
	if plan.NamesAnimal(i.Wants) || i.Order != nil {
		return fits[:min(n, len(fits))]
	}
	var chosen []fit
	for _, f := range fits {
		again := slices.ContainsFunc(chosen, func(o fit) bool { return o.pet.Species == f.pet.Species })
		if !again && len(chosen) < n {
			chosen = append(chosen, f)
		}
	}
	return chosen
}

// nearest is honest that nothing suits, and shows what comes closest and why not.
func (c *composer) nearest(fits []fit, said string) {
	c.add(c.voice.pick("none",
		fmt.Sprintf("No pet in the store right now fits all of it (%s).", said),
		fmt.Sprintf("I have to be honest: none of our pets fits everything you told me (%s).", said)))
	if c.bare || c.voice.Length == Brief {
		return
	}
	var b strings.Builder
	for n, f := range fits[:min(len(fits), c.voice.Length.by(1, 2, 3, 3))] {
		if f.far >= 200 {
			break
		}
		fmt.Fprintf(&b, "%d. %s. *But:* %s.\n", n+1, headline(f.pet), strings.Join(f.against, "; "))
		c.show(f.pet)
	}
	if b.Len() > 0 {
		c.add("The nearest, and what does not fit:", b.String())
	}
	if c.plan.Frame.Person.Allergy {
		c.add("With asthma or a strong allergy ask the doctor before any animal with fur or feathers, and visit it more than once.")
	}
	c.add("New animals arrive often. Tell me which of your points may give way, and I look again.")
}

// contradiction names two conditions that no pet can meet together, or "".
func contradiction(wants []plan.Condition) string {
	for i, a := range wants {
		for _, b := range wants[i+1:] {
			if a.Attribute != b.Attribute || a.Of != "" || b.Of != "" {
				continue
			}
			low, high := a, b
			if low.Op != catalogue.AtLeast && low.Op != catalogue.Above {
				low, high = b, a
			}
			opposed := (low.Op == catalogue.AtLeast || low.Op == catalogue.Above) && (high.Op == catalogue.AtMost || high.Op == catalogue.Below) && low.Number > high.Number
			same := a.Op == catalogue.Is && b.Op == catalogue.Not && slices.Equal(a.Names, b.Names)
			if opposed || same {
				return "“" + a.Said + "” and “" + b.Said + "”"
			}
		}
	}
	return ""
}

// stock answers which pets there are, exactly.
func (c *composer) stock(i *plan.Item) {
	if i.Reckon != nil {
		c.add(i.Reckon.Answer())
		c.show(i.Reckon.Pets[:min(len(i.Reckon.Pets), longestList)]...)
		return
	}
	if i.Order != nil && i.Order.Attribute.Type == catalogue.Missing {
		c.add("We do not record how long each pet has been waiting, so I cannot tell. The staff in the store know.")
		return
	}
	if i.Unknown != "" && !plan.NamesAnimal(i.Wants) || i.Unknown != "" && i.Have {
		c.unplaced(i.Unknown)
		return
	}
	fits, suit := c.candidates(i)
	fits = fits[:suit]
	if i.Count && c.counts(i) {
		return
	}
	if i.Order == nil {
		slices.SortStableFunc(fits, func(a, b fit) int {
			return slices.Index(c.cat.Pets(), a.pet) - slices.Index(c.cat.Pets(), b.pet)
		})
	}
	what := c.wishes(i.Wants)
	switch {
	case c.plan.Style.Wants("number-only"):
		c.add(fmt.Sprint(suit))
	case suit == 0:
		c.none(i, what)
	case c.plan.Style.Wants("yes-no"):
		c.add("Yes.")
	case c.plan.Style.Wants("names-only"):
		c.names(fits)
	case i.Average:
		c.average(i, fits)
	default:
		c.found(i, fits)
	}
}

// counts answers how many there are of several kinds, each by itself.
func (c *composer) counts(i *plan.Item) bool {
	for _, w := range i.Wants {
		if w.Attribute.Name != "species" || w.Op != catalogue.Is || len(w.Names) < 2 {
			continue
		}
		var each []string
		for _, name := range w.Names {
			wants := slices.Clone(i.Wants)
			for k := range wants {
				if wants[k].Attribute == w.Attribute {
					wants[k].Names = []string{name}
				}
			}
			n := 0
			for _, p := range c.cat.Pets() {
				if suit.Meets(p, wants) {
					n++
				}
			}
			each = append(each, fmt.Sprintf("**%s** %s", numeral(n), c.things(wants, n)))
		}
		c.add(upperFirst(list(each)) + ".")
		return true
	}
	return false
}

// none says that there is no such pet, and what is nearest.
func (c *composer) none(i *plan.Item, what string) {
	no := "No, "
	if !i.Have {
		no = ""
	}
	switch {
	case i.Count:
		c.add(fmt.Sprintf("None: we have no %s right now.", c.things(i.Wants, 2)))
	case i.More:
		c.add(fmt.Sprintf("There are no more (%s); I have shown you all of them.", what))
		return
	default:
		c.add(upperFirst(fmt.Sprintf("%swe have no %s right now.", no, c.things(i.Wants, 2))))
	}
	if c.bare {
		return
	}
	near := *i
	near.Wants = likeBreeds(c.cat, i.Wants)
	fits, _ := c.candidates(&near)
	if len(fits) == 0 || fits[0].far >= 100 && len(i.Wants) > 1 {
		return
	}
	var b strings.Builder
	for _, f := range fits[:min(3, len(fits))] {
		if f.far > fits[0].far || f.far >= 200 {
			break
		}
		b.WriteString("- " + headline(f.pet))
		if len(f.against) > 0 {
			b.WriteString(". *But:* " + strings.Join(f.against, "; "))
		}
		b.WriteString("\n")
		c.show(f.pet)
	}
	c.add("The nearest:", b.String())
}

// likeBreeds asks for animals of a breed's species, size and energy in the place of one
// that is not here.
func likeBreeds(cat *catalogue.Catalogue, wants []plan.Condition) []plan.Condition {
	var list []plan.Condition
	for _, w := range wants {
		b := (*catalogue.Breed)(nil)
		if w.Attribute.Name == "breed" && w.Op == catalogue.Is {
			b = cat.Breed(w.Names[0])
		}
		if b == nil {
			list = append(list, w)
			continue
		}
		is := func(name, value string) {
			list = append(list, plan.Condition{Constraint: catalogue.Constraint{Attribute: cat.Attribute(name), Op: catalogue.Is, Names: []string{value}}, Said: value, Wish: name != "species"})
		}
		is("species", string(b.Species))
		is("size", string(b.Size))
		is("energy", string(b.Energy))
	}
	return list
}

// longestList is how many pets are shown one by one.
const longestList = 12

// found lists what there is, and says first how many.
func (c *composer) found(i *plan.Item, fits []fit) {
	shown := fits
	if i.Order != nil && i.Order.One {
		shown = c.top(i.Order, fits)
		if n := i.Order.Nth; n > 0 && n <= len(fits) {
			shown = fits[n-1 : n]
		}
	}
	limit := longestList
	if i.Have && !i.List && !i.Count {
		limit = c.voice.Length.by(3, 4, 6, 12)
	}
	shown = shown[:min(len(shown), limit)]
	lead := upperFirst(numeral(len(fits))) + " " + c.things(i.Wants, len(fits))
	switch {
	case i.Order != nil && i.Order.One && len(shown) == 1:
		p := shown[0].pet
		c.add(fmt.Sprintf("**%s** is the %s: %s, %s, adoption fee %s%s.", p.Name, strings.TrimPrefix([]string{"", "", "second ", "third "}[i.Order.Nth]+superlativeOf(i.Order), " "), kindOf(p), ageOf(p), dollars(p.Price), also(p, i)))
		c.show(p)
		return
	case i.Order != nil && i.Order.One && i.Order.N > 0:
		lead = fmt.Sprintf("The %s %s %s", numeral(len(shown)), superlativeOf(i.Order), c.things(i.Wants, len(shown)))
	case i.Order != nil && i.Order.One:
		lead = fmt.Sprintf("These share the place of the %s", superlativeOf(i.Order))
	case i.Count:
		lead = fmt.Sprintf("**%s** %s", upperFirst(numeral(len(fits))), c.things(i.Wants, len(fits)))
	case i.Have:
		lead = fmt.Sprintf("Yes, %s %s", numeral(len(fits)), c.things(i.Wants, len(fits)))
	}
	if first := i.Order != nil && i.Order.One; len(shown) < len(fits) && !first {
		lead += fmt.Sprintf("; here are %d of them", len(shown))
	}
	if i.Count && c.voice.Length == Brief {
		c.add(lead + ".")
		return
	}
	var b strings.Builder
	for _, f := range shown {
		fmt.Fprintf(&b, "- %s%s\n", headline(f.pet), also(f.pet, i))
		c.show(f.pet)
	}
	if c.plan.Style.Wants("table") {
		c.add(lead+":", petTable(shown, i.Asked))
	} else {
		c.add(lead+":", b.String())
	}
	if i.Total && len(fits) > 1 {
		sum := 0
		for _, f := range fits {
			sum += f.pet.Price
		}
		c.add(fmt.Sprintf("Their fees add up to **%s**.", dollars(sum)))
	}
}

// petTable is a table with a line for each pet: its name and what is asked of it, or else
// what a list tells.
func petTable(fits []fit, asked []*catalogue.Attribute) string {
	attributes := []string{"breed", "age", "fee"}
	if len(asked) > 0 {
		attributes = mapped(asked, func(a *catalogue.Attribute) string { return a.Name })
	}
	var rows []row
	for _, f := range fits {
		r := row{label: "**" + f.pet.Name + "**"}
		for _, a := range attributes {
			r.cells = append(r.cells, cell(f.pet, a))
		}
		rows = append(rows, r)
	}
	return table(mapped(attributes, upperFirst), rows)
}

// cell is what a table says of a pet.
func cell(p *catalogue.Pet, attribute string) string {
	switch attribute {
	case "breed":
		return p.Breed.Name
	case "age":
		return ageOf(p)
	case "fee":
		return dollars(p.Price)
	}
	return says(p, attribute)
}

// also tells what was asked for and a headline lacks.
func also(p *catalogue.Pet, i *plan.Item) string {
	var extra []string
	add := func(name string) {
		if name == "age" || name == "fee" || name == "species" || name == "breed" || name == "sex" || name == "group" {
			return
		}
		if s := says(p, name); s != "" {
			extra = appendNew(extra, s)
		}
	}
	for _, a := range i.Asked {
		add(a.Name)
	}
	if i.Order != nil {
		add(i.Order.Attribute.Name)
	}
	if len(extra) == 0 {
		return ""
	}
	return "; " + strings.Join(extra[:min(2, len(extra))], "; ")
}

// top returns the pets that share the first place.
func (c *composer) top(o *plan.Order, fits []fit) []fit {
	if o.N > 0 {
		return fits[:min(o.N, len(fits))]
	}
	n := 1
	for n < len(fits) && n < 5 && suit.Compare(o, fits[0].pet, fits[n].pet) == 0 {
		n++
	}
	return fits[:n]
}

func superlativeOf(o *plan.Order) string { return strings.ToLower(o.Said) }

func (c *composer) average(i *plan.Item, fits []fit) {
	a := c.cat.Attribute("fee")
	for _, asked := range i.Asked {
		if asked.Type == catalogue.Number {
			a = asked
		}
	}
	var sum float64
	for _, f := range fits {
		v, _ := a.Of(f.pet)
		sum += v.Number
	}
	mean := sum / float64(len(fits))
	value := dollars(int(mean + 0.5))
	if a.Name == "age" {
		value = fmt.Sprintf("%.1f years", mean/12)
	}
	c.add(fmt.Sprintf("**%s** on average over %s %s.", value, numeral(len(fits)), c.things(i.Wants, len(fits))))
}

// names lists names and nothing else.
func (c *composer) names(fits []fit) {
	c.add(join(fits, func(f fit) string { return f.pet.Name }))
	for _, f := range fits {
		c.show(f.pet)
	}
}

func (c *composer) unplaced(animal string) {
	c.add(fmt.Sprintf("No: %s are not among the animals that we place. We have dogs, cats, rabbits, guinea pigs, hamsters, birds, fish and reptiles.", strings.ToLower(animal)))
	if s := c.plan.Turn.Species(0, len(c.plan.Turn.Words)); slices.Contains(s, catalogue.Bird) {
		c.add("Parrots and other birds that are here: " + join(c.cat.Select(catalogue.Filter{Species: []catalogue.Species{catalogue.Bird}}), func(p *catalogue.Pet) string {
			return "**" + p.Name + "** (" + p.Breed.Name + ")"
		}) + ".")
	}
}
