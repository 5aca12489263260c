package read

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
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
	t.markSleep()
	slices.SortStableFunc(t.Marks, func(a, b Mark) int { return cmp.Compare(a.From, b.From) })
	r.assignRoles(t, found)
}

// markSleep marks a pet that was put to sleep, whatever its name: "put Bella to sleep".
func (t *Turn) markSleep() {
	const reach = 6
	for i, w := range t.Words {
		if w.Text != "put" {
			continue
		}
		for k := i + 2; k < min(i+reach, len(t.Words)-1); k++ {
			if t.Words[k].Text == "to" && t.Words[k+1].Text == "sleep" && t.Words[k].Sentence == w.Sentence {
				t.Marks = append(t.Marks, Mark{From: i, To: k + 2, Fact: "grief"})
			}
		}
	}
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

// outermost drops phrases inside a longer one of the same kind: "short" in "short haired" is no size.
func outermost(found []match) []match {
	return slices.DeleteFunc(slices.Clone(found), func(m match) bool {
		kind, _, _ := strings.Cut(m.group, ":")
		return slices.ContainsFunc(found, func(o match) bool {
			other, _, _ := strings.Cut(o.group, ":")
			same := other == kind && kind != groupAsk || isAttributeKind(other) && isAttributeKind(kind)
			inside := o.From <= m.From && m.To <= o.To && o.To-o.From > m.To-m.From
			animal := m.group == valueOf+"species" && (kind == other || o.loose || other+":" == askFor && m.From > o.From)
			apart := o.loose && isAttributeKind(kind) && m.group != o.group
			return same && inside && !animal && !apart
		})
	})
}

func isAttributeKind(kind string) bool {
	return kind+":" == valueOf || kind+":" == moreOf || kind+":" == lessOf || kind+":" == askFor
}

// markNames marks the named breeds and pets.
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

// reachOf returns how many words before a mention the cue for a role may stand.
func reachOf(r Role) int {
	if r == Owned {
		return 6 // "I have a lonely neutered boy bunny"
	}
	return 4
}

// assignRoles sets each mention's role by the nearest cue before it in its clause. A mention joined to another one by
// "or" or "and" has its role.
func (r *Reader) assignRoles(t *Turn, found []match) {
	cues := map[string]Role{"own": Owned, "begins-own": Owned, "past": Past, "together": Together, "not": Unwanted, "afraid": Unwanted, "allergic": Allergic, "person": Personal}
	defer r.others(t)
	defer inherit(t)
	defer household(t, found)
	defer keepApart(t, found)
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
			if role == Owned && f.To-f.From == 1 && beginsWithPreposition(t.Words[f.To:m.From]) {
				continue // "my budget for a dog"
			}
			if role == Personal && m.Amount == nil || insideMark(t, f, m) {
				continue
			}
			if role == Together && owns(found, f) {
				role = Owned
			}
			if role == Together && f.From > 0 && t.Words[f.From-1].Text == "you" && t.Words[f.From].Stem == "have" {
				continue // "do you have a Dalmatian"
			}
			if f.name == "begins-own" {
				if f.From > 0 && t.Words[f.From-1].Clause == t.Words[f.From].Clause || t.asksAt(f.From) {
					continue // "do you have a dog", "got a dog?"
				}
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
		if m.Species() != "" && m.Role == Plain && t.inside(m, "experienced") {
			m.Role = Past // "we had working dogs before"
		}
		if before := joined(t, i); m.Role == Plain && before != nil {
			m.Role = before.Role
		}
	}
}

// keepApart finds animals that another one must not live with: "cats that cannot be put with a dog", "dogs who chase
// cats". Two denials cancel: "a dog that does not chase cats".
func keepApart(t *Turn, found []match) {
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Species() == "" || m.Pet != nil || m.Role != Together && m.Role != Unwanted && m.Role != Plain {
			continue
		}
		from := -1 // the end of the animal in question
		for _, o := range t.Marks {
			speaks := o.Species() != "" && o.Role == Plain || o.Fact == "any-pet" || o.Fact == "which" && wordAt(t, o.From) == "which"
			if speaks && o.To <= m.From && t.Words[o.From].Clause == t.Words[m.From].Clause {
				from = max(from, o.To)
			}
		}
		if from < 0 {
			continue
		}
		cue := func(name string) bool {
			return slices.ContainsFunc(found, func(f match) bool {
				return f.group == groupCue && f.name == name && f.From >= from && f.To <= m.From
			})
		}
		hostile := cue("hostile")
		denied := slices.ContainsFunc(found, func(f match) bool {
			also := slices.ContainsFunc(found, func(o match) bool { return o.group == groupCue && o.name == "hostile" && o.From == f.From })
			return f.group == groupCue && f.name == "not" && f.From >= from && f.To <= m.From && !also
		})
		switch {
		case hostile && denied:
			m.Role = Together
		case hostile, cue("together") && denied:
			m.Role = Apart
		}
	}
}

