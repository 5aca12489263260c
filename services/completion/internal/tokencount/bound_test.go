package tokencount_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tiktoken-go/tokenizer"

	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// A pathological text makes the encoding's expression or its merging slow.
type pathological struct {
	text string // repeated
	// whole says that the encoding cannot split it everywhere, so that the time depends on the length of a
	// block.
	whole bool
}

func pathologicalTexts() map[string]pathological {
	return map[string]pathological{
		"spaces":          {" ", true},
		"line ends":       {"\n", true},
		"tabs":            {"\t", true},
		"mixed blanks":    {" \t\n\u00a0", true},
		"one letter":      {"x", true},
		"capitals":        {"X", true},
		"mixed case":      {"xX", true},
		"digits":          {"7", true},
		"signs":           {"!", true},
		"other signs":     {"=-", true},
		"emoji":           {"🐕", true},
		"Chinese":         {"狗", true},
		"combining":       {"e\u0301", true},
		"zero width":      {"\u200b", true},
		"apostrophes":     {"'s", true},
		"not UTF-8":       {"\xff", true},
		"spaced letters":  {"x ", false},
		"words":           {"dog ", false},
		"a run of blanks": {strings.Repeat("dog ", 200) + strings.Repeat(" ", 3000), false},
		"a long word":     {strings.Repeat("dog ", 200) + strings.Repeat("x", 3000), false},
	}
}

// An observer is a codec that records the texts that it counts.
type observer struct {
	tokenizer.Codec
	bytes, longest int
	run            int // the longest run of one byte
}

// Count implements tokenizer.Codec: every four bytes count as a token.
func (o *observer) Count(text string) (int, error) {
	o.bytes += len(text)
	o.longest = max(o.longest, len(text))
	for i, from := 0, 0; i < len(text); i++ {
		if text[i] != text[from] {
			from = i
		}
		o.run = max(o.run, i-from+1)
	}
	return len(text) / 4, nil
}

// TestCountIsBounded checks that counting takes linear time for any text, and no more than for a mebibyte. The
// encoding gets only small blocks, with short runs that it cannot split, for which it takes quadratic time.
func TestCountIsBounded(t *testing.T) {
	const (
		size    = 4_100_000
		most    = 1 << 20
		block   = 4 << 10
		run     = 512
		oneMore = 4 // a character may exceed a bound
	)
	for name, test := range pathologicalTexts() {
		t.Run(name, func(t *testing.T) {
			var o observer
			n, err := tokencount.Over(&o).Count(t.Context(), strings.Repeat(test.text, size/len(test.text)), 1<<30)
			if err != nil {
				t.Fatal(err)
			}
			if low, high := size*9/40, size*11/40; n < low || n > high {
				t.Errorf("%d tokens, want some %d", n, size/4)
			}
			if o.bytes > most+block+oneMore {
				t.Errorf("it counts %d bytes", o.bytes)
			}
			longest := block
			if test.whole {
				longest = run
			}
			if o.longest > longest+oneMore {
				t.Errorf("it counts %d bytes at once, want at most %d", o.longest, longest)
			}
			if o.run > run+oneMore {
				t.Errorf("it counts a run of %d bytes at once, want at most %d", o.run, run)
			}
		})
	}
}

// TestPromptIsBounded checks that counting a prompt takes no more time than two mebibytes of text: one message may begin just
// before the first one is full.
func TestPromptIsBounded(t *testing.T) {
	const mebibyte, block = 1 << 20, 4 << 10
	blank := func(size int) string { return strings.Repeat(" ", size) }
	for name, texts := range map[string][]string{
		"one message":    {blank(9_900_000)},
		"many messages":  slices.Repeat([]string{blank(5000)}, 2000),
		"two long ones":  {blank(mebibyte - 1), blank(8 << 20)},
		"each is longer": slices.Repeat([]string{blank(2 << 20)}, 4),
	} {
		t.Run(name, func(t *testing.T) {
			var o observer
			if _, err := tokencount.Over(&o).Prompt(t.Context(), said(texts...), 1<<30); err != nil {
				t.Fatal(err)
			}
			if o.bytes < mebibyte-block || o.bytes > 2*mebibyte+block {
				t.Errorf("it counts %d bytes", o.bytes)
			}
			if o.run > 512+4 {
				t.Errorf("it counts a run of %d bytes at once", o.run)
			}
		})
	}
}
