package advisor

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// stillUrgent keeps an emergency up: what is said after it, a weight, an amount, how
// the animal is now, belongs to it until the person turns to something else. The
// answer to it leads with whom to call again.
func (t *talk) stillUrgent(i int, asks []ask) ([]ask, bool) {
	if i == 0 || len(t.moments[i].parts) == 0 {
		return nil, false
	}
	before := t.plan(i - 1)[0]
	if before.kind != kindEmergency || t.moments[i].turnsAway(&before, asks) {
		return nil, false
	}
	before.more = true
	for _, r := range t.moments[i].parts {
		before.text += " " + r.text
	}
	kept := []ask{before}
	for _, k := range asks {
		if k.kind == kindDose {
			kept = append(kept, k)
		}
	}
	return kept, true
}

// turnsAway reports whether a turn is no longer about the emergency before it.
func (m *moment) turnsAway(before *ask, asks []ask) bool {
	talk := true
	for _, r := range m.parts {
		// "He seems fine" ends nothing: many poisons show late.
		if r.says("recovered", "survived", "false alarm", "vet said", "vet says", "back from the vet", "been to the vet", "went to the vet", "different question", "another question", "unrelated") && !r.has("danger") {
			return true
		}
		talk = talk && r.has("talk", "thanks", "bye") && (r.isTalk() || len(r.tokens) <= 5)
	}
	return talk || slices.ContainsFunc(asks, func(k ask) bool { return k.leaves(before) })
}

// leaves reports whether an ask after an emergency is about something else.
func (k *ask) leaves(before *ask) bool {
	r := k.part
	if r == nil {
		return false
	}
	others := slices.ContainsFunc(r.subjects(), func(s catalogue.Species) bool {
		return len(before.species) > 0 && !slices.Contains(before.species, s)
	})
	named := len(r.pets()) > 0 || r.has("animal", "any", "small")
	switch k.kind {
	case kindTalk:
		return oneOf(k.value, "crisis", "injection", "harm", "off topic", "language", "abilities")
	case kindRecommend, kindStock, kindCompare, kindBreed, kindCost, kindBefore, kindPet, kindUnsold:
		return (r.has("species") || named || len(r.breeds()) > 0) && (r.asks() || r.has("ask"))
	case kindCare:
		if others || named && r.asks() {
			return true
		}
		pointed := r.says("he", "she", "it", "him", "her", "his", "they", "them", "my", "our", "the", "this", "that")
		return r.asks() && r.careTopic() && !pointed && !r.has("toxin") && !r.has("symptom") && !r.has("topic", "health", "poison")
	default:
		return false
	}
}