// beginsWithPreposition reports whether words contain a preposition, so that the cue before them has another noun.
// These words are grammar, not vocabulary.
func beginsWithPreposition(list []words.Word) bool {
	for _, w := range list {
		switch w.Text {
		case "for", "on", "about", "to", "of", "is", "was":
			return true
		}
	}
	return false
}

// asksAt reports whether the sentence of a word ends in a question mark.
func (t *Turn) asksAt(word int) bool {
	for i := word; i < len(t.Words) && t.Words[i].Sentence == t.Words[word].Sentence; i++ {
		end := len(t.Text)
		if i+1 < len(t.Words) {
			end = t.Words[i+1].Start
		}
		if strings.Contains(t.Text[t.Words[i].End:end], "?") {
			return true
		}
	}
	return false
}

// inside reports whether a mention is part of a fact's mention.
func (t *Turn) inside(m *Mark, fact string) bool {
	return slices.ContainsFunc(t.Marks, func(o Mark) bool { return o.Fact == fact && o.From <= m.From && m.To <= o.To })
}

// household marks animals at home that are gone as past, and animals that a list of facts names as owned: "kids 2 and
// 5, a cat, house".
func household(t *Turn, found []match) {
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Species() == "" || m.Pet != nil {
			continue
		}
		at := t.Words[m.From]
		gone := slices.ContainsFunc(found, func(f match) bool {
			return f.group == groupCue && f.name == "gone" && t.Words[f.From].Sentence == at.Sentence && !t.At("mate", f.From-1)
		})
		if gone && m.Role == Owned {
			m.Role = Past
			continue
		}
		if m.Role == Plain && (t.aloneInClause(m) || t.listed(m)) && (t.facts(at.Sentence) > 1 || t.listed(m) && ownsBefore(t, found, m)) {
			m.Role = Owned
		}
	}
}

// aloneInClause reports whether a clause is only a mention with a word before it.
func (t *Turn) aloneInClause(m *Mark) bool {
	clause := t.Words[m.From].Clause
	before, after := m.From-1, m.To
	if before < 0 || t.Words[before].Clause != clause || before > 0 && t.Words[before-1].Clause == clause {
		return false
	}
	return (after == len(t.Words) || t.Words[after].Clause != clause) && counts(t.Words[before].Text)
}

// ownsBefore reports whether an earlier clause of a mention's sentence says what is at home.
func ownsBefore(t *Turn, found []match, m *Mark) bool {
	return slices.ContainsFunc(found, func(f match) bool {
		at := t.Words[f.From]
		return f.group == groupCue && f.name == "own" && f.To-f.From > 1 && f.To <= m.From && at.Sentence == t.Words[m.From].Sentence && at.Clause != t.Words[m.From].Clause
	})
}

// listed reports whether a clause begins by counting a mention, and asks nothing: "house, yard, two old neutered
// mutts that like everybody".
func (t *Turn) listed(m *Mark) bool {
	const reach = 4
	first := m.From
	for first > 0 && t.Words[first-1].Clause == t.Words[m.From].Clause {
		first--
	}
	if first == 0 || m.From-first > reach || m.From == first || !counts(t.Words[first].Text) || t.asksAt(m.From) {
		return false
	}
	return t.Words[first-1].Sentence == t.Words[first].Sentence && !slices.ContainsFunc(t.Marks, func(o Mark) bool {
		asks := o.Fact == "need" || o.Fact == "which" || o.Fact == "have" || o.Fact == "list"
		return asks && t.Words[o.From].Sentence == t.Words[m.From].Sentence
	})
}

