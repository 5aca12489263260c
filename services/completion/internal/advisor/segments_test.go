package advisor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestSegmentsAreWholeTokens compares the tokens of texts split by segments with those of the whole texts, with all
// characters that matter to the encoding's expression.
func TestSegmentsAreWholeTokens(t *testing.T) {
	t.Parallel()
	c := codec(t)
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{
		".", "!", "?", ":", ". ", ".\n", "\n", "\n\n", "\r\n", "\r", " ", "  ", "\t", "/", "-", "- ", "**", "'s", "'S", "(", "\u00a0", "\u0301", "\u2028",
		"A", "b", "Dog", "dogs", "é", "É", "ß", "犬", "ー", "1", "1234", "🐶", "x.y", "https://a.example/b", "_", "\x00", "\u0345",
	}
	for range 30_000 {
		var b strings.Builder
		for range 1 + random.IntN(12) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		text := b.String()
		got, err := c.segments.lengths(text)
		if err != nil {
			t.Fatal(err)
		}
		want, err := c.segments.encode(text)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q is split into %v, want %v", text, got, want)
		}
	}
}

// TestSegmentsAreKeptWithinBounds asks concurrently for more segments than are kept.
func TestSegmentsAreKeptWithinBounds(t *testing.T) {
	t.Parallel()
	c := codec(t)
	var asking sync.WaitGroup
	for n := range 4 {
		asking.Go(func() {
			for i := range mostKept {
				text := fmt.Sprintf("Caller %d asks for dog %d.", n, i)
				lengths, err := c.segments.lengths(text)
				if err != nil {
					t.Error(err)
					return
				}
				if total(lengths) != len(text) {
					t.Errorf("%v are not the lengths of %q", lengths, text)
				}
			}
		})
	}
	asking.Wait()
	if n := len(c.segments.young) + len(c.segments.aged); n > 2*mostKept || n < mostKept {
		t.Errorf("%d are kept, want %d to %d", n, mostKept, 2*mostKept)
	}
	if _, err := c.segments.lengths(strings.Repeat("x", longestKept+1)); err != nil {
		t.Fatal(err)
	}
	if _, kept := c.segments.kept(strings.Repeat("x", longestKept+1)); kept {
		t.Error("a long segment is kept")
	}
}
