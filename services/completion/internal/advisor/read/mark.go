package read

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// mark collects what a turn mentions.
func (r *Reader) mark(t *Turn, found []match) {
	r.markNames(t)
	named := func(m match) bool {
		return slices.ContainsFunc(t.Marks, func(n Mark) bool { return (n.Pet != nil || n.Breed != nil) && m.From < n.To && n.From < m.To })
	}
	for _, m := range outermost(found) {
		kind, name, isAttribute := strings.Cut(m.group, ":")
		if named(m) && isAttribute && !m.loose {
			continue
		}
		switch {
		case m.group == groupFact || m.group == groupExact || m.group == groupAsk:
			t.Marks = append(t.Marks, Mark{From: m.From, To: m.To, Fact: m.name})
		case isAttribute:
			t.Marks = append(t.Marks, attributeMark(r.cat.Attribute(name), kind+":", m))
		}
	}
	r.markAmounts(t, found)
	slices.SortStableFunc(t.Marks, func(a, b Mark) int { return cmp.Compare(a.From, b.From) })
	r.assignRoles(t, found)
}

func attributeMark(a *catalogue.Attribute, kind string, m match) Mark {
	mark := Mark{From: m.From, To: m.To, Attribute: a, Value: m.name}
	switch kind {
	case askFor:
		mark.Asked = true
	case moreOf:
		mark.Order = 1
	case lessOf:
		mark.Order = -1
	}
	return mark
}

// outermost leaves out what lies inside of a longer phrase of the same kind: "short" in
// "short haired" is no size.
func outermost(found []match) []match {
	return slices.DeleteFunc(slices.Clone(found), func(m match) bool {
		kind, _, _ := strings.Cut(m.group, ":")
		return slices.ContainsFunc(found, func(o match) bool {
			other, _, _ := strings.Cut(o.group, ":")
			same := other == kind && kind != groupAsk || isAttributeKind(other) && isAttributeKind(kind)
			inside := o.From <= m.From && m.To <= o.To && o.To-o.From > m.To-m.From
			animal := m.group == valueOf+"species" && (kind == other || o.loose)
			apart := o.loose && isAttributeKind(kind) && m.group != o.group
			return same && inside && !animal && !apart
		})
	})
}

func isAttributeKind(kind string) bool {
	return kind+":" == valueOf || kind+":" == moreOf || kind+":" == lessOf || kind+":" == askFor
}

// markNames marks the breeds and pets that are named.
func (r *Reader) markNames(t *Turn) {
	for _, n := range bounded(r.cat.Names(t.Text), maxFound/4) {
		m := Mark{Pet: n.Pet, Breed: n.Breed, From: -1}
		for i, w := range t.Words {
			if w.Start >= n.Start && w.End <= n.End {
				if m.From < 0 {
					m.From = i
				}
				m.To = i + 1
			}
		}
		if m.From >= 0 {
			t.Marks = append(t.Marks, m)
		}
	}
}

// reachOf is how many words before a mention a cue of its role may stand.
func reachOf(r Role) int {
	if r == Owned {
		return 6 // "I have a lonely neutered boy bunny"
	}
	return 4
}

// assignRoles says of each mention how it is meant, by the nearest cue before it in its
// clause. What is joined to a mention by "or" or "and" is meant as that one is.
func (r *Reader) assignRoles(t *Turn, found []match) {
	cues := map[string]Role{"own": Owned, "past": Past, "together": Together, "not": Unwanted, "afraid": Unwanted, "allergic": Allergic, "person": Personal}
	defer inherit(t)
	defer household(t, found)
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Fact != "" && m.Fact != "no-cage" {
			m.Role = r.polarity(t, found, m)
			continue
		}
		nearest := -1
		for _, f := range found {
			role, ok := cues[f.name]
			if f.group != groupCue || !ok || f.To > m.From || m.From-f.To >= reachOf(role) || !t.reaches(role, f, m) || f.To < nearest {
				continue
			}
			if role == Owned && m.Amount != nil && m.Attribute != nil && m.Attribute.Name != "age" {
				continue // "my budget is $70"
			}
			if role == Personal && m.Amount == nil || insideMark(t, f, m) {
				continue
			}
			if role == Together && owns(found, f) {
				role = Owned
			}
			if f.To == nearest && m.Role != Plain && role != Unwanted {
				continue
			}
			nearest, m.Role = f.To, role
		}
		if m.Species() != "" && m.Pet == nil && present(t, found, m) {
			switch m.Role {
			case Unwanted:
				m.Role = Past
			case Plain, Together:
				m.Role = Owned
			default:
			}
		}
		if before := joined(t, i); m.Role == Plain && before != nil {
			m.Role = before.Role
		}
	}
}

// household takes animals for owned that were, or that a list of facts names by themselves:
// "kids 2 and 5, a cat, house".
func household(t *Turn, found []match) {
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Species() == "" || m.Pet != nil {
			continue
		}
		at := t.Words[m.From]
		gone := slices.ContainsFunc(found, func(f match) bool {
			return f.group == groupCue && f.name == "gone" && t.Words[f.From].Sentence == at.Sentence
		})
		if gone && m.Role == Owned {
			m.Role = Past
			continue
		}
		if m.Role == Plain && t.aloneInClause(m) && t.facts(at.Sentence) > 1 {
			m.Role = Owned
		}
	}
}

