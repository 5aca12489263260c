package plan

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/wish"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// shortTurn is the most words of a turn that may edit an earlier question.
const shortTurn = wish.ShortTurn

// edit reads a short turn as an edit of an earlier question: more results, something cheaper, another animal, a
// reason.
func (p *Planner) edit(pl *Plan, before *Frame) (Item, bool) {
	t, last := pl.Turn, before.Last
	if last == nil || len(t.Words) > shortTurn || len(t.Words) == 0 {
		return Item{}, false
	}
	kinds := p.reader.Kinds(t)
	if kinds.Of(read.TalkThanks)+kinds.Of(read.TalkBye)+kinds.Of(read.TalkGreeting) > 0.6 {
		return Item{}, false
	}
	if t.Edits && before.Store != nil { // "same but only the females, as a table"
		item := *before.Store
		pl.Frame.Wants = slices.Clone(item.Wants)
		p.refine(pl, &item)
		return item, true
	}
	named := asks.WantsByName(t)
	facts := asks.Attributes(t, 0, len(t.Words))
	if wants, _ := p.conditions(t, 0, len(t.Words)); before.Store != nil { // "just healthy ones"
		facts = slices.DeleteFunc(facts, func(a *catalogue.Attribute) bool { return a.Name == "needs" && bounds(wants, a) })
	}
	if item, ok := p.alike(pl, before); ok {
		return item, true
	}
	if before.Store != nil && asks.RefusesByName(t) { // "not Marmalade, gran can't do diets"
		if item, ok := p.editStore(pl, before, &kinds, named, false); ok {
			return item, true
		}
	}
	for _, leaning := range [...]func(*Planner, *Plan, *Frame, []*catalogue.Attribute) (Item, bool){beside, doubted} {
		if item, ok := leaning(p, pl, before, facts); ok {
			return item, true
		}
	}
	if item, ok := p.among(pl, before, named, facts); ok {
		return item, true
	}
	if item, ok := p.pointed(pl, before, named, facts); ok {
		return item, true
	}
	switch {
	case t.Has("why") && len(t.Words) <= 5 && len(before.Shown) > 0 && !named && before.Store != nil:
		item := *before.Store
		item.Why, item.Kind, item.Pets = true, read.KindRecommend, before.Shown
		return item, true
	case t.Has("detail") && !named && (last.Kind == read.KindGuide || last.Kind == read.KindBreed):
		item := *last
		item.Detail = true
		p.search(pl, &item, 0, 0)
		return item, true
	}
	if before.Store == nil && t.Has("not-that") && len(before.Focus.Kinds()) == 1 {
		wants := []Condition{p.species(catalogue.Is, string(before.Focus.Kinds()[0]), before.Focus.Kinds()...)}
		before.Store = &Item{Kind: read.KindRecommend, Text: t.Text, Wants: wants}
	}
	if before.Store != nil {
		if item, ok := p.editStore(pl, before, &kinds, named, len(facts) > 0); ok {
			return item, true
		}
	}
	return p.sameOfOther(pl, before)
}

// alike looks for a pet like the last one: "one like him that is fine with my cat", "similar size, but cheaper".
func (p *Planner) alike(pl *Plan, before *Frame) (Item, bool) {
	t, f := pl.Turn, pl.Frame
	if !t.Has("alike") || len(before.Focus.Pets) != 1 || asks.WantsByName(t) {
		return Item{}, false
	}
	model := before.Focus.Pets[0]
	f.Wants = slices.DeleteFunc(f.Wants, func(c Condition) bool { return c.Of == "" })
	f.set(p.species(catalogue.Is, string(model.Species), model.Species))
	facts := asks.Attributes(t, 0, len(t.Words))
	for _, name := range []string{"size", "energy"} {
		a := p.cat.Attribute(name)
		v, _ := a.Of(model)
		like := Condition{Constraint: catalogue.Constraint{Attribute: a, Op: catalogue.Is, Names: v.Names}, Said: v.Names[0], Wish: !slices.Contains(facts, a)}
		f.Wants = append(f.Wants, like)
	}
	item := Item{Kind: read.KindRecommend, Text: t.Text, Except: []*catalogue.Pet{model}, Species: []catalogue.Species{model.Species}}
	if o := asks.Ordered(t, 0, len(t.Words)); o != nil && !o.One && o.Attribute.Type == catalogue.Number {
		v, _ := o.Attribute.Of(model)
		c := Condition{Constraint: catalogue.Constraint{Attribute: o.Attribute, Op: catalogue.Above, Number: v.Number}, Said: o.Said}
		if o.Direction < 0 {
			c.Op = catalogue.Below
		}
		f.set(c)
	}
	p.refine(pl, &item)
	return item, true
}

