package read

import (
	"cmp"
	"maps"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// longestEdit is the most words of a turn that is only about the form of an answer.
const longestEdit = 18

// groupTongue is the group of language names.
const groupTongue = "tongue"

// edits are the phrases of data/lexicon.yaml's list. They are separate from all others, because they only count in a
// turn that says nothing else.
type edits struct {
	*phrases
	say     map[string]bool // words that mean nothing by themselves
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
	funny    = "funny" // about an answer; a funny pet is a playful one
)

// English is the code of the default language of answers.
const English = "en"

// read reads a turn without a subject of its own: each word belongs to a form, a language or an attribute of pets, or
// means nothing. It adds the wishes to the turn's style.
func (e edits) read(t *Turn, found []match) {
	if len(t.Words) > longestEdit {
		return
	}
	forms := append(e.find(words.Split(t.Text)), found...) // the original spelling: here, "shorter" is no misspelling
	forms = slices.DeleteFunc(slices.Clone(forms), func(m match) bool {
		return m.name != funny && (m.group != groupStyle && m.group != groupTongue || inLonger(forms, m) || slices.ContainsFunc(t.Marks, func(o Mark) bool {
			return (o.Attribute != nil && o.Amount == nil || o.Breed != nil || o.Pet != nil) && o.From < m.To && m.From < o.To && o.To-o.From >= m.To-m.From && !o.Asked
		})) // "shorter hair", "French bulldog"
	})
	slices.SortStableFunc(forms, func(a, b match) int { return cmp.Compare(a.From, b.From) }) // the last one wins
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

// inLonger reports whether a form is part of a longer one: "bullets" in "without bullets".
func inLonger(forms []match, m match) bool {
	return slices.ContainsFunc(forms, func(o match) bool {
		return o.group == groupStyle && o.name != audience && o.From <= m.From && m.To <= o.To && o.To-o.From > m.To-m.From && !o.loose
	})
}

// onlySays reports whether a turn consists of forms and attributes of pets.
func (e edits) onlySays(t *Turn, forms []match) bool {
	said := make([]bool, len(t.Words))
	cover := func(from, to int) {
		for i := from; i < to; i++ {
			said[i] = true
		}
	}
	for _, m := range forms {
		if m.loose && m.To-m.From == 3 { // the word between the two does not belong to it
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

// wish adds a form, unless its name is no wish by itself.
func (s *Style) wish(m match) {
	if !slices.Contains([]string{"start", "end", audience, only, adding, sorting, first, falling}, m.name) {
		s.Wishes = append(s.Wishes, m.name)
	}
}

// ofPets sets the order of pets, and the columns about each.
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

// ranges reports whether a turn names both ends of an attribute: "youngest to oldest".
func ranges(marks []Mark, m *Mark) bool {
	return slices.ContainsFunc(marks, func(o Mark) bool { return o.Attribute == m.Attribute && o.Order == -m.Order })
}

// wishes reports whether there is a wish that the previous answer can satisfy.
func (s *Style) wishes() bool {
	return len(s.Wishes) > 0 || s.Language != nil || s.By != nil || len(s.Columns) > 0
}

// Restricts reports whether an edit also limits the pets: "only the females, as a table".
func Restricts(t *Turn) bool {
	return slices.ContainsFunc(t.Marks, func(m Mark) bool { return m.Attribute != nil && !m.Asked && m.Order == 0 })
}
