// Package spelling measures the distance between two names, for messages that suggest a correction.
package spelling

import "strings"

// Meant returns which of names the author of an unknown name may have meant: the first that differs from it in
// at most two letters, ignoring case; empty: none. For a short name that would say too little.
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

// Changes returns the minimum number of bytes to insert, delete or replace to turn a into b.
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
