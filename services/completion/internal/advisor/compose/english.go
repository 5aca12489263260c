package compose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/excerpt"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/suit"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/reckon"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// english is the phrasing in whole English sentences.
type english struct{ *composer }

var _ phrasing = english{}

func (english) says(p *catalogue.Pet, attribute string) string { return says(p, attribute) }
func (english) headline(p *catalogue.Pet) string               { return headline(p) }
func (english) lacks(w *plan.Condition) string                 { return "is not " + w.Said }

// snag implements [phrasing].
func (english) snag(p *catalogue.Pet, attribute string) string {
	switch attribute {
	case company:
		return "needs another of its kind for company"
	case "beginner":
		return "better with some experience"
	case "hours":
		return "not more than " + hoursCell(p.HoursAlone) + " alone"
	case "noise":
		return "can be loud for close neighbors"
	case "exercise":
		return fmt.Sprintf("needs about %d minutes of exercise a day", p.Breed.ExerciseMinutes)
	}
	return says(p, attribute)
}

func (c english) contradiction(a, b *plan.Condition) {
	c.add("These two do not go together: “" + a.Said + "” and “" + b.Said + "”. Which of them counts more?")
}

func (c english) unplaced(animal string) {
	c.add(fmt.Sprintf("No: %s are not among the animals that we place. We have dogs, cats, rabbits, guinea pigs, hamsters, birds, fish and reptiles.", strings.ToLower(animal)))
	if s := c.plan.Turn.Species(0, len(c.plan.Turn.Words)); slices.Contains(s, catalogue.Bird) {
		c.add("Parrots and other birds that are here: " + join(c.cat.Select(catalogue.Filter{Species: []catalogue.Species{catalogue.Bird}}), func(p *catalogue.Pet) string {
			return "**" + p.Name + "** (" + p.Breed.Name + ")"
		}) + ".")
	}
}

// suggest shows the best few. If no kind of animal is wanted, they are of different kinds.
func (c english) suggest(i *plan.Item, fits []fit) {
	said := c.request(i.Wants)
	chosen := c.choose(i, fits)
	first := chosen[0].pet
	c.caution()
	switch {
	case i.More:
		c.add(c.voice.pick("more", "Here are more pets that suit:", "These come to mind as well:", "Also worth a look:"))
	case c.voice.Length == Brief:
		c.add(fmt.Sprintf("**%s**, %s, %s, fee %s: %s.", first.Name, kindOf(first), ageOf(first), dollars(first.Price), strings.Join(c.reasons(&chosen[0], 3), ", ")))
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
			fmt.Sprintf("**%s** %s first. These are my picks for %s:", first.Name, verb(first, "comes", "come"), said)))
	}
	var b strings.Builder
	for n, f := range chosen {
		fmt.Fprintf(&b, "%d. %s. %s.", n+1, headline(f.pet), upperFirst(strings.Join(c.reasons(&f, c.voice.Length.by(2, 3, 4, 5)), ", ")))
		if c.voice.Length >= Normal {
			b.WriteString(" " + c.aptSentence(f.pet))
		}
		if cons := c.drawbacks(f.pet, i.Wants); len(cons) > 0 {
			fmt.Fprintf(&b, " *Keep in mind:* %s.", strings.Join(cons[:min(2, len(cons))], "; "))
		}
		b.WriteString("\n")
		c.show(f.pet)
	}
	c.add(b.String())
	c.notes()
	c.narrow(i)
}

// aptSentence returns the sentence of a pet's story that has most of what was asked.
func (c english) aptSentence(p *catalogue.Pet) string {
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

// narrow asks questions that would narrow the choice.
func (c english) narrow(i *plan.Item) {
	who := &c.plan.Frame.Person
	if c.voice.Length < Short || c.plan.Frame.Turns > 2 {
		return
	}
	var open []string
	ask := func(missing bool, what string) {
		if missing && len(open) < 3 {
			open = append(open, what)
		}
	}
	ask(!plan.NamesAnimal(i.Wants), "the kind of animal you lean towards")
	ask(who.Home == "", "your home")
	ask(!who.Children, "whether children live with you")
	ask(who.Away < 0, "how long you are out on a usual day")
	if len(open) > 1 {
		c.add("To narrow it down, tell me about " + list(open) + ".")
	}
}

// nearest admits that nothing suits, and shows the closest pets, with what is missing.
func (c english) nearest(i *plan.Item, fits []fit) {
	said := c.request(i.Wants)
	c.add(c.voice.pick("none",
		fmt.Sprintf("No pet in the store right now fits all of it (%s).", said),
		fmt.Sprintf("I have to be honest: none of our pets fits everything you told me (%s).", said)))
	if c.bare || c.voice.Length == Brief {
		return
	}
	var b strings.Builder
	for n, f := range closest(fits, c.voice.Length.by(1, 2, 3, 3)) {
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

// reckoned implements [phrasing].
func (c english) reckoned(r *reckon.Question) bool {
	c.add(r.Answer())
	c.show(r.Pets[:min(len(r.Pets), longestList)]...)
	return true
}

// counts says how many there are of several kinds, for each kind.
func (c english) counts(i *plan.Item) bool {
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

// none implements [phrasing].
func (c english) none(i *plan.Item) {
	no := "No, "
	if !i.Have {
		no = ""
	}
	switch {
	case i.Count:
		c.add(fmt.Sprintf("None: we have no %s right now.", c.things(i.Wants, 2)))
	case i.More:
		c.add(fmt.Sprintf("There are no more (%s); I have shown you all of them.", c.wishes(i.Wants)))
	default:
		c.add(upperFirst(fmt.Sprintf("%swe have no %s right now.", no, c.things(i.Wants, 2))))
	}
}

// instead implements [phrasing].
func (c english) instead(_ *plan.Item, fits []fit) {
	var b strings.Builder
	for _, f := range fits {
		b.WriteString("- " + headline(f.pet))
		if len(f.against) > 0 {
			b.WriteString(". *But:* " + strings.Join(f.against, "; "))
		}
		b.WriteString("\n")
		c.show(f.pet)
	}
	c.add("The nearest:", b.String())
}

// found lists the pets, and first says how many there are.
func (c english) found(i *plan.Item, fits, shown []fit) {
	lead := upperFirst(numeral(len(fits))) + " " + c.things(i.Wants, len(fits))
	switch {
	case i.Order != nil && i.Order.One && len(shown) == 1:
		p := shown[0].pet
		c.add(fmt.Sprintf("**%s** is the %s: %s, %s, adoption fee %s%s.", p.Name, strings.TrimPrefix([]string{"", "", "second ", "third "}[i.Order.Nth]+superlativeOf(i.Order), " "), kindOf(p), ageOf(p), dollars(p.Price), c.also(p, i)))
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
		fmt.Fprintf(&b, "- %s%s\n", headline(f.pet), c.also(f.pet, i))
		c.show(f.pet)
	}
	c.add(lead+":", b.String())
	if i.Total && len(fits) > 1 {
		c.add(fmt.Sprintf("Their fees add up to **%s**.", dollars(fees(petsOf(fits)))))
	}
}

func superlativeOf(o *asks.Order) string { return strings.ToLower(o.Said) }

// average implements [phrasing].
func (c english) average(i *plan.Item, a *catalogue.Attribute, fits []fit) {
	v := mean(a, fits)
	value := dollars(int(v + 0.5))
	if a.Name == "age" {
		value = fmt.Sprintf("%.1f years", v/12)
	}
	c.add(fmt.Sprintf("**%s** on average over %s %s.", value, numeral(len(fits)), c.things(i.Wants, len(fits))))
}
