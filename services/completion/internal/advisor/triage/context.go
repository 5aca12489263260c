package triage

import (
	"slices"
	"strings"
)

// A sentence is what a sentence is about, apart from harms.
type sentence struct {
	present                    bool // "now", "just", "since yesterday"
	dated                      bool // a recent time: "since yesterday"
	past, told, general, learn bool
	supposed                   int // the first hypothetical token: "what if"; -1: none
	fiction                    bool
	act                        bool // tells what an animal or somebody did: "ate", "has swallowed"
	statement                  bool // says something of an animal at hand: "my dog is", "she won't"
	own                        bool // names an animal at hand: "my", "he"
	conditional                bool // does so as a condition: "if my dog is"
	ask                        bool // asks what to do
}

// classify reads the kinds of all sentences.
func (r *reading) classify() []sentence {
	n := 0
	if len(r.tokens) > 0 {
		n = r.tokens[len(r.tokens)-1].Sentence + 1
	}
	list := make([]sentence, n)
	for i := range list {
		list[i].supposed = -1
	}
	note := func(set string, at func(*sentence) *bool) {
		for _, h := range r.in(set) {
			*at(&list[r.tokens[h.start].Sentence]) = true
		}
	}
	note("present", func(s *sentence) *bool { return &s.present })
	note("dated", func(s *sentence) *bool { return &s.dated })
	note("past", func(s *sentence) *bool { return &s.past })
	note("told", func(s *sentence) *bool { return &s.told })
	note("general", func(s *sentence) *bool { return &s.general })
	note("learn", func(s *sentence) *bool { return &s.learn })
	note("acting", func(s *sentence) *bool { return &s.act })
	note("urgent-ask", func(s *sentence) *bool { return &s.ask })
	note("fiction", func(s *sentence) *bool { return &s.fiction })
	for _, h := range r.in("hypothetical") {
		if s := &list[r.tokens[h.start].Sentence]; s.supposed < 0 {
			s.supposed = h.start
		}
	}
	acts(r, list)
	for _, h := range r.in("did-so") {
		s := r.tokens[h.start].Sentence
		list[s].act, list[max(0, s-1)].act = true, true
	}
	own := r.flags("own")
	for i, t := range r.tokens {
		list[t.Sentence].own = list[t.Sentence].own || own[i]
	}
	r.statements(list)
	r.openers(list, own)
	ahead(r, list)
	fiction, past := false, false
	for i := range list {
		s := &list[i]
		fiction = fiction || s.fiction
		s.fiction = fiction
		// A story of the past continues until a sentence is about today.
		if s.present || s.statement && !s.past {
			past = false
		}
		s.past = s.past || past
		past = s.past
	}
	return list
}

// ahead treats questions for later as hypothetical, except what was already done.
func ahead(r *reading, list []sentence) {
	if len(r.in("ahead")) == 0 {
		return
	}
	done := make([]bool, len(list))
	for _, h := range r.in("act") {
		done[r.tokens[h.start].Sentence] = true
	}
	for i, t := range r.tokens {
		s := &list[t.Sentence]
		if done[t.Sentence] || s.present || s.dated {
			continue
		}
		s.act = false
		if s.supposed < 0 {
			s.supposed = max(0, i-1)
		}
	}
}

// acts marks the sentences about something that was done. They exclude what only would be ("what would happen if it
// drank coffee"), and what says which animals are meant ("how do vets treat a dog that ate chocolate").
func acts(r *reading, list []sentence) {
	would := make([]bool, len(list))
	for _, h := range r.in("would") {
		would[r.tokens[h.start].Sentence] = true
	}
	for _, h := range r.in("act") {
		s := &list[r.tokens[h.start].Sentence]
		supposed := s.supposed >= 0 && s.supposed < h.start && would[r.tokens[h.start].Sentence]
		s.act = s.act || !supposed && (!s.general || !tellsWhich(r, h.start))
	}
}

