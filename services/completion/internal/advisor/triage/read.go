package triage

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// How many bytes of a turn are read.
const (
	headBytes = 2 << 10
	tailBytes = 4 << 10
)

// A token is a word of a text.
type token struct {
	words.Word
	alternates []string // probable intended spellings
	masked     bool     // has another meaning here: "chocolate" in "chocolate lab"
	earlier    bool     // belongs to an earlier turn
	possessive bool     // ends in 's, which may be "is"
}

func (t *token) is(e element) bool {
	if e.exact && t.Text == e.word || !e.exact && t.Stem == e.word {
		return true
	}
	return slices.Contains(t.alternates, e.word)
}

// A hit is a phrase of a set that occurs in the text.
type hit struct {
	set        int
	start, end int  // tokens, as in a slice
	denied     bool // by a word before it
	void       bool // by a word after it: "eats nothing"
}

// A reading is a text with everything that the sets find in it.
type reading struct {
	*lexicon
	talkedOf  []catalogue.Species // of the conversation, for a text that names none
	tokens    []token
	hits      [][]hit // by set, in order
	kinds     subjects
	sentences []sentence
	reach     int // how many sentences may separate the words of a harm
}

// read finds the words of all sets in a turn and in the turns before it. known are the conversation's animals.
func (l *lexicon) read(turn string, before []string, known []catalogue.Species) *reading {
	r := &reading{lexicon: l, talkedOf: known, hits: make([][]hit, len(l.names))}
	for _, b := range before {
		r.split(b, true)
	}
	r.split(turn, false)
	r.reach = 1 + len(before)
	r.find(true)
	r.find(false)
	r.maskNames()
	r.deny()
	r.kinds = r.subjects()
	r.sentences = r.classify()
	return r
}

// split appends the words of a turn's beginning and end.
func (r *reading) split(text string, earlier bool) {
	parts := []string{text}
	offsets := []int{0}
	if len(text) > headBytes+tailBytes {
		parts = []string{text[:headBytes], text[len(text)-tailBytes:]}
		offsets = []int{0, len(text) - tailBytes}
	}
	for i, part := range parts {
		sentence, clause := 0, 0
		if n := len(r.tokens); n > 0 {
			sentence, clause = r.tokens[n-1].Sentence+1, r.tokens[n-1].Clause+1
		}
		for _, w := range words.Split(part) {
			w.Start, w.End = w.Start+offsets[i], w.End+offsets[i]
			w.Sentence, w.Clause = w.Sentence+sentence, w.Clause+clause
			t := token{Word: w, earlier: earlier}
			r.contract(&t, text[w.Start:w.End])
			if t.alternates == nil && !r.known[t.Text] && !r.known[t.Stem] {
				t.alternates = append(r.respell(t.Stem), r.respell(t.Text)...)
				if t.Capital && !t.Opens {
					t.alternates = slices.DeleteFunc(t.alternates, r.namesSpeciesAt) // "my Lab Benny" is no bunny
				}
			}
			r.tokens = append(r.tokens, t)
		}
	}
}

// contract removes what is attached to a word: the verb of "I'll" and "they've", which would form other words, and
// the number of "10mg".
func (r *reading) contract(t *token, raw string) {
	raw = strings.ReplaceAll(raw, "’", "'")
	head, tail, ok := strings.Cut(raw, "'")
	t.possessive = ok && strings.EqualFold(tail, "s")
	if ok && r.endings[words.Fold(tail)] {
		t.Text = words.Fold(head)
		t.Stem = words.Stem(t.Text)
	}
	if unit := strings.TrimLeft(t.Text, "0123456789."); unit != "" && unit != t.Text {
		t.alternates = []string{words.Stem(unit)}
	}
}

// find finds the phrases of the sets. The mask's phrases come first: their words do not have their usual meaning.
func (r *reading) find(mask bool) {
	maskSet := r.sets["mask"]
	for i := range r.tokens {
		t := &r.tokens[i]
		keys := append([]string{t.Text, t.Stem}, t.alternates...)
		for k, key := range keys {
			if slices.Contains(keys[:k], key) || t.masked {
				continue
			}
			for _, p := range r.phrases[key] {
				if (p.set == maskSet) != mask {
					continue
				}
				end := r.match(i, p.words)
				if end > i {
					r.hits[p.set] = append(r.hits[p.set], hit{set: p.set, start: i, end: end})
				}
				for n := i; n < end && mask; n++ {
					r.tokens[n].masked = end-i != len(p.words) || !p.words[n-i].keep
				}
			}
		}
	}
	for set := range r.hits {
		slices.SortFunc(r.hits[set], func(a, b hit) int {
			return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end))
		})
	}
}

