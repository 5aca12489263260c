package advisor

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// pointing is a question about one pet of the store, or several by name.
func pointing(m *moment, r *reading, k *ask) bool {
	pets := m.referred(r)
	if len(pets) == 0 || len(r.breeds()) > 0 && len(r.pets()) == 0 {
		return false
	}
	if named := r.pets(); len(named) > 0 && r.has("ask", "more", "stock", "recommend") && r.says("like "+strings.ToLower(named[0].Name), "similar to") {
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
	k.pets = pets
	meets := r.has("ask", "process") || r.says("visit", "meet", "reserve", "book", "pick up", "come and see", "take home", "adopt", "want him", "want her", "want them", "take him", "take her", "take them", "get him", "get her")
	if meets && !r.has("attribute", "fee") && len(pets) == 1 {
		k.kind = kindCare
		k.topics = appendNew(k.topics, catalogue.TopicAdoption)
		return true
	}
	if len(pets) > 1 && (meets || r.says("together", "in total", "altogether", "combined", "sum", "all in all") && (slices.Contains(k.attrs, "fee") || slices.Contains(k.attrs, "cost"))) {
		k.kind, k.value = kindPet, "together"
		// Of more that were shown, both are the first two.
		if r.says("both", "those two", "these two") && !byName {
			k.pets = pets[:2]
		}
		return true
	}
	if r.looksAfter(k) {
		k.kind = kindCare
		for _, p := range pets {
			k.species = appendNew(k.species, p.Species)
		}
		return true
	}
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

// looksAfter reports whether all that is asked about an animal is how to feed, train
// or house it, on which the guides know more than its own entry.
func (r *reading) looksAfter(k *ask) bool {
	for _, a := range k.attrs {
		if !oneOf(a, "food", "training") {
			return false
		}
	}
	if len(k.attrs) > 0 || r.sizesHome() || r.says("live with", "live together", "keep with", "kept with", "tank mates", "tankmates") {
		return true
	}
	return slices.ContainsFunc(k.topics, func(t catalogue.Topic) bool {
		return slices.Contains([]catalogue.Topic{"feeding", "housing", "training", "water", "temperature", "litter", "vaccination", "neutering", "travel"}, t)
	})
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
		"what is the best way", "why does my", "why is my", "can i leave", "when should i", "where should", "should i get one or two", "should i get two", "should i get a pair", "do i need two", "how often do", "how much food")
}

// breeding is a question about breeds.
func breeding(m *moment, r *reading, k *ask) bool {
	breeds := r.breeds()
	if len(breeds) == 0 {
		if breeds = m.breedsInFocus(r); len(breeds) == 0 || len(k.attrs) == 0 && !r.has("ask", "detail") {
			return false
		}
	}
	if len(breeds) == 1 && r.cohabits() {
		k.kind, k.value, k.breeds = kindCare, "alike", breeds
		return true
	}
	if !r.asks() && !r.has("ask") && r.has("owner") {
		return false
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
	if r.looksAfter(k) {
		k.kind = kindCare
	}
	return true
}
