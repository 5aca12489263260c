// Package spelling tells how far apart two names are, for messages that say what may be meant.
package spelling

import "strings"

// Meant returns which of names somebody may have meant who wrote a name that is none of them: the first of those
// that two letters tell from it at most, whatever their case; empty: none. A short name says too little.
func Meant(name string, names []string) string {
	const least, most = 4, 2
	meant, apart := "", most+1
	if len(name) < least {
		return ""
	}
	for _, candidate := range names {
		if len(candidate) > len(name)+most || len(candidate) < len(name)-most {
			continue
		}
		if n := Changes(strings.ToLower(name), candidate); n < apart {
			meant, apart = candidate, n
		}
	}
	return meant
}

// Changes returns how many bytes are to be put in, taken out or replaced to make b of a.
func Changes(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
