package oneline_test

import (
	"strings"
	"testing"

	"github.com/pawstream/pawstream/internal/oneline"
)

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"a cat":                  "a cat",
		"a\u2028b":               `a\u2028b`,
		"\u2029":                 `\u2029`,
		"\u0085 and \u2028":      `\u0085 and \u2028`,
		"\u2028\u0085":           `\u2028\u0085`,
		"é\u0084\u0086 – \u2027": "é\u0084\u0086 – \u2027", // the same first bytes
		"猫🐈":                     "猫🐈",
		"cut \xe2\x80":           "cut \xe2\x80",
		"\xc2":                   "\xc2",
	} {
		// What is there before is left alone, whatever it is.
		const before = "\u2028\u0085"
		if got := string(oneline.Escape([]byte(before+text), len(before))); got != before+want {
			t.Errorf("%q: %q, want %q", text, got, before+want)
		}
	}
}

func TestEscapeAllocatesNothingForUsualText(t *testing.T) {
	text := []byte(strings.Repeat("a cat – é 猫 ", 20))
	if n := testing.AllocsPerRun(100, func() { oneline.Escape(text, 0) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzEscape compares with replacing by the standard library.
func FuzzEscape(f *testing.F) {
	for _, seed := range []string{"\u2028", "\u0085\u2029", "é–", "\xe2\x80\xa8\xa8", "\xc2\xc2\x85"} {
		f.Add(seed)
	}
	slow := strings.NewReplacer("\u2028", `\u2028`, "\u2029", `\u2029`, "\u0085", `\u0085`)
	f.Fuzz(func(t *testing.T, text string) {
		if got := string(oneline.Escape([]byte(text), 0)); got != slow.Replace(text) {
			t.Errorf("%q: %q", text, got)
		}
	})
}
