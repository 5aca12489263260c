package read

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// markAmounts marks numbers: what they count, and what is below, above or between them.
func (r *Reader) markAmounts(t *Turn, found []match) {
	var list []Mark
	defer func() { t.Marks = append(t.Marks, bounded(list, maxAmounts)...) }()
	for i := 0; i < len(t.Words); i++ {
		if away := r.away(t, i, found); away != nil {
			t.Marks = append(t.Marks, Mark{From: away.From, To: away.To, Fact: "away"})
			i = away.To - 1
			list = append(list, *away)
			continue
		}
		value, money, ok := r.number(t.Words[i].Text)
		if !ok && article(r, t, i, found) {
			value, ok = 1, true // "under a year"
		}
		if !ok {
			continue
		}
		m := Mark{From: i, To: i + 1, Amount: &Amount{Op: catalogue.Is, Low: value, High: value}}
		r.tens(t, &m)
		if money {
			m.Attribute = r.cat.Attribute("fee")
		}
		r.half(t, &m)
		r.span(t, &m)
		r.unit(t, &m)
		r.compare(t, &m, found)
		i = m.To - 1
		list = append(list, m)
	}
}

// article reports whether a word stands for one unit of time, between a comparison and the unit: "under a year",
// "over an hour".
func article(r *Reader, t *Turn, i int, found []match) bool {
	word := wordAt(t, i)
	if word != "a" && word != "an" {
		return false
	}
	_, ofAge := r.cat.Attribute("age").Unit[wordAt(t, i+1)]
	return ofAge && slices.ContainsFunc(found, func(f match) bool { return f.group == groupCompare && f.name != "about" && f.To == i })
}

// number parses a word as a number.
func (r *Reader) number(word string) (value float64, money, ok bool) {
	if v, known := r.lexicon.Numbers[word]; known {
		return v, false, true
	}
	digits := strings.TrimLeft(word, "$€£")
	money = digits != word
	end := strings.IndexFunc(digits, func(c rune) bool { return (c < '0' || c > '9') && c != '.' })
	if end == 0 {
		return 0, false, false
	}
	rest := ""
	if end > 0 {
		digits, rest = digits[:end], digits[end:]
	}
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil || len(digits) > 9 {
		return 0, false, false
	}
	switch {
	case rest == "k":
		v *= 1000
	case rest != "" && !r.isUnit(rest):
		return 0, false, false
	}
	return v, money, true
}

func (r *Reader) isUnit(word string) bool {
	for _, a := range r.cat.Attributes() {
		if _, ok := a.Unit[word]; ok {
			return true
		}
	}
	return false
}

// tens adds the second word of "seventy-four".
func (r *Reader) tens(t *Turn, m *Mark) {
	tens, _, _ := r.number(t.Words[m.From].Text)
	more, written := r.lexicon.Numbers[wordAt(t, m.To)]
	if _, word := r.lexicon.Numbers[t.Words[m.From].Text]; !word || !written || tens < 20 || tens > 90 || more < 1 || more > 9 {
		return
	}
	m.Amount.Low += more
	m.Amount.High, m.To = m.Amount.Low, m.To+1
}

// half adds "and a half".
func (r *Reader) half(t *Turn, m *Mark) {
	if end := m.To + 3; end <= len(t.Words) && strings.Join(textsOf(t, m.To, end), " ") == "and a half" {
		m.Amount.Low += 0.5
		m.Amount.High += 0.5
		m.To = end
	}
}

// span adds the second number of "between 2 and 4" and of "2-4".
func (r *Reader) span(t *Turn, m *Mark) {
	i := m.To
	if i >= len(t.Words) || t.Words[i].Sentence != t.Words[m.From].Sentence {
		return
	}
	joined := t.Words[i].Text == "and" && m.From > 0 && (t.Words[m.From-1].Text == "between" || m.From > 1 && t.Words[m.From-2].Text == "between")
	hyphen := t.Words[i].Start == t.Words[i-1].End+1 && t.Text[t.Words[i-1].End] == '-'
	switch {
	case joined || t.Words[i].Text == "to" || t.Words[i].Text == "or" && hyphen:
		i++
	case !hyphen && !strings.Contains(t.Text[t.Words[i-1].End:t.Words[i].Start], "–"):
		return
	}
	if i >= len(t.Words) {
		return
	}
	if v, _, ok := r.number(t.Words[i].Text); ok && v > m.Amount.Low {
		m.Amount.High, m.Amount.Between, m.To = v, true, i+1
	}
}

// unit finds the unit of a number, after it or joined to it, and thus the attribute that the number is about.
func (r *Reader) unit(t *Turn, m *Mark) {
	word := t.Words[m.To-1].Text
	joined := strings.TrimLeft(word, "$€£0123456789.")
	for _, a := range r.cat.Attributes() {
		if a.Name == "upkeep" && m.Attribute == nil && joined == "" {
			continue // "3 a month" is no money
		}
		if factor, ok := a.Unit[joined]; ok && joined != "" {
			m.count(a, factor, joined, m.To)
			r.monthly(t, m)
			return
		}
		for n := 2; n > 0; n-- { // prefers the longer unit
			end := m.To + n
			if end > len(t.Words) {
				continue
			}
			unit := strings.Join(textsOf(t, m.To, end), " ")
			if factor, ok := a.Unit[unit]; ok {
				m.count(a, factor, unit, end)
				r.monthly(t, m)
				return
			}
		}
	}
}

