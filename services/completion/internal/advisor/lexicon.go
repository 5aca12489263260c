package advisor

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed lexicon.yaml
var lexiconText string

// A concept is what a phrase means: a value of a group.
type concept struct{ group, value string }

// A lexicon maps phrases to what they mean.
type lexicon struct {
	phrases map[string][]concept
	longest int // words of the longest phrase
	speller speller
}

func parseLexicon(text string) (*lexicon, error) {
	var groups map[string]map[string][]string
	if err := yaml.Unmarshal([]byte(text), &groups); err != nil {
		return nil, fmt.Errorf("advisor: lexicon: %w", err)
	}
	l := &lexicon{phrases: map[string][]concept{}, speller: newSpeller(groups)}
	delete(groups, "spelling")
	for group, values := range groups {
		for value, phrases := range values {
			for _, p := range phrases {
				l.phrases[p] = append(l.phrases[p], concept{group, value})
				l.longest = max(l.longest, strings.Count(p, " ")+1)
			}
		}
	}
	return l, nil
}

// A mention is a concept at a place of a reading.
type mention struct {
	value    string
	from, to int // tokens [from, to)
}

// find returns the mentions of all groups. At each place the longest phrase of a
// group wins; phrases of different groups may overlap.
func (l *lexicon) find(tokens []token) map[string][]mention {
	found := map[string][]mention{}
	taken := map[string]int{} // group -> first token that is free
	for i := range tokens {
		for size := min(l.longest, len(tokens)-i); size > 0; size-- {
			meaning := l.meaning(tokens[i : i+size])
			for _, c := range meaning {
				if taken[c.group] <= i {
					found[c.group] = append(found[c.group], mention{c.value, i, i + size})
				}
			}
			// After the loop above: a phrase may have two values of one group.
			for _, c := range meaning {
				taken[c.group] = max(taken[c.group], i+size)
			}
		}
	}
	return found
}

func (l *lexicon) meaning(tokens []token) []concept {
	var phrase strings.Builder
	phrase.WriteString(tokens[0].text)
	for _, t := range tokens[1:] {
		if t.sentence != tokens[0].sentence {
			return nil
		}
		phrase.WriteString(" " + t.text)
	}
	found := l.phrases[phrase.String()]
	if singular, ok := strings.CutSuffix(phrase.String(), "s"); ok && len(singular) > 2 {
		for _, c := range l.phrases[singular] {
			if !slices.Contains(found, c) {
				found = append(found[:len(found):len(found)], c)
			}
		}
	}
	return found
}
