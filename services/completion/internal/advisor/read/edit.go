package read

import (
	"cmp"
	"maps"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// longestEdit is how many words a turn has at most that says nothing but how an answer has to look.
const longestEdit = 18

// groupTongue has the names of languages.
const groupTongue = "tongue"

// edits are the phrases of data/lexicon.yaml's list, which are kept apart from all others: they mean
// something only where a turn says nothing else.
type edits struct {
	*phrases
	say     map[string]bool // words that say nothing by themselves
	tongues map[string]*Language
}

func newEdits(l *lexicon, languages []*Language) edits {
	e := edits{newPhrases(), map[string]bool{}, map[string]*Language{English: {Code: English, Name: "English"}}}
	lists := l.Edits
	for _, w := range lists[fillers] {
		e.say[w] = true
	}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		if name != fillers {
			e.add(groupStyle, name, lists[name])
		}
	}
	for _, language := range languages {
		e.tongues[language.Code] = language
	}
	for _, code := range slices.Sorted(maps.Keys(l.Tongues)) {
		e.add(groupTongue, code, l.Tongues[code])
	}
	return e
}

// The lists that are no wishes by themselves.
const (
	fillers  = "say"
	audience = "to-whom"
	only     = "only"
	adding   = "add"
	sorting  = "sort"
	first    = "first" // only beside an order: "cheapest first"
	falling  = "falling"
	funny    = "funny" // of an answer, where a pet that is so is called playful
)

// English is the code of the language in which answers are unless another is wished for.
const English = "en"

// read reads a turn that has no subject of its own: each of its words belongs to a form, a language
// or an attribute of pets, or says nothing. It adds what is wished for to the turn's style.
func (e edits) read(t *Turn, found []match) {
	if len(t.Words) > longestEdit {
		return
	}
	forms := append(e.find(words.Split(t.Text)), found...) // as written: "shorter" misspells nothing
	forms = slices.DeleteFunc(slices.Clone(forms), func(m match) bool {
		return m.name != funny && (m.group != groupStyle && m.group != groupTongue || inLonger(forms, m) || slices.ContainsFunc(t.Marks, func(o Mark) bool {
			return (o.Attribute != nil && o.Amount == nil || o.Breed != nil || o.Pet != nil) && o.From < m.To && m.From < o.To && o.To-o.From >= m.To-m.From && !o.Asked
		})) // "shorter hair", "French bulldog"
	})
	slices.SortStableFunc(forms, func(a, b match) int { return cmp.Compare(a.From, b.From) }) // the last one counts
	marks := slices.DeleteFunc(slices.Clone(t.Marks), func(o Mark) bool {
		return slices.ContainsFunc(forms, func(m match) bool {
			return o.Attribute != nil && (m.From <= o.From && o.To <= m.To && !m.loose || m.name == audience && m.From < o.To && o.From < m.To)
		})
	})
	if !e.onlySays(t, forms) {
		return
	}
	style := t.Style
	style.Wishes = nil
	for _, m := range forms {
		if m.group == groupTongue {
			style.Language = e.tongues[m.name]
			continue
		}
		style.wish(m)
	}
	style.ofPets(forms, marks)
	for _, o := range marks {
		if o.Amount != nil && o.Attribute == nil && style.Words == 0 {
			style.Count = int(o.Amount.Low)
		}
	}
	if t.Edits = style.Words > 0 || style.wishes(); t.Edits {
		t.Style, t.Marks = style, marks
	}
}

// inLonger reports whether a form is part of another one: the "bullets" of "without bullets".
func inLonger(forms []match, m match) bool {
	return slices.ContainsFunc(forms, func(o match) bool {
		return o.group == groupStyle && o.name != audience && o.From <= m.From && m.To <= o.To && o.To-o.From > m.To-m.From && !o.loose
	})
}

// onlySays reports whether a turn says nothing but forms and attributes of pets.
func (e edits) onlySays(t *Turn, forms []match) bool {
	said := make([]bool, len(t.Words))
	cover := func(from, to int) {
		for i := from; i < to; i++ {
			said[i] = true
		}
	}
	for _, m := range forms {
		if m.loose && m.To-m.From == 3 { // what stands between two words is none of them
			cover(m.From, m.From+1)
			cover(m.To-1, m.To)
			continue
		}
		cover(m.From, m.To)
	}
	for _, o := range t.Marks {
		if o.Attribute != nil || o.Amount != nil {
			cover(o.From, o.To)
		}
	}
	for i, w := range t.Words {
		if !said[i] && !e.say[w.Text] {
			return false
		}
	}
	return true
}

// wish takes in a form, unless its name is no wish by itself.
func (s *Style) wish(m match) {
	if !slices.Contains([]string{"start", "end", audience, only, adding, sorting, first, falling}, m.name) {
		s.Wishes = append(s.Wishes, m.name)
	}
}

// ofPets takes in what pets are sorted by and what is told of each.
func (s *Style) ofPets(forms []match, marks []Mark) {
	has := func(name string) bool {
		return slices.ContainsFunc(forms, func(m match) bool { return m.group == groupStyle && m.name == name })
	}
	var asked []*catalogue.Attribute
	for _, o := range marks {
		switch {
		case o.Attribute == nil:
		case o.Asked && !slices.Contains(asked, o.Attribute):
			asked = append(asked, o.Attribute)
		case o.Order != 0 && s.By == nil && (has(sorting) || has(first) || ranges(marks, &o)):
			s.By, s.Direction = o.Attribute, o.Order
		}
	}
	names := has("names-only")
	switch {
	case len(asked) == 0:
	case has(sorting):
		if s.By == nil {
			s.By, s.Direction = asked[0], -1
		}
	case has(only) || has(adding) || names:
		s.Columns, s.Only = asked, has(only) || names
		s.Wishes = slices.DeleteFunc(s.Wishes, func(w string) bool { return w == "names-only" })
	}
	if has(falling) {
		s.Direction = 1
	}
}

// ranges reports whether a turn goes from one end of an attribute to the other: "youngest to oldest".
func ranges(marks []Mark, m *Mark) bool {
	return slices.ContainsFunc(marks, func(o Mark) bool { return o.Attribute == m.Attribute && o.Order == -m.Order })
}

// wishes reports whether anything is wished for that the answer before can be given.
func (s *Style) wishes() bool {
	return len(s.Wishes) > 0 || s.Language != nil || s.By != nil || len(s.Columns) > 0
}

// Restricts reports whether an edit also says which pets are meant: "only the females, as a table".
func Restricts(t *Turn) bool {
	return slices.ContainsFunc(t.Marks, func(m Mark) bool { return m.Attribute != nil && !m.Asked && m.Order == 0 })
}