// tellsWhich reports whether a verb says which animals are meant: it follows "a dog that".
func tellsWhich(r *reading, verb int) bool {
	k, anyOf := &r.kinds, r.flags("any-of")
	i := verb - 1
	if i < 2 || !k.relative[i] || !k.animal[i-1] {
		return false
	}
	for i--; i > 0 && k.animal[i]; i-- {
		if !k.animal[i-1] {
			return anyOf[i-1] || !k.own[i-1]
		}
	}
	return false
}

// statements marks the sentences that state something about an animal, and not only as a condition: "if my dog is".
func (r *reading) statements(list []sentence) {
	conditions := r.flags("condition")
	note := func(i int) {
		s := &list[r.tokens[i].Sentence]
		if i > 0 && conditions[i-1] || i > 1 && conditions[i-2] {
			s.conditional = true
		} else {
			s.statement = true
		}
	}
	for _, h := range r.in("statement") {
		note(h.start)
	}
	for _, h := range r.in("contracted") {
		if r.tokens[h.start].possessive {
			note(h.start)
		}
	}
}

// openers marks the sentences that open like a question about animals in general: "do lamps burn lizards", but not
// "are his gums white".
func (r *reading) openers(list []sentence, own []bool) {
	self := r.flags("self")
	for _, h := range r.in("opener") {
		next := h.end
		if r.tokens[h.start].Opens && next < len(r.tokens) && !own[next] && !self[next] {
			list[r.tokens[h.start].Sentence].general = true
		}
	}
}

// setAside returns why a hit is no danger of today, or "". Somebody who tells about a person asks only about animals
// in general.
func (r *reading) setAside(harm *harm, h hit) (why string) {
	t := r.tokens[h.start]
	s := r.sentences[t.Sentence]
	told, asked := s.act && s.own, s.ask && s.conditional
	switch {
	case s.fiction:
		return "is fiction"
	case s.past && !s.present && !r.presentClause(t.Clause):
		return "is past"
	case s.told && !s.present && !told:
		return "is hearsay"
	case s.supposed >= 0 && s.supposed < h.start && !s.act && !s.dated && !asked:
		return "is only supposed"
	case harm.theirs:
	case s.learn && !s.act && !s.statement:
		return "is a question about a danger"
	case s.general && !s.act && !s.dated && !s.statement && !asked:
		return "is a general question"
	}
	return ""
}

// presentClause reports whether a clause is about today although its sentence mentions the past: "she strains again,
// as she did last year".
func (r *reading) presentClause(clause int) bool {
	for _, h := range r.in("past") {
		if r.tokens[h.start].Clause == clause {
			return false
		}
	}
	for _, h := range r.in("present-aux") {
		if r.tokens[h.start].Clause == clause {
			return true
		}
	}
	return false
}

// How many words before a sign its subject may stand.
const (
	subjectReach = 8
	aimReach     = 4 // how many words after it the animal may stand that a person treats so
)

// subjects says which tokens may be subjects, and of which kind.
type subjects struct {
	animal, pronoun, perceive, human, self, own, breaker []bool

	preposition, he, object, relative, body, joint, thing, copula []bool
}

func (r *reading) subjects() subjects {
	k := subjects{
		animal: animals(r), pronoun: r.flags("pronoun"), perceive: r.flags("perceive"),
		human: r.flags("human"), self: r.flags("self"), own: r.flags("own"), breaker: r.flags("other-clause"),
		preposition: r.flags("preposition"), he: r.flags("subject-pronoun"), relative: r.flags("relative"), body: r.flags("body"),
		object: r.flags("object-pronoun"), joint: r.flags("joint"), thing: r.flags("thing"), copula: r.flags("copula"),
	}
	for i, t := range r.tokens {
		// A name of somebody other than the writer, most likely the pet.
		k.pronoun[i] = k.pronoun[i] || t.Capital && !t.Opens && !k.self[i] && !k.human[i]
	}
	return k
}

