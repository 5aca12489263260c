package read

import (
	"cmp"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// phrases finds phrases in a text by their stems. It does not change once built.
type phrases struct {
	byFirst map[string][]phrase
	known   map[string]bool // every word of a phrase, as spelled
	byRune  map[byte][]string
}

// A phrase is a list of stems with a meaning.
type phrase struct {
	stems []string
	means sense
	// Exact phrases are compared as spelled: "had a" is not "have a". Tight ones contain no other words.
	exact, tight bool
}

// A sense is what a phrase stands for: a name in a group, such as "low" of "energy".
type sense struct{ group, name string }

// A match is a found phrase, from word From up to and without word To.
type match struct {
	sense
	From, To int
	loose    bool // contains other words
}

func newPhrases() *phrases {
	return &phrases{byFirst: map[string][]phrase{}, known: map[string]bool{}, byRune: map[byte][]string{}}
}

func (p *phrases) add(group, name string, texts []string) {
	for _, text := range texts {
		split := words.Split(text)
		if len(split) == 0 {
			continue
		}
		entry := phrase{means: sense{group, name}}
		entry.exact = group == groupCue || group == groupExact
		entry.tight = group == groupCompare || group == groupCue
		for _, w := range split {
			entry.stems = append(entry.stems, entry.form(&w))
			p.learn(w.Text)
		}
		first := split[0].Stem
		p.byFirst[first] = append(p.byFirst[first], entry)
	}
}

func (p *phrases) learn(word string) {
	if !p.known[word] {
		p.known[word] = true
		p.byRune[word[0]] = append(p.byRune[word[0]], word)
	}
}

// gap is how many other words may stand inside a phrase: "which small dog" is also "which dog".
const gap = 1

// find returns all phrases in ws, in order. If phrases of the same sense contain each other, it returns only the
// longest.
func (p *phrases) find(ws []words.Word) []match {
	var found []match
	for i := range ws {
		for _, entry := range p.byFirst[ws[i].Stem] {
			if end := entry.matches(ws, i); end > 0 {
				found = append(found, match{entry.means, i, end, end-i > len(entry.stems)})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(b.To, a.To))
	})
	return slices.CompactFunc(found, func(a, b match) bool { return a.sense == b.sense && b.From == a.From })
}

// form returns the compared form of a word.
func (p *phrase) form(w *words.Word) string {
	if p.exact {
		return w.Text
	}
	return w.Stem
}

// matches returns the word after the phrase if it begins at word i, or 0.
func (p *phrase) matches(ws []words.Word, i int) int {
	if p.form(&ws[i]) != p.stems[0] {
		return 0
	}
	at := i + 1
	for _, stem := range p.stems[1:] {
		last := min(len(ws), at+gap+1)
		if len(p.stems) > 2 {
			last = min(len(ws), at+gap+2)
		}
		if p.tight || len(p.stems) == 2 && p.stems[0] == "how" {
			last = min(len(ws), at+1) // "how many small" does not ask how small
		}
		if len(p.stems) == 2 && len(p.stems[0])+len(stem) < 8 {
			last = min(len(ws), at+1) // too short for a gap
		}
		for at < last && (p.form(&ws[at]) != stem || ws[at].Clause != ws[i].Clause) {
			at++
		}
		if at == last {
			return 0
		}
		at++
	}
	return at
}

// correct returns the known word of which an unknown one is a misspelling, or "".
func (p *phrases) correct(word string) string {
	if len(word) < 5 || len(word) > 24 {
		return ""
	}
	best, distance := "", 3
	for _, known := range p.byRune[word[0]] {
		if d := words.Distance(word, known); d < distance && words.Misspells(word, known) {
			best, distance = known, d
		}
	}
	return best
}
