package asks

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// Replace replaces the animals in an earlier question by those of a short turn: "can rabbits eat carrots?", "and
// guinea pigs?". Only the words of the question change.
func Replace(question, t *read.Turn) {
	var animals []words.Word
	for i := range t.Marks {
		if m := &t.Marks[i]; m.Species() != "" {
			animals = append(animals, t.Words[m.From:m.To]...)
		}
	}
	var out []words.Word
	placed := false
	for i, w := range question.Words {
		at := slices.IndexFunc(question.Marks, func(m read.Mark) bool { return m.Species() != "" && m.From <= i && i < m.To })
		switch {
		case at < 0:
			out = append(out, w)
		case !placed:
			placed = true
			for _, a := range animals {
				a.Sentence, a.Clause, a.Opens, a.Capital = w.Sentence, w.Clause, false, false
				out = append(out, a)
			}
		}
	}
	if !placed {
		out = append(out, animals...)
	}
	question.Words = out
}

// Put puts words in the place of what a question says by a fact, such as "both", or behind it if it does not.
func Put(question *read.Turn, fact string, in []words.Word) {
	at := slices.IndexFunc(question.Marks, func(m read.Mark) bool { return m.Fact == fact })
	from, to := len(question.Words), len(question.Words)
	if at >= 0 {
		from, to = question.Marks[at].From, question.Marks[at].To
	}
	question.Words = slices.Concat(question.Words[:from], in, question.Words[to:])
}
