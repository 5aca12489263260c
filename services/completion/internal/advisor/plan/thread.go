package plan

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/reckon"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/triage"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// lost reports whether items answer nothing: no guide fits, and nothing else was understood.
func lost(items []Item) bool {
	return !slices.ContainsFunc(items, func(i Item) bool {
		switch i.Kind {
		case read.KindGuide:
			return i.Answer != nil || len(i.Pets) > 0 || len(i.Hits) > 0 && i.Hits[0].Answers()
		case read.KindOffTopic, read.TalkConfused, read.TalkFeedback:
			return false
		default:
			return true
		}
	})
}

// rejoin reads a turn that says too little by itself together with what was discussed before: a pet whose fee is
// asked for, a choice of pets to edit, or a question to continue.
func rejoin(p *Planner, pl *Plan, before *Frame) (Item, bool) {
	t, f := pl.Turn, pl.Frame
	if before.Last == nil || len(t.Words) > longTurn {
		return Item{}, false
	}
	if item, ok := ofFocus(p, pl, before); ok {
		return item, true
	}
	conditions, _ := p.conditions(t, 0, len(t.Words))
	told := len(conditions) > 0 || personal(t, 0, len(t.Words))
	if before.Store != nil && told && len(t.Pets(0, len(t.Words))) == 0 {
		item := *before.Store
		item.Kind, item.Text = read.KindRecommend, t.Text
		item.Hits, item.Asked, item.Except, item.Answer = nil, nil, nil, nil
		item.Count, item.Have, item.List, item.Average, item.Why, item.Detail, item.More = false, false, false, false, false, false, false
		f.Wants = slices.Clone(before.Wants)
		if len(f.Wants) == 0 {
			f.Wants = slices.Clone(item.Wants)
		}
		p.refine(pl, &item)
		f.Focus = before.Focus
		return item, true
	}
	if before.Last.Kind == read.KindGuide || before.Last.Kind == read.KindEmergency {
		item := Item{Kind: read.KindGuide, Text: before.Last.Text + " " + t.Text, Species: before.Last.Species}
		p.search(pl, &item, 0, 0)
		if len(item.Hits) > 0 && item.Hits[0].Answers() {
			return item, true
		}
	}
	return Item{}, false
}

// longTurn is the least words of a turn that does not depend on earlier ones.
const longTurn = 40

// ofFocus reads a turn that asks for facts without a name as one about the pet in focus.
func ofFocus(p *Planner, pl *Plan, before *Frame) (Item, bool) {
	t := pl.Turn
	pets := before.Focus.Pets
	if len(pets) == 0 && len(before.Shown) > 0 && len(before.Shown) <= 2 {
		pets = before.Shown
	}
	if len(pets) == 0 || len(pets) > 2 || len(t.Pets(0, len(t.Words))) > 0 {
		return Item{}, false
	}
	facts := asks.Attributes(t, 0, len(t.Words))
	for i := range t.Marks {
		m := &t.Marks[i]
		switch {
		case m.Amount != nil && m.Attribute == nil && t.Has("total") && m.Amount.Low > 9:
			facts = appendNew(facts, p.cat.Attribute("fee")) // "so 310 each or for both?"
		case m.Attribute == nil:
		case m.Amount != nil && m.Attribute.Name == "fee":
			facts = appendNew(facts, m.Attribute)
		case (m.Species() == catalogue.Dog || m.Species() == catalogue.Cat) && m.Pet == nil:
			facts = appendNew(facts, p.cat.Attribute(string(m.Species())+"s"))
		}
	}
	if len(facts) == 0 {
		return Item{}, false
	}
	item := Item{Kind: read.KindPet, Text: t.Text, Pets: pets, Asked: facts, Suits: t.Has("suit"), Species: before.Focus.Kinds()}
	pl.Frame.Focus = before.Focus
	return item, true
}

