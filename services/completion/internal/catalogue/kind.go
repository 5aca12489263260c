package catalogue

import "github.com/pawstream/pawstream/services/completion/internal/words"

// kinds are the kinds of animals that a text names, finer than species: budgies rather than birds. Each has a bit. No
// guide is about strangers.
type kinds struct{ ours, strangers uint64 }

// kindsIn returns the kinds in a text.
func kindsIn(split []words.Word) kinds {
	text := words.Join(split)
	return kinds{bitsIn(text, formsOf.Kinds), bitsIn(text, formsOf.Strangers)}
}

// or returns k, or others if k is empty.
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

// strange reports whether a text about some kinds, k, cannot answer a question about others: they share none, or the
// question names several of which the text lacks one, or they differ in strangers.
func (k kinds) strange(asked kinds) bool {
	return asked.strangers != k.strangers || k.other(asked)
}

// other is strange without the strangers.
func (k kinds) other(asked kinds) bool {
	several := asked.ours&(asked.ours-1) != 0
	return k.ours != 0 && asked.ours != 0 && (k.ours&asked.ours == 0 || several && k.ours&^asked.ours != 0)
}