// counts reports whether a word may introduce an animal in a list: "a cat", "two cats", "my cat".
func counts(word string) bool {
	switch word {
	case "a", "an", "one", "two", "three", "1", "2", "3", "our", "my":
		return true
	}
	return false
}

// facts counts the facts about the person in and near a sentence.
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

// inherit gives attributes of an animal at home the role [Owned]: nothing is wanted in "my shy boy rabbit, 3 years
// old, who hates dogs".
func inherit(t *Turn) {
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Attribute == nil || m.Asked || m.Role != Plain && m.Role != Together || m.Species() != "" || m.Amount == nil && (m.Value == "" && m.Order == 0) {
			continue
		}
		for _, o := range t.Marks {
			if o.Species() == "" || o.Pet != nil || o.Role != Owned && o.Role != Past && o.Role != Together {
				continue
			}
			if t.before(m, &o) || t.behind(m, &o) || o.From <= m.From && m.To <= o.To {
				m.Role = Owned
			}
		}
	}
}

// Limits for [Reader.others]: a mention is about another animal if the probability that it is about the wanted one is
// below hardly, or below rather in a turn that explicitly asks for one. Turns with fewer than saysLittle words
// mention no others.
const (
	hardly     = 0.2
	rather     = 0.5
	surely     = 0.9 // above this it is about the wanted animal, whatever stands before
	saysLittle = 7
)

// others marks mentions that are hardly about the wanted animal.
func (r *Reader) others(t *Turn) {
	if len(t.Words) < saysLittle {
		return
	}
	asked := slices.ContainsFunc(t.Marks, func(m Mark) bool { return m.Role == Plain && m.Species() != "" && t.wishes(&m) })
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Asked || m.Pet != nil || m.Species() == "" && !m.describes() || t.wishes(m) {
			continue
		}
		if next := wordAt(t, m.To); m.Species() == "" && (next == "one" || next == "ones") {
			continue // "my landlord allows only small ones"
		}
		from, to := t.phrase(m)
		w := r.Whose(t, from, to)
		if m.Role == Owned && m.Species() != "" && w[Sought] > surely {
			m.Role = Plain // "my budget for a dog"
		}
		limit := float32(hardly)
		if asked && (m.Species() != "" || to-from > m.To-m.From) {
			limit = rather
		}
		teller := w[Speaker] > w[Other] && (m.bothers() || m.Species() != "" && !asked) // "not above $90 for a cat"
		if m.Role == Plain && w[Sought]+w[Asked] < limit && !teller {
			m.Of = Speaker
			if w[Other] > w[Speaker] {
				m.Of = Other
			}
		}
	}
}

// phrase returns the words of a mention and of the attributes next to it in its clause: "two bouncy young Labs".
func (t *Turn) phrase(m *Mark) (from, to int) {
	from, to = m.From, m.To
	same := func(i int) bool { return t.Words[i].Clause == t.Words[m.From].Clause && t.described(i) }
	for from > 0 && same(from-1) {
		from--
	}
	for to < len(t.Words) && same(to) {
		to++
	}
	return from, to
}

// describes reports whether a mention describes an animal itself, rather than its home or its costs.
func (m *Mark) describes() bool {
	if m.Attribute == nil {
		return false
	}
	switch m.Attribute.Name {
	case "home", "children", "cats", "dogs", "hours", "allergy", "beginner", "fee", "upkeep", "exercise":
		return false
	}
	return true
}

// bothers reports whether a mention is of something that people may say they cannot bear: "I hate noise".
func (m *Mark) bothers() bool {
	return m.Attribute != nil && (m.Attribute.Name == "noise" || m.Attribute.Name == "shedding" || m.Attribute.Name == "grooming")
}

// wishes reports whether words in a mention's clause ask for an animal before it: "show me all", "I need".
func (t *Turn) wishes(m *Mark) bool {
	for i := m.From - 1; i >= 0 && m.From-i <= 4 && t.Words[i].Clause == t.Words[m.From].Clause; i-- {
		if o := t.markAt(i); o != nil && o.Species() != "" {
			break
		}
		if t.Words[i].Text == "your" { // speaks to the store
			return true
		}
	}
	if before := m.From - 1; before >= 0 && (t.Words[before].Text == "all" || t.Words[before].Text == "every") && (before == 0 || t.Words[before-1].Clause != t.Words[before].Clause) {
		return true // "All cats under $100."
	}
	return slices.ContainsFunc(t.Marks, func(o Mark) bool {
		asks := o.Fact == "list" || o.Fact == "count" || o.Fact == "have" || o.Fact == "which" || o.Fact == "need"
		return asks && o.From <= m.From && t.Words[o.From].Clause == t.Words[m.From].Clause
	})
}

