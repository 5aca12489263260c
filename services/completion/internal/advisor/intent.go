package advisor

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A kind is what sort of answer an ask wants.
type kind string

const (
	kindEmergency kind = "emergency"
	kindDose      kind = "dose"
	kindRecommend kind = "recommend"
	kindWhy       kind = "why"
	kindCompare   kind = "compare"
	kindStock     kind = "stock"
	kindPet       kind = "pet"
	kindWhich     kind = "which pet"
	kindBreed     kind = "breed"
	kindBefore    kind = "before adopting"
	kindCost      kind = "cost"
	kindCare      kind = "care"
	kindUnsold    kind = "unsold"
	kindAdvice    kind = "advice"
	kindTalk      kind = "talk"
	kindUnknown   kind = "unknown"
)

// An ask is one thing that the person wants to know.
type ask struct {
	kind    kind
	part    *reading
	text    string // what to search for
	value   string // kindTalk: which
	harm    harm   // kindEmergency: what happened
	pets    []*catalogue.Pet
	breeds  []*catalogue.Breed
	species []catalogue.Species
	topics  []catalogue.Topic
	attrs   []string // what about a pet or breed
	more    bool     // other pets than those shown, or more about the same
	profile *profile // where it differs from the moment's: "and for a cat?"
}

// maxAsks bounds how many questions of one turn are answered.
const maxAsks = 3

// plan returns what turn i asks, at least one ask. Later turns refer back to it, so
// it is worked out once, when the turn is heard.
func (t *talk) plan(i int) []ask {
	if t.moments[i].asks == nil {
		t.moments[i].asks = t.work(i)
	}
	return t.moments[i].asks
}

func (t *talk) work(i int) []ask {
	m := t.moments[i] // a copy: what one sentence speaks of, the next one may mean
	var asks []ask
	for _, r := range m.parts {
		k, ok := t.classify(i, &m, r)
		if !ok {
			continue
		}
		if k.kind == kindEmergency {
			return []ask{k}
		}
		asks = append(asks, k)
		m.focus.settle(asks[len(asks)-1:])
	}
	if asks = weed(asks); len(asks) == 0 {
		asks = []ask{t.fallback(i)}
	}
	if kept, ok := t.stillUrgent(i, asks); ok {
		return kept
	}
	return asks[:min(len(asks), maxAsks)]
}

// weed drops what another ask covers: small talk beside a question, and a second
// question of the same kind about the same.
func weed(asks []ask) []ask {
	serious := slices.ContainsFunc(asks, func(k ask) bool { return k.kind != kindTalk && k.kind != kindUnknown })
	var kept []ask
	for _, k := range asks {
		if serious && (k.kind == kindUnknown || k.kind == kindTalk && !oneOf(k.value, "crisis", "injection", "store")) {
			continue
		}
		if serious && len(asks) > 1 && k.vague() {
			continue
		}
		if i := slices.IndexFunc(kept, func(o ask) bool { return o.sameAnimals(&k) }); i >= 0 && len(kept[i].attrs) > 0 && len(k.attrs) > 0 {
			for _, attr := range k.attrs {
				kept[i].attrs = appendNew(kept[i].attrs, attr)
			}
			continue
		}
		// "What about Luna? Is she good with cats?" is one question.
		kept = slices.DeleteFunc(kept, func(o ask) bool {
			return o.kind == kindPet && k.kind == kindPet && len(o.attrs) == 0 && slices.Equal(o.pets, k.pets)
		})
		if !slices.ContainsFunc(kept, func(o ask) bool { return o.covers(&k) }) {
			kept = append(kept, k)
		}
	}
	return kept
}

// sameAnimals reports whether two asks are about the same pets or breeds.
func (k *ask) sameAnimals(o *ask) bool {
	return k.kind == o.kind && (k.kind == kindPet && slices.Equal(k.pets, o.pets) || k.kind == kindBreed && slices.Equal(k.breeds, o.breeds))
}

// vague reports whether an ask by itself names nothing that could be answered.
func (k *ask) vague() bool {
	return k.kind == kindCare && len(k.species)+len(k.topics)+len(k.attrs) == 0 && !k.part.has("symptom") && !k.part.has("toxin") && !k.part.has("animal")
}

func (k *ask) covers(o *ask) bool {
	if k.kind != o.kind {
		return false
	}
	switch k.kind {
	case kindCare:
		return k.text == o.text
	case kindPet:
		return slices.Equal(k.pets, o.pets) && slices.Equal(k.attrs, o.attrs)
	case kindBreed:
		return slices.Equal(k.breeds, o.breeds) && slices.Equal(k.attrs, o.attrs)
	case kindStock:
		return false
	case kindTalk, kindAdvice:
		return k.value == o.value
	default:
		return true
	}
}

