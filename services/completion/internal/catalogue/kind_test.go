package catalogue

import (
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// TestKindsKeepAnswersApart checks that texts about one kind of animal only answer questions about it.
func TestKindsKeepAnswersApart(t *testing.T) {
	for _, test := range []struct {
		written, asked string
		strange        bool
	}{
		{"how big a cage for a cockatiel", "how big a cage for a canary", true},
		{"how big should a bird cage be", "how big a cage for a canary", false},
		{"how big a cage for a cockatiel", "how big a cage does he need", false},
		{"how often should I bathe my dog", "how often should I bathe my ferret", true},
		{"bathe ferret", "how often should I bathe my ferret", false},
		{"goldfish with a betta", "goldfish with guppies", true},
		{"guppies with a goldfish", "goldfish with guppies", false},
		{"betta with guppies", "can he live with guppies", false},
	} {
		of := func(text string) kinds { return kindsIn(words.Split(text)) }
		if got := of(test.written).strange(of(test.asked)); got != test.strange {
			t.Errorf("written for %q, asked %q: strange is %v", test.written, test.asked, got)
		}
	}
	if n := max(len(formsOf.Kinds), len(formsOf.Strangers)); n > 64 {
		t.Errorf("%d kinds have no bit each", n)
	}
}
