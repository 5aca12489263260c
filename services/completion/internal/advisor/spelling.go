package advisor

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// maxSlips bounds how many words of a reading are looked up as misspelt.
const maxSlips = 24

// A speller knows the words of the lexicon, and which of them may be meant by a word
// that nobody knows.
type speller struct {
	known map[string]bool
	slips map[string]string // slips that are listed -> what is meant
	meant map[byte][]string // words that others may be a slip of, by first letter, sorted
}

// guessed reports whether a group has words that are worth to be guessed at.
func guessed(group string) bool {
	return oneOf(group, "species", "animal", "home", "children", "allergy", "danger", "ingest", "toxin", "object", "medicine",
		"symptom", "strike", "stinger", "hurt", "inhaled", "fumes", "renting")
}

func newSpeller(groups map[string]map[string][]string) speller {
	s := speller{known: map[string]bool{}, slips: map[string]string{}, meant: map[byte][]string{}}
	for meant, slips := range groups["spelling"] {
		for _, slip := range slips {
			s.slips[slip] = meant
		}
	}
	for group, values := range groups {
		if group == "spelling" {
			continue
		}
		for _, phrases := range values {
			for w := range strings.FieldsSeq(strings.Join(phrases, " ")) {
				if s.known[w] = true; len(w) >= 5 && guessed(group) {
					s.meant[w[0]] = append(s.meant[w[0]], w)
				}
			}
		}
	}
	for first, words := range s.meant {
		slices.Sort(words)
		s.meant[first] = slices.Compact(words)
	}
	return s
}

// correct writes words that neither the lexicon nor the catalogue has, and that are
// no name, as the word of the lexicon that they are a slip of.
func (a *Advisor) correct(r *reading) {
	s, tried := &a.lexicon.speller, 0
	for i := range r.tokens {
		t := &r.tokens[i]
		if meant, ok := s.slips[t.text]; ok {
			t.text = meant
			continue
		}
		if tried == maxSlips || !s.unknown(t.text) || a.cat.Knows(t.text) || a.cat.Knows(strings.TrimSuffix(t.text, "s")) || r.named(t) {
			continue
		}
		tried++
		for _, w := range s.meant[t.text[0]] {
			if catalogue.Misspells(t.text, w) {
				t.text = w
				break
			}
		}
	}
}

// unknown reports whether a word is plain letters, long enough to be judged by them,
// and not in the lexicon.
func (s *speller) unknown(w string) bool {
	return len(w) >= 5 && !strings.ContainsFunc(w, func(c rune) bool { return c < 'a' || c > 'z' }) &&
		!s.known[w] && !s.known[strings.TrimSuffix(w, "s")] && !s.known[strings.TrimSuffix(w, "es")]
}

// named reports whether a token is part of a name, or is written like one.
func (r *reading) named(t *token) bool {
	if c := r.text[t.start]; t != &r.tokens[0] && 'A' <= c && c <= 'Z' {
		return true
	}
	return slices.ContainsFunc(r.names, func(n catalogue.Mention) bool { return n.Start <= t.start && t.start < n.End })
}