// classify tells what one part of a turn asks. It reports false for a part that asks
// nothing, such as a statement about the person.
func (t *talk) classify(i int, m *moment, r *reading) (ask, bool) {
	k := ask{part: r, text: r.text, species: r.subjects(), topics: r.topics(), attrs: r.attributes()}
	if k.kind, k.value = kindTalk, "language"; r.foreign() {
		return k, true
	}
	if moved, ok := t.elsewhere(i, r, k); ok {
		return moved, true
	}
	k.value = ""
	for _, rule := range []func(*moment, *reading, *ask) bool{
		grave, urgent, advising, chatter, unsold, comparing, stocking, pointing, breeding, knowing, costing, recommending,
	} {
		if rule(m, r, &k) {
			return k, true
		}
	}
	if followed, ok := t.followUp(i, r, k); ok {
		return followed, true
	}
	if (!r.asks() || r.fragment()) && !r.careTopic() && (m.learned || r.isTalk()) {
		return ask{}, false
	}
	k.kind = kindCare
	return k, true
}

// fallback answers a turn that asks nothing outright: new facts about the person
// renew the recommendation, or begin one.
func (t *talk) fallback(i int) ask {
	m := &t.moments[i]
	k := ask{kind: kindUnknown}
	if len(m.parts) > 0 {
		k.part = m.parts[len(m.parts)-1]
		k.text = k.part.text
	}
	switch {
	case len(m.parts) == 0:
		k.kind, k.value = kindTalk, "empty"
	case slices.ContainsFunc(m.parts, (*reading).grim):
		k.kind, k.value = kindCare, "noted"
	case m.learned && m.profile.onlyOwns() && k.part.aboutOwn() && len(k.part.tokens) > 3 && !k.part.says("called", "named", "name"):
		k.kind, k.value = kindCare, "noted" // "my parrot plucks its feathers"
		k.species = k.part.subjects()
	case m.learned && m.profile.onlyOwns():
		k.kind, k.value = kindTalk, "noted"
	case m.learned && !m.profile.empty():
		k.kind = kindRecommend
		if i > 0 {
			if before := t.plan(i - 1); before[0].kind == kindCompare || before[0].kind == kindBreed {
				k = before[0]
			}
		}
	}
	return k
}

// asks reports whether the reading is a question or a request.
func (r *reading) asks() bool {
	n := len(r.text)
	return n > 0 && r.text[n-1] == '?' || r.interrogates()
}

// interrogates reports whether the words are those of a question or a request.
func (r *reading) interrogates() bool {
	if r.says("what do i do", "what should i do", "what to do", "how do i", "how can i", "how should i", "whats wrong", "what is wrong", "why does", "why is", "can you", "could you", "should i", "is it ok", "is that normal", "is this normal", "any advice", "any tips", "what now", "need advice", "need help") {
		return true
	}
	return r.begins("how", "what", "whats", "which", "who", "where", "when", "why", "can", "could", "should", "does", "do",
		"is", "are", "will", "would", "tell", "explain", "give", "show", "list", "help", "recommend", "suggest", "find",
		"compare", "any", "need help", "i need", "i want to know", "id like to know", "please", "teach", "describe",
		"may", "am i", "im wondering", "i wonder", "i was wondering", "looking for")
}

// topics returns the guide topics that the reading speaks of.
func (r *reading) topics() []catalogue.Topic {
	var list []catalogue.Topic
	for _, m := range r.found["topic"] {
		list = appendNew(list, catalogue.Topic(m.value))
	}
	return list
}

// attributes returns what about a pet or a breed is asked, in the order of mention.
func (r *reading) attributes() []string {
	var list []string
	for _, m := range r.found["attribute"] {
		// Cats and dogs are an attribute only as company: "is she good with cats".
		if oneOf(m.value, "cats", "dogs") && !oneOf(r.word(m.from), "other") && r.roleAt(m.from) != roleTogether && r.roleAt(m.from) != roleOwned {
			continue
		}
		if m.value == "children" && r.youngAnimal(m) {
			continue
		}
		if m.value == "cost" && r.has("attribute", "fee") && !r.says("monthly", "month", "upkeep", "per month") {
			continue
		}
		if m.value == "size" && r.sizesHome() {
			continue
		}
		list = appendNew(list, m.value)
	}
	return list
}

// sizesHome reports whether the size that is asked for is that of a cage or a tank.
func (r *reading) sizesHome() bool {
	return r.says("gallon", "gallons") ||
		r.has("attribute", "size") && r.says("tank", "aquarium", "cage", "enclosure", "terrarium", "vivarium", "hutch", "bowl", "crate", "habitat", "pen", "wheel")
}