// wordAt returns word i, or "" beyond the last one.
func wordAt(t *Turn, i int) string {
	if i >= len(t.Words) {
		return ""
	}
	return t.Words[i].Text
}

// countsThings reports whether a number counts words, sentences or points of an answer.
func countsThings(t *Turn, next int) bool {
	if next >= len(t.Words) {
		return false
	}
	switch t.Words[next].Stem {
	case "word", "sentenc", "point", "bullet", "line", "character":
		return true
	}
	return false
}

// compares reports whether a word is a comparative of an attribute.
func compares(a *catalogue.Attribute, word string) bool {
	return slices.Contains(a.Less, word) || slices.Contains(a.More, word)
}

// count sets an amount's attribute, and converts it into the table's unit.
func (m *Mark) count(a *catalogue.Attribute, factor float64, unit string, end int) {
	m.Attribute, m.To = a, end
	m.Amount.Low *= factor
	m.Amount.High *= factor
	m.Amount.Unit = unit
}

// monthly turns a fee into monthly costs if words after it say so.
func (r *Reader) monthly(t *Turn, m *Mark) {
	if m.Attribute.Name != "fee" {
		return
	}
	upkeep := r.cat.Attribute("upkeep")
	for unit := range upkeep.Unit {
		end := m.To + len(strings.Fields(unit))
		if end <= len(t.Words) && strings.Join(textsOf(t, m.To, end), " ") == unit {
			m.Attribute, m.To = upkeep, end
			return
		}
	}
}

func textsOf(t *Turn, from, to int) []string {
	list := make([]string, 0, to-from)
	for _, w := range t.Words[from:to] {
		list = append(list, w.Text)
	}
	return list
}

// opposite maps a comparison to its negation.
var opposite = map[catalogue.Op]catalogue.Op{ //nolint:gochecknoglobals // a table
	catalogue.Below: catalogue.AtLeast, catalogue.AtMost: catalogue.Above, catalogue.Above: catalogue.AtMost, catalogue.AtLeast: catalogue.Below,
}

// denied reports whether a phrase is denied by a word shortly before it in its clause, with nothing else between: not
// so in "no special needs under $150".
func denied(t *Turn, found []match, f match) bool {
	const reach = 4
	return slices.ContainsFunc(found, func(o match) bool {
		return o.group == groupCue && o.name == "not" && o.To <= f.From && f.From-o.To < reach && t.Words[o.From].Clause == t.Words[f.From].Clause &&
			!slices.ContainsFunc(t.Marks, func(m Mark) bool {
				return m.From >= o.From && m.To <= f.From && m.To > o.To && (m.Breed != nil || m.Attribute != nil && m.Attribute.Name != "fee" && m.Attribute.Name != "age")
			})
	})
}

// compare finds the comparison of a number.
func (r *Reader) compare(t *Turn, m *Mark, found []match) {
	ops := map[string]catalogue.Op{
		"below": catalogue.Below, "at most": catalogue.AtMost, "above": catalogue.Above, "at least": catalogue.AtLeast,
	}
	longest := 0
	for _, f := range found {
		if f.group == groupCompare && f.name == "exactly" && f.To == m.From {
			m.Amount.Exact = true
		}
		op, ok := ops[f.name]
		if f.group != groupCompare || !ok || t.Words[f.From].Sentence != t.Words[m.From].Sentence {
			continue
		}
		before := f.To <= m.From && m.From-f.To <= 1
		sameClause := f.From < len(t.Words) && t.Words[f.From].Clause == t.Words[m.From].Clause
		_, _, bounds := r.number(wordAt(t, f.To)) // "and under 3" bounds what follows
		after := sameClause && !bounds && (f.From == m.To || f.From == m.To+1 && t.Words[m.To].Text == "old")
		if (before || after) && f.To-f.From >= longest {
			longest, m.Amount.Op = f.To-f.From, op
			if before && denied(t, found, f) {
				m.Amount.Op = opposite[op] // "cannot spend more than"
			}
			if age := r.cat.Attribute("age"); m.Attribute == nil && m.Amount.Low <= 30 && compares(age, t.Words[f.From].Text) {
				m.count(age, 12, "years", m.To) // "younger than 3"
			}
		}
	}
	budget := slices.ContainsFunc(found, func(f match) bool {
		return f.group == groupCompare && f.name == "money" && f.To <= m.From && t.Words[f.From].Clause == t.Words[m.From].Clause
	})
	if budget && m.Attribute == nil && m.Amount.Low >= 20 && longest == 0 && !m.Amount.Between && !countsThings(t, m.To) {
		m.Attribute, m.Amount.Op = r.cat.Attribute("fee"), catalogue.AtMost
	}
	// "200 max" without a unit is money: no other bounds are that large.
	if bounded := m.Amount.Op == catalogue.Below || m.Amount.Op == catalogue.AtMost; bounded && m.Attribute == nil && longest > 0 && m.Amount.Low >= 20 && !countsThings(t, m.To) {
		m.Attribute = r.cat.Attribute("fee")
	}
}

// CountBefore returns the number right before a rank, 3 for "your three cheapest"; 0 if there is none, or if nobody
// would ask for that many pets.
func CountBefore(t *Turn, rank *Mark) (n int) {
	const most = 20
	for i := range t.Marks {
		if m := &t.Marks[i]; m.Amount != nil && m.Attribute == nil && (m.To == rank.From || m.From == rank.To) && m.Amount.Low > 1 && m.Amount.Low <= most {
			n = int(m.Amount.Low)
		}
	}
	return n
}
