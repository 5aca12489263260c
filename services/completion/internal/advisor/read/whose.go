package read

import (
	_ "embed"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// Whose holds the probabilities that words are about each of these, in this order: the wanted animal, another one
// that somebody has, had or met, a person and their life, and other questions.
type Whose [4]float32

// The subjects of [Whose].
const (
	Sought = iota
	Other
	Speaker
	Asked
)

// Best returns the most likely subject.
func (w Whose) Best() int {
	best := 0
	for k := range w {
		if w[k] > w[best] {
			best = k
		}
	}
	return best
}

const (
	whoseBits  = 15
	whoseSlots = 1 << whoseBits
)

//go:embed whose.bin
var whoseData []byte

// Whose returns whom words from up to to of a turn are about.
func (r *Reader) Whose(t *Turn, from, to int) (w Whose) {
	for i := from; i < to; i++ {
		var one Whose
		r.whose.probabilities(t.around(i), one[:])
		for k := range w {
			w[k] += one[k] / float32(to-from)
		}
	}
	return w
}

// How many words around a word count.
const (
	wordsBefore = 7
	wordsAfter  = 5
)

// around returns the model's input for word i: the words near it, with their positions, and the ends of its clause
// and sentence.
func (t *Turn) around(i int) []weighted {
	list := make([]weighted, 0, 64)
	add := func(where, what string, weight float32) {
		slot := uint32(words.Whole(where+what)) * 2654435761 >> (32 - whoseBits)
		list = append(list, weighted{int32(slot), weight})
	}
	first, opening := begins(t.Words, i)
	var near []Mark // a repetitive turn may have thousands
	for _, m := range t.Marks {
		if i-wordsBefore <= m.From && m.From <= i+wordsAfter || m.From-first <= 1 && m.From >= first || m.From-opening <= 1 && m.From >= opening {
			near = append(near, m)
		}
	}
	stem := func(k int) string {
		if k < 0 || k >= len(t.Words) {
			return "|"
		}
		s, _ := classBy(t.Words, near, k)
		return s
	}
	at := t.Words[i]
	add("=", stem(i), 0.5)
	add("-1", stem(i-1), 0.7)
	add("+1", stem(i+1), 0.5)
	add("-2", stem(i-2)+" "+stem(i-1), 0.7)
	add("+2", stem(i+1)+" "+stem(i+2), 0.5)
	add("c1", stem(first), 0.8)
	add("c2", stem(first)+" "+stem(first+1), 0.8)
	add("s1", stem(opening), 0.5)
	add("s2", stem(opening)+" "+stem(opening+1), 0.5)
	for k := max(0, i-wordsBefore); k < i; k++ {
		switch {
		case t.Words[k].Clause == at.Clause:
			add("b", stem(k), 0.5)
			add("b2", stem(k)+" "+stem(k+1), 0.4)
		case t.Words[k].Sentence == at.Sentence:
			add("B", stem(k), 0.3)
		default:
			add("P", stem(k), 0.15)
		}
	}
	for k := i + 1; k < min(len(t.Words), i+1+wordsAfter); k++ {
		if t.Words[k].Clause == at.Clause {
			add("a", stem(k), 0.4)
			add("a2", stem(k-1)+" "+stem(k), 0.3)
		} else if t.Words[k].Sentence == at.Sentence {
			add("A", stem(k), 0.2)
		}
	}
	if t.asksAt(i) {
		add("?", "", 0.5)
	}
	if opening == 0 {
		add("^", "", 0.3)
	}
	norm(list)
	return list
}

// begins returns the first word of word i's clause, and of its sentence.
func begins(said []words.Word, i int) (clause, sentence int) {
	clause = i
	for clause > 0 && said[clause-1].Clause == said[i].Clause {
		clause--
	}
	sentence = clause
	for sentence > 0 && said[sentence-1].Sentence == said[i].Sentence {
		sentence--
	}
	return clause, sentence
}
