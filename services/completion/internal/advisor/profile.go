package advisor

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// answerYet is a yes-or-no fact about the person that may not have come up.
type known uint8

const (
	unknown known = iota
	yes
	no
)

// A profile is what the person has said about themselves and what they look for.
// What is said later replaces what was said before. Zero fields were not spoken of.
type profile struct {
	species  []catalogue.Species // looked for; empty: any
	excluded []catalogue.Species
	unsold   string // an animal that the store does not place
	breeds   []*catalogue.Breed

	fee      int    // most for the adoption, US dollars; 0: not said
	monthly  int    // most per month
	currency string // in which money that was said, if not in dollars

	home    catalogue.Home
	renting bool

	children known
	youngest int // years of age of the youngest child; -1: not said

	allergy    known
	allergicTo []catalogue.Species
	owned      []catalogue.Species // other pets in the home
	noPets     bool

	away       int // hours a day that nobody is home; -1: not said
	travels    bool
	experience known

	age     string // young, adult, senior
	sizes   []catalogue.Size
	notSize []catalogue.Size
	energy  catalogue.Level
	quiet   bool
	shedsNo bool // wants little hair
	sex     catalogue.Sex
	traits  []string
	cheap   bool // wants little cost, without a figure
	kidSafe bool // asked for a pet that is good with children, whoever has them
	withCat bool // asked for a pet that is good with cats
	withDog bool
}

func newProfile() profile { return profile{youngest: -1, away: -1} }

// empty reports whether nothing is known that could guide a choice.
func (p *profile) empty() bool { return len(p.species) == 0 && p.facts() == 0 }

// facts counts what is known besides the species looked for.
func (p *profile) facts() int {
	n := 0
	for _, said := range []bool{
		p.fee > 0, p.monthly > 0, p.home != "", p.renting, p.children == yes, p.allergy == yes, len(p.owned) > 0,
		p.away >= 0, p.travels, p.experience != unknown, p.age != "", len(p.sizes)+len(p.notSize) > 0, p.energy != "",
		p.quiet, p.shedsNo, p.sex != "", len(p.traits) > 0, len(p.breeds) > 0, p.kidSafe, p.withCat, p.withDog, p.cheap,
	} {
		if said {
			n++
		}
	}
	return n
}

// onlyOwns reports whether nothing is known but which animals the person has: that is
// no wish for another one.
func (p *profile) onlyOwns() bool {
	return len(p.owned) > 0 && p.facts() == 1 && len(p.species) == 0
}

// learn takes in what one reading says. It reports whether it said anything.
func (p *profile) learn(r *reading) bool { return p.take(r, r.wishes()) }

// take learns, and takes what is said of animals for a wish where wishes is set.
func (p *profile) take(r *reading, wishes bool) bool {
	before := *p
	p.learnSpecies(r)
	p.learnHome(r)
	p.learnChildren(r)
	p.learnAllergy(r)
	p.learnDays(r)
	if wishes {
		p.learnMoney(r)
		p.learnWishes(r)
	} else {
		p.kidSafe, p.withCat, p.withDog = before.kidSafe, before.withCat, before.withDog
	}
	return !p.equal(&before)
}

// wishes reports whether the reading may say what is looked for. "Does she shed?"
// is no wish for an animal that does not, nor is "my puppy bites" one for a puppy.
func (r *reading) wishes() bool {
	looks := r.has("ask", "recommend", "stock", "count", "more")
	return looks || (!r.asks() || r.leans() || r.fragment()) && !r.careTopic()
}

// fragment reports whether the reading is a few words with a question mark, such as
// "something smaller?", rather than a question.
func (r *reading) fragment() bool {
	return len(r.tokens) <= 5 && len(r.names) == 0 && !r.interrogates()
}

// equal compares what changes a recommendation.
func (p *profile) equal(o *profile) bool {
	return slices.Equal(p.species, o.species) && slices.Equal(p.excluded, o.excluded) && slices.Equal(p.breeds, o.breeds) &&
		slices.Equal(p.allergicTo, o.allergicTo) && slices.Equal(p.owned, o.owned) && slices.Equal(p.sizes, o.sizes) &&
		slices.Equal(p.notSize, o.notSize) && slices.Equal(p.traits, o.traits) &&
		p.fee == o.fee && p.currency == o.currency && p.monthly == o.monthly && p.home == o.home && p.renting == o.renting &&
		p.children == o.children && p.youngest == o.youngest && p.allergy == o.allergy && p.noPets == o.noPets &&
		p.away == o.away && p.travels == o.travels && p.experience == o.experience && p.age == o.age &&
		p.energy == o.energy && p.quiet == o.quiet && p.shedsNo == o.shedsNo && p.sex == o.sex &&
		p.cheap == o.cheap && p.kidSafe == o.kidSafe && p.withCat == o.withCat && p.withDog == o.withDog
}

func (p *profile) learnHome(r *reading) {
	for _, m := range r.found["home"] {
		home := catalogue.Home(m.value)
		// "In the house" may be in a flat, and "house trained" is no house.
		if r.word(m.from) == "house" && (r.word(m.from-1) == "the" || oneOf(r.word(m.to), "train", "trained", "training", "cat")) {
			continue
		}
		if !r.negated(m) {
			p.home = home
			continue
		}
		// Without a garden there may still be a house; without a house there is not.
		switch {
		case home == catalogue.Garden && (p.home == "" || p.home == catalogue.Garden):
			p.home = catalogue.House
		case home == catalogue.House:
			p.home = catalogue.Apartment
		}
	}
	p.renting = p.renting || r.has("renting")
}

