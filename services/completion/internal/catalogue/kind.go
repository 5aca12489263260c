package catalogue

import (
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

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

// caseOf returns the case that a heading names, such as a puppy, and caseTold those that a text tells of. Each has a bit.
func caseOf(heading []words.Word) (bits uint64) {
	text := words.Join(heading)
	for i := range formsOf.Cases {
		if len(phrasesIn(text, formsOf.Cases[i].Of)) > 0 {
			bits |= 1 << i
		}
	}
	return bits
}

func caseTold(text string) (bits uint64) {
	for i := range formsOf.Cases {
		if len(phrasesIn(text, formsOf.Cases[i].Told)) > 0 {
			bits |= 1 << i
		}
	}
	return bits
}

// Stranger returns the animal that a text names of which the store has no guide, or "".
func Stranger(text []words.Word) string {
	joined := words.Join(text)
	for _, names := range formsOf.Strangers {
		if found := phrasesIn(joined, names); len(found) > 0 {
			return strings.TrimSpace(names[min(1, len(names)-1)])
		}
	}
	return ""
}

// Strange reports whether a passage names none of the animals of which the store has no guide that a text names.
func Strange(p *Passage, text []words.Word) bool {
	asked := bitsIn(words.Join(text), formsOf.Strangers)
	return asked != 0 && bitsIn(words.Join(words.Split(p.Heading+" "+p.Text)), formsOf.Strangers)&asked == 0
}
