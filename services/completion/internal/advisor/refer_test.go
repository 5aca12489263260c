package advisor

import (
	_ "embed"
	"testing"
)

//go:embed testdata/refer.txt
var referred string

// TestTurnsReferBack checks turns that name no animal, and are about several that were shown or spoken of.
func TestTurnsReferBack(t *testing.T) {
	holdFollowUps(t, referred, func(answer string) string { return answer })
}

// TestRelativeWishes checks that nothing fails where a pet is sought that has less of a thing than the one before, and
// there is none.
func TestRelativeWishes(t *testing.T) {
	a := advisor(t)
	for _, turns := range []string{
		"which dogs do you have that do not shed? · one that sheds less",
		"show me your calmest cat · a calmer one",
		"which birds are quiet? · a quieter one",
		"which is your smallest dog? · smaller",
		"show me a dog that needs little grooming · even less grooming",
	} {
		if talk(t, a, turns) == "" {
			t.Errorf("%s: no answer", turns)
		}
	}
}
