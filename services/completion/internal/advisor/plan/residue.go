package plan

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
)

// leftovers collects amounts and values in the turn that may be conditions, and that no item of the store uses.
func (p *Planner) leftovers(pl *Plan) {
	store := slices.ContainsFunc(pl.Items, func(i Item) bool { return forStore(i.Kind) })
	if !store {
		return
	}
	t := pl.Turn
	_, used := p.conditions(t, 0, len(t.Words))
	for i := range t.Marks {
		m := &t.Marks[i]
		binds := m.Amount != nil && m.Attribute != nil || m.Role == read.Unwanted && m.Value != "" && m.Attribute != nil
		if !binds || used[i] || m.Amount != nil && m.Amount.Unit == "days" && t.Has("travel") || t.At("past-time", m.To) || m.Role == read.Owned || m.OfOther() || m.Role == read.Past || m.Role == read.Personal || asks.NearChild(t, m) || m.Amount != nil && m.Amount.Low >= 60*12 && m.Attribute.Name == "age" {
			continue
		}
		overlaps := slices.ContainsFunc(t.Marks, func(o read.Mark) bool { return o.Fact == "at-once" && o.From < m.To && m.From < o.To })
		for k := range used {
			o := &t.Marks[k]
			overlaps = overlaps || o.From < m.To && m.From < o.To
		}
		if !overlaps {
			pl.Unused = append(pl.Unused, t.Said(m))
		}
	}
}

// unknownAnimal returns the animals asked for that the store does not place, as written.
func (p *Planner) unknownAnimal(t *read.Turn, a *part) string {
	var list []string
	const fewWords = 4 // "any ferrets"
	for i := a.from; i < a.to; i++ {
		w := t.Words[i]
		if s := t.Sentence(i); s != nil && !s.Question && s.To-s.From > fewWords && !t.HasIn(s, "have") && !t.HasIn(s, "need") && !t.HasIn(s, "list") {
			continue // "we have hens" asks for none
		}
		if slices.ContainsFunc(t.Marks, func(m read.Mark) bool { return m.Species() != "" && m.From <= i && i < m.To && m.To-m.From > 1 }) {
			continue // the pig in "guinea pig"
		}
		if p.cat.Unplaced(w.Stem) {
			list = appendNew(list, t.Text[w.Start:w.End])
		} else if i+1 < a.to && p.cat.Unplaced(w.Stem+" "+t.Words[i+1].Stem) {
			list = appendNew(list, t.Text[w.Start:t.Words[i+1].End])
		}
	}
	return strings.Join(list, " and ")
}

// stranger returns a name asked for that no pet has: an unknown, capitalised word at the position of a name.
func (p *Planner) stranger(t *read.Turn, a *part) string {
	for i := a.from + 1; i < a.to; i++ {
		w := t.Words[i]
		marked := slices.ContainsFunc(t.Marks, func(m read.Mark) bool { return m.From <= i && i < m.To && m.Fact == "" })
		if w.Capital && !w.Opens && !marked && len(w.Text) > 2 && !p.cat.Knows(w.Text) && p.cat.Introduces(t.Words[i-1].Text) {
			return t.Text[w.Start:w.End]
		}
	}
	return ""
}
