package plan

import (
	"cmp"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/subject"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/triage"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// refer plans the answer to a short turn that names no animal and is about several that were spoken of: "which of those
// two is cheaper?", "what do both eat?".
func refer(p *Planner, pl *Plan, before *Frame) []Item {
	t := pl.Turn
	if before.Last == nil || len(t.Words) > shortTurn || len(t.Asks) > 1 || t.Edits || pl.Verdict.Level != triage.None ||
		len(t.Species(0, len(t.Words))) > 0 || asks.WantsByName(t) || t.Has("one-alone") && !t.Has("which") || t.Has("more") {
		return nil
	}
	order := asks.Ordered(t, 0, len(t.Words))
	facts := asks.Attributes(t, 0, len(t.Words))
	ofAll := order == nil && len(facts) > 0 && before.Last.Kind == read.KindStock && len(before.Shown) > 1 && saysThey(t)
	if ofAll {
		return ofPets(p, pl, before.Shown, nil, facts) // "how old are they?"
	}
	if choosing := order != nil && !t.Has("any-pet") && choosesOne(t); !t.Has("both") && !choosing {
		return nil
	}
	if order != nil && order.One && !t.Has("of-those") && !read.CountsTwo(t) {
		return nil // "which one is the cheapest?" may be about all
	}
	if pets := before.spokenOf(t); len(pets) > 1 {
		return ofPets(p, pl, pets, order, facts)
	}
	if len(before.Subjects) == subject.Most && !before.ofStore() {
		return ofSubjects(p, pl, before, order, facts)
	}
	return nil
}

// choosesOne reports whether a turn asks who of several: "which is bigger", "who sheds less".
func choosesOne(t *read.Turn) bool {
	return slices.ContainsFunc(t.Words, func(w words.Word) bool { return w.Text == "which" || w.Text == "who" })
}

// saysThey reports whether a turn is about several that it does not name.
func saysThey(t *read.Turn) bool {
	return slices.ContainsFunc(t.Words, func(w words.Word) bool {
		return w.Text == "they" || w.Text == "them" || w.Text == "these" || w.Text == "those"
	})
}

// ofStore reports whether the last answer was about pets of the store.
func (f *Frame) ofStore() bool {
	return forStore(f.Last.Kind) || f.Last.Kind == read.KindPet || len(f.Last.Pets) > 0
}

// spokenOf returns the pets that "both" or "those" may mean, nil if the last answer was not about several.
func (f *Frame) spokenOf(t *read.Turn) []*catalogue.Pet {
	last := f.Last
	switch {
	case !f.ofStore():
		return nil
	case len(last.Pets) > 1 && !forStore(last.Kind):
		return last.Pets
	case len(f.Listed) > 2 && read.CountsTwo(t):
		return f.Listed[:2]
	case len(f.Listed) > 2 && !t.Has("of-those"):
		return nil
	}
	return f.Listed
}

// ofPets plans what is asked about each of some pets, or who of them comes first.
func ofPets(p *Planner, pl *Plan, pets []*catalogue.Pet, order *asks.Order, facts []*catalogue.Attribute) []Item {
	t := pl.Turn
	fee := p.cat.Attribute("fee")
	item := Item{Kind: read.KindPet, Text: t.Text, Pets: pets, Asked: facts}
	for _, pet := range pets {
		item.Species = appendNew(item.Species, pet.Species)
	}
	switch {
	case order != nil && !order.Attribute.Ordered():
		item.Kind, item.Asked, item.Just = read.KindCompare, []*catalogue.Attribute{order.Attribute}, true
		for item.Pets = nil; len(pets) > 0; pets = pets[1:] {
			item.Breeds = appendNew(item.Breeds, pets[0].Breed)
		}
	case order != nil:
		item.Kind, item.Asked, item.Pick = read.KindCompare, []*catalogue.Attribute{order.Attribute}, order
		ranked := slices.SortedStableFunc(slices.Values(pets), func(a, b *catalogue.Pet) int {
			x, _ := order.Attribute.Of(a)
			y, _ := order.Attribute.Of(b)
			return order.Direction * cmp.Compare(y.Number, x.Number)
		})
		item.Pets = ranked
		pl.Frame.Focus = Focus{Pets: ranked[:1]} // "how much is she?"
		return []Item{item}
	case len(facts) == 0:
		return nil
	case slices.Contains(facts, fee):
		item.Total = true
	}
	pl.Frame.Focus = Focus{Pets: pets}
	return []Item{item}
}

// ofSubjects compares the two kinds of animals that were spoken of, or asks the turn's question of each.
func ofSubjects(p *Planner, pl *Plan, before *Frame, order *asks.Order, facts []*catalogue.Attribute) []Item {
	t := pl.Turn
	item := Item{Kind: read.KindCompare, Text: t.Text, Asked: facts, Aspect: Aspect{Just: len(facts) > 0}}
	if order != nil {
		item.Asked, item.Pick, item.Just = []*catalogue.Attribute{order.Attribute}, order, true
		if !order.Attribute.Ordered() {
			item.Pick = nil
		}
	}
	if choice := t.Has("compare") || choosesOne(t); choice && len(item.Asked) == 0 {
		item.Asked, item.Just = before.Last.Asked, len(before.Last.Asked) > 0 // "so which of the two?"
	} else if !choice && len(item.Asked) == 0 {
		return askEach(p, pl, before.Subjects)
	}
	for _, s := range before.Subjects {
		item.Species = appendNew(item.Species, s.Species)
		if s.Breed != nil {
			item.Breeds = append(item.Breeds, s.Breed)
		}
	}
	switch {
	case len(item.Breeds) == subject.Most:
	case len(item.Species) == subject.Most:
		item.Breeds = nil
	default:
		return nil // two groups of one species, of which nothing separate is known
	}
	return []Item{item}
}

// askEach asks the turn's question of each subject.
func askEach(p *Planner, pl *Plan, subjects []subject.Subject) []Item {
	var items []Item
	for _, s := range subjects {
		asked := p.reader.Turn(pl.Turn.Text)
		asks.Put(asked, "both", s.Words)
		item := Item{Kind: read.KindGuide, Text: words.Join(asked.Words), Species: []catalogue.Species{s.Species}}
		p.search(pl, &item, 0, 0)
		if !pl.heard {
			item.Answer = p.cat.Answer(asked.Words, item.Species)
		}
		if unknown(&item) && !pl.heard {
			return nil
		}
		items = append(items, item)
	}
	return items
}

// leans plans a part that asks which of the pets of the question before it in the turn meet more: "which dogs are calm?
// Which of those need no tablets?".
func (p *Planner) leans(pl *Plan, a *part) bool {
	t := pl.Turn
	s := &read.Sentence{From: a.from, To: a.to}
	if len(pl.Items) == 0 || !forStore(pl.Items[len(pl.Items)-1].Kind) || !t.HasIn(s, "of-those") ||
		len(t.Pets(a.from, a.to))+len(t.Breeds(a.from, a.to))+len(t.Species(a.from, a.to, read.Plain)) > 0 {
		return false
	}
	own, _ := p.conditions(t, a.from, a.to)
	order := asks.Ordered(t, a.from, a.to)
	if len(own) == 0 && order == nil {
		return false
	}
	item := Item{Kind: read.KindStock, Text: a.text, Wants: slices.Clone(pl.Items[len(pl.Items)-1].Wants), Order: order, Count: t.HasIn(s, "count"), List: true}
	if len(item.Wants) == 0 {
		item.Wants, _ = p.conditions(t, 0, a.from)
	}
	for _, c := range own {
		c.Wish = false // "would any of them sing?"
		item.Wants = slices.DeleteFunc(item.Wants, func(o Condition) bool { return o.Attribute == c.Attribute && !together(&o, &c) })
		item.Wants = append(item.Wants, c)
	}
	pl.Frame.Wants = slices.Clone(item.Wants)
	pl.Items = append(pl.Items, item)
	return true
}
