package plan

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/subject"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/wish"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/reckon"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/triage"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A Plan is what an answer has to say.
type Plan struct {
	Turn    *read.Turn
	Style   read.Style
	Verdict triage.Verdict
	Frame   *Frame // after the turn
	Items   []Item // in the order of the answer; never empty
	// Tone is small talk beside the questions, such as a complaint, which is answered first.
	Tone read.Kind
	// Unused are words of the turn that may be conditions and that no item uses.
	Unused []string
	// Missed are questions of the turn without an answer, beside others that have one.
	Missed []string

	heard bool // the turn has been answered already, so it needs no passages
	keeps bool // the turn changes which pets are shown, but the form of the last answer stays
}

// A Planner plans answers. It is safe for concurrent use.
type Planner struct {
	cat    *catalogue.Catalogue
	reader *read.Reader
	triage *triage.Triage
	wishes wish.Reader
	cards  cards

	calming map[*catalogue.Passage]bool // about something normal
}

// New returns a planner for a catalogue.
func New(cat *catalogue.Catalogue) (*Planner, error) {
	reader, err := read.New(cat)
	if err != nil {
		return nil, err
	}
	t, err := triage.New()
	if err != nil {
		return nil, err
	}
	calming := map[*catalogue.Passage]bool{}
	for _, place := range t.Calming() {
		calming[catalogue.PassageAt(cat, place)] = true
	}
	return &Planner{cat: cat, reader: reader, triage: t, wishes: wish.Reader{Catalogue: cat}, cards: newCards(cat.Pets()), calming: calming}, nil
}

// A Conversation is followed turn by turn. It is not safe for concurrent use.
type Conversation struct {
	planner *Planner
	frame   *Frame
	style   read.Style
	said    []string // the person's turns
	plan    *Plan
	before  *Frame     // before the turn of plan
	form    read.Style // edits of its form since then
}

// Begin begins to follow a conversation.
func (p *Planner) Begin() *Conversation { return &Conversation{planner: p, frame: newFrame()} }

// Brief reads a system message: the form of answers, and facts about the person.
func (c *Conversation) Brief(text string) {
	t := c.planner.reader.Turn(text)
	c.style.Join(t.Style)
	c.planner.learnPerson(c.frame, t)
	c.frame.Person.Gift = false
}

// Answered adds an answer that showed pets.
func (c *Conversation) Answered(pets []*catalogue.Pet) { c.frame.show(pets) }

// Ask adds a turn of the person, and plans its answer.
func (c *Conversation) Ask(text string) *Plan { return c.advance(text, false) }

// Hear adds a turn that has been answered already.
func (c *Conversation) Hear(text string) { c.advance(text, true) }

func (c *Conversation) advance(text string, heard bool) *Plan {
	t := c.planner.reader.Turn(text)
	again := c.again(t)
	if read.TrimsList(t) && c.plan != nil && isList(c.planner, c.plan) {
		again = true
		t.Style.Without, t.Style.Adding = asks.Trimmed(c.planner.cat, t)
	}
	if again {
		c.form.Join(t.Style)
		c.frame, c.said = c.before, c.said[:len(c.said)-1]
		t = c.planner.reader.Turn(c.plan.Turn.Written)
	}
	asks.AlsoAllergic(t)
	asks.WithoutHelpers(t)
	reckon.Sense(c.planner.cat, t)
	asks.Describe(c.planner.cat, t)
	next := *c.frame
	next.Wants = slices.Clone(next.Wants)
	next.Turns++
	pl := &Plan{Turn: t, Style: c.style, Frame: &next, heard: heard}
	pl.Verdict = c.planner.triage.Assess(t.Text, c.said)
	c.planner.items(pl, c.frame)
	next.Subjects = subject.Add(next.Subjects, c.planner.cat, t)
	if !again && !pl.keeps {
		c.form = read.Style{}
	}
	c.present(pl)
	c.said = append(c.said, t.Text)
	if c.plan == nil || helpful(pl.Items[0].Kind) { // after small talk, the answer before it can still be edited
		c.before, c.plan = c.frame, pl
	}
	c.frame = &next
	next.Last = &pl.Items[0]
	for i := range pl.Items {
		if forStore(pl.Items[i].Kind) {
			next.Store = &pl.Items[i]
		}
	}
	return pl
}

