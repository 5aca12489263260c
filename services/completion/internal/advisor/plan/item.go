package plan

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/reckon"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// An Item is one thing to answer.
type Item struct {
	Kind read.Kind
	// Text is the question, as used in searches of the guides.
	Text    string
	Pets    []*catalogue.Pet
	Breeds  []*catalogue.Breed
	Species []catalogue.Species
	// Asked are the attributes asked for.
	Asked []*catalogue.Attribute
	Wants []Condition
	Order *asks.Order
	Aspect
	// Reckon is what to compute about Pets.
	Reckon *reckon.Question
	// Count, List, Average and Total say what is asked about the store's pets.
	Count, List, Average, Total bool
	// Have is set if the question is whether there is such a pet at all.
	Have bool
	Missing
	// More excludes pets shown before. Except are others to exclude.
	More   bool
	Except []*catalogue.Pet
	// Suits asks whether a pet or a breed suits the person.
	Suits bool
	Hits  []catalogue.Hit
	// Normal is the passage about something normal that looks like a danger.
	Normal *catalogue.Passage
	// Card is the sentence of the pet's own card that answers the question.
	Card string
	// Answer is the answer written for exactly this question, if any.
	Answer *catalogue.Reply

	told bool // it is no question
}

// An Aspect is what is asked about what was shown or told before.
type Aspect struct {
	// Why asks for the reasons of the last answer, Detail for more of it.
	Why, Detail bool
	// Pick asks which of the pets, breeds or species comes first in an order, and for nothing else.
	Pick *asks.Order
	// Just asks for nothing but the item's attributes.
	Just bool
}

// Missing is what is asked for and is not there. Each is empty if there is none.
type Missing struct {
	Unknown   string // an animal that the store does not place
	Stranger  string // a name that no pet has
	Uncovered string // animals that no guide covers
}

// lists reports whether a part, such as "List all with price", only asks to list the pets of the previous question.
func (p *Planner) lists(pl *Plan, a *part) bool {
	if len(pl.Items) == 0 || !forStore(a.kind) {
		return false
	}
	last := &pl.Items[len(pl.Items)-1]
	t := pl.Turn
	if last.Kind != read.KindStock || last.Order != nil || !t.HasIn(&read.Sentence{From: a.from, To: a.to}, "list") && !t.HasIn(&read.Sentence{From: a.from, To: a.to}, "pronoun") {
		return false
	}
	if own, _ := p.conditions(t, a.from, a.to); len(own) > 0 || asks.Ordered(t, a.from, a.to) != nil || p.unknownAnimal(t, a) != "" {
		return false
	}
	last.List = true
	return true
}

// complaint plans the answer to a turn that only complains. The guides may know something about its subject.
func (p *Planner) complaint(pl *Plan) Item {
	item := Item{Kind: read.TalkComplaint, Text: pl.Turn.Text, Species: pl.Frame.Focus.Kinds()}
	p.answer(pl, &item, &part{from: 0, to: len(pl.Turn.Words)})
	return item
}

// item plans the answer to one part.
func (p *Planner) item(pl *Plan, a *part, before *Focus) Item {
	t := pl.Turn
	item := Item{Kind: a.kind, Text: a.text, Pets: t.Pets(a.from, a.to), Breeds: t.Breeds(a.from, a.to), Asked: asks.Attributes(t, a.from, a.to)}
	item.Species = t.Species(a.from, a.to, read.Plain, read.Owned, read.Past, read.Together)
	s := &read.Sentence{From: a.from, To: a.to, Question: a.question}
	item.Suits, item.Total = t.HasIn(s, "suit"), t.HasIn(s, "total")
	pointing := len(item.Pets)+len(item.Breeds)+len(item.Species) == 0
	if a.kind == read.KindPet || a.kind == read.KindStock {
		item.Stranger = p.stranger(t, a)
	}
	switch a.kind {
	case read.KindStock, read.KindRecommend:
		if p.store(pl, a, &item); !supported(p, pl, a, &item) {
			item.Wants, item.Order, item.Kind = nil, nil, read.KindGuide
			if len(item.Pets) == 1 {
				item.Kind = read.KindPet // "I want Pepito"
			}
			item.Count, item.Have, item.List, item.Average = false, false, false, false
		}
	case read.KindPet:
		if pointing || len(item.Pets) == 0 {
			p.point(pl, before, &item)
		}
	case read.KindCompare, read.KindBreed:
		if asks.OfGroup(p.cat, t, s) == a.kind {
			for _, b := range slices.Concat(asks.Grouped(p.cat, t, a.from, a.to)...) {
				item.Breeds = appendNew(item.Breeds, b)
			}
			pointing = len(item.Breeds) == 0
		}
		if pointing {
			p.point(pl, before, &item)
		}
	default:
	}
	if a.kind == read.KindGuide && t.HasIn(s, "pronoun") {
		item.ofLast(t, a, before)
	}
	if pair := oneAlone(pl, s, before); pair != nil {
		item.Kind, item.Pets, item.Wants, item.Order = read.KindPet, []*catalogue.Pet{pair}, nil, nil
		return item
	}
	if item.Kind == read.KindPet && s.Question && len(item.Asked) == 0 && personal(t, a.from, a.to) {
		item.Suits = true // "can he live with my kitty?"
	}
	if o := asks.Ordered(t, a.from, a.to); item.Kind == read.KindPet && len(item.Asked) == 0 && o != nil {
		item.Asked = append(item.Asked, o.Attribute)
	}
	if of := t.Species(0, len(t.Words), read.Plain, read.Owned, read.Past); len(item.Species) == 0 && (len(of) == 1 || len(of) == 2) {
		item.Species = of // "we have a golden and get a cat. How do we introduce them?"
	}
	if kinds := before.Kinds(); len(item.Species) == 0 && len(kinds) <= 2 {
		item.Species = kinds
	}
	if item.Kind == read.KindGuide || item.Kind == read.KindOffTopic || item.Kind == read.KindBreed || item.Kind == read.TalkConfused || item.Kind == read.TalkComplaint {
		p.search(pl, &item, a.from, a.to)
		item.Hits = p.inContext(item.Hits, a, item.Species)
	}
	p.rethink(pl, a, s, &item, before.isEmpty())
	p.cards.look(t, a, &item, before)
	return item
}

