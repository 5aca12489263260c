package asks

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// MovesIn marks the animals of people who move in as animals at home: "my mother moves in with her cat".
func MovesIn(t *read.Turn) {
	for i := range t.Marks {
		m := &t.Marks[i]
		s := t.Sentence(m.From)
		if s == nil || s.Question || m.Species() == "" || m.Pet != nil || m.Role == read.Unwanted {
			continue
		}
		if slices.ContainsFunc(t.Marks, func(o read.Mark) bool { return o.Fact == "moves-in" && o.From >= s.From && o.To <= m.From }) {
			m.Role, m.Of = read.Owned, read.Sought
		}
	}
}

// Trimmed returns the stems of what a turn removes from a list, and the words for its addition: "take the hay off,
// and add something to chew".
func Trimmed(cat *catalogue.Catalogue, t *read.Turn) (without []string, adding string) {
	to := len(t.Words)
	for _, m := range t.Marks { // the addition comes last
		if last := len(t.Words); m.Fact == "adds-item" && m.From > 0 && m.To < last {
			adding, to = t.Text[t.Words[m.To].Start:t.Words[last-1].End], m.From
		}
	}
	for i, w := range t.Words[:to] {
		said := slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
			return m.From <= i && i < m.To && (m.Fact == "takes-out" || m.Fact == "takes-off" || m.Fact == "puts-in" || m.Fact == "pronoun")
		})
		if !said && catalogue.Content(cat, w) {
			without = append(without, w.Stem)
		}
	}
	return without, adding
}