// pickedOut returns the shown pet that a turn describes: "the diabetic one".
func pickedOut(p *Planner, pl *Plan, before *Frame) *catalogue.Pet {
	t := pl.Turn
	if len(before.Shown) < 2 {
		return nil
	}
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Attribute == nil || m.Value == "" || m.Amount != nil || m.Role != read.Plain || m.Asked || m.From == 0 || m.To >= len(t.Words) {
			continue
		}
		if t.Words[m.From-1].Text != "the" || t.Words[m.To].Text != "one" {
			continue
		}
		var found []*catalogue.Pet
		for _, pet := range before.Shown {
			c := catalogue.Constraint{Attribute: m.Attribute, Op: catalogue.Is, Names: asks.NamesOf(m.Attribute, m.Value)}
			if slices.Contains(p.cat.Where([]catalogue.Constraint{c}), pet) {
				found = append(found, pet)
			}
		}
		if len(found) == 1 {
			return found[0]
		}
	}
	return nil
}

// carried returns a changed sum, or the question whether the meant pets can live together.
func carried(p *Planner, pl *Plan, before *Frame) *reckon.Question {
	if pl.Verdict.Level != triage.None || pl.Verdict.Refusal == triage.Cruelty {
		return nil
	}
	var sum []*catalogue.Pet
	switch last := before.Last; {
	case last == nil:
	case last.Reckon != nil && last.Reckon.Op == reckon.Sum:
		sum = last.Reckon.Pets
	case last.Total && len(last.Pets) > 1:
		sum = last.Pets
	case last.Kind == read.KindPet && slices.Contains(last.Asked, p.cat.Attribute("fee")) && pl.Turn.Has("puts-in"):
		sum = last.Pets // "how much is Zorro?", "and if I take Tank as well?"
	}
	if q := reckon.Amend(p.cat, pl.Turn, sum); q != nil || pl.Verdict.Refusal != "" {
		return q
	}
	return reckon.Company(p.cat, pl.Turn, before.Focus.Pets)
}

// relearn compares the pet in question with new facts about the person: "oh, and my mother moves in with her cat". If
// it no longer suits, it looks for others.
func relearn(p *Planner, pl *Plan, before *Frame) []Item {
	t, f := pl.Turn, pl.Frame
	pets := t.Pets(0, len(t.Words))
	if len(pets) == 0 && before.Last != nil && before.Last.Kind == read.KindPet {
		pets = before.Focus.Pets
	}
	asks.MovesIn(t)
	if len(pets) != 1 || before.Last == nil || len(t.Breeds(0, len(t.Words))) > 0 || len(t.Words) > longTurn || slices.ContainsFunc(t.Asks, func(s read.Sentence) bool {
		return s.Question || t.HasIn(&s, "need") || t.HasIn(&s, "list") || t.HasIn(&s, "which")
	}) {
		return nil
	}
	p.learnPerson(f, t)
	pet := pets[0]
	fresh := slices.DeleteFunc(slices.Clone(f.Wants), func(c Condition) bool {
		return c.Of == "" || slices.ContainsFunc(before.Wants, func(o Condition) bool { return o.Attribute == c.Attribute && o.Number == c.Number })
	})
	if len(fresh) == 0 {
		return nil
	}
	f.Focus = Focus{Pets: pets}
	items := []Item{{Kind: read.KindPet, Text: t.Text, Pets: pets, Suits: true, Species: f.Focus.Kinds()}}
	if slices.ContainsFunc(fresh, func(c Condition) bool { return !c.Holds(pet) }) {
		wants := slices.Clone(f.Wants)
		if !NamesAnimal(wants) {
			wants = append(wants, p.species(catalogue.Is, string(pet.Species), pet.Species))
		}
		items = append(items, Item{Kind: read.KindRecommend, Text: t.Text, Wants: wants, Except: pets, Species: f.Focus.Kinds()})
	}
	return items
}

// isList reports whether the answer to a plan contains a guide's list.
func isList(p *Planner, pl *Plan) bool {
	again, item := *pl, pl.Items[0]
	again.heard = false
	p.search(&again, &item, 0, 0)
	return item.Kind == read.KindGuide && slices.ContainsFunc(item.Hits[:min(2, len(item.Hits))], func(h catalogue.Hit) bool { return strings.Contains(h.Text, "\n- ") })
}