// among reads "which of the two is cheaper?" as a question about the last pets.
func (p *Planner) among(pl *Plan, before *Frame, named bool, facts []*catalogue.Attribute) (Item, bool) {
	t, last := pl.Turn, before.Last
	if pets := before.Shown; forStore(last.Kind) && (len(pets) == 2 || len(pets) > 2 && read.CountsTwo(t)) {
		pair := *last // "which of those two is cheaper"
		pair.Kind, pair.Pets = read.KindPet, pets[:2]
		last = &pair
	}
	if !t.Has("both") || named || len(last.Pets) < 2 || last.Kind != read.KindCompare && last.Kind != read.KindPet || len(t.Species(0, len(t.Words), read.Plain)) > 0 {
		return Item{}, false
	}
	if o := asks.Ordered(t, 0, len(t.Words)); o != nil {
		facts = appendNew(facts, o.Attribute)
	}
	p.learnPerson(pl.Frame, t)
	if !bounds(pl.Frame.Wants, p.cat.Attribute("home")) && len(facts) == 0 {
		return Item{}, false
	}
	return Item{Kind: read.KindCompare, Text: t.Text, Pets: last.Pets, Species: last.Species, Asked: facts, Total: t.Has("total")}, true
}

// mostOfPet is the most words of a turn that asks for everything about a pet.
const mostOfPet = 12

// beside reads "compare him to Shelly" as a comparison of the last pet with the named one.
func beside(p *Planner, pl *Plan, before *Frame, facts []*catalogue.Attribute) (Item, bool) {
	t := pl.Turn
	pets := t.Pets(0, len(t.Words))
	if len(pets) != 1 || len(before.Focus.Pets) != 1 || before.Focus.Pets[0] == pets[0] || !t.Has("compare") || !t.Has("pronoun") {
		return Item{}, false
	}
	pets = append(slices.Clone(before.Focus.Pets), pets...)
	pl.Frame.Focus = Focus{Pets: pets}
	for _, a := range p.cat.Attributes() { // "price, age, diet, home"
		if slices.ContainsFunc(t.Words, func(w words.Word) bool { return w.Text == a.Name }) {
			facts = appendNew(facts, a)
		}
	}
	return Item{Kind: read.KindCompare, Text: t.Text, Pets: pets, Asked: facts}, true
}

// doubted repeats an answer that somebody doubts: "are you sure?".
func doubted(p *Planner, pl *Plan, before *Frame, _ []*catalogue.Attribute) (Item, bool) {
	item := *before.Last
	if !pl.Turn.Has("doubts") || item.Kind != read.KindGuide || asks.WantsByName(pl.Turn) {
		return item, false
	}
	asked := &Plan{Turn: p.reader.Turn(item.Text), heard: pl.heard}
	p.search(pl, &item, 0, 0)
	p.answer(asked, &item, &part{from: 0, to: len(asked.Turn.Words), kind: item.Kind})
	known := pl.heard || !unknown(&item)
	if known {
		pl.Tone = read.TalkDoubt
	}
	return item, known
}

