package advisor

import (
	"regexp"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// The rules of classify, in the order in which they are asked: what must not be
// missed first, what is only likely last. Each fills the ask if it applies.

// grave is what has to be answered by a person, or not at all.
func grave(_ *moment, r *reading, k *ask) bool {
	k.kind = kindTalk
	switch {
	case r.has("talk", "crisis"):
		k.value = "crisis"
	case r.has("talk", "harm") && r.wills() && !r.has("hypothetical"):
		k.value = "harm"
	case r.has("talk", "injection") && !r.has("danger"):
		k.value = "injection"
	default:
		return false
	}
	return true
}

// wills reports whether the person speaks of doing something themselves.
func (r *reading) wills() bool {
	return r.says("i want", "how do i", "how to", "how can i", "ways to", "way to", "i will", "im going to", "can i",
		"should i", "want to", "help me", "going to", "id like to", "teach me")
}

// about returns the species that a turn without one is about.
func (m *moment) about() []catalogue.Species {
	if list := m.focus.kinds(); len(list) == 1 {
		return list
	}
	if len(m.profile.species) == 1 {
		return m.profile.species
	}
	if len(m.profile.owned) == 1 && len(m.profile.species) == 0 {
		return m.profile.owned
	}
	return nil
}

// chatter is what is not about animals.
func chatter(_ *moment, r *reading, k *ask) bool {
	k.kind = kindTalk
	switch {
	case r.has("talk", "abilities") && len(r.topics()) == 0 && len(k.species) == 0:
		k.value = "abilities"
	case r.has("talk", "store") && len(r.names) == 0:
		k.value = "store"
	case r.has("talk", "chore") || r.has("talk", "world") && len(k.species) == 0 && !r.has("animal"):
		k.value = "off topic"
	case r.has("talk", "hostile") && len(r.topics()) == 0 && !r.has("ask", "recommend"):
		k.value = "hostile"
	case r.has("talk", "thanks") && len(r.tokens) <= 8 && !r.has("ask"):
		k.value = "thanks"
	case r.has("talk", "bye") && len(r.tokens) <= 6:
		k.value = "bye"
	case r.has("talk", "greeting") && r.isTalk() && len(k.species) == 0:
		k.value = "greeting"
	case len(r.names) == 0 && len(k.species) == 0 && stranger.MatchString(r.text):
		k.value = "stranger"
	case r.has("talk", "no") && r.isTalk():
		k.value = "thanks"
	default:
		return false
	}
	return true
}

// stranger is a question about somebody by name.
var stranger = regexp.MustCompile(`(?:[Tt]ell me (?:more )?about|[Ww]ho is|[Hh]ow old is|[Hh]ow much is) \p{Lu}\p{Ll}+[?.!]*$`)

// unsold is a wish for an animal that the store does not place.
func unsold(_ *moment, r *reading, k *ask) bool {
	for _, m := range r.found["animal"] {
		if m.value != "unsold" || r.overlapsAnimal(m) || r.negated(m) {
			continue
		}
		asked := r.has("ask", "recommend", "stock", "count", "should_know", "process") || r.has("attribute") || r.has("topic")
		if asked && (len(k.species) == 0 || r.begins("do you have", "do you sell")) && len(r.names) == 0 && !r.has("toxin") {
			k.kind, k.value = kindUnsold, r.word(m.from)
			return true
		}
	}
	return false
}

// overlapsAnimal reports whether words are part of another animal: the pig of the
// guinea pig, the dragon of the bearded dragon.
func (r *reading) overlapsAnimal(m mention) bool {
	for _, s := range r.found["species"] {
		if s.from < m.to && m.from < s.to {
			return true
		}
	}
	for _, n := range r.names {
		if n.Start <= r.tokens[m.from].start && r.tokens[m.from].start < n.End {
			return true
		}
	}
	return false
}

// comparing needs two of a kind: pets, breeds or species.
func comparing(m *moment, r *reading, k *ask) bool {
	if len(m.shown) > 1 && len(r.pets()) == 0 && r.has("ask", "recommend") && r.says("which one", "which of them", "which of these") {
		k.kind, k.pets = kindCompare, m.shown
		return true
	}
	either := r.either()
	asked := r.has("ask", "compare") || r.says("or") && (r.asks() || len(r.tokens) <= 8) || either && !r.has("ask", "recommend")
	if !asked || r.has("ask", "stock", "count") {
		return false
	}
	pets := m.referred(r)
	if len(pets) < 2 && len(r.pets()) == 0 && len(m.talked) >= 2 && r.says("them", "these", "those", "two", "both", "they") {
		pets = m.talked[len(m.talked)-2:]
	}
	breeds := r.breeds()
	if r.has("ask", "compare") && len(breeds) == 0 {
		breeds = m.breedsInFocus(r)
	}
	switch {
	case len(pets) >= 2 && (len(r.pets()) >= 2 || r.has("ask", "compare")):
		k.kind, k.pets = kindCompare, pets
	case len(breeds) >= 2:
		k.kind, k.breeds = kindCompare, breeds
	case len(breeds) == 1 && len(k.species) >= 2:
		k.kind, k.breeds = kindCompare, breeds
	case len(k.species) >= 2 && !r.careTopic() && (r.has("ask", "compare") || either || r.says("better", "easier", "cheaper", "should i", "should we", "suit", "suits") || len(r.tokens) <= 6):
		k.kind = kindCompare
	default:
		return false
	}
	return true
}

// either reports whether two species stand at the sides of an "or".
func (r *reading) either() bool {
	list := r.found["species"]
	for i := 1; i < len(list); i++ {
		last := list[i].from - 1
		if oneOf(r.word(last), "a", "an") {
			last--
		}
		if r.word(last) == "or" && list[i-1].to == last && list[i].value != list[i-1].value && !r.negated(list[i]) {
			return r.roleOf(list[i]) == roleWanted
		}
	}
	return false
}

// stocking asks what is in the store.
func stocking(m *moment, r *reading, k *ask) bool {
	animals := len(k.species) > 0 || r.has("animal", "any", "small") || len(r.breeds()) > 0
	priced := r.has("ask", "stock") && len(amounts(r)) > 0
	if len(r.pets()) > 0 || !animals && !r.has("order") && !priced {
		return false
	}
	switch {
	case r.begins("which", "what") && r.says("of your", "your dogs", "your cats", "your rabbits", "your birds", "your pets") && !r.has("order"):
	case r.has("order") && !r.says("breed", "breeds") && (animals || len(r.tokens) <= 7):
		if len(k.species) == 0 && len(m.shown) > 1 && r.says("one", "them", "these", "those") {
			k.pets = m.shown
		}
	case r.has("ask", "count") && r.countsAnimals():
	case r.has("ask", "stock") && !r.says("advice", "tips", "information", "info", "suggestions", "ideas", "advise", "recommendations", "a guide", "help"):
		if r.says("i have", "we have") && !r.has("ask", "count") && !r.asks() {
			return false
		}
		if oneOf(r.first("ask"), "recommend", "process", "return") || r.careTopic() && !r.says("do you have", "have you got") {
			return false
		}
		if len(m.referredBack(r)) > 0 && r.says("available") {
			return false
		}
	default:
		return false
	}
	k.kind = kindStock
	k.breeds = r.breeds()
	return true
}

func (r *reading) countsAnimals() bool {
	if r.says("should i", "can i have", "can i keep", "do i need", "should we", "should be", "need", "live together", "kept together", "fit", "breeds are") {
		return false
	}
	for _, m := range r.found["ask"] {
		if m.value == "count" && r.animalAt(m.to, m.to+3) {
			return true
		}
	}
	return false
}

// referredBack returns the pets that are pointed to without a name.
func (m *moment) referredBack(r *reading) []*catalogue.Pet { return m.referred(r) }

// knowing asks for what the guides say on adopting, or for reasons and more of the
// last answer.
func knowing(m *moment, r *reading, k *ask) bool {
	switch {
	case r.says("bad idea", "good idea", "right time", "too early"):
		k.kind = kindCare
		k.topics = appendNew(k.topics, catalogue.TopicBefore)
		if m.profile.children == yes {
			k.topics = appendNew(k.topics, "children")
			k.text += " which pets suit small children and babies"
		}
	case r.says("kitten or", "puppy or", "or a kitten", "or a puppy", "or adult", "or an adult"):
		k.kind, k.text = kindCare, "should you adopt a young or an adult pet"
		k.topics = appendNew(k.topics, catalogue.TopicBefore)
	case r.says("longest", "live long", "live the longest") && len(r.names) == 0 && len(k.species) == 0:
		k.kind, k.text = kindCare, "how long do pets live"
	case r.says("take care of", "care for", "look after", "taking care of", "caring for") && r.asks() && !r.careTopic() && len(k.species) == 1:
		k.kind, k.breeds = kindBefore, r.breeds()
	case r.has("ask", "should_know"):
		k.kind = kindBefore
		if r.careTopic() && !r.says("before adopting", "before getting", "before i adopt", "before i get", "should i know", "need to know") {
			k.kind = kindCare
		}
	case r.has("ask", "process", "return") && !r.careTopic():
		k.kind = kindCare
		k.topics = appendNew(k.topics, catalogue.TopicAdoption)
	default:
		return false
	}
	return true
}

// costing asks what a kind of animal costs.
func costing(m *moment, r *reading, k *ask) bool {
	if !r.asks() {
		return false
	}
	if !slices.Contains(k.attrs, "fee") && !slices.Contains(k.attrs, "cost") || r.has("ask", "recommend") || r.careTopic() && !r.says("per month", "a month", "monthly") {
		return false
	}
	if r.says("neuter", "spay", "vaccine", "vaccination", "surgery", "insurance", "emergency vet", "vet visit", "vet", "microchip", "chip", "food", "cage", "tank", "boarding", "sitter", "supplies", "surgery", "checkup", "setup", "set up", "bill", "bills") || r.has("danger") {
		return false
	}
	if len(k.species) == 0 {
		k.species = m.about()
	}
	k.kind = kindCost
	return true
}
