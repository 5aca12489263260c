package plan

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/reckon"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// kindOf decides which kind of answer a sentence wants: by the model, and by clear mentions.
func (p *Planner) kindOf(t *read.Turn, s *read.Sentence) read.Kind { //nolint:funlen // one case for each kind of evidence
	pets, breeds := t.Pets(s.From, s.To), t.Breeds(s.From, s.To)
	breeds = slices.DeleteFunc(breeds, func(b *catalogue.Breed) bool { // "a betta like Neptune", "good with a labrador"
		return asks.Company(t, s, b) || slices.ContainsFunc(pets, func(p *catalogue.Pet) bool { return p.Breed == b })
	})
	species := t.Species(s.From, s.To, read.Plain)
	best := s.Kinds.Best()
	if best == read.KindEmergency || best == read.KindDose || best == read.KindCruelty {
		best = read.KindGuide // triage has read the whole turn
	}
	stores := s.Kinds.Of(read.KindStock) + s.Kinds.Of(read.KindRecommend)
	facts := asks.Attributes(t, s.From, s.To)
	process := (len(pets) == 1 || len(pets) == 0 && len(species) == 0 && len(t.Pets(0, len(t.Words))) == 1) && t.HasIn(s, "process") && len(facts) == 0
	if k := asks.OfGroup(p.cat, t, s); k != "" && len(pets) == 0 {
		return k
	}
	switch {
	case t.HasIn(s, "wonders") && len(pets) == 0 && !t.HasIn(s, "need") && !t.HasIn(s, "have") && !t.HasIn(s, "which") && (read.Owns(t) || s.Kinds.Of(read.KindGuide) > 0.3):
		return read.KindGuide // "I'm worried my canary is lonely"
	case len(pets) > 1 && s.Question && t.HasIn(s, "share"):
		return read.KindGuide
	case process, t.HasIn(s, "gift") && !asks.ChoosesAnimal(t, s) && s.Kinds.Of(read.KindRecommend) < 0.8 && s.Kinds.Of(read.KindGuide) > 0.05:
		return read.KindGuide
	case len(pets) == 1 && len(breeds) == 0 && s.Kinds.Of(read.KindGuide) < 0.5 && (s.Kinds.Of(read.KindPet)+stores > 0.25 || len(facts) > 0):
		return read.KindPet
	case len(breeds) >= 1 && len(pets) == 0 && t.HasIn(s, "have"):
		return read.KindStock
	case len(pets) == 0 && len(t.Pets(0, len(t.Words))) == 1 && len(facts) > 1 && t.HasIn(s, "pronoun") && s.Kinds.Of(read.KindGuide) < 0.5:
		return read.KindPet // "Naked cat. How old, and is that your dearest?"
	case asks.Ordered(t, s.From, s.To) != nil && reckon.Superlative(asks.Ordered(t, s.From, s.To).Said) && len(breeds) == 0 && s.Kinds.Of(read.KindGuide) < 0.9 && len(pets) == 0:
		return read.KindStock
	case len(pets) == 0 && asks.ChoosesAnimal(t, s) && stores > 0.03 && stores*4 > s.Kinds.Of(read.KindBreed):
		if bound, _ := p.conditions(t, s.From, s.To); asks.Filters(t, s) && (len(bound) > 1 || personal(t, s.From, s.To)) {
			return read.KindStock
		}
		if personal(t, s.From, s.To) || t.HasIn(s, "suit") || s.Kinds.Of(read.KindRecommend) > s.Kinds.Of(read.KindStock) {
			return read.KindRecommend
		}
		return read.KindStock
	case len(pets)+len(breeds) == 0 && len(species) == 1 && t.HasIn(s, "suit") && personal(t, s.From, s.To) && !asks.Filters(t, s):
		return read.KindRecommend
	case len(pets) == 0 && t.Has("complete") && len(species) > 0 && stores > 0.3:
		return read.KindStock
	case len(pets) == 0 && t.HasIn(s, "list") && len(species) > 0 && stores > 0.3 && !personal(t, s.From, s.To):
		return read.KindStock
	case len(pets) == 0 && asks.NeedsAnimal(t, s) && stores > 0.1:
		return read.KindRecommend
	case t.HasIn(s, "list") && len(species) > 0 && stores > 0.04 && len(pets) == 0,
		(t.HasIn(s, "count") || t.HasIn(s, "have")) && len(species) > 0 && stores > 0.02 && len(pets) == 0 && asks.Amounts(t, s.From, s.To):
		return read.KindStock
	case !helpful(best) && t.HasIn(s, "suit") && len(pets) == 0 && s.Question && len(t.Asks) > 1:
		return read.KindRecommend
	case best == read.KindBreed && len(pets)+len(breeds) == 0 && len(species) == 1 && asks.Amounts(t, s.From, s.To):
		return read.KindRecommend // "male cat, ok with my dachshund, max 165"
	case len(breeds) > 0 && best.IsTalk():
		return read.KindBreed
	case best == read.KindStock && personal(t, s.From, s.To) && !t.HasIn(s, "count") && !t.HasIn(s, "list") && !t.HasIn(s, "average"):
		return read.KindRecommend
	case len(pets) >= 2 && t.HasIn(s, "compare"):
		return read.KindCompare
	case len(pets)+len(breeds) == 0 && p.unknownAnimal(t, &part{from: s.From, to: s.To}) != "" && (t.HasIn(s, "have") || best == read.KindOffTopic || s.Kinds.Of(read.KindStock)+s.Kinds.Of(read.KindRecommend) > 0.2):
		return read.KindStock
	case len(species) >= 2 && t.HasIn(s, "suit") && personal(t, 0, len(t.Words)):
		return read.KindRecommend
	case (len(pets) >= 2 || len(breeds) >= 2) && s.Kinds.Of(read.KindCompare) > 0.1 && stores < 0.7:
		return read.KindCompare
	case len(breeds) == 2 && len(pets) == 0 && t.HasIn(s, "compare") && !t.HasIn(s, "have") && !t.HasIn(s, "list") && !asks.NeedsAnimal(t, s) && !asks.Amounts(t, s.From, s.To):
		return read.KindCompare // "a Roborovski or a Syrian for a child"
	case len(species) >= 2 && s.Kinds.Of(read.KindCompare) > 0.3 && !asks.Amounts(t, s.From, s.To):
		return read.KindCompare
	case best == read.KindCompare && len(species) == 1 && t.Species(s.From, s.To, read.Together) != nil && len(pets) == 0 && len(breeds) == 0:
		return read.KindRecommend
	case best == read.KindCompare && len(pets) == 1 && len(breeds) == 0 && asks.Ordered(t, s.From, s.To) != nil:
		return read.KindPet // "is he heavier than 20 lbs?"
	case best == read.KindCompare && len(pets) == 1 && len(breeds) == 0:
		return read.KindGuide
	case best == read.KindCompare && len(pets)+len(breeds)+len(species) < 2:
		if s.Kinds.Of(read.KindGuide) > s.Kinds.Of(read.KindBreed) {
			return read.KindGuide
		}
		return read.KindBreed
	case best == read.KindPet && len(pets) == 0 && len(breeds) > 0:
		return read.KindBreed
	case best == read.KindGuide && len(breeds) > 0 && len(facts) > 0 && s.Kinds.Of(read.KindBreed) > 0.08:
		return read.KindBreed
	}
	return best
}
