package words

// Typo reports whether got is want with at most limit slips: an additional, missing or wrong letter, or two
// swapped ones. The first letter, which is rarely wrong, must match.
func Typo(got, want string, limit int) bool {
	if got == "" || want == "" || got[0] != want[0] || abs(len(got)-len(want)) > limit {
		return false
	}
	return Distance(got, want) <= limit
}

// Misspells reports whether got is likely a misspelling of want: at most [Slips] slips in a word of five
// letters or more.
func Misspells(got, want string) bool {
	n := min(len(got), len(want))
	return n >= 5 && got != want && Typo(got, want, Slips(n))
}

// Slips returns the allowed number of slips in a word of n letters. Short words allow none, because one slip
// makes a different word.
func Slips(n int) int {
	switch {
	case n < 5:
		return 0
	case n < 9:
		return 1
	default:
		return 2
	}
}

// longest bounds the texts that [Distance] compares, because its time is the product of both lengths.
const longest = 64

// Distance returns the optimal string alignment distance of two short texts, in bytes. If a text has more than
// 64 bytes, it returns the longer length.
func Distance(a, b string) int {
	if len(a) > longest || len(b) > longest {
		return max(len(a), len(b))
	}
	var rows [3][longest + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
