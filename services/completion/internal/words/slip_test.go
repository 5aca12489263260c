package words

import (
	"strings"
	"testing"
)

func TestDistance(t *testing.T) {
	long := strings.Repeat("a", longest+1)
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"cat", "cat", 0},
		{"cat", "", 3},
		{"cat", "cart", 1},
		{"cat", "at", 1},
		{"cat", "cut", 1},
		{"cat", "cta", 1},
		{"kitten", "sitting", 3},
		{"ca", "abc", 3},
		{"abcd", "badc", 2},
		{long, "a", longest + 1},
		{long, long, longest + 1},
		{strings.Repeat("a", longest), strings.Repeat("a", longest), 0},
	} {
		if got := Distance(test.a, test.b); got != test.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
		if got := Distance(test.b, test.a); got != test.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", test.b, test.a, got, test.want)
		}
	}
}

func TestMisspells(t *testing.T) {
	for _, test := range []struct {
		got, want string
		is        bool
	}{
		{"sheperd", "shepherd", true},
		{"retreiver", "retriever", true},
		{"hamstr", "hamster", true},
		{"rabit", "rabbit", true},
		{"chocolat", "chocolate", true},
		{"hypoalergnic", "hypoallergenic", true},
		{"guniea", "guinea", true},
		{"quite", "quiet", true},
		{"budgy", "budgie", false}, // two slips in five letters
		{"dog", "dogs", false},
		{"cat", "cut", false},
		{"kiten", "sitten", false},
		{"tortoise", "tortoise", false},
		{"aardvark", "parakeet", false},
		{"ouse", "house", false},
		{"", "", false},
		{"", "house", false},
	} {
		if got := Misspells(test.got, test.want); got != test.is {
			t.Errorf("Misspells(%q, %q) = %v", test.got, test.want, got)
		}
	}
}

func TestTypo(t *testing.T) {
	for _, test := range []struct {
		got, want string
		limit     int
		is        bool
	}{
		{"cat", "cat", 0, true}, {"cat", "cart", 0, false}, {"cat", "cart", 1, true}, {"cat", "bat", 3, false}, {"cat", "cattle", 2, false}, {"", "c", 1, false},
	} {
		if got := Typo(test.got, test.want, test.limit); got != test.is {
			t.Errorf("Typo(%q, %q, %d) = %v", test.got, test.want, test.limit, got)
		}
	}
}

// TestSlips checks that a longer word never allows fewer slips than a shorter one.
func TestSlips(t *testing.T) {
	for n := range 40 {
		if Slips(n) > Slips(n+1) || Slips(n) > n/4 {
			t.Errorf("Slips(%d) = %d, Slips(%d) = %d", n, Slips(n), n+1, Slips(n+1))
		}
	}
}

// FuzzDistance checks the axioms of a distance, and the bounds that follow from the lengths.
func FuzzDistance(f *testing.F) {
	f.Add("kitten", "sitting")
	f.Add("", strings.Repeat("x", longest+2))
	f.Add("ab", "ba")
	f.Fuzz(func(t *testing.T, a, b string) {
		d := Distance(a, b)
		switch {
		case d != Distance(b, a):
			t.Errorf("Distance(%q, %q) is not symmetric", a, b)
		case len(a) > longest || len(b) > longest:
		case (d == 0) != (a == b):
			t.Errorf("Distance(%q, %q) = %d", a, b, d)
		case d < abs(len(a)-len(b)) || d > max(len(a), len(b)):
			t.Errorf("Distance(%q, %q) = %d", a, b, d)
		}
	})
}
