package read

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Away is the unit of hours in which nobody is home.
const Away = "away"

// away reads at word i when people leave and return, as hours in which nobody is home: "leave at 7 and are back at
// 5.30".
func (r *Reader) away(t *Turn, i int, found []match) *Mark {
	const reach = 6
	const morning = 8 // when people leave who only say when they return
	out := longestAt(found, "leaves", i)
	if until := longestAt(found, "empty-until", i); until != nil && out == nil && nobody(t, i, found) {
		back, end, ok := r.clock(t, until.To)
		if back < morning {
			back += 12 // "until four"
		}
		if hours := back - morning; ok && hours > 0 {
			return &Mark{From: i, To: end, Attribute: r.cat.Attribute("hours"), Amount: &Amount{Op: catalogue.Is, Low: hours, High: hours, Unit: Away}}
		}
	}
	if out == nil {
		return nil
	}
	left, at, ok := r.clock(t, out.To)
	if !ok {
		return nil
	}
	for k := at; k < min(at+reach, len(t.Words)) && t.Words[k].Sentence == t.Words[i].Sentence; k++ {
		in := longestAt(found, "returns", k)
		if in == nil {
			continue
		}
		back, end, ok := r.clock(t, in.To)
		if !ok {
			continue
		}
		hours := back - left
		if hours <= 0 {
			hours += 12 // "from 8 to 4"
		}
		if hours < 1 || hours > 16 {
			return nil
		}
		return &Mark{From: i, To: end, Attribute: r.cat.Attribute("hours"), Amount: &Amount{Op: catalogue.Is, Low: hours, High: hours, Unit: Away}}
	}
	return nil
}

// nobody reports whether the words right before one say that nobody is there, or that it is alone.
func nobody(t *Turn, at int, found []match) bool {
	const reach = 4
	return slices.ContainsFunc(found, func(f match) bool {
		denied := f.group == groupCue && f.name == "not" || f.group == groupAsk && f.name == "away"
		return denied && f.From <= at && at-f.To < reach && t.Words[f.From].Clause == t.Words[at].Clause
	})
}

// longestAt returns the longest phrase for a way of asking that begins at a word.
func longestAt(found []match, name string, word int) *match {
	var longest *match
	for i := range found {
		f := &found[i]
		if f.group == groupAsk && f.name == name && f.From == word && (longest == nil || f.To > longest.To) {
			longest = f
		}
	}
	return longest
}

// clock reads a time of day at or right after word i, in hours, and returns the next word: "7", "at 5.30", "17:30",
// "half past six", "8am".
func (r *Reader) clock(t *Turn, i int) (hours float64, next int, ok bool) {
	for i < len(t.Words) && slices.Contains([]string{"at", "by", "around", "about", "only", "from"}, t.Words[i].Text) {
		i++
	}
	half := 0.0
	if wordAt(t, i) == "half" && (wordAt(t, i+1) == "past") {
		half, i = 0.5, i+2
	}
	if i >= len(t.Words) {
		return 0, i, false
	}
	word := t.Words[i].Text
	digits := strings.TrimRight(word, "apmh")
	if v, known := r.lexicon.Numbers[word]; known {
		hours = v
	} else {
		whole, minutes, _ := strings.Cut(digits, ".")
		h, err := strconv.Atoi(whole)
		m, bad := strconv.Atoi(cmp.Or(minutes, "0"))
		if err != nil || bad != nil || m > 59 {
			return 0, i, false
		}
		hours = float64(h) + float64(m)/60
	}
	next = i + 1
	if m, err := strconv.Atoi(wordAt(t, next)); err == nil && len(wordAt(t, next)) == 2 && m < 60 && t.Words[next].Start == t.Words[i].End+1 {
		hours, next = hours+float64(m)/60, next+1 // "17:30"
	}
	suffix := strings.TrimPrefix(word, digits)
	if w := wordAt(t, next); w == "am" || w == "pm" || w == "clock" {
		suffix, next = w, next+1
	}
	if suffix == "pm" && hours < 12 {
		hours += 12
	}
	hours += half
	return hours, next, hours > 0 && hours < 24
}