// before reports whether m describes an animal that follows it: "two big dogs", "a 6 year old greyhound".
func (t *Turn) before(m, animal *Mark) bool {
	const reach = 3
	if m.To > animal.From || animal.From-m.To >= reach || t.Words[m.From].Clause != t.Words[animal.From].Clause {
		return false
	}
	for i := m.To; i < animal.From; i++ { // only other attributes may be between
		if !t.described(i) {
			return false
		}
	}
	return true
}

// behind reports whether m describes an animal that precedes it: "a rabbit, 3 years old", "two dogs (friendly)", "a
// greyhound who kills anything small".
func (t *Turn) behind(m, animal *Mark) bool {
	if m.From < animal.To || t.Words[m.From].Sentence != t.Words[animal.From].Sentence {
		return false
	}
	for i := animal.To; i < m.From; i++ {
		o := t.markAt(i)
		if o != nil && (o.Fact == "need" || o.Fact == "which" || o.Fact == "have" || o.Species() != "") || isJoin(t.Words[i].Text) && t.Words[i].Clause != t.Words[animal.From].Clause {
			return false
		}
	}
	next := t.Words[animal.To].Text
	relative := next == "who" || next == "that" || next == "which" || next == "whos" || next == "thats"
	apposed := m.From-animal.To <= 1 && t.Words[m.From].Clause != t.Words[animal.From].Clause
	return relative && t.Words[m.From].Clause-t.Words[animal.To].Clause <= 1 || apposed
}

// described reports whether a word is part of an attribute's mention.
func (t *Turn) described(word int) bool {
	m := t.markAt(word)
	return m != nil && m.Attribute != nil
}

// markAt returns a mention that contains word i, preferably an animal.
func (t *Turn) markAt(i int) *Mark {
	var found *Mark
	for k := range t.Marks {
		if m := &t.Marks[k]; m.From <= i && i < m.To && (found == nil || m.Species() != "") {
			found = m
		}
	}
	return found
}

// present reports whether an animal is said to be there or not, rather than to be wanted or not: "no dogs here", "no
// other cats", "two cats at home".
func present(t *Turn, found []match, m *Mark) bool {
	if m.From > 0 && t.Words[m.From-1].Text == "other" {
		return true
	}
	return slices.ContainsFunc(found, func(f match) bool { return f.group == groupCue && f.name == "here" && f.From == m.To })
}

// reaches reports whether a cue belongs to a mention: within its clause or, for animals at home, along a list.
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

// owns reports whether a cue is part of one about animals at home: the "have a" of "I have a".
func owns(found []match, f match) bool {
	return slices.ContainsFunc(found, func(o match) bool {
		return o.group == groupCue && o.name == "own" && o.From < f.To && f.From < o.To
	})
}

// insideMark reports whether a mention between a cue and m takes the cue: in "not a dog that sheds", the dog does.
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

// polarity returns [Unwanted] for a denied fact about the person, such as "we have no kids", and [Allergic] for what
// somebody is allergic to.
func (r *Reader) polarity(t *Turn, found []match, m *Mark) Role {
	for _, f := range found {
		if f.group == groupCue && f.name == "not" && f.To <= m.From && m.From-f.To < 3 && t.Words[f.From].Clause == t.Words[m.From].Clause {
			return Unwanted
		}
		if f.group == groupCue && f.name == "allergic" && f.To <= m.From && m.From-f.To < 3 && t.Words[f.From].Clause == t.Words[m.From].Clause {
			return Allergic
		}
	}
	return Plain
}

// joined returns the mention of the same kind to which a word or two join mark i.
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

// isJoin reports whether a word continues a list. These words are grammar.
func isJoin(word string) bool { return word == "or" || word == "and" || word == "nor" }

// Said returns a mark's words as written.
func (t *Turn) Said(m *Mark) string { return t.Text[t.Words[m.From].Start:t.Words[m.To-1].End] }
