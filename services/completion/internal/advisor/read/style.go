package read

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A Style is how a person wants an answer to look.
type Style struct {
	// Wishes are names of data/lexicon.yaml's list, such as "one-sentence" and "names-only".
	Wishes []string
	// Start and End are the required beginning and end of an answer.
	Start, End string
	// Words is the most words of an answer; 0: any number.
	Words int
	// Count is the most points of an answer; 0: any number.
	Count int
	// Language is the answer's language; nil: that of the question.
	Language *Language
	// By is the order of pets: Direction 1 puts most first, -1 least.
	By        *catalogue.Attribute
	Direction int
	// Columns are attributes to tell of each pet, in addition or, with Only, instead.
	Columns []*catalogue.Attribute
	Only    bool
	// Without are the stems of what a list leaves out, Adding is an addition to it.
	Without []string
	Adding  string
}

// Wants reports whether a wish is among the style's.
func (s *Style) Wants(wish string) bool {
	return slices.Contains(s.Wishes, wish)
}

// Last returns the last of these wishes in the style, or "".
func (s *Style) Last(wishes ...string) string {
	for _, w := range slices.Backward(s.Wishes) {
		if slices.Contains(wishes, w) {
			return w
		}
	}
	return ""
}

// Join adds another style's wishes and exclusions. Whatever else the other style sets replaces the present value.
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

// style collects what a turn says about the answer's form.
func (r *Reader) style(t *Turn, found []match) {
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Amount != nil && m.Attribute == nil && m.To < len(t.Words) && t.Words[m.To].Stem == "word" && m.Amount.High >= 3 {
			t.Style.Words = int(m.Amount.High)
		}
		if m.Amount != nil && m.Attribute == nil && m.To < len(t.Words) && t.Words[m.To].Stem == "bullet" {
			t.Style.Count = int(m.Amount.High) // "in two bullet points"
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

// longestQuote bounds a required beginning or end of an answer, in bytes.
const longestQuote = 60

// quoted returns the quotation at word i or, without quotes, the words up to the end of the sentence.
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
