package advisor

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// referred returns the pets that a reading points to: by name, by place in the last
// answer ("the second one"), or by pronoun. Several where it is not clear which.
func (m *moment) referred(r *reading) []*catalogue.Pet {
	if named := r.pets(); len(named) > 0 {
		return named
	}
	if list := m.byPlace(r); len(list) > 0 {
		return list
	}
	if r.says("both", "all three", "all of them", "these pets", "these three", "these two", "them", "they", "these", "those") && len(m.shown) > 0 && m.focusOn(m.shown) && m.free(r) {
		return m.shown
	}
	return m.byPronoun(r)
}

// free reports whether the reading names no other animal that a pronoun may mean.
func (m *moment) free(r *reading) bool {
	if len(r.breeds()) > 0 {
		return false
	}
	for _, s := range r.subjects() {
		if !m.focus.has([]catalogue.Species{s}) {
			return false
		}
	}
	return true
}

func (m *moment) focusOn(pets []*catalogue.Pet) bool {
	return len(m.focus.pets) > 0 && slices.Contains(pets, m.focus.pets[0])
}

// byPlace resolves "the first one", "number 2", "the last dog".
func (m *moment) byPlace(r *reading) []*catalogue.Pet {
	var list []*catalogue.Pet
	if len(m.shown) == 0 {
		return nil
	}
	if r.says("first two") && len(m.shown) >= 2 {
		return m.shown[:2]
	}
	for i, t := range r.tokens {
		place := slices.Index([]string{"first", "second", "third", "fourth", "fifth"}, t.text)
		if place < 0 && oneOf(r.word(i-1), "number", "nr", "option", "no") {
			place = slices.Index([]string{"1", "2", "3", "4", "5"}, t.text)
		}
		if t.text == "last" || t.text == "latter" {
			place = len(m.shown) - 1
		}
		if t.text == "former" {
			place = 0
		}
		next := r.word(i + 1)
		plain := next == "" || oneOf(next, "one", "dog", "cat", "pet", "rabbit", "bird", "option", "and", "is", "or", "puppy", "kitten", "hamster") || oneOf(r.word(i-1), "number", "option")
		if place >= 0 && place < len(m.shown) && plain && !oneOf(r.word(i-1), "my", "our") {
			list = appendNew(list, m.shown[place])
		}
	}
	return list
}

// byPronoun resolves "she", "that dog" and the like to the pets in focus, and of
// several to those that the word fits.
func (m *moment) byPronoun(r *reading) []*catalogue.Pet {
	pets := m.focus.pets
	if len(pets) == 0 && r.says("she", "her", "he", "him", "his", "that one", "this one") {
		pets = m.shown // the talk was of a breed, and the answer named pets of it
	}
	var list []*catalogue.Pet
	for _, p := range pets {
		if r.pointsTo(p, len(pets) == 1) {
			list = append(list, p)
		}
	}
	return list
}

// pointsTo reports whether a pronoun of the reading fits a pet. Where there is only
// one that it can mean, the sex may be mistaken.
func (r *reading) pointsTo(p *catalogue.Pet, only bool) bool {
	if r.aboutOwn() || r.otherSubject(p.Species) {
		return false
	}
	for i, t := range r.tokens {
		switch t.text {
		case "she", "her", "hers", "shes":
			if only || p.Sex == catalogue.Female {
				return true
			}
		case "he", "him", "his", "hes":
			if only || p.Sex == catalogue.Male {
				return true
			}
		case "it", "its", "they", "them", "their":
			return len(r.tokens) <= 12 && !r.says("is it safe", "is it ok", "is it true", "is it possible", "is it hard", "is it better", "is it normal", "is it a good idea", "is it worth", "does it matter", "what does it take")
		case "that", "this", "the":
			if t.text != "the" && oneOf(r.word(i-1), "is", "would", "was") && oneOf(r.word(i+1), "a", "an", "good", "too", "ok", "okay") {
				return true // "is that a good dog for beginners?"
			}
			if r.speciesAt(i+1) == p.Species || oneOf(r.word(i+1), "one", "pet", "animal", "guy", "girl", "boy") {
				return true
			}
		}
	}
	return false
}

// aboutOwn reports whether the reading is about an animal that the person has:
// "my dog chews his bed" does not point to a pet of the store.
func (r *reading) aboutOwn() bool {
	for _, m := range r.found["species"] {
		if r.roleOf(m) == roleOwned && oneOf(r.word(m.from-1), "my", "our") {
			// "Would she like my dog?" is about her all the same.
			return m.from <= 2
		}
	}
	for _, n := range r.names {
		at := slices.IndexFunc(r.tokens, func(t token) bool { return t.start >= n.Start })
		if n.Breed != nil && at <= 2 && oneOf(r.word(at-1), "my", "our") {
			return true
		}
	}
	return false
}

func (r *reading) otherSubject(s catalogue.Species) bool {
	subjects := r.subjects()
	return len(subjects) > 0 && !slices.Contains(subjects, s) && !r.has("together")
}

func (r *reading) speciesAt(i int) catalogue.Species {
	for _, m := range r.found["species"] {
		if m.from == i {
			return catalogue.Species(m.value)
		}
	}
	return ""
}

// breedsInFocus returns the breeds that "it", "they" or "that breed" mean.
func (m *moment) breedsInFocus(r *reading) []*catalogue.Breed {
	if len(m.focus.breeds) == 0 || len(m.focus.pets) > 0 || r.aboutOwn() || !m.free(r) {
		return nil
	}
	words := strings.Fields(r.lower)
	for _, w := range []string{"it", "they", "them", "their", "its", "breed", "one", "these", "both", "theyre"} {
		if slices.Contains(words, w) {
			return m.focus.breeds
		}
	}
	return nil
}
