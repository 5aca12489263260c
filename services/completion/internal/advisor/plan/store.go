package plan

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/person"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// store plans a choice of the store's pets.
func (p *Planner) store(pl *Plan, a *part, item *Item) {
	t, f := pl.Turn, pl.Frame
	s := &read.Sentence{From: a.from, To: a.to}
	conditions, _ := p.conditions(t, a.from, a.to)
	if whole, _ := p.conditions(t, 0, len(t.Words)); !NamesAnimal(conditions) && !t.HasIn(s, "any-pet") {
		for _, c := range whole { // "Hamster. Cheap. Today."
			if NamesAnimal([]Condition{c}) {
				conditions = append(conditions, c)
			}
		}
	}
	if a.kind == read.KindStock {
		item.Count, item.Have, item.List, item.Average = t.HasIn(s, "count"), t.HasIn(s, "have"), t.HasIn(s, "list"), t.HasIn(s, "average")
		f.Wants = nil
		p.followCoat(f, t)
		if asks.Filters(t, s) && personal(t, a.from, a.to) && asks.Ordered(t, a.from, a.to) == nil {
			p.follow(f, t) // "which dogs are fine in an apartment"
		}
	} else if NamesAnimal(conditions) {
		f.drop("species")
		f.dropWanted("breed")
		f.dropWanted("group")
	}
	for _, c := range conditions {
		if c.Attribute.Name == "hours" && f.Person.DayHelp {
			c.Number, c.Of = min(c.Number, person.HalfDay), "hours away"
		}
		f.set(c)
	}
	if past := t.Species(a.from, a.to, read.Past); len(past) == 1 && t.Has("new-one") && !NamesAnimal(f.Wants) {
		f.set(p.species(catalogue.Is, string(past[0]), past[0])) // "we are ready for a new one"
	}
	if past := t.Species(0, len(t.Words), read.Past); len(past) == 1 && !NamesAnimal(f.Wants) && !excludes(f.Wants, past[0]) { // "we had dogs before"
		wish := p.species(catalogue.Is, string(past[0]), past[0])
		wish.Wish = true
		f.Wants = append(f.Wants, wish)
	}
	if own := companionOf(t, a); own != "" && !NamesAnimal(f.Wants) {
		f.set(p.species(catalogue.Is, string(own), own))
	}
	if needs := p.cat.Attribute("needs"); a.kind == read.KindStock && slices.Contains(item.Asked, needs) && !bounds(f.Wants, needs) {
		f.set(Condition{Constraint: catalogue.Constraint{Attribute: needs, Op: catalogue.Is, Names: []string{"yes"}}, Said: "special needs"})
	}
	item.Total = t.HasIn(s, "total")
	item.Wants = slices.Clone(f.Wants)
	item.Order = asks.Ordered(t, a.from, a.to)
	if f.Person.LowBudget && item.Order == nil && a.kind == read.KindRecommend {
		item.Order = &asks.Order{Attribute: p.cat.Attribute("fee"), Direction: -1, Said: "little money"}
	}
	item.Unknown = p.unknownAnimal(t, a)
}

// excludes reports whether conditions rule out a kind of animal.
func excludes(list []Condition, s catalogue.Species) bool {
	return slices.ContainsFunc(list, func(c Condition) bool {
		return c.Attribute.Name == "species" && c.Op == catalogue.Not && slices.Contains(c.Names, string(s))
	})
}

// bounds reports whether conditions concern an attribute.
func bounds(list []Condition, a *catalogue.Attribute) bool {
	return slices.ContainsFunc(list, func(c Condition) bool { return c.Attribute == a })
}

// companionOf returns the kind of animal at home for which somebody seeks a companion, if such animals live with
// their own kind.
func companionOf(t *read.Turn, a *part) catalogue.Species {
	for _, s := range t.Species(a.from, a.to, read.Owned) {
		if s != catalogue.Dog && s != catalogue.Cat {
			return s
		}
	}
	return ""
}

// NamesAnimal reports whether conditions name the wanted animal.
func NamesAnimal(list []Condition) bool {
	return slices.ContainsFunc(list, func(c Condition) bool {
		return c.Op == catalogue.Is && (c.Attribute.Name == "species" || c.Attribute.Name == "breed" || c.Attribute.Name == "group")
	})
}