// aloneInClause reports whether a clause is no more than a mention with a word before it.
func (t *Turn) aloneInClause(m *Mark) bool {
	clause := t.Words[m.From].Clause
	before, after := m.From-1, m.To
	if before < 0 || t.Words[before].Clause != clause || before > 0 && t.Words[before-1].Clause == clause {
		return false
	}
	return (after == len(t.Words) || t.Words[after].Clause != clause) && counts(t.Words[before].Text)
}

// counts reports whether a word says how many: "a cat", "two cats".
func counts(word string) bool {
	switch word {
	case "a", "an", "one", "two", "three", "1", "2", "3", "our", "my":
		return true
	}
	return false
}

// facts counts what near a sentence is told of the person.
func (t *Turn) facts(sentence int) int {
	n := 0
	for _, m := range t.Marks {
		switch m.Fact {
		case "apartment", "house", "garden", "baby", "toddler", "older-children", "children", "first-time", "experienced", "home-all-day", "half-day", "full-day", "active-person":
			if d := t.Words[m.From].Sentence - sentence; d >= -2 && d <= 2 {
				n++
			}
		}
	}
	return n
}

// inherit gives what describes an animal the animal's role: in "my shy boy rabbit" nothing
// is wanted.
func inherit(t *Turn) {
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Attribute == nil || m.Value == "" || m.Species() != "" || m.Role != Plain {
			continue
		}
		for _, o := range t.Marks {
			if o.Species() != "" && o.From >= m.To && o.From-m.To <= 1 && t.Words[o.From].Clause == t.Words[m.From].Clause && (o.Role == Owned || o.Role == Past) {
				m.Role = o.Role
			}
		}
	}
}

// present reports whether an animal is said to be there or not, rather than to be wanted or
// not: "no dogs here", "no other cats", "two cats at home".
func present(t *Turn, found []match, m *Mark) bool {
	if m.From > 0 && t.Words[m.From-1].Text == "other" {
		return true
	}
	return slices.ContainsFunc(found, func(f match) bool { return f.group == groupCue && f.name == "here" && f.From == m.To })
}

// reaches reports whether a cue belongs to a mention: within its clause or, of what is at
// home, along a list.
func (t *Turn) reaches(role Role, f match, m *Mark) bool {
	from, to := t.Words[f.From], t.Words[m.From]
	// "I have asthma and would like a bird"
	wish := slices.ContainsFunc(t.Marks, func(o Mark) bool {
		return (o.Fact == "need" || o.Fact == "which") && o.From >= f.To && o.To <= m.From
	})
	switch {
	case role == Owned && wish:
		return false
	case from.Clause == to.Clause:
		return true
	}
	return role == Owned && from.Sentence == to.Sentence && f.To-f.From > 1
}

// owns reports whether a cue is part of one that says what is at home: the "have a" of
// "I have a".
func owns(found []match, f match) bool {
	return slices.ContainsFunc(found, func(o match) bool {
		return o.group == groupCue && o.name == "own" && o.From < f.To && f.From < o.To
	})
}

// insideMark reports whether another mention between a cue and m has the cue for itself:
// in "not a dog that sheds" it is the dog.
func insideMark(t *Turn, f match, m *Mark) bool {
	for _, o := range t.Marks {
		animal := o.Species() != "" && m.Species() != ""
		if animal && o.From >= f.To && o.To <= m.From && (o.Pet != nil || o.Breed != nil || o.Value != "") && !sharesWords(&o, m) {
			return true
		}
	}
	return false
}

func sharesWords(a, b *Mark) bool { return a.From < b.To && b.From < a.To }

// polarity says whether a fact of the person is denied: "we have no kids".
func (r *Reader) polarity(t *Turn, found []match, m *Mark) Role {
	for _, f := range found {
		if f.group == groupCue && f.name == "not" && f.To <= m.From && m.From-f.To < 3 && t.Words[f.From].Clause == t.Words[m.From].Clause {
			return Unwanted
		}
	}
	return Plain
}

// joined returns the mention of the same kind that mark i is joined to by a word or two.
func joined(t *Turn, i int) *Mark {
	m := &t.Marks[i]
	for k := i - 1; k >= 0; k-- {
		o := &t.Marks[k]
		if o.To > m.From || o.Fact != "" {
			continue
		}
		between := m.From - o.To
		same := o.Species() != "" && m.Species() != "" || o.Attribute != nil && o.Attribute == m.Attribute
		if same && (between == 1 || between == 2) && isJoin(t.Words[o.To].Text) && t.Words[o.From].Sentence == t.Words[m.From].Sentence {
			return o
		}
		return nil
	}
	return nil
}

// isJoin reports whether a word goes on with what was said: these two are grammar.
func isJoin(word string) bool { return word == "or" || word == "and" || word == "nor" }

// text returns the words of a mark as they were written.
func (t *Turn) text(m *Mark) string { return t.Text[t.Words[m.From].Start:t.Words[m.To-1].End] }

// Said returns the words of a mark as they were written.
func (t *Turn) Said(m *Mark) string { return t.text(m) }
