package asks

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
)

// leastWords is the least words of a clause that is meaningful by itself.
const leastWords = 4

// Clauses returns the parts of a turn that each may state or ask something: its sentences, split before words with a
// subject of their own ("he pulls, and he barks at bikes").
func Clauses(t *read.Turn) []read.Sentence {
	var list []read.Sentence
	for i := range t.Asks {
		s := t.Asks[i]
		from := s.From
		for at := s.From + leastWords; at <= s.To-leastWords; at++ {
			if at-from >= leastWords && begins(t, at) {
				list = append(list, stretch(t, &s, from, at))
				from = at
			}
		}
		list = append(list, stretch(t, &s, from, s.To))
	}
	return list
}

// stretch returns a part of a sentence. Only its end is a question.
func stretch(t *read.Turn, s *read.Sentence, from, to int) read.Sentence {
	text := strings.TrimSpace(t.Text[t.Words[from].Start:t.Words[to-1].End])
	return read.Sentence{Text: text, From: from, To: to, Question: s.Question && to == s.To, Kinds: s.Kinds}
}

// Numbered reports whether a word is the number of a point: "2) he howls".
func Numbered(t *read.Turn, at int) bool {
	return slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		return m.From == at && m.To == at+1 && m.Amount != nil && m.Attribute == nil && m.Amount.Low < 10 && (at == 0 || t.Words[at-1].Clause != t.Words[at].Clause)
	})
}

// begins reports whether another statement begins at a word: after a comma or a conjunction, with a subject or a
// question.
func begins(t *read.Turn, at int) bool {
	apart := t.Words[at].Clause != t.Words[at-1].Clause
	if !apart && !t.At("goes-on", at) && !t.At("goes-on", at-1) {
		return false
	}
	if apart && Numbered(t, at) {
		return true // "1) he bites 2) he howls"
	}
	if t.At("goes-on", at) && t.Words[at].Stem != t.Words[at-1].Stem {
		at++ // "and he"
	}
	return at < len(t.Words) && slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		subject := m.Fact == "pronoun" || m.Fact == "opener" || m.Species() != ""
		return subject && m.From >= at && m.From <= at+1
	})
}
