package catalogue

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// AsksBanned reports whether a question asks which things must not be fed: "which greens can I not give".
func AsksBanned(question []words.Word) bool {
	const near = 5 // most words between two phrases: "a hamster that does not" has another one's not
	b, at := &formsOf.Food.Banned, 0
	next := func(list []string) bool {
		rest := question[at:]
		i := slices.IndexFunc(rest[:min(near, len(rest))], func(w words.Word) bool { return slices.Contains(list, w.Text) })
		at += max(0, i)
		return i >= 0
	}
	at = max(0, slices.IndexFunc(question, func(w words.Word) bool { return slices.Contains(b.Asked, w.Text) }))
	return next(b.Asked) && next(b.Modals) && next(b.Nots) && next(b.Fed)
}

// BannedFirst puts the passages that name what must not be fed before those that name what may.
func BannedFirst(hits []Hit) {
	const least = 0.6 // of the best one's score
	if len(hits) == 0 {
		return
	}
	names := func(h Hit) int {
		if h.Score >= least*hits[0].Score && slices.ContainsFunc(words.Split(h.Heading), func(w words.Word) bool {
			return slices.Contains(formsOf.Food.Banned.Headings, w.Text)
		}) {
			return 0
		}
		return 1
	}
	order := make(map[*Passage]int, len(hits))
	for _, h := range hits {
		order[h.Passage] = names(h)
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return order[a.Passage] - order[b.Passage] })
}
