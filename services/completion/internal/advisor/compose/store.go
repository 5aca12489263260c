package compose

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/suit"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A fit is how well a pet meets the conditions.
type fit struct {
	pet     *catalogue.Pet
	met     []string // conditions that it meets, in words
	against []string // conditions that it does not meet
	far     int      // the gravity of against
	score   int
}

// judge compares a pet with conditions.
func (c *composer) judge(p *catalogue.Pet, wants []plan.Condition) fit {
	f, in := fit{pet: p}, c.in()
	for i := range wants {
		w := &wants[i]
		text := in.says(p, w.Attribute.Name)
		switch {
		case w.Holds(p):
			if text != "" && w.Attribute.Name != "species" && w.Attribute.Name != "breed" && w.Attribute.Name != "group" {
				f.met = appendNew(f.met, text)
			}
			f.score += 3
		case w.Wish:
			f.score--
		default:
			f.against = append(f.against, cmp.Or(text, in.lacks(w)))
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
			f.score -= 3 // people who want no injections do not want pills either
		}
	}
	// A warning in a pet's own story weighs more than a fact about its breed.
	if c.plan.Frame.Person.Allergy && strings.Contains(p.Story+p.SpecialNeeds, "asthma") {
		f.far += 20
		f.against = append(f.against, c.either("not for anybody with asthma", "asthma"))
	}
	return f
}

// candidates returns the fits of all pets that may be shown, best first, and how many of them meet everything.
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

// recommend shows the pets that suit best, or says that none does, and shows the nearest.
func (c *composer) recommend(i *plan.Item) {
	in := c.in()
	if a, b := suit.Contradiction(i.Wants); a != nil {
		in.contradiction(a, b)
		return
	}
	if i.Unknown != "" && !plan.NamesAnimal(i.Wants) {
		in.unplaced(i.Unknown)
		return
	}
	c.solitary(i.Wants)
	fits, fitting := c.candidates(i)
	switch {
	case len(fits) == 0:
		c.add(c.either("I have shown you every pet that comes close. Tell me what may be different, such as the kind of animal, the size or the budget, and I look again.", "no-more"))
	case c.plan.Style.Wants("names-only") && fitting > 0:
		c.names(c.choose(i, fits[:fitting]))
	case fitting == 0:
		if breeds := suit.Absent(c.cat, i.Wants); len(breeds) > 0 {
			in.none(&plan.Item{Have: true, Wants: breeds})
		}
		in.nearest(i, fits)
	default:
		in.suggest(i, fits[:fitting])
	}
}

// solitary says that solitary animals are not kept in pairs.
func (c *composer) solitary(wants []plan.Condition) {
	pair, hamster := false, false
	for _, w := range wants {
		pair = pair || w.Attribute.Name == "sex" && slices.Contains(w.Names, string(catalogue.Group))
		hamster = hamster || w.Attribute.Name == "species" && w.Op == catalogue.Is && slices.Equal(w.Names, []string{string(catalogue.Hamster)})
	}
	if pair && hamster {
		c.add(c.either("No, not two in one cage: hamsters live alone, and two that share a cage fight, often to the death.", "solitary"))
	}
}

// choose takes the best few, of different kinds if no kind is wanted.
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

// top returns the pets that share the first place.
func (c *composer) top(o *asks.Order, fits []fit) []fit {
	if o.N > 0 {
		return fits[:min(o.N, len(fits))]
	}
	n := 1
	for n < len(fits) && n < 5 && suit.Compare(o, fits[0].pet, fits[n].pet) == 0 {
		n++
	}
	return fits[:n]
}

// names lists only names.
func (c *composer) names(fits []fit) {
	c.add(join(fits, func(f fit) string { return f.pet.Name }))
	for _, f := range fits {
		c.show(f.pet)
	}
}