// pointed reads a short question without a name as one about the animals in focus: "and how much is she?", "still
// ok?".
func (p *Planner) pointed(pl *Plan, before *Frame, named bool, facts []*catalogue.Attribute) (Item, bool) {
	t := pl.Turn
	for _, m := range t.Marks { // "and with a three year old?"
		childs := m.Role == read.Together || m.Role == read.Owned && !asks.NextToAnimal(t, &m) // "is she ok with my 2yo"
		if m.Amount != nil && m.Attribute != nil && m.Attribute.Name == "age" && childs {
			facts = appendNew(facts, p.cat.Attribute("children"))
		}
	}
	const fewWords = 6
	counted := p.ordinal(pl)
	if ofOne := len(counted) > 0 || len(before.Focus.Pets) == 1 && t.At("asks-if", 0) && t.At("pronoun", 1); ofOne && len(facts) == 0 {
		facts = asks.Valued(t, 0, len(t.Words)) // "is the last one female?"
	}
	item := Item{Kind: read.KindPet, Text: t.Text, Asked: facts, Suits: t.Has("suit") && (len(counted) == 0 || len(facts) == 0)}
	if last := before.Last; len(counted) > 0 && len(facts) == 0 && len(t.Words) <= fewWords && last.Kind == read.KindPet {
		item.Asked, item.Suits = last.Asked, last.Suits // "and the first?"
	}
	item.Pets = counted
	if len(before.Focus.Pets) == 1 && t.Has("of-pet") && t.Has("pronoun") && len(facts) == 0 && len(t.Words) <= mostOfPet && !named {
		item.Pets, item.Species = before.Focus.Pets, before.Focus.Kinds()
		return item, true // "and what does she need?"
	}
	facts = item.Asked
	lives := len(before.Focus.Pets) == 1 && t.Has("pronoun") && len(t.Species(0, len(t.Words), read.Owned)) > 0
	item.Suits = item.Suits || lives && len(facts) == 0                                   // "my cat comes for weekends, he'll cope, won't he"
	meant := len(facts) > 0 || item.Suits || len(counted) > 0 && len(t.Words) <= fewWords // "the second one"
	if len(t.Species(0, len(t.Words), read.Plain)) > 0 || named || !meant {
		return Item{}, false
	}
	if asks.Ordered(t, 0, len(t.Words)) != nil || t.Has("alike") {
		return Item{}, false
	}
	focus := before.Focus
	switch {
	case len(item.Pets) > 0:
	case !t.Has("pronoun") && !item.Suits && len(t.Words) > 5:
		return Item{}, false
	case len(focus.Pets) == 1:
		item.Pets = focus.Pets
	case len(focus.Breeds) > 0:
		item.Kind, item.Breeds = read.KindBreed, focus.Breeds
	case len(before.Shown) > 0:
		item.Pets = before.Shown[:1] // the first one named
	default:
		return Item{}, false
	}
	item.Species = focus.Kinds()
	p.learnPerson(pl.Frame, t)
	if len(item.Pets) > 0 {
		pl.Frame.Focus = Focus{Pets: item.Pets}
	}
	p.search(pl, &item, 0, len(pl.Turn.Words))
	if item.Kind == read.KindBreed && len(facts) == 0 {
		item.Kind = read.KindGuide
	}
	return item, true
}

// editStore reads a turn as an edit of the last choice of pets.
func (p *Planner) editStore(pl *Plan, before *Frame, kinds *read.Kinds, named, facts bool) (Item, bool) {
	t, f := pl.Turn, pl.Frame
	item := *before.Store
	item.Hits, item.Asked, item.Except, item.Count, item.Why, item.Detail, item.More = nil, nil, nil, false, false, false, false
	if len(f.Wants) == 0 {
		f.Wants = slices.Clone(item.Wants)
	}
	switch {
	case (t.Has("not-that") || asks.RefusesByName(t)) && !named:
		if !asks.RefusesByName(t) {
			item.Except = append(slices.Clone(before.Shown), before.Focus.Pets...)
		}
		item.Except = append(item.Except, t.Pets(0, len(t.Words))...)
		p.refine(pl, &item)
	case p.relative(pl, before, &item):
	case asks.Ordered(t, 0, len(t.Words)) != nil && !named && len(t.Species(0, len(t.Words), read.Plain)) == 0:
		item.Order = asks.Ordered(t, 0, len(t.Words))
		p.refine(pl, &item)
	case t.Has("more") && !named && !facts:
		item.More = true
		p.refine(pl, &item)
	case t.Has("advise") && !named && !facts && kinds.Of(read.KindGuide) < 0.9:
		p.refine(pl, &item)
	case t.Has("drop") && p.dropped(pl, &item):
	case p.ordinal(pl) != nil || named || facts && !t.Has("only") && !asksOfPet(p, t):
		return item, false
	case len(t.Words) > 4 && (kinds.Of(read.KindGuide)+kinds.Of(read.KindOffTopic) > 0.6 || kinds.Talk() > 0.7):
		return item, false
	case len(t.Asks) > 2 || !p.refine(pl, &item):
		return item, false
	default:
		f.about(t)
	}
	return item, true
}

// refine adds a turn's conditions to the earlier ones. It reports whether there were any.
func (p *Planner) refine(pl *Plan, item *Item) bool {
	t, f := pl.Turn, pl.Frame
	conditions, _ := p.conditions(t, 0, len(t.Words))
	facts := len(f.Wants)
	p.learnPerson(f, t)
	if o := asks.Ordered(t, 0, len(t.Words)); o != nil {
		item.Order = o
	}
	if namesOther(p, conditions) {
		f.drop("species")
		f.drop("breed")
		f.drop("group")
	}
	for _, c := range conditions {
		f.set(c)
	}
	for i := range f.Wants {
		if w := &f.Wants[i]; t.Has("at-once") && (w.Attribute.Name == "cats" || w.Attribute.Name == "dogs") && w.Op == catalogue.AtLeast {
			w.Number, facts = float64(w.Attribute.Rank("yes")), -1 // "not the ones that need time"
		}
	}
	if item.Kind == read.KindStock {
		for _, c := range item.Wants {
			if !slices.ContainsFunc(f.Wants, func(o Condition) bool { return o.Attribute == c.Attribute }) && !NamesAnimal([]Condition{c}) {
				f.Wants = append(f.Wants, c)
			}
		}
	}
	item.Wants = slices.Clone(f.Wants)
	return len(conditions) > 0 || len(f.Wants) != facts
}

