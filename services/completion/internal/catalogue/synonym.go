package catalogue

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed synonyms.txt
var synonymGroups string

// synonyms maps a stemmed word to the other entries of its groups, stemmed.
type synonyms map[string][][]string

// parseSynonyms reads groups, one per line. Entries of several words are found by
// all of them, but only an entry of one word leads to its group.
func parseSynonyms(text string, stem func(string) []string) synonyms {
	s := synonyms{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		var group [][]string
		for entry := range strings.SplitSeq(line, ",") {
			group = append(group, stem(entry))
		}
		s.addGroup(group)
	}
	return s
}

func (s synonyms) addGroup(group [][]string) {
	for i, entry := range group {
		if len(entry) != 1 {
			continue
		}
		for j, other := range group {
			// Forms of one word have one stem: "poison" is no synonym of "poisonous".
			same := len(other) == 1 && other[0] == entry[0]
			known := slices.ContainsFunc(s[entry[0]], func(have []string) bool { return slices.Equal(have, other) })
			if i != j && len(other) > 0 && !same && !known {
				s[entry[0]] = append(s[entry[0]], other)
			}
		}
	}
}
