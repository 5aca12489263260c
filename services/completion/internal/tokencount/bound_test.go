package tokencount_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// pathological are texts that take the encoding's expression or its merging long.
func pathological(size int) map[string]string {
	times := func(s string) string { return strings.Repeat(s, size/len(s)) }
	return map[string]string{
		"spaces":         times(" "),
		"line ends":      times("\n"),
		"tabs":           times("\t"),
		"mixed blanks":   times(" \t\n\u00a0"),
		"one letter":     times("x"),
		"capitals":       times("X"),
		"mixed case":     times("xX"),
		"digits":         times("7"),
		"signs":          times("!"),
		"other signs":    times("=-"),
		"emoji":          times("🐕"),
		"Chinese":        times("狗"),
		"combining":      times("e\u0301"),
		"zero width":     times("\u200b"),
		"apostrophes":    times("'s"),
		"spaced letters": times("x "),
		"not UTF-8":      times("\xff"),
		"words":          times("dog "),
	}
}

// Counting takes time in proportion to the text, whatever that is.
func TestCountIsBoundedInTime(t *testing.T) {
	c, err := tokencount.New()
	if err != nil {
		t.Fatal(err)
	}
	const size = 4_100_000
	for name, text := range pathological(size) {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			n, err := c.Count(t.Context(), text, 1<<30)
			took := time.Since(begun)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d tokens, %v", n, took)
			if took > 10*time.Second { // with the race detector, beside other tests
				t.Errorf("%d bytes take %v", size, took)
			}
		})
	}
}
