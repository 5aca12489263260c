package plan

import (
	"slices"
	"testing"
)

// TestEachAskingIsPlanned checks that each question of a message, but no statement, has an item about its guide.
func TestEachAskingIsPlanned(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct {
		turn   string
		guides []string // of the items, any one of those separated by a bar
		most   int      // number of items
	}{
		{"1. at what age should my kitten be neutered (hes 3 months) 2. do indoor cats need vaccines at all? 3. can he sleep in my bed lol", []string{"kitten-care", "cat-health-and-parasites"}, 3},
		{"our puppy has three bad habits: 1) bites my daughters hands until they cry, 2) pees in the kitchen right after coming in, 3) howls when put in the crate at night. What should we do?", []string{"puppy-nights-and-crate", "dog-house-training"}, 4},
		{"My dog pulls on the leash like crazy, and he also barks at every bike. Any advice?", []string{"dog-leash-walking", "dog-barking"}, 4},
		{"How often should I brush a persian cat, and can it go outside on a balcony?", []string{"cat-grooming", "cat-indoor-or-outdoor"}, 2},
		{"My dog loves his ball, and he sleeps a lot. How often should he be fed?", []string{"dog-feeding"}, 1},
	} {
		pl := b.planner.Begin().Ask(test.turn)
		for _, guide := range test.guides {
			tells := slices.ContainsFunc(pl.Items, func(i Item) bool {
				return i.Answer != nil && i.Answer.Guide.ID == guide || i.Answer == nil && len(i.Hits) > 0 && i.Hits[0].Guide.ID == guide
			})
			if !tells {
				t.Errorf("%q: no item tells of %s", test.turn, guide)
			}
		}
		if len(pl.Items) > test.most {
			t.Errorf("%q: %d items, want at most %d", test.turn, len(pl.Items), test.most)
		}
	}
}