// animals says which tokens name an animal.
func animals(r *reading) []bool {
	list := make([]bool, len(r.tokens))
	other := r.sets["other-animal"]
	for set, s := range r.species {
		for _, h := range r.hits[set] {
			for i := h.start; i < h.end && (s != "" || set == other); i++ {
				list[i] = true
			}
		}
	}
	return list
}

// besides reports whether an animal is named only as an object: "fell over the dog", but not "with a dog that". A
// preposition shortly before it, but not before from, shows that.
func (k *subjects) besides(i, from int) bool {
	if i+1 < len(k.relative) && k.relative[i+1] {
		return false
	}
	for n := i - 1; n >= max(from, i-3); n-- {
		if k.preposition[n] {
			return true
		}
		if !k.own[n] && !k.animal[n] {
			return false
		}
	}
	return false
}

// ofPerson reports whether a sign is about a person, because the nearest subject before it in its sentence is. A
// pronoun refers to the subject before it.
func (r *reading) ofPerson(h hit) bool {
	k := &r.kinds
	for i := max(2, h.end); i < min(len(r.tokens), h.end+aimReach) && r.tokens[i].Clause == r.tokens[h.start].Clause && !k.breaker[i]; i++ {
		if k.animal[i] && (i == h.end || k.own[i-1] || k.own[i-2]) && !k.besides(i, h.end) && !ownsMedicine(r, i) {
			return false
		}
	}
	reach, joined, other := subjectReach, false, false
	for i := h.start - 1; i >= max(0, h.start-reach); i-- {
		switch {
		case r.tokens[i].Sentence != r.tokens[h.start].Sentence:
			return false
		case k.animal[i] && k.besides(i, 0), k.preposition[i], joined && k.perceive[i]:
		case k.he[i]:
			reach, joined, other = 2*subjectReach, i > 0 && k.joint[i-1], true
		case other && (k.self[i] || k.object[i]):
			return false // "I dropped her and she limps"
		case k.human[i]:
			return !r.tokens[i].possessive || k.body[min(i+1, len(k.body)-1)]
		case k.animal[i] || k.pronoun[i] || k.perceive[i]:
			return false
		case k.self[i]:
			return r.tokens[i].Clause == r.tokens[h.start].Clause
		}
	}
	return false
}

// ownsMedicine reports whether an animal is only the owner of a medicine: "the dog's pills".
func ownsMedicine(r *reading, i int) bool {
	const between = 3
	t := r.tokens[i]
	if !t.possessive && !strings.HasSuffix(t.Text, "s") {
		return false
	}
	for _, set := range []string{"drug", "pet-medicine", "flea-product", "p-toxic"} {
		for _, h := range r.in(set) {
			if h.start > i && h.start <= i+between && r.tokens[h.start].Sentence == t.Sentence {
				return true
			}
		}
	}
	return false
}

// thingReach is how many words before a sign a thing may be its subject.
const thingReach = 6

// ofThing reports whether a sign is about a thing: "the post is high and wobbly".
func ofThing(r *reading, h hit) bool {
	k := &r.kinds
	for i := h.start - 1; i > max(0, h.start-thingReach); i-- {
		switch {
		case r.tokens[i].Sentence != r.tokens[h.start].Sentence || k.animal[i] || k.pronoun[i] || k.body[i]:
			return false
		case k.copula[i]:
			return k.thing[i-1]
		}
	}
	return false
}

// guessReach is how many words before a sign a guess may stand.
const guessReach = 3

// guessed reports whether a sign is only a guess: "is it frostbite".
func guessed(r *reading, h hit) bool {
	return slices.ContainsFunc(r.in("guess"), func(g hit) bool {
		return g.end <= h.start && h.start-g.end <= guessReach && r.tokens[g.start].Sentence == r.tokens[h.start].Sentence
	})
}

// well reports whether an animal is otherwise well, without a red flag.
func well(r *reading) bool {
	stands := func(set string) bool {
		return slices.ContainsFunc(r.in(set), func(h hit) bool { return !h.denied && !h.void })
	}
	return stands("n-all-well") && !stands("n-red-flag") && !stands("n-red-food")
}