// ofLast turns a question to the guides into one about the only pet or breed that was spoken of, if it asks for an
// attribute and names no other animal.
func (i *Item) ofLast(t *read.Turn, a *part, before *Focus) {
	other := slices.ContainsFunc(i.Species, func(s catalogue.Species) bool { return !slices.Contains(before.Kinds(), s) })
	if len(i.Pets)+len(i.Breeds) > 0 || other || len(before.Pets)+len(before.Breeds) != 1 {
		return
	}
	values := asks.Valued(t, a.from, a.to)
	if len(values) == 0 {
		return
	}
	i.Pets, i.Breeds, i.Asked, i.Kind = before.Pets, before.Breeds, append(i.Asked, values...), read.KindBreed
	if len(i.Pets) > 0 {
		i.Kind = read.KindPet
	}
}

// oneAlone returns the pair that is spoken of, if a sentence asks for one of it: "I'll take just one of those two".
func oneAlone(pl *Plan, s *read.Sentence, before *Focus) *catalogue.Pet {
	if !pl.Turn.HasIn(s, "one-alone") {
		return nil
	}
	const few = 3
	spoken := pl.Frame.Shown
	if len(spoken) == 0 || len(spoken) > few {
		spoken = before.Pets
	}
	if at := slices.IndexFunc(spoken, func(p *catalogue.Pet) bool { return p.Sex == catalogue.Group }); at >= 0 && len(spoken) <= few {
		return spoken[at]
	}
	return nil
}

// saysLittle is the least words of a question that is meaningful by itself.
const saysLittle = 5

// rethink turns an item into a question to the guides if they have a confident answer.
func (p *Planner) rethink(pl *Plan, a *part, s *read.Sentence, item *Item, unfocused bool) {
	t := pl.Turn
	if item.Kind == read.KindRecommend && a.sure < 0.9 && !t.HasIn(s, "need") && !t.HasIn(s, "have") && !t.HasIn(s, "which") && !t.HasIn(s, "suit") && unfocused {
		told := *item
		if p.search(pl, &told, a.from, a.to); len(told.Hits) > 0 && told.Hits[0].Surely() {
			told.Kind, told.Wants, told.Order = read.KindGuide, nil, nil // "I bring a second cat home. Plan?"
			*item = told
		}
	}
	p.answer(pl, item, a)
	if chat := item.Kind == read.KindOffTopic && len(item.Species) > 0 || item.Kind.IsTalk() && s.Question && a.to-a.from > saysLittle; chat {
		if len(item.Hits) == 0 {
			p.search(pl, item, a.from, a.to)
		}
		if len(item.Hits) > 0 && item.Hits[0].Surely() {
			item.Kind = read.KindGuide // "for a pub quiz: is onion bad for dogs?"
		}
	}
	if pets := t.Pets(0, len(t.Words)); item.Kind == read.KindGuide && item.Answer == nil && len(pets) == 1 && s.Question && personal(t, a.from, a.to) &&
		(len(item.Hits) == 0 || !item.Hits[0].Answers()) {
		item.Kind, item.Pets, item.Suits = read.KindPet, pets, true // "is he OK with my other cat?"
	}
}

