package words

// Typo reports whether got is want with at most limit slips: a letter too many, too
// few, another one, or two swapped. The first letter is hardly ever the wrong one,
// so it has to be right.
func Typo(got, want string, limit int) bool {
	if got == "" || want == "" || got[0] != want[0] || abs(len(got)-len(want)) > limit {
		return false
	}
	return Distance(got, want) <= limit
}

// Misspells reports whether got is likely a slip for want: one slip in a word of five
// letters and more, two from eight letters.
func Misspells(got, want string) bool {
	n := min(len(got), len(want))
	return n >= 5 && got != want && Typo(got, want, Slips(n))
}

// Slips returns how many slips are forgiven in a word of n letters: in short words
// one slip makes another word.
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

// longest bounds what [Distance] compares: it takes the product of both lengths.
const longest = 64

// Distance is the optimal string alignment distance of two short texts, by bytes.
// Texts of more than 64 bytes are as far apart as they are long.
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
