package tokencount_test

import (
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// Counting in blocks gives what counting at once gives.
func TestCountIsExact(t *testing.T) {
	c, err := tokencount.New()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("How much does a small dog cost per month, and what's the cheapest one? It's $20.\n", 200)
	want, err := c.Codec().Count(text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Count(t.Context(), text, 1<<20)
	if err != nil || got != want {
		t.Errorf("count = %d, %v; want %d", got, err, want)
	}
}

// TestLongestToken guards the bound that lets a long prompt be refused unread.
func TestLongestToken(t *testing.T) {
	c, err := tokencount.New()
	if err != nil {
		t.Fatal(err)
	}
	for id := range uint(199998) {
		s, err := c.Codec().Decode([]uint{id})
		if err == nil && len(s) > 128 {
			t.Fatalf("token %d has %d bytes", id, len(s))
		}
	}
}
