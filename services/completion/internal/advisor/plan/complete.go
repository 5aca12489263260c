package plan

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// mostItems is the most items of an answer.
const mostItems = 4

// complete adds confident answers of the guides to the remaining clauses of a turn. Statements count as questions
// only if the turn asks for help: "he pulls and he barks, any advice".
func complete(p *Planner, pl *Plan) {
	t := pl.Turn
	if pl.heard || t.Language != nil || len(pl.Items) == 0 || pl.Items[0].Kind.IsTalk() && pl.Items[0].Kind != read.TalkComplaint {
		return
	}
	store := slices.ContainsFunc(pl.Items, func(i Item) bool { return forStore(i.Kind) || i.Kind == read.KindPet })
	begs := t.Has("plea") && !store
	clauses := asks.Clauses(t)
	if len(clauses) < 2 {
		return
	}
	for i := range clauses {
		c := &clauses[i]
		if len(pl.Items) >= mostItems || !c.Question && !begs || store && (asks.Ordered(t, c.From, c.To) != nil || len(asks.Attributes(t, c.From, c.To)) > 0) {
			continue
		}
		if item, ok := asking(p, pl, c); ok && !told(pl.Items, &item) {
			pl.Items = append(pl.Items, item)
		}
	}
}

// asking plans the answer to a clause from the guides, if they have a confident one.
func asking(p *Planner, pl *Plan, c *read.Sentence) (Item, bool) {
	t := pl.Turn
	if len(t.Pets(c.From, c.To)) > 0 || t.HasIn(c, "have") || len(content(p, t, c)) == 0 {
		return Item{}, false
	}
	item := Item{Kind: read.KindGuide, Text: c.Text, Species: t.Species(c.From, c.To, read.Plain, read.Owned, read.Past)}
	text, faint := c.Text, asks.Animals(t)
	if len(item.Species) == 0 { // "he howls", of a puppy
		text, faint = text+" "+strings.Join(faint, " "), nil
		item.Species = t.Species(0, len(t.Words), read.Plain, read.Owned, read.Past)
	}
	if len(item.Species) == 0 {
		item.Species = pl.Frame.Focus.Kinds()
	}
	item.Hits = p.cat.Search(catalogue.Query{Text: text, Species: item.Species, Faint: faint, Limit: 8})
	calm(item.Hits)
	item.Answer = p.cat.Answer(read.Unnamed(t, c), item.Species)
	if item.Answer != nil && (!c.Question || item.Answer.Likeness < surelyAsked) {
		item.Answer = nil
	}
	return item, len(item.Hits) > 0 && (item.Answer != nil || item.Hits[0].Surely() || asks.Numbered(t, c.From) && item.Hits[0].Answers())
}

// missed collects the questions that the guides cannot answer: at most two, none longer than a line, and none that
// says too little.
func missed(p *Planner, pl *Plan) {
	const most, line = 2, 90
	t := pl.Turn
	for i := range t.Asks {
		s := t.Asks[i]
		lost := slices.ContainsFunc(pl.Items, func(o Item) bool { return unknown(&o) && o.Text == s.Text })
		for s.To-1 > s.From && t.At("goes-on", s.To-1) {
			s.To-- // "what is it and"
		}
		text := t.Text[t.Words[s.From].Start:t.Words[s.To-1].End]
		if lost && s.Question && len(text) <= line && len(content(p, t, &s)) > 1 && len(pl.Missed) < most {
			pl.Missed = appendNew(pl.Missed, text)
		}
	}
}

// unknown reports whether the guides have nothing for an item.
func unknown(i *Item) bool {
	return i.Kind == read.KindGuide && i.Normal == nil && i.Answer == nil && len(i.Pets) == 0 && (len(i.Hits) == 0 || !i.Hits[0].Answers())
}

// surelyAsked is the least likeness of a clause to a question whose answer is added.
const surelyAsked = 0.75

// content returns the words of a clause that say what it is about.
func content(p *Planner, t *read.Turn, c *read.Sentence) []string {
	var list []string
	for i := c.From; i < c.To; i++ {
		said := slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
			return m.From <= i && i < m.To && (m.Fact == "plea" || m.Fact == "pronoun" || m.Species() != "")
		})
		if !said && catalogue.Content(p.cat, t.Words[i]) {
			list = append(list, t.Words[i].Stem)
		}
	}
	return list
}

// told reports whether items already say what another one would.
func told(items []Item, item *Item) bool {
	return slices.ContainsFunc(items, func(o Item) bool {
		switch {
		case helpful(o.Kind) && (strings.Contains(item.Text, o.Text) || strings.Contains(o.Text, item.Text) && len(o.Text) < 2*len(item.Text)):
			return true // it has its own item
		case o.Kind != read.KindGuide && o.Kind != read.KindBreed && o.Kind != read.TalkComplaint:
			return strings.Contains(o.Text, item.Text) && !forStore(o.Kind)
		case item.Answer != nil && o.Answer != nil && o.Answer.Answer == item.Answer.Answer:
			return true
		case o.Answer != nil: // more of its guide follows anyway
			at := slices.IndexFunc(o.Hits, func(h catalogue.Hit) bool { return h.Guide == o.Answer.Guide })
			return o.Answer.Guide == item.Hits[0].Guide && (at < 0 || item.Answer == nil && o.Text != item.Text && len(o.Text) < 2*len(item.Text) || o.Hits[at].Passage == item.Hits[0].Passage)
		}
		return len(o.Hits) > 0 && (o.Hits[0].Passage == item.Hits[0].Passage || o.Hits[0].Guide == item.Hits[0].Guide && item.Answer == nil)
	})
}
