package advisor

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// followUp understands what makes sense only after the turn before: "and for a cat?",
// "why?", "tell me more", "what about a beagle?".
func (t *talk) followUp(i int, r *reading, k ask) (ask, bool) {
	if i == 0 {
		return ask{}, false
	}
	m := &t.moments[i]
	short := len(r.tokens) <= 8
	switch {
	case short && r.has("ask", "why") && !r.careTopic() && len(k.species) == 0:
		return t.explain(i), true
	case short && r.has("ask", "detail") && len(k.species)+len(r.names) == 0,
		r.has("talk", "yes") && r.isTalk():
		return t.again(i), true
	case !r.leans() && (!short || len(k.topics) > 0 || len(k.attrs) > 0 || r.begins("how", "why", "who", "when", "where", "what is", "what are")):
		return ask{}, false
	}
	if r.leans() && len(k.attrs) > 0 && !r.careTopic() {
		if same, ok := t.sameAbout(i, k); ok {
			return same, true
		}
	}
	if len(k.species) > 0 || len(r.breeds()) > 0 || r.leans() && m.learned {
		return t.transfer(i, r, k)
	}
	return ask{}, false
}

// elsewhere asks the same about another breed or pet that is named: "and a beagle?"
// after "is a husky good for an apartment?".
func (t *talk) elsewhere(i int, r *reading, k ask) (ask, bool) {
	if i == 0 || !r.leans() || len(k.attrs) > 0 || r.has("ask", "recommend", "stock", "compare") || len(r.names) == 0 {
		return ask{}, false
	}
	before := t.before(i)
	if before.kind != kindBreed && before.kind != kindPet || len(before.attrs) == 0 {
		return ask{}, false
	}
	k.attrs = before.attrs
	if k.pets = r.pets(); len(k.pets) > 0 {
		k.kind = kindPet
		return k, true
	}
	k.kind, k.breeds = kindBreed, r.breeds()
	return k, true
}

// leans reports whether the reading takes up the turn before.
func (r *reading) leans() bool {
	return r.begins("and", "what about", "how about", "and for", "same for", "what if", "or", "and what about", "then what about",
		"also for", "ok and", "okay and", "and if", "but what about", "but what if", "how about for")
}

// before returns the last thing that was asked before turn i.
func (t *talk) before(i int) ask {
	asks := t.plan(i - 1)
	return asks[len(asks)-1]
}

// explain gives the reasons of the last answer.
func (t *talk) explain(i int) ask {
	k := t.before(i)
	if k.kind == kindRecommend || k.kind == kindStock {
		return ask{kind: kindWhy, part: k.part, pets: t.moments[i].shown}
	}
	k.more = true
	return k
}

// again goes on with the last answer.
func (t *talk) again(i int) ask {
	k := t.before(i)
	switch k.kind {
	case kindRecommend, kindStock:
		if shown := t.moments[i].shown; len(shown) > 0 {
			return ask{kind: kindPet, part: k.part, pets: shown}
		}
	case kindTalk, kindUnknown:
		return ask{kind: kindTalk, value: "abilities"}
	default:
	}
	k.more = true
	return k
}

// transfer asks what was asked before about another animal.
func (t *talk) transfer(i int, r *reading, k ask) (ask, bool) {
	m := &t.moments[i]
	before := t.before(i)
	breeds := r.breeds()
	switch before.kind {
	case kindBreed, kindPet, kindCompare:
		if len(breeds) > 0 {
			return ask{kind: kindBreed, part: r, text: before.text, breeds: breeds, attrs: before.attrs, species: k.species}, true
		}
		if before.kind == kindCompare {
			return ask{kind: kindRecommend, part: r}, true
		}
	case kindRecommend, kindStock, kindUnsold:
		return ask{kind: kindRecommend, part: r, breeds: breeds}, true
	case kindCare, kindBefore, kindCost, kindDose:
		if len(k.species) == 0 {
			return ask{}, false
		}
		before.breeds = breeds
		before.text = swapSpecies(before.part, k.species)
		before.species = k.species
		return before, true
	default:
	}
	if len(breeds) > 0 {
		return ask{kind: kindBreed, part: r, text: r.text, breeds: breeds, species: k.species}, true
	}
	if len(k.species) > 0 && m.learned {
		return ask{kind: kindRecommend, part: r}, true
	}
	return ask{}, false
}

// sameAbout asks something else about what was spoken of before.
func (t *talk) sameAbout(i int, k ask) (ask, bool) {
	before := t.before(i)
	if before.kind == kindBreed || before.kind == kindPet {
		before.attrs, before.part = k.attrs, k.part
		return before, true
	}
	return ask{}, false
}

// swapSpecies writes a question again with other animals in it.
func swapSpecies(r *reading, species []catalogue.Species) string {
	if r == nil {
		return ""
	}
	text, last := "", 0
	for i, t := range r.tokens {
		animal := slices.ContainsFunc(r.found["species"], func(m mention) bool { return m.from <= i && i < m.to })
		named := slices.ContainsFunc(r.names, func(n catalogue.Mention) bool { return n.Start <= t.start && t.start < n.End })
		if animal || named {
			text += r.text[last:t.start]
			last = t.end
		}
	}
	text += r.text[last:]
	for _, s := range species {
		text += " " + speciesName(s)
	}
	return text
}
