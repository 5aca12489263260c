package advisor

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

//go:embed testdata/reckoned.txt
var reckonedQuestions string

// TestReckoned asks for what must be computed from the pets' data.
func TestReckoned(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	a := advisor(t)
	for line := range strings.Lines(reckonedQuestions) {
		question, want, ok := strings.Cut(strings.TrimSpace(line), " | ")
		if !ok || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "?") {
			continue
		}
		if _, answer := askedIn(t, a, question); judgeStock(cat, want, answer) != "" {
			t.Errorf("%s\n\twant %s, but %s: %.200q", question, want, judgeStock(cat, want, answer), answer)
		}
	}
}