// answer looks for the answer written for exactly the question of a part. If the match is certain, the item becomes a
// question to the guides.
func (p *Planner) answer(pl *Plan, item *Item, a *part) {
	const likely, surely, surelyClaimed = 0.7, 0.8, 0.92
	if pl.heard || item.Kind == read.KindStock || item.Kind == read.KindPet || item.Uncovered != "" || a.story && item.Kind == read.KindRecommend {
		return
	}
	least := 0.0
	switch {
	case item.Kind == read.KindGuide:
	case item.Kind.IsTalk() || item.Kind == read.KindOffTopic || item.Kind == read.KindBreed:
		least = likely
	default:
		least = surely
	}
	for i := range pl.Turn.Asks {
		s := &pl.Turn.Asks[i]
		if s.From < a.from || s.To > a.to {
			continue
		}
		said, before := read.Unnamed(pl.Turn, s), read.Unnamed(pl.Turn, &pl.Turn.Asks[max(0, i-1)])
		found := catalogue.AnswerAfter(p.cat, before, said, item.Species)
		if found != nil && ofOther(pl, s, item, found) {
			found = p.cat.Answer(append(slices.Clone(before), said...), item.Species) // "she ate. Can I hold her now?"
			if found == nil || ofOther(pl, s, item, found) {
				continue
			}
		}
		asks := s.Question || len(catalogue.FormOf(said).Forms) > 0
		if found != nil && found.Likeness > least && (found.Form == "" || asks && (item.Kind != read.KindRecommend || found.Verdict != "" && found.Likeness > surelyClaimed)) {
			item.Answer, least = found, found.Likeness
		}
	}
	if item.Answer != nil && item.Kind != read.KindGuide {
		item.Kind = read.KindGuide
		p.search(pl, item, a.from, a.to)
	}
}

// ofOther reports whether an answer is on adopting, where a sentence goes on about the care of an animal: "can I
// hold her now?".
func ofOther(pl *Plan, s *read.Sentence, item *Item, found *catalogue.Reply) bool {
	if pl.Frame == nil || pl.Frame.Last == nil {
		return false
	}
	last := pl.Frame.Last
	return last.Kind == read.KindGuide && len(item.Species) > 0 && len(item.Pets) == 0 &&
		found.Guide.About(catalogue.TopicAdoption) && !pl.Turn.Has("process") && pl.Turn.HasIn(s, "pronoun")
}

// bare reports whether an item asks for pets without any condition.
func (i *Item) bare() bool {
	return len(i.Wants) == 0 && i.Order == nil && i.Unknown == "" && !i.Count && !i.Have && !i.List && !i.Average && !i.Total
}

// point sets the subjects of a turn that names none.
func (p *Planner) point(pl *Plan, before *Focus, item *Item) {
	if pets := p.ordinal(pl); len(pets) > 0 {
		item.Pets = pets
		return
	}
	item.Pets, item.Breeds = before.Pets, before.Breeds
	if len(item.Pets)+len(item.Breeds) == 0 {
		item.Pets = pl.Frame.Shown
		item.Species = before.Species
	}
	if item.Kind == read.KindPet && len(item.Pets) == 0 && item.Stranger == "" {
		item.Kind = read.KindGuide
		if len(item.Breeds) > 0 {
			item.Kind = read.KindBreed
		}
	}
}

// ordinal returns the pets of the last answer that a turn refers to by number: "the second one".
func (p *Planner) ordinal(pl *Plan) []*catalogue.Pet {
	var list []*catalogue.Pet
	shown := pl.Frame.Listed
	for i, fact := range []string{"ordinal-1", "ordinal-2", "ordinal-3", "ordinal-4"} {
		if pl.Turn.Has(fact) && i < len(shown) {
			list = append(list, shown[i])
		}
	}
	if n := len(shown); n > 0 && (pl.Turn.Has("ordinal-last") || pl.Turn.Has("latter")) {
		list = appendNew(list, shown[n-1])
	}
	if pet := besideFocus(pl); pet != nil {
		list = appendNew(list, pet)
	}
	if pet := pickedOut(p, pl, pl.Frame); pet != nil {
		list = appendNew(list, pet)
	}
	if len(shown) > 0 && pl.Turn.Has("former") {
		list = appendNew(list, shown[0])
	}
	return list
}

// besideFocus returns the listed pet that a turn names by the one that is spoken of: "the other one", "the one before".
// If none of them is spoken of, the other one is the last.
func besideFocus(pl *Plan) *catalogue.Pet {
	t, listed, focus := pl.Turn, pl.Frame.Listed, pl.Frame.Focus.Pets
	at := -1
	if len(focus) == 1 {
		at = slices.Index(listed, focus[0])
	}
	switch n := len(listed); {
	case n < 2:
	case t.Has("ordinal-before") && at > 0:
		return listed[at-1]
	case t.Has("ordinal-after") && at >= 0 && at+1 < n:
		return listed[at+1]
	case t.Has("other-one") && at < 0:
		return listed[n-1]
	case t.Has("other-one"):
		return listed[(at+1)%n]
	}
	return nil
}

// covered reports whether other items already cover an item.
func covered(items []Item, item *Item) bool {
	return slices.ContainsFunc(items, func(o Item) bool {
		if o.Kind != item.Kind {
			return false
		}
		switch item.Kind {
		case read.KindGuide:
			return len(item.Hits) > 0 && len(o.Hits) > 0 && o.Hits[0].Passage == item.Hits[0].Passage
		case read.KindRecommend:
			return true
		default:
			return item.Kind.IsTalk() || item.Text == o.Text
		}
	})
}
