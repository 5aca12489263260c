package advisor

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"testing"
)

//go:embed testdata/common.txt
var commonQuestions string

// leastCommon is how many of a hundred common questions the first sentence must answer.
const leastCommon = 97

// TestCommonQuestions asks common questions, and checks only the first sentence. Every third question was written
// like the others, but not looked at before it was measured.
func TestCommonQuestions(t *testing.T) {
	a := advisor(t)
	var n, good [2]int
	i := 0
	for line := range strings.Lines(commonQuestions) {
		question, want, ok := strings.Cut(strings.TrimSpace(line), " | ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		held := 0
		if i%3 == 2 {
			held = 1
		}
		i++
		n[held]++
		_, answer := askedIn(t, a, question)
		first, _, _ := strings.Cut(strings.ReplaceAll(answer, "**", ""), "\n\n")
		if answersAtOnce(first, want) {
			good[held]++
		} else {
			t.Logf("%s: want %s: %.120s", question, want, first)
		}
	}
	t.Logf("of the questions that were looked at %d of %d are answered at once, of the others %d of %d", good[0], n[0], good[1], n[1])
	if 100*(good[0]+good[1]) < leastCommon*(n[0]+n[1]) {
		t.Errorf("under %d of a hundred", leastCommon)
	}
}

// answersAtOnce reports whether an answer begins with one of the wanted verdicts, or has the wanted figure early.
func answersAtOnce(first, want string) bool {
	const opening = 200
	want, figure, _ := strings.Cut(want, "/")
	if figure != "" && regexp.MustCompile("(?i)"+strings.TrimSuffix(figure, "/")).MatchString(first[:min(len(first), opening)]) {
		return true
	}
	begins := map[string]string{"yes": "Yes. ", "no": "No. ", "dep": "It depends. "}
	return slices.ContainsFunc(strings.Split(want, ","), func(v string) bool { return begins[v] != "" && strings.HasPrefix(first, begins[v]) })
}
