package read

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A Style is how a person wants an answer to look.
type Style struct {
	// Wishes are the names of data/lexicon.yaml's list: "one-sentence", "names-only" and the
	// like.
	Wishes []string
	// Start and End are what an answer has to begin and to end with.
	Start, End string
	// Words is how many words an answer may have; 0: any number.
	Words int
	// Count is how many points the answer may have; 0: any number.
	Count int
	// Language is the one that the answer has to be in; nil: that of the question.
	Language *Language
	// By is what pets are sorted by, as an order is: Direction 1 puts most first, -1 least.
	By        *catalogue.Attribute
	Direction int
	// Columns are what is told of each pet, besides all else or, with Only, in its place.
	Columns []*catalogue.Attribute
	Only    bool
	// Without are the stems of what a list leaves out, Adding is what is put on it besides.
	Without []string
	Adding  string
}

// Wants reports whether a style is wished for.
func (s *Style) Wants(wish string) bool {
	return slices.Contains(s.Wishes, wish)
}

// Last returns which of some wishes was said last, or "".
func (s *Style) Last(wishes ...string) string {
	for _, w := range slices.Backward(s.Wishes) {
		if slices.Contains(wishes, w) {
			return w
		}
	}
	return ""
}

// Join adds what another style wishes for; what it says of the beginning and the end
// counts before what was said.
func (s *Style) Join(o Style) {
	s.Wishes = append(s.Wishes[:len(s.Wishes):len(s.Wishes)], o.Wishes...)
	if o.Words > 0 {
		s.Words = o.Words
	}
	if o.Count > 0 {
		s.Count = o.Count
	}
	if o.Language != nil {
		s.Language = o.Language
	}
	if o.By != nil {
		s.By, s.Direction = o.By, o.Direction
	}
	if len(o.Columns) > 0 {
		s.Columns, s.Only = o.Columns, o.Only
	}
	s.Without = append(s.Without[:len(s.Without):len(s.Without)], o.Without...)
	if o.Adding != "" {
		s.Adding = o.Adding
	}
	if o.Start != "" {
		s.Start = o.Start
	}
	if o.End != "" {
		s.End = o.End
	}
}

// style collects what a turn says of the answer's form.
func (r *Reader) style(t *Turn, found []match) {
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Amount != nil && m.Attribute == nil && m.To < len(t.Words) && t.Words[m.To].Stem == "word" && m.Amount.High >= 3 {
			t.Style.Words = int(m.Amount.High)
		}
	}
	for _, m := range found {
		if m.group != groupStyle {
			continue
		}
		switch m.name {
		case "start":
			t.Style.Start = t.quoted(m.To)
		case "end":
			t.Style.End = t.quoted(m.To)
		default:
			t.Style.Wishes = append(t.Style.Wishes, m.name)
		}
	}
}

// longestQuote bounds what an answer is made to begin or end with, in bytes.
const longestQuote = 60

// quoted returns what is quoted from word i on or, without quotes, the words up to the end
// of the sentence.
func (t *Turn) quoted(i int) string {
	if i >= len(t.Words) {
		return ""
	}
	from := t.Words[i-1].End
	rest := t.Text[from:]
	for _, q := range []string{"\"", "“", "'", "‘", "«"} {
		open := strings.Index(rest, q)
		if open < 0 || open > 12 {
			continue
		}
		inside := rest[open+len(q):]
		if end := strings.IndexAny(inside, "\"”'’»"); end > 0 && end <= longestQuote {
			return strings.TrimSpace(inside[:end])
		}
	}
	end := i
	for end < len(t.Words) && t.Words[end].Clause == t.Words[i].Clause && end-i < 4 {
		end++
	}
	text := t.Text[t.Words[i].Start:t.Words[end-1].End]
	if tail := t.Text[t.Words[end-1].End:]; tail != "" && strings.ContainsRune("!?", rune(tail[0])) {
		text += tail[:1]
	}
	return text[:min(len(text), longestQuote)]
}
