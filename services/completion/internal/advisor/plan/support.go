package plan

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Probabilities above which the model makes a part a request for an animal, by the other evidence. Set by hand, on
// the conversations that were measured.
const (
	sureNamed   = 0.6  // it names an animal, but does not ask for one
	sureTold    = 0.4  // it names an animal, and mentions the person or money
	sureAsked   = 0.25 // it asks, but names no animal
	sureUnnamed = 0.85 // neither
)

// supported reports whether more than the model's guess says that a part asks for an animal. People who ask for
// advice, complain or grieve are shown none.
func supported(p *Planner, pl *Plan, a *part, item *Item) bool {
	t := pl.Turn
	s := &read.Sentence{From: a.from, To: a.to}
	if item.Unknown != "" || item.Stranger != "" {
		return true
	}
	looks, stores := asks.NeedsAnimal(t, s) || asks.ChoosesAnimal(t, s) || t.HasIn(s, "new-one"), float32(0)
	for i := range t.Asks {
		k := &t.Asks[i]
		if k.From < a.from || k.To > a.to {
			continue
		}
		looks = looks || asks.NeedsAnimal(t, k) || asks.ChoosesAnimal(t, k)
		stores = max(stores, k.Kinds.Of(read.KindStock)+k.Kinds.Of(read.KindRecommend))
	}
	if kinds := p.reader.Kinds(t); a.to-a.from == len(t.Words) {
		stores = max(stores, kinds.Of(read.KindStock)+kinds.Of(read.KindRecommend))
	}
	if looks {
		return true
	}
	if asks.Tone(t) != "" || t.Has("grief") && !asksOfPet(p, t) {
		return false
	}
	conditions, _ := p.conditions(t, a.from, a.to)
	refused := 0
	for _, c := range conditions {
		if c.Op == catalogue.Not {
			refused += max(1, len(c.Names))
		}
	}
	if asks.Furless(t) || asks.Featherless(t) {
		refused++
	}
	named := refused > 1 || item.Order != nil || t.HasIn(s, "any-pet") || slices.ContainsFunc(conditions, func(c Condition) bool { return c.Op != catalogue.Not })
	wants := t.HasIn(s, "have") || t.HasIn(s, "list") || t.HasIn(s, "count") || t.HasIn(s, "recommends") || t.HasIn(s, "average") || t.HasIn(s, "advise")
	switch {
	case len(t.Pets(0, len(t.Words))) > 0 && !wants:
		return false // it is about the one that is named
	case named && wants:
		return true
	case named && (asks.Amounts(t, a.from, a.to) || personal(t, a.from, a.to)):
		return stores > sureTold
	case named:
		return stores > sureNamed
	case wants:
		return stores > sureAsked
	}
	return stores > sureUnnamed && (personal(t, a.from, a.to) || t.HasIn(s, "low-budget"))
}
