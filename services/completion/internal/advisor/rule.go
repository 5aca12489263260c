package advisor

import (
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

// urgent is an animal in danger, or a question for a dose.
func urgent(m *moment, r *reading, k *ask) bool {
	if r.has("medicine") && r.has("dose") && !r.has("ingest") {
		k.kind = kindDose
		k.orOwn(m)
		return true
	}
	if !r.danger(m, k) {
		return false
	}
	k.kind = kindEmergency
	k.orOwn(m)
	return true
}

// danger reports whether something has happened, or what to do if it happens; not
// whether somebody wants to know what would be dangerous.
func (r *reading) danger(m *moment, k *ask) bool {
	real := !r.has("hypothetical") || r.says("my", "our", "she", "he", "just", "what if")
	switch {
	case r.says("prevent", "avoid", "how do i know if", "insurance", "signs of", "symptoms of", "in the past", "prone to", "last year", "survived"):
		return false
	case r.has("danger") && real && !r.has("danger", "poison"):
		return !r.mild()
	case r.has("danger", "poison") && real && !r.begins("is", "are", "which", "can", "what plants", "what foods"):
		return true
	case r.has("ingest") && r.has("toxin") && r.happened():
		return true
	case r.has("fasting") && real:
		return r.mustEat(m, k)
	}
	return false
}

// mild tells words that sound of danger and are not: a bloated belly is, "limp" in
// "limping" or "a burned out owner" are not.
func (r *reading) mild() bool {
	return r.has("symptom") && r.says("limping", "limps") || r.says("burned out", "burnt out", "electric fence")
}

// happened tells "he ate chocolate" from "can he eat chocolate".
func (r *reading) happened() bool {
	for _, m := range r.found["ingest"] {
		if oneOf(r.word(m.from), "eat", "eats", "swallow") && !r.says("what if", "what to do if", "what should i do if", "what do i do if") {
			continue
		}
		if r.negated(m) || r.says("can i give", "before") {
			continue
		}
		return true
	}
	return false
}

// mustEat reports whether the animal is one for which a day without food is an
// emergency.
func (r *reading) mustEat(m *moment, k *ask) bool {
	kinds := k.species
	if len(kinds) == 0 {
		kinds = m.about()
	}
	for _, s := range kinds {
		if s == catalogue.Rabbit || s == catalogue.GuineaPig || s == catalogue.Hamster || s == catalogue.Bird {
			return true
		}
	}
	return false
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

func (k *ask) orOwn(m *moment) {
	if len(k.species) == 0 {
		k.species = m.about()
	}
}

// chatter is what is not about animals.
func chatter(_ *moment, r *reading, k *ask) bool {
	k.kind = kindTalk
	switch {
	case r.has("talk", "store") && len(r.names) == 0:
		k.value = "store"
	case r.has("talk", "abilities") && len(r.topics()) == 0 && len(k.species) == 0:
		k.value = "abilities"
	case r.has("talk", "hostile") && len(r.topics()) == 0 && !r.has("ask", "recommend"):
		k.value = "hostile"
	case r.has("talk", "thanks") && len(r.tokens) <= 8 && !r.has("ask"):
		k.value = "thanks"
	case r.has("talk", "bye") && len(r.tokens) <= 6:
		k.value = "bye"
	case r.has("talk", "greeting") && r.mostly("talk") && len(k.species) == 0:
		k.value = "greeting"
	case r.has("talk", "no") && r.mostly("talk"):
		k.value = "thanks"
	default:
		return false
	}
	return true
}

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
	either := r.either()
	asked := r.has("ask", "compare") || r.says("or") && (r.asks() || len(r.tokens) <= 8) || either && !r.has("ask", "recommend")
	if !asked || r.has("ask", "stock", "count") {
		return false
	}
	pets := m.referred(r)
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
	if len(r.pets()) > 0 || !animals && !r.has("order") {
		return false
	}
	switch {
	case r.has("order") && !r.says("breed", "breeds") && (animals || len(r.tokens) <= 7) && !r.has("ask", "compare"):
	case r.has("ask", "count") && r.countsAnimals():
	case r.has("ask", "stock") && !r.says("advice", "tips", "information", "info", "suggestions", "ideas", "advise", "recommendations", "a guide", "help"):
		if r.says("i have", "we have") && !r.has("ask", "count") && !r.asks() {
			return false
		}
		if oneOf(r.first("ask"), "recommend", "process", "return") {
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
	if r.says("should i", "can i have", "can i keep", "do i need", "should we", "should be", "need", "live together", "kept together", "breeds are") {
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

// pointing is a question about one pet of the store, or several by name.
func pointing(m *moment, r *reading, k *ask) bool {
	pets := m.referred(r)
	if len(pets) == 0 || len(r.breeds()) > 0 && len(r.pets()) == 0 {
		return false
	}
	if r.has("ask", "more") && len(r.pets()) > 0 && r.says("like", "similar") {
		k.kind, k.pets, k.more = kindRecommend, pets, true
		return true
	}
	byName := len(r.pets()) > 0 || len(m.byPlace(r)) > 0
	if !byName {
		// A pronoun alone is not enough: "which of them", "is it normal" and care
		// questions are not about the pet as such.
		if len(k.attrs) == 0 && !r.has("ask", "detail", "process", "stock") && len(r.tokens) > 9 {
			return false
		}
		if r.has("ask", "why") || r.has("ask", "should_know") || r.carer() {
			return false
		}
	}
	if r.has("ask", "process") && !r.has("attribute", "fee") {
		return false
	}
	k.pets = pets
	switch {
	case len(pets) == 1 || byName:
		k.kind = kindPet
	case oneOf(r.firstAttr(k), "fee", "cost") || r.says("they", "them", "these", "all", "both", "each", "those"):
		k.kind = kindPet
	default:
		k.kind = kindWhich
	}
	return true
}

func (r *reading) firstAttr(k *ask) string {
	if len(k.attrs) == 0 {
		return ""
	}
	return k.attrs[0]
}

// carer reports whether the reading asks how to do something.
func (r *reading) carer() bool {
	return r.begins("how do i", "how can i", "how should i", "how often should", "how do you", "how to", "what should i feed",
		"what do i do", "what should i do", "how long should", "how much should", "how many times", "whats the best way",
		"what is the best way", "why does my", "why is my", "can i leave", "when should i", "where should", "how often do", "how much food")
}

// breeding is a question about breeds.
func breeding(m *moment, r *reading, k *ask) bool {
	breeds := r.breeds()
	if len(breeds) == 0 {
		if breeds = m.breedsInFocus(r); len(breeds) == 0 || len(k.attrs) == 0 && !r.has("ask", "detail") {
			return false
		}
	}
	if r.aboutOwn() || r.carer() && !oneOf(r.firstAttr(k), "grooming", "exercise", "lifespan") || r.has("symptom") {
		return false
	}
	owns := slices.ContainsFunc(r.names, func(n catalogue.Mention) bool {
		at := slices.IndexFunc(r.tokens, func(t token) bool { return t.start >= n.Start })
		return r.roleAt(at) == roleOwned
	})
	if owns && (len(breeds) == 1 || r.has("ask", "recommend")) && len(k.attrs) == 0 || r.has("ask", "should_know") {
		return false
	}
	if r.has("ask", "recommend") && !r.says("should i get", "should we get", "should i adopt", "should we adopt", "right for", "suit me", "suits me", "suit us", "suits us", "good match", "good dog for", "good cat for", "good pet", "good breed", "fit me", "fit us") {
		return false
	}
	k.kind, k.breeds = kindBreed, breeds
	return true
}

// knowing asks for what the guides say on adopting, or for reasons and more of the
// last answer.
func knowing(_ *moment, r *reading, k *ask) bool {
	switch {
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

// recommending looks for a pet.
func recommending(m *moment, r *reading, k *ask) bool {
	if r.has("ask", "more") && (len(m.shown) > 0 || len(r.tokens) <= 6) && !r.careTopic() {
		k.kind, k.more = kindRecommend, len(m.seen) > 0
		return true
	}
	if !r.has("ask", "recommend") {
		return false
	}
	if r.careTopic() && (r.carer() || !r.strongWish()) || r.carer() && !r.says("choose", "pick", "decide") {
		return false
	}
	if !r.strongWish() && len(k.species) == 0 && !r.has("animal") && len(r.breeds()) == 0 && !m.learned {
		return false
	}
	k.kind = kindRecommend
	return true
}

// strongWish reports whether what is looked for is an animal, in so many words.
func (r *reading) strongWish() bool {
	for _, m := range r.found["ask"] {
		if m.value != "recommend" {
			continue
		}
		for i := m.from; i < m.to; i++ {
			if oneOf(r.word(i), "pet", "animal", "dog", "cat", "rabbit", "bird", "fish", "reptile", "breed", "adopt", "adopting", "match", "suit", "suits", "me", "us") {
				return true
			}
		}
		if r.animalAt(m.to, m.to+4) {
			return true
		}
	}
	return false
}

// careTopic reports whether the reading is about looking after an animal.
func (r *reading) careTopic() bool {
	for _, m := range r.found["topic"] {
		if !oneOf(m.value, "adoption", "before-adopting", "costs", "seniors", "young", "allergies", "children", "exercise", "company", "introductions", "first-days", "temperature", "water") {
			return true
		}
	}
	return r.has("symptom")
}