func (p *profile) learnDays(r *reading) {
	if hours, ok := hoursAway(r); ok {
		p.away = hours
	} else if m := r.found["hours"]; len(m) > 0 && !r.negated(m[0]) {
		p.away = map[string]int{"home": 2, "part": 5, "full": 9}[m[0].value]
	}
	p.travels = p.travels || r.has("travel")
	for _, m := range r.found["experience"] {
		switch {
		case m.value == "some" && !r.negated(m):
			p.experience = yes
		case m.value == "none":
			p.experience = no
		}
	}
}

func (p *profile) learnAllergy(r *reading) {
	m := r.found["allergy"]
	// "My rabbit sneezes" is about the rabbit.
	if len(m) == 0 || r.aboutOwn() || r.says("shots", "allergy test", "his allergies", "her allergies") {
		return
	}
	if r.negated(m[0]) && !r.says("hypoallergenic", "hypo allergenic") {
		p.allergy, p.allergicTo = no, nil
		return
	}
	p.allergy = yes
	for _, s := range r.found["species"] {
		if r.roleOf(s) == roleAllergy {
			p.allergicTo = appendNew(p.allergicTo, catalogue.Species(s.value))
		}
	}
}

func (p *profile) learnWishes(r *reading) {
	p.learnAge(r)
	p.learnSize(r)
	for _, m := range r.found["energy"] {
		level := catalogue.Level(m.value)
		if r.negated(m) {
			level = map[catalogue.Level]catalogue.Level{catalogue.High: catalogue.Low, catalogue.Low: catalogue.High}[level]
		}
		p.energy = level
	}
	if m := r.found["noise"]; len(m) > 0 {
		p.quiet = !r.negated(m[0]) || r.says("not bark", "dont bark", "doesnt bark")
	}
	p.kidSafe = p.kidSafe || r.says("family dog", "family cat", "family pet", "family friendly", "kid friendly", "child friendly")
	p.cheap = p.cheap || r.says("cheap", "cheaper", "cheapest", "inexpensive", "affordable", "low cost", "tight budget", "small budget", "low budget", "little money", "not expensive", "not too expensive")
	p.shedsNo = p.shedsNo || r.has("shedding") && !r.says("dont mind shedding", "dont mind hair")
	if r.says("bonded", "a pair of", "bonded pair") && r.has("species") {
		p.sex = catalogue.Group
	}
	for _, m := range r.found["sex"] {
		// "A female dog" is a wish, "my girl is five" is not.
		if r.animalAt(m.to, m.to+1) && r.roleAt(m.from) == roleWanted {
			p.sex = catalogue.Sex(m.value)
		}
	}
	for _, m := range r.found["trait"] {
		if !r.negated(m) {
			p.traits = appendNew(p.traits, m.value)
		}
	}
}

// learnAge takes in a wished age. "Old" and the like may be said of the person or
// of an animal they have; they count next to an animal only.
func (p *profile) learnAge(r *reading) {
	for _, m := range r.found["age"] {
		born := r.word(m.from)
		// "2 years old" is an age, and "old" in it no wish for a senior.
		if oneOf(r.word(m.from-1), "year", "years", "yr", "yrs", "month", "months", "week", "weeks") {
			continue
		}
		direct := oneOf(born, "puppy", "puppies", "pup", "kitten", "kittens", "kitties", "pups")
		if !direct && !r.animalAt(m.to, m.to+1) {
			continue
		}
		if role := r.roleAt(m.from); role == roleOwned || role == roleTogether || role == rolePast {
			continue
		}
		switch {
		case !r.negated(m):
			p.age = m.value
		case p.age == m.value || m.value == "young":
			p.age = map[string]string{"young": "adult", "senior": "adult", "adult": ""}[m.value]
		}
	}
}

func (p *profile) learnSize(r *reading) {
	if size, ok := sizeByWeight(r.lower); ok {
		p.sizes, p.notSize = size, nil
	}
	for _, m := range r.found["size"] {
		alone := len(r.tokens) <= 6 && !r.has("home") && !r.has("children") || r.says("something "+m.value, "too "+m.value, "that stays "+m.value)
		if !alone && !oneOf(r.word(m.to-1), "sized", "smaller", "bigger", "larger") && !r.animalAt(m.to, m.to+2) || r.roleAt(m.to) == roleOwned {
			continue
		}
		size := []catalogue.Size{catalogue.Size(m.value)}
		switch m.value {
		case "small":
			size = append(size, catalogue.Tiny)
		case "large":
			size = append(size, catalogue.Giant)
		}
		if r.negated(m) || r.follows("afraid", m.from, 2) || r.says("too "+r.word(m.from)) {
			p.notSize = size
			p.sizes = without(p.sizes, size)
			continue
		}
		p.sizes = size
		p.notSize = without(p.notSize, size)
	}
}

// animalAt reports whether an animal is mentioned at tokens from to until.
func (r *reading) animalAt(from, until int) bool {
	for _, group := range []string{"species", "animal"} {
		for _, m := range r.found[group] {
			if m.from >= from && m.from <= until {
				return true
			}
		}
	}
	for _, n := range r.names {
		for i := from; i <= until && i < len(r.tokens) && i >= 0; i++ {
			if r.tokens[i].start == n.Start {
				return true
			}
		}
	}
	return false
}

func appendNew[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	// Profiles are copied: a shared backing array must not be written to.
	return append(list[:len(list):len(list)], v)
}

func without[T comparable](list, drop []T) []T {
	var kept []T
	for _, v := range list {
		if !slices.Contains(drop, v) {
			kept = append(kept, v)
		}
	}
	return kept
}