// again reports whether a turn is only about the form of the last answer. Then that answer's turn is planned again,
// in the new form.
func (c *Conversation) again(t *read.Turn) bool {
	return t.Edits && !read.Restricts(t) && c.plan != nil && helpful(c.plan.Items[0].Kind) &&
		(len(t.Style.Wishes) > 0 || t.Style.Language != nil || len(c.frame.Shown) > 1)
}

// present sets the form of a plan: by the system, then by earlier edits, then by the turn.
func (c *Conversation) present(pl *Plan) {
	s := &pl.Style
	s.Join(c.form)
	s.Join(pl.Turn.Style)
	if s.Language != nil {
		pl.Turn.Language = s.Language.Foreign()
	}
	for i := range pl.Items {
		if pl.Items[i].Kind == read.KindStock && s.By != nil {
			pl.Items[i].List, pl.Items[i].Order = true, &asks.Order{Attribute: s.By, Direction: s.Direction, Said: s.By.Name}
		}
	}
}

// items decides what the turn asks for.
func (p *Planner) items(pl *Plan, before *Frame) {
	t, f := pl.Turn, pl.Frame
	if q := carried(p, pl, before); q != nil {
		pl.Items = []Item{{Kind: read.KindStock, Text: t.Text, Reckon: q, Total: true}}
		f.Focus = Focus{Pets: q.Pets}
		return
	}
	if item, ok := p.danger(pl); ok {
		p.learnPerson(f, t) // a child needs an adult
		f.about(t)
		if pl.Items = []Item{item}; item.Kind == read.KindDose && pl.Verdict.Level == triage.None && !pl.heard {
			besideDose(p, pl)
		}
		return
	}
	if items := relearn(p, pl, before); len(items) > 0 {
		pl.Items = items
		return
	}
	if items := refer(p, pl, before); len(items) > 0 {
		pl.Items = items
		return
	}
	if item, ok := p.edit(pl, before); ok {
		pl.Items, pl.keeps = []Item{item}, forStore(item.Kind)
		p.leftovers(pl)
		return
	}
	if asks.Injects(t) {
		pl.Items = []Item{{Kind: read.TalkInjection}}
		return
	}
	p.learnPerson(f, t)
	focus := f.Focus
	f.about(t)
	if len(t.Pets(0, len(t.Words)))+len(t.Breeds(0, len(t.Words))) > 0 {
		focus = f.Focus // "Clementine sounds perfect. How much?"
	}
	parts := goOn(t, before, p.parts(t))
	if q, s := p.reckoner(t, before).Find(t); q != nil {
		pl.Items = []Item{{Kind: read.KindStock, Text: s.Text, Reckon: q, Average: q.Op == reckon.Mean, Total: q.Op == reckon.Sum}}
		parts = slices.DeleteFunc(parts, func(a part) bool {
			listed := t.HasIn(&read.Sentence{From: a.from, To: a.to}, "list") || t.HasIn(&read.Sentence{From: a.from, To: a.to}, "have")
			if overlaps := a.from < s.To && s.From < a.to; overlaps || t.HasIn(&read.Sentence{From: a.from, To: a.to}, "of-those") {
				return overlaps
			}
			return forStore(a.kind) && (!listed || q.Op != reckon.Sum && q.Op != reckon.Heads) || !a.question && !listed
		})
	}
	for _, part := range parts[max(0, len(parts)-maxParts):] {
		if p.lists(pl, &part) || p.leans(pl, &part) {
			continue
		}
		add(p, pl, &part, &focus)
	}
	withoutTold(pl)
	settle(p, pl, before)
	complete(p, pl)
	p.leftovers(pl)
}

