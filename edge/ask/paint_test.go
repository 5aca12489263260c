package ask

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// visible shows styles as letters in braces.
var visible = strings.NewReplacer(styleBold, "{b}", styleDim, "{d}", styleItalic, "{i}", styleCode, "{c}", styleNone, "{}")

// TestPaint checks that Markdown gives the same output at once and rune by rune.
func TestPaint(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text, want string
		width            int
	}{
		{"plain", "Cats purr.", "Cats purr.\n", 0},
		{"bold and italic", "A **calm cat**, *Sources: x*.", "A {b}calm cat{}, {i}Sources: x{}.\n", 0},
		{"both", "***very*** calm", "{}{b}{i}very{} calm\n", 0},
		{"a list", "Two:\n\n- **Olive**, cat\n- Rex", "Two:\n\n• {}{b}Olive{}, cat\n• Rex\n", 0},
		{"a numbered list", "1. one\n10. ten", "1. one\n10. ten\n", 0},
		{"a number that is none", "2026 was\n3.5 kg", "2026 was\n3.5 kg\n", 0},
		{"a heading", "## Care\nDaily.", "{b}Care{}\nDaily.\n", 0},
		{"code", "Run `go **test**` now", "Run {c}go **test**{} now\n", 0},
		{"a code block", "```go\nfunc  main() {}\n\n**x**\n```\nDone", "  {c}func  main() {}{}\n  {c}{}\n  {c}**x**{}\nDone\n", 0},
		{"names with underscores", "snake_case_name and __init__", "snake_case_name and {b}init{}\n", 0},
		{"a star that is none", "3 * 4 and 2*", "3 * 4 and 2*\n", 0},
		{"words are wrapped", "one two three four", "one two\nthree\nfour\n", 8},
		{"below a bullet", "- one two three", "• one\n  two\n  three\n", 8},
		{"a quote", "> one two three", "{d}│ {}one two\n{d}│ {}three\n", 9},
		{"a long word", "a abcdefghijklm b", "a\nabcdefghijklm\nb\n", 8},
		{"wide letters", "猫猫 猫猫 猫", "猫猫\n猫猫 猫\n", 8},
		{"a table", "| a | long |\n| - | - |\n| **bb** | c |\n\nEnd", "{b}a   long{}\nbb  c\n\nEnd\n", 0},
		{"emphasis that is not closed", "a **b\n\nc", "a {b}b\n{}\nc\n", 0},
		{"commands to the terminal", "a\x1b[2Jb\x07\u202ec", "a[2Jbc\n", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, apart := range []bool{false, true} {
				var out bytes.Buffer
				p := &painter{out: &out, width: tt.width}
				for _, r := range tt.text {
					if apart {
						_, _ = p.Write([]byte(string(r)))
					}
				}
				if !apart {
					_, _ = p.Write([]byte(tt.text))
				}
				if err := p.Close(); err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(tidy(tt.want), tidy(visible.Replace(out.String()))); diff != "" {
					t.Errorf("rune by rune: %v (-want +got)\n%s", apart, diff)
				}
			}
		})
	}
}

// tidy removes an end of styles before a beginning, which has no visible effect.
func tidy(s string) string {
	return strings.NewReplacer("{}{b}", "{b}", "{}{i}", "{i}", "{b}{i}", "{b}{i}").Replace(s)
}

// TestNoColour checks that code has no colour, and that bold text stays bold: no-color.org is only about
// colours.
func TestNoColour(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := newScreen(&out, 0, true)
	_, _ = s.painter.Write([]byte("**Run** `go test`:\n\n```\ngo test\n```\n"))
	if err := s.painter.Close(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(tidy("{}{b}Run{} go test{}:\n\n  go test{}\n"), tidy(visible.Replace(out.String()))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
