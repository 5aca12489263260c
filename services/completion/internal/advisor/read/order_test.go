package read

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// TestReadersAreAlike checks that every process reads a turn alike, because another process composes an orphan again:
// the order of phrases and corrections is fixed.
func TestReadersAreAlike(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	first, err := untrained(cat)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		next, err := untrained(cat)
		if err != nil {
			t.Fatal(err)
		}
		for _, stem := range slices.Sorted(maps.Keys(first.phrases.byFirst)) {
			if !reflect.DeepEqual(first.phrases.byFirst[stem], next.phrases.byFirst[stem]) {
				t.Fatalf("the phrases that begin with %q stand in another order", stem)
			}
		}
		if !reflect.DeepEqual(first.phrases.byRune, next.phrases.byRune) {
			t.Fatal("the known words stand in another order")
		}
	}
}