// add plans the item for a part, unless those before it cover it.
func add(p *Planner, pl *Plan, a *part, focus *Focus) {
	item := p.item(pl, a, focus)
	item.told = !a.question
	if len(pl.Items) > 0 {
		if item.Kind == read.KindStock && item.bare() {
			return // "and if not, anything similar?"
		}
		if item.Kind == read.KindRecommend && item.Suits && len(focus.Pets) == 1 && !NamesAnimal(item.Wants) {
			item = Item{Kind: read.KindPet, Text: item.Text, Pets: focus.Pets, Suits: true, Species: focus.Kinds()} // "does he suit a beginner?"
		}
	}
	if !covered(pl.Items, &item) {
		pl.Items = append(pl.Items, item)
	}
}

// reckoner returns a finder of computations about pets that a turn describes, or that were shown.
func (p *Planner) reckoner(t *read.Turn, before *Frame) *reckon.Finder {
	return &reckon.Finder{Catalogue: p.cat, Asked: func(s *read.Sentence) []*catalogue.Attribute { return asks.Attributes(t, s.From, s.To) }, Fitting: func(s *read.Sentence) []*catalogue.Pet {
		conditions, _ := p.conditions(t, s.From, s.To)
		if conditions = slices.DeleteFunc(conditions, func(c Condition) bool {
			return c.Attribute.Name == "fee" || c.Attribute.Name == "sex" && t.Has("each-animal")
		}); len(conditions) == 0 && t.HasIn(s, "pronoun") {
			if conditions, _ = p.conditions(t, 0, len(t.Words)); !NamesAnimal(conditions) {
				return before.Shown
			} // "list all your hamsters, and tell me what they cost together"
		}
		return slices.DeleteFunc(slices.Clone(p.cat.Pets()), func(pet *catalogue.Pet) bool {
			return len(conditions) == 0 && !t.Has("each-animal") || slices.ContainsFunc(conditions, func(c Condition) bool { return !c.Holds(pet) })
		})
	}}
}

// withoutTold leaves out what is only told, and would get a list of pets or a passage that does not surely fit, beside
// questions that are answered: "we get a cat next month. How do we introduce it to our dog?".
func withoutTold(pl *Plan) {
	t := pl.Turn
	answered := slices.ContainsFunc(pl.Items, func(i Item) bool { return !i.told && i.Kind == read.KindGuide && !unknown(&i) })
	if !answered || t.Has("need") || t.Has("have") || t.Has("list") || t.Has("plea") || pl.heard {
		return
	}
	pl.Items = slices.DeleteFunc(pl.Items, func(i Item) bool {
		return i.told && (forStore(i.Kind) || i.Kind == read.KindGuide && i.Answer == nil && (len(i.Hits) == 0 || !i.Hits[0].Surely()))
	})
}

// settle removes items that add nothing. If nothing is left, it reads the turn together with what was discussed
// before.
func settle(p *Planner, pl *Plan, before *Frame) {
	t := pl.Turn
	p.mourn(pl)
	tone := asks.Tone(t)
	if tone != "" && !slices.ContainsFunc(pl.Items, func(i Item) bool {
		return i.Kind != read.KindGuide && helpful(i.Kind) || i.Kind == read.KindGuide && (i.Answer != nil || len(i.Hits) > 0 && i.Hits[0].Surely())
	}) {
		pl.Items = []Item{p.complaint(pl)}
	}
	if len(pl.Items) > 0 && !pl.Items[0].Kind.IsTalk() {
		pl.Tone = tone
	}
	if len(pl.Items) > 1 {
		pl.Items = slices.DeleteFunc(pl.Items, func(i Item) bool { return i.Kind.IsTalk() && i.Kind != read.TalkSad || i.Kind == read.KindOffTopic })
	}
	if len(pl.Items) > 1 { // unanswered questions get a line of their own
		known := slices.DeleteFunc(slices.Clone(pl.Items), func(i Item) bool { return unknown(&i) })
		if len(known) > 0 {
			missed(p, pl)
			pl.Items = known
		}
	}
	if lost(pl.Items) && !pl.heard {
		if item, ok := rejoin(p, pl, before); ok {
			pl.Items = []Item{item}
		}
	}
	if len(pl.Items) == 0 {
		pl.Items = []Item{{Kind: read.TalkConfused}}
	}
	pl.Items = pl.Items[:min(len(pl.Items), mostItems)]
	condole(pl)
}

// maxParts is the most parts of a turn that are planned, from its end.
const maxParts = 6
