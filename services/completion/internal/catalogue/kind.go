package catalogue

import "github.com/pawstream/pawstream/services/completion/internal/words"

// kinds are the kinds of animals that a text names, finer than species: budgies, and not birds.
// The store has no guide of strangers. Each has a bit.
type kinds struct{ ours, strangers uint64 }

// kindsIn returns the kinds that a text names.
func kindsIn(split []words.Word) kinds {
	text := words.Join(split)
	return kinds{bitsIn(text, formsOf.Kinds), bitsIn(text, formsOf.Strangers)}
}

// or returns the kinds k, or others if there are none.
func (k kinds) or(others kinds) kinds {
	if k == (kinds{}) {
		return others
	}
	return k
}

func bitsIn(text string, lists [][]string) (bits uint64) {
	for i, names := range lists {
		if len(phrasesIn(text, names)) > 0 {
			bits |= 1 << i
		}
	}
	return bits
}

// strange reports whether what was written for some kinds, k, cannot answer a question about
// others: they share none, or it was written for two of which the question names one and a third
// one, or the question is about an animal that it does not name.
func (k kinds) strange(asked kinds) bool {
	return asked.strangers != k.strangers || k.other(asked)
}

// other is strange where no animal is a stranger.
func (k kinds) other(asked kinds) bool {
	several := asked.ours&(asked.ours-1) != 0
	return k.ours != 0 && asked.ours != 0 && (k.ours&asked.ours == 0 || several && k.ours&^asked.ours != 0)
}