// stock answers exactly which pets there are.
func (c *composer) stock(i *plan.Item) {
	in := c.in()
	if i.Reckon != nil && (in.reckoned(i.Reckon) || english{c}.reckoned(i.Reckon)) {
		return
	}
	if i.Order != nil && i.Order.Attribute.Type == catalogue.Missing {
		c.add(c.either("We do not record how long each pet has been waiting, so I cannot tell. The staff in the store know.", "not-recorded"))
		return
	}
	if i.Unknown != "" && (!plan.NamesAnimal(i.Wants) || i.Have) {
		in.unplaced(i.Unknown)
		return
	}
	fits, suit := c.candidates(i)
	fits = fits[:suit]
	if i.Count && in.counts(i) {
		return
	}
	if i.Order == nil {
		slices.SortStableFunc(fits, func(a, b fit) int {
			return slices.Index(c.cat.Pets(), a.pet) - slices.Index(c.cat.Pets(), b.pet)
		})
	}
	switch {
	case c.plan.Style.Wants("number-only"):
		c.add(strconv.Itoa(suit))
	case suit == 0:
		c.none(i)
	case c.plan.Style.Wants("yes-no"):
		c.add(c.either("Yes.", "yes"))
	case c.plan.Style.Wants("names-only"):
		c.names(fits)
	case i.Average:
		in.average(i, c.averaged(i), fits)
	default:
		in.found(i, fits, c.shown(i, fits))
	}
}

// none says that there is no such pet, and shows the nearest.
func (c *composer) none(i *plan.Item) {
	in := c.in()
	if in.none(i); c.bare || i.More && !i.Count {
		return
	}
	near := *i
	near.Wants = suit.LikeBreeds(c.cat, i.Wants)
	fits, _ := c.candidates(&near)
	if len(fits) == 0 || fits[0].far >= 100 && len(i.Wants) > 1 {
		return
	}
	best := fits[0].far
	fits = slices.DeleteFunc(closest(fits, 3), func(f fit) bool { return f.far > best })
	if len(fits) > 0 {
		in.instead(i, fits)
	}
}

// closest returns the first n fits without those that differ completely from what is wanted.
func closest(fits []fit, n int) []fit {
	const wholly = 200
	return slices.DeleteFunc(fits[:min(n, len(fits))], func(f fit) bool { return f.far >= wholly })
}

// longestList is the most pets that are shown one by one.
const longestList = 12

// shown returns the pets that are shown one by one.
func (c *composer) shown(i *plan.Item, fits []fit) []fit {
	shown, limit := fits, longestList
	if i.Order != nil && i.Order.One {
		shown = c.top(i.Order, fits)
		if n := i.Order.Nth; n > 0 && n <= len(fits) {
			shown = fits[n-1 : n]
		}
	}
	if i.Have && !i.List && !i.Count {
		limit = c.voice.Length.by(3, 4, 6, 12)
	}
	return shown[:min(len(shown), limit)]
}

// also tells the requested facts that a headline lacks.
func (c *composer) also(p *catalogue.Pet, i *plan.Item) string {
	names := mapped(i.Asked, func(a *catalogue.Attribute) string { return a.Name })
	if i.Order != nil {
		names = append(names, i.Order.Attribute.Name)
	}
	for _, w := range i.Wants { // "good with cats" is not the whole truth about one that needs time
		if v, ok := w.Attribute.Of(p); ok && slices.Contains(v.Names, string(catalogue.Slow)) {
			names = appendNew(names, w.Attribute.Name)
		}
	}
	var extra []string
	for _, name := range names {
		if s := c.in().says(p, name); s != "" && !inHeadline(name) {
			extra = appendNew(extra, s)
		}
	}
	if len(extra) == 0 {
		return ""
	}
	return "; " + strings.Join(extra[:min(2, len(extra))], "; ")
}

// averaged returns the attribute whose average is asked for.
func (c *composer) averaged(i *plan.Item) *catalogue.Attribute {
	a := c.cat.Attribute("fee")
	for _, asked := range i.Asked {
		if asked.Type == catalogue.Number {
			a = asked
		}
	}
	return a
}

// mean returns the average of an attribute.
func mean(a *catalogue.Attribute, fits []fit) float64 {
	var sum float64
	for _, f := range fits {
		v, _ := a.Of(f.pet)
		sum += v.Number
	}
	return sum / float64(len(fits))
}

// fees returns the sum of the fees.
func fees(pets []*catalogue.Pet) (sum int) {
	for _, p := range pets {
		sum += p.Price
	}
	return sum
}

func petsOf(fits []fit) []*catalogue.Pet {
	return mapped(fits, func(f fit) *catalogue.Pet { return f.pet })
}