// match returns the token after a phrase that begins at a token, or 0.
func (r *reading) match(i int, phrase []element) int {
	sentence := r.tokens[i].Sentence
	for n, e := range phrase {
		if e.gap {
			for skip := range 4 {
				if i+skip < len(r.tokens) {
					if end := r.match(i+skip, phrase[n+1:]); end > 0 && r.tokens[end-1].Sentence == sentence {
						return end
					}
				}
			}
			return 0
		}
		if i >= len(r.tokens) || r.tokens[i].Sentence != sentence || r.tokens[i].masked || !r.tokens[i].is(e) {
			return 0
		}
		i++
	}
	return i
}

// maskNames masks personal names: "my dog Lily", "a cat called Pepper".
func (r *reading) maskNames() {
	articles, ingest, verbs, own := r.flags("article"), r.flags("ingest"), r.flags("name-verb"), r.flags("own")
	animal := animals(r)
	isName := make([]bool, len(r.tokens)+1)
	for _, h := range r.in("name") {
		t, before := r.tokens[h.start], h.start-1
		first := before < 0 || r.tokens[before].Sentence != t.Sentence
		verb := h.end < len(r.tokens) && verbs[h.end]
		switch {
		case !first && articles[before]:
		case t.Capital && !t.Opens && (before < 0 || !ingest[before]),
			verb && t.Capital,
			!first && animal[before] && before > 0 && own[before-1]:
			isName[h.start] = true
		}
	}
	given := map[string]bool{}
	for _, h := range r.in("called") {
		isName[h.end] = true
		for i := h.end; i < len(r.tokens) && r.tokens[i].Capital && r.tokens[i].Clause == r.tokens[h.end].Clause; i++ {
			isName[i] = true
			given[r.tokens[i].Text] = true
		}
	}
	for i, t := range r.tokens { // "... called Seizure. Seizure does not come."
		isName[i] = isName[i] || t.Capital && given[t.Text]
	}
	for set := range r.hits {
		if set != r.sets["mask"] && r.species[set] == "" {
			r.hits[set] = slices.DeleteFunc(r.hits[set], func(h hit) bool { return !slices.Contains(isName[h.start:h.end], false) })
		}
	}
}

// in returns the hits of a set.
func (r *reading) in(set string) []hit { return r.hits[r.sets[set]] }

// has reports whether a phrase of a set occurs in the last turn.
func (r *reading) has(set string) bool {
	return slices.ContainsFunc(r.in(set), func(h hit) bool { return !r.tokens[h.start].earlier })
}

// denyReach is how many words before a phrase may deny it.
const denyReach = 5

// deny marks the hits that their sentence denies: "has not eaten", "no droppings", "eats nothing". Two denials cancel
// each other.
func (r *reading) deny() {
	n := len(r.tokens)
	negators, breaks, nothing := r.flags("negator"), r.flags("breaker"), r.flags("nothing")
	for _, h := range r.in("neutral") {
		for i := h.start; i < h.end; i++ {
			negators[i] = false
		}
	}
	permit(r, negators)
	for set := range r.hits {
		for k := range r.hits[set] {
			h := &r.hits[set][k]
			count := 0
			for i := h.start - 1; i >= max(0, h.start-denyReach); i-- {
				if r.tokens[i].Clause != r.tokens[h.start].Clause || breaks[i] {
					break
				}
				if negators[i] {
					count++
				}
			}
			h.denied = count%2 == 1
			for i := h.end; i < min(n, h.end+2) && r.tokens[i].Clause == r.tokens[h.start].Clause && !breaks[i]; i++ {
				h.void = h.void || nothing[i]
			}
		}
	}
}

// permit clears denials that ask what is not allowed: "what must an old rabbit not eat" asks for things, and has the
// animal between the verb and "not".
func permit(r *reading, negators []bool) {
	if len(r.in("asks-which")) == 0 || len(r.in("modal")) == 0 {
		return
	}
	modal, between, animal := r.flags("modal"), r.flags("between"), animals(r)
	for _, h := range r.in("asks-which") {
		sentence := r.tokens[h.start].Sentence
		for i := h.end; i < len(r.tokens) && r.tokens[i].Sentence == sentence; i++ {
			if !modal[i] {
				continue
			}
			end := i + 1
			for end < len(r.tokens) && (between[end] || animal[end]) {
				end++
			}
			if end > i+1 && animal[end-1] && end < len(r.tokens) && negators[end] {
				negators[end] = false
			}
			if negators[i] && end > i+1 { // "what shouldn't budgies eat"
				negators[i] = false
			}
		}
	}
}

// flags returns which tokens a set covers.
func (r *reading) flags(set string) []bool {
	f := make([]bool, len(r.tokens))
	for _, h := range r.in(set) {
		for i := h.start; i < h.end; i++ {
			f[i] = true
		}
	}
	return f
}
