package advisor

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A role is what a species that was mentioned has to do with the person.
type role uint8

const (
	roleWanted   role = iota // looked for, or asked about
	roleExcluded             // not wanted
	roleOwned                // lives with the person
	roleNotOwned             // does not
	roleTogether             // a pet has to get along with it
	roleAllergy              // somebody is allergic to it
	rolePast                 // lived with the person once
)

// roleOf tells the role of a species that is mentioned at m.
func (r *reading) roleOf(m mention) role { return r.roleAt(m.from) }

func (r *reading) roleAt(at int) role {
	if at >= len(r.tokens) {
		return roleWanted
	}
	denied := r.deniedAt(at, 0)
	switch {
	case r.allergyAt(at):
		return roleAllergy
	case r.follows("afraid", at, 3):
		return roleExcluded
	}
	if role, ok := r.ownership(at, denied); ok {
		return role
	}
	switch {
	case r.follows("together", at, 4) || oneOf(r.word(at+1), "friendly", "safe", "tolerant"):
		return roleTogether
	case denied:
		return roleExcluded
	}
	return roleWanted
}

func (r *reading) allergyAt(at int) bool {
	return oneOf(r.word(at-1), "to") && oneOf(r.word(at-2), "allergic", "allergy", "allergies") ||
		oneOf(r.word(at+1), "allergy", "allergies", "hair", "dander") && r.has("allergy") ||
		oneOf(r.word(at-1), "or", "and") && at >= 2 && len(r.tokens) > at && r.has("species") && oneOf(r.word(at-3), "to") && oneOf(r.word(at-4), "allergic")
}

// ownership tells whether an animal is one that the person has. Words of having
// count within a few words before it; what is wished ("we have always wanted a dog")
// or asked of the store ("do you have a dog") does not.
func (r *reading) ownership(at int, denied bool) (role, bool) {
	if oneOf(r.word(at-1), "first", "new") || r.says("looking to have") {
		return 0, false
	}
	own, ok := r.before("owner", at, 4)
	if !ok || r.tokens[own.from].clause != r.tokens[at].clause {
		return r.listedOwnership(at, denied)
	}
	for i := own.to; i < at; i++ {
		if oneOf(r.word(i), "want", "wanted", "always", "to", "decided", "been", "never", "considered", "thought", "looking", "allergic", "landlord", "allows", "allow", "love", "loves", "like", "likes", "who", "wife", "husband", "room", "budget", "need", "with", "for", "about", "a", "scared", "afraid") {
			if oneOf(r.word(i), "a") && !oneOf(r.word(own.to-1), "my", "our") {
				continue
			}
			return 0, false
		}
	}
	if r.says("died", "passed away", "lost my", "lost our", "put to sleep", "have lost", "was put down") {
		return rolePast, true
	}
	switch own.value {
	case "none":
		return roleNotOwned, true
	case "before":
		return rolePast, true
	}
	if r.word(own.from) == "has" && !r.says("family has", "wife has", "husband has", "partner has", "roommate has", "who has") {
		return 0, false
	}
	if denied {
		return roleNotOwned, true
	}
	return roleOwned, true
}

// listedOwnership: in "a dog, a cat and a bird" every animal is what the first one is.
func (r *reading) listedOwnership(at int, denied bool) (role, bool) {
	for _, m := range r.found["species"] {
		if m.from >= at || at-m.to > 2 || r.tokens[m.from].sentence != r.tokens[at].sentence {
			continue
		}
		listed := true
		for i := m.to; i < at; i++ {
			listed = listed && oneOf(r.word(i), "and", "or", "a", "an", "1", "2", "3", "one", "two", "three")
		}
		if listed && (at > m.to || r.tokens[m.from].clause != r.tokens[at].clause) {
			return r.ownership(m.from, denied)
		}
	}
	return 0, false
}

// follows reports whether a phrase of group ends at most reach words before at.
func (r *reading) follows(group string, at, reach int) bool {
	_, ok := r.before(group, at, reach)
	return ok
}

func (r *reading) before(group string, at, reach int) (mention, bool) {
	list := r.found[group]
	for i := len(list) - 1; i >= 0; i-- {
		m := list[i]
		if m.to <= at && at-m.to <= reach && r.tokens[m.from].sentence == r.tokens[at].sentence {
			return m, true
		}
	}
	return mention{}, false
}

func (p *profile) learnSpecies(r *reading) {
	var wanted []catalogue.Species
	for _, m := range r.found["species"] {
		s := catalogue.Species(m.value)
		switch r.roleOf(m) {
		case roleWanted:
			wanted = appendNew(wanted, s)
		case roleExcluded:
			if r.adjectiveDenied(m) {
				// "Not a big dog" asks for a smaller one, unless the talk was of pets of
				// any kind before.
				if p.facts() == 0 {
					wanted = appendNew(wanted, s)
				}
				continue
			}
			p.excluded = appendNew(p.excluded, s)
			p.species = without(p.species, []catalogue.Species{s})
		case roleOwned:
			p.owned = appendNew(p.owned, s)
			p.noPets = false
		case roleNotOwned:
			p.owned = without(p.owned, []catalogue.Species{s})
		case roleTogether:
			p.withCat = p.withCat || s == catalogue.Cat
			p.withDog = p.withDog || s == catalogue.Dog
		case rolePast:
			p.experience = yes
			if r.says("new one", "another one", "another", "again") {
				wanted = appendNew(wanted, s)
			}
		case roleAllergy:
		}
	}
	p.learnBreeds(r, &wanted)
	if r.says("no other pets", "no pets", "dont have pets", "dont have any pets", "dont have other pets", "no other animals", "dont have any other pets") {
		p.owned, p.noPets = nil, true
	}
	if len(wanted) == 0 && len(p.owned) > 0 && r.says("a second one", "second one", "another one", "a companion for", "a friend for", "a buddy for", "a playmate for", "company for") {
		wanted = p.owned[len(p.owned)-1:]
	}
	if len(wanted) > 0 {
		p.species = wanted
		p.excluded = without(p.excluded, wanted)
		p.unsold = ""
	}
}

// learnBreeds takes a breed for what is looked for only in a wish: to ask about a
// breed is not to want it.
func (p *profile) learnBreeds(r *reading, wanted *[]catalogue.Species) {
	for _, n := range r.names {
		if n.Breed == nil {
			continue
		}
		at := slices.IndexFunc(r.tokens, func(t token) bool { return t.start >= n.Start })
		switch r.roleAt(at) {
		case roleOwned:
			p.owned = appendNew(p.owned, n.Breed.Species)
			*wanted = without(*wanted, []catalogue.Species{n.Breed.Species})
		case roleWanted:
			// "I have a dog, he is a Labrador" wishes for no other one.
			if slices.Contains(p.owned, n.Breed.Species) && !r.has("ask") && !r.asks() {
				continue
			}
			*wanted = appendNew(*wanted, n.Breed.Species)
			if r.has("ask", "recommend") {
				p.breeds = []*catalogue.Breed{n.Breed}
			}
		default:
		}
	}
}

// adjectiveDenied reports whether a denial before a species is about how it should
// be and not about the species: "not a big dog".
func (r *reading) adjectiveDenied(m mention) bool {
	for _, group := range []string{"size", "age", "energy", "noise", "shedding"} {
		for _, a := range r.found[group] {
			if a.from < m.from && m.from-a.to <= 1 && r.negated(a) || a.from == m.from && group == "age" && r.negated(a) {
				return true
			}
		}
	}
	return false
}