// namesOther reports whether conditions name an animal, rather than a coat that several species have: "short hair
// only".
func namesOther(p *Planner, list []Condition) bool {
	return slices.ContainsFunc(list, func(c Condition) bool {
		if c.Attribute.Name != "group" {
			return NamesAnimal([]Condition{c})
		}
		var kinds []catalogue.Species
		for _, b := range p.cat.Breeds() {
			if slices.ContainsFunc(c.Names, func(n string) bool { return slices.Contains(b.Groups, n) }) {
				kinds = appendNew(kinds, b.Species)
			}
		}
		return c.Op == catalogue.Is && len(kinds) < 2
	})
}

// relative compares "older", "cheaper" and the like with the first pet shown.
func (p *Planner) relative(pl *Plan, before *Frame, item *Item) bool {
	o := asks.Ordered(pl.Turn, 0, len(pl.Turn.Words))
	if o == nil || o.One || len(before.Shown) == 0 || o.Attribute.Type == catalogue.Missing || len(pl.Turn.Pets(0, len(pl.Turn.Words))) > 0 {
		return false
	}
	c := Condition{Constraint: catalogue.Constraint{Attribute: o.Attribute, Op: catalogue.Above}, Said: o.Said}
	if o.Direction < 0 {
		c.Op = catalogue.Below
	}
	v, _ := o.Attribute.Of(before.Shown[0])
	c.Number = v.Number
	p.refine(pl, item)
	bound := func(w Condition) bool { return w.Attribute == o.Attribute && len(w.Names) == 0 }
	if conditions, _ := p.conditions(pl.Turn, 0, len(pl.Turn.Words)); !slices.ContainsFunc(conditions, bound) {
		pl.Frame.set(c)
	}
	item.Wants, item.Order = slices.Clone(pl.Frame.Wants), o
	return true
}

// dropped drops conditions that a turn says do not matter.
func (p *Planner) dropped(pl *Plan, item *Item) bool {
	f, any := pl.Frame, false
	for _, m := range pl.Turn.Marks {
		switch {
		case m.Attribute != nil:
			any = f.drop(m.Attribute.Name) || any
		case m.Fact == "children":
			f.Person.Children, f.Person.Youngest = false, -1
			any = f.drop("children") || any
		case m.Fact == "low-budget" || m.Fact == "spend":
			f.Person.LowBudget = false
			any = f.drop("fee") || any
		}
	}
	item.Wants = slices.Clone(f.Wants)
	return any
}

// sameOfOther repeats the last question for another animal: "and cats?".
func (p *Planner) sameOfOther(pl *Plan, before *Frame) (Item, bool) {
	t, last := pl.Turn, before.Last
	pets, breeds, species := t.Pets(0, len(t.Words)), t.Breeds(0, len(t.Words)), t.Species(0, len(t.Words))
	if len(breeds) == 0 && last.Kind == read.KindBreed {
		for _, group := range asks.Grouped(p.cat, t, 0, len(t.Words)) { // "and a poodle?"
			breeds = append(breeds, group[:1]...)
		}
	}
	if len(t.Words) > 5 || len(pets)+len(breeds)+len(species) == 0 || len(asks.Attributes(t, 0, len(t.Words))) > 0 {
		return Item{}, false
	}
	item := *last
	switch {
	case last.Kind == read.KindGuide && len(breeds)+len(species) > 0:
		item.Species, item.Normal, item.Detail, item.Answer = species, nil, false, nil
		asked := p.reader.Turn(last.Text)
		asks.Replace(asked, t)
		item.Text = words.Join(asked.Words)
		p.search(pl, &item, 0, 0)
		if !pl.heard {
			item.Answer = p.cat.Answer(asked.Words, species)
		}
	case last.Kind == read.KindBreed && len(breeds)+len(species) > 0:
		item.Breeds, item.Species, item.Text = breeds, species, last.Text+" "+t.Text
		p.search(pl, &item, 0, len(pl.Turn.Words))
	case last.Kind == read.KindPet && len(pets) > 0:
		item.Pets = pets
	default:
		return Item{}, false
	}
	pl.Frame.about(t)
	return item, true
}

// asksOfPet reports whether a turn rules something out, in addition to its question.
func asksOfPet(p *Planner, t *read.Turn) bool {
	conditions, _ := p.conditions(t, 0, len(t.Words))
	return slices.ContainsFunc(conditions, func(c Condition) bool { return c.Op == catalogue.Not })
}
