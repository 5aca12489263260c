package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/triage"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A Plan is what an answer has to say.
type Plan struct {
	Turn    *read.Turn
	Style   read.Style
	Verdict triage.Verdict
	Frame   *Frame // as of the turn
	Items   []Item // in the order in which they are answered; never empty
	// Tone is small talk beside what was asked, such as a complaint: it wants a word first.
	Tone read.Kind
	// Unused has words of the turn that may bind and that no item uses.
	Unused []string

	heard bool // the turn was answered before: no passages are needed
}

// An Item is one thing that is answered.
type Item struct {
	Kind read.Kind
	// Text is what was asked, as far as guides are searched for it.
	Text    string
	Pets    []*catalogue.Pet
	Breeds  []*catalogue.Breed
	Species []catalogue.Species
	// Asked has the attributes that are asked for.
	Asked []*catalogue.Attribute
	Wants []Condition
	Order *Order
	// Count, List, Average and Total say how the store's pets are asked for.
	Count, List, Average, Total bool
	// Have is set where the question is whether there is such a pet at all.
	Have bool
	// Unknown has an animal that is asked for and that the store does not place, Stranger a
	// name that no pet has.
	Unknown, Stranger string
	// More leaves out what was shown before; Except has those that are ruled out besides.
	More   bool
	Except []*catalogue.Pet
	// Why asks for the reasons of the answer before, Detail for more of it.
	Why, Detail bool
	// Suits asks whether a pet or a breed suits the person.
	Suits bool
	Hits  []catalogue.Hit
}

// An Order sorts pets by an attribute: Direction 1 puts most first, -1 least.
type Order struct {
	Attribute *catalogue.Attribute
	Direction int
	Said      string
	// One is set for "the cheapest", and not for "cheaper ones"; N is 3 for "your three
	// cheapest".
	One bool
	N   int
}

// A Planner plans answers. It may be used by several goroutines at once.
type Planner struct {
	cat    *catalogue.Catalogue
	reader *read.Reader
	triage *triage.Triage
	breed  *catalogue.Attribute
}

// New returns a planner over a catalogue.
func New(cat *catalogue.Catalogue) (*Planner, error) {
	reader, err := read.New(cat)
	if err != nil {
		return nil, err
	}
	t, err := triage.New()
	if err != nil {
		return nil, err
	}
	return &Planner{cat: cat, reader: reader, triage: t, breed: cat.Attribute("breed")}, nil
}

// A Conversation is followed turn by turn.
type Conversation struct {
	planner *Planner
	frame   *Frame
	style   read.Style
	said    []string // the person's turns
	plan    *Plan
}

// Begin starts to follow a conversation.
func (p *Planner) Begin() *Conversation { return &Conversation{planner: p, frame: newFrame()} }

// Brief takes in what a system message says: the form of answers, and who the person is.
func (c *Conversation) Brief(text string) {
	t := c.planner.reader.Turn(text)
	c.style.Join(t.Style)
	c.planner.learnPerson(c.frame, t)
	c.frame.Person.Gift = false
}

// Answered takes in an answer that showed pets.
func (c *Conversation) Answered(pets []*catalogue.Pet) { c.frame.show(pets) }

// Ask takes a turn of the person and plans its answer.
func (c *Conversation) Ask(text string) *Plan { return c.take(text, false) }

// Hear takes a turn that was answered before.
func (c *Conversation) Hear(text string) { c.take(text, true) }

func (c *Conversation) take(text string, heard bool) *Plan {
	t := c.planner.reader.Turn(text)
	style := c.style
	style.Join(t.Style)
	next := *c.frame
	next.Wants = slices.Clone(next.Wants)
	next.Turns++
	pl := &Plan{Turn: t, Style: style, Frame: &next, heard: heard}
	pl.Verdict = c.planner.triage.Assess(t.Text, c.said)
	c.planner.items(pl, c.frame)
	c.said = append(c.said, t.Text)
	c.frame, c.plan = &next, pl
	next.Last = &pl.Items[0]
	for i := range pl.Items {
		if k := pl.Items[i].Kind; k == read.KindRecommend || k == read.KindStock {
			next.Store = &pl.Items[i]
		}
	}
	return pl
}

// items decides what the turn asks for.
func (p *Planner) items(pl *Plan, before *Frame) {
	t, f := pl.Turn, pl.Frame
	if item, ok := p.danger(pl); ok {
		f.about(t)
		pl.Items = []Item{item}
		return
	}
	if item, ok := p.edit(pl, before); ok {
		pl.Items = []Item{item}
		p.leftovers(pl)
		return
	}
	if injects(t) {
		pl.Items = []Item{{Kind: read.TalkInjection}}
		return
	}
	p.learnPerson(f, t)
	focus := f.Focus
	f.about(t)
	if len(t.Pets(0, len(t.Words)))+len(t.Breeds(0, len(t.Words))) > 0 {
		focus = f.Focus // "Clementine sounds perfect. How much?"
	}
	parts := p.parts(t)
	for _, part := range parts[max(0, len(parts)-maxParts):] {
		item := p.item(pl, &part, &focus)
		if !covered(pl.Items, &item) {
			pl.Items = append(pl.Items, item)
		}
	}
	p.mourn(pl)
	if tone(t) != "" && !slices.ContainsFunc(pl.Items, func(i Item) bool {
		return i.Kind != read.KindGuide && helpful(i.Kind) || i.Kind == read.KindGuide && len(i.Hits) > 0 && i.Hits[0].Score > 24
	}) {
		pl.Items = []Item{{Kind: read.TalkComplaint}}
	}
	if len(pl.Items) > 1 {
		pl.Tone = tone(t)
		pl.Items = slices.DeleteFunc(pl.Items, func(i Item) bool { return i.Kind.IsTalk() && i.Kind != read.TalkSad || i.Kind == read.KindOffTopic })
	}
	if len(pl.Items) > 1 { // what is not known needs no word beside what is
		known := slices.DeleteFunc(slices.Clone(pl.Items), func(i Item) bool {
			return i.Kind == read.KindGuide && len(i.Pets) == 0 && (len(i.Hits) == 0 || !i.Hits[0].Answers())
		})
		if len(known) > 0 {
			pl.Items = known
		}
	}
	if len(pl.Items) == 0 {
		pl.Items = []Item{{Kind: read.TalkConfused}}
	}
	pl.Items = pl.Items[:min(len(pl.Items), 4)]
	p.leftovers(pl)
}

// tone returns the complaint that a turn has besides what it asks.
func tone(t *read.Turn) read.Kind {
	for i := range t.Asks {
		k := t.Asks[i].Kinds.Best()
		if k == read.TalkComplaint && t.Asks[i].Kinds.Of(k) > 0.4 {
			return k
		}
	}
	return ""
}

// comfort is what is looked for where somebody grieves.
const comfort = "how do you cope with the loss of a pet, grief, what helps to mourn"

// mourn answers a loss that is told without a question from the guides on it.
func (p *Planner) mourn(pl *Plan) {
	t := pl.Turn
	if !t.Has("grief") || slices.ContainsFunc(t.Asks, func(s read.Sentence) bool { return strings.Contains(s.Text, "?") }) {
		return
	}
	store := slices.ContainsFunc(pl.Items, func(i Item) bool {
		return i.Kind == read.KindPet || i.Kind == read.KindStock || i.Kind == read.KindBreed
	})
	if store || t.Has("need") || t.Has("new-one") {
		return
	}
	item := Item{Kind: read.KindGuide, Text: t.Text, Species: pl.Frame.Focus.Kinds()}
	topic := catalogue.Topic("loss")
	for _, h := range p.cat.Search(catalogue.Query{Text: comfort, Species: item.Species, Topics: []catalogue.Topic{topic}, Limit: 2}) {
		if h.Guide.About(topic) {
			item.Hits = append(item.Hits, h)
		}
	}
	if len(item.Hits) > 0 {
		pl.Items = []Item{item}
	}
}

// injects reports whether a turn orders the advisor to be another one, and names no pet.
func injects(t *read.Turn) bool {
	return len(t.Pets(0, len(t.Words))) == 0 && slices.ContainsFunc(t.Asks, func(s read.Sentence) bool {
		return s.Kinds.Of(read.TalkInjection) > 0.5 || s.Kinds.Of(read.TalkInjection) > 0.25 && len(t.Asks) > 1
	})
}

// maxParts bounds how many parts of a turn are planned, from its end.
const maxParts = 6

// danger returns the item of an emergency and of what is refused.
func (p *Planner) danger(pl *Plan) (Item, bool) {
	item := Item{Text: pl.Turn.Text, Species: pl.Verdict.Species}
	if len(item.Species) == 0 {
		item.Species = pl.Turn.Species(0, len(pl.Turn.Words))
	}
	if len(item.Species) == 0 {
		item.Species = pl.Frame.Focus.Kinds()
	}
	p.weigh(pl, len(item.Species) > 0)
	if pl.Turn.Has("crisis") || pl.Turn.Has("ill-person") && len(pl.Turn.Species(0, len(pl.Turn.Words))) == 0 {
		item.Kind = read.KindEmergency
		pl.Verdict = triage.Verdict{Level: triage.Now, Person: true, Harm: "ill-person", Why: "a person who is ill"}
		return item, true
	}
	switch {
	case pl.Verdict.Refusal == triage.Cruelty:
		item.Kind = read.KindCruelty
	case pl.Verdict.Level >= triage.Today:
		item.Kind = read.KindEmergency
	case pl.Verdict.Refusal == triage.Dose:
		item.Kind = read.KindDose
	case pl.Verdict.Level > triage.None:
		item.Kind = read.KindEmergency
	default:
		return item, false
	}
	if pl.Verdict.Level == triage.Caution {
		p.search(pl, &item)
	} else if !pl.heard {
		item.Hits = p.cat.Search(catalogue.Query{Text: pl.Turn.Text, Species: item.Species, Topics: []catalogue.Topic{catalogue.TopicEmergency}, Limit: 6})
	}
	return item, true
}

// How sure the model has to be to change what triage says. Found on sets of conversations
// that were measured before; see docs/advisor.md.
const (
	surelyDanger  = 0.7   // a sign that triage does not understand is one of danger
	surelyNone    = 0.08  // such a sign is none
	hardlyAny     = 0.015 // even a plain danger is one that was told of earlier
	hardlyToday   = 0.21  // what a vet should see today can wait
	surelyCruel   = 0.1   // a sign is what somebody wishes
	hardlyCruel   = 0.08
	likelyCruel   = 0.4  // with a word of harm
	likelyDose    = 0.8  // with a number
	danger        = 0.95 // the model alone is believed
	fewWords      = 3
	unclear       = "unclear"
	modelsVerdict = "the model takes it for an emergency"
)

// weigh holds triage's verdict against the model's: sets of words see what is said, and
// the model how it is said.
func (p *Planner) weigh(pl *Plan, animal bool) {
	v := &pl.Verdict
	kinds := p.reader.Kinds(pl.Turn)
	emergency, cruel, dose := kinds.Of(read.KindEmergency), kinds.Of(read.KindCruelty), kinds.Of(read.KindDose)
	for i := range pl.Turn.Asks {
		emergency = max(emergency, pl.Turn.Asks[i].Kinds.Of(read.KindEmergency))
		cruel = max(cruel, pl.Turn.Asks[i].Kinds.Of(read.KindCruelty))
		dose = max(dose, pl.Turn.Asks[i].Kinds.Of(read.KindDose))
	}
	switch {
	case v.Refusal == triage.Cruelty && cruel < hardlyCruel:
		v.Refusal = ""
	case v.Refusal == "" && cruel > likelyCruel && pl.Turn.Has("harm"):
		v.Refusal, v.Why = triage.Cruelty, "the model takes it for a wish to harm"
	case v.Refusal == "" && dose > likelyDose && pl.Turn.Amounts():
		v.Refusal, v.Why = triage.Dose, "the model takes it for a question for a dose"
	}
	switch v.Level {
	case triage.None:
		if v.Refusal == "" && kinds.Of(read.KindEmergency) > danger && animal && len(pl.Turn.Words) > fewWords {
			v.Level, v.Why = triage.Caution, modelsVerdict
		}
	case triage.Caution:
		switch {
		case emergency > surelyDanger:
			v.Level = triage.Now
		case emergency < surelyNone:
			v.Level = triage.None
		}
	case triage.Today:
		switch {
		case v.Harm == unclear && cruel > surelyCruel:
			v.Refusal, v.Level = triage.Cruelty, triage.None
		case v.Person && emergency < hardlyToday:
			v.Level = triage.None
		case emergency < hardlyToday:
			v.Level = triage.Caution
		}
	case triage.Now:
		if emergency < hardlyAny {
			v.Level = triage.None
		}
	}
}

// A part is a stretch of a turn that asks for one thing.
type part struct {
	from, to int
	text     string
	kind     read.Kind
	sure     float32 // the probability of kind
	question bool
}

// parts cuts a turn into what it asks for. Statements go with the question that follows
// them, or else with the one before; sentences about what is looked for are one part.
func (p *Planner) parts(t *read.Turn) []part {
	if len(t.Asks) == 0 {
		return nil
	}
	var list []part
	for i := range t.Asks {
		s := &t.Asks[i]
		kind := p.kindOf(t, s)
		if s.To-s.From < 1 {
			continue
		}
		sure := s.Kinds.Of(kind)
		if kind != s.Kinds.Best() && kind != read.KindGuide {
			sure = 1 // what is mentioned leaves no doubt
		}
		list = append(list, part{from: s.From, to: s.To, text: s.Text, kind: kind, sure: sure, question: s.Question})
	}
	if len(list) == 1 {
		return list
	}
	list = withoutAsides(list)
	if a, ok := oneQuestion(t, list); ok {
		return []part{a}
	}
	if whole, ok := p.whole(t, list); ok {
		parts := []part{whole}
		for _, a := range list { // a letter may ask for more
			if a.question && helpful(a.kind) && a.kind != read.KindRecommend && a.kind != read.KindStock && a.sure > 0.5 {
				parts = append(parts, a)
			}
		}
		return parts
	}
	return joinParts(list)
}

// withoutAsides leaves out what is said by the way: statements that the model makes little
// of, beside something of which there is no doubt.
func withoutAsides(list []part) []part {
	clear := slices.ContainsFunc(list, func(a part) bool { return helpful(a.kind) && a.sure > 0.6 })
	return slices.DeleteFunc(list, func(a part) bool {
		return clear && !a.question && a.sure < 0.55 && (a.kind == read.KindGuide || a.kind == read.KindOffTopic)
	})
}

// oneQuestion joins what is told to the one question, where that is for a pet.
func oneQuestion(t *read.Turn, list []part) (part, bool) {
	at := slices.IndexFunc(list, func(a part) bool { return a.question })
	if at >= 0 && (t.HasIn(&read.Sentence{From: list[at].from, To: list[at].to}, "have") || choosesAnimal(t, &read.Sentence{From: list[at].from, To: list[at].to})) {
		// The question leaves no doubt, whatever is told around it.
		list = []part{list[at]}
	}
	at = -1
	for i, a := range list {
		aside := a.kind == read.KindGuide && a.sure > 0.9 && !personal(t, a.from, a.to) && !amounts(t, a.from, a.to)
		if a.question && at >= 0 || aside && !a.question && asksForStore(list) {
			return part{}, false
		}
		if a.question {
			at = i
		}
	}
	if at < 0 {
		return part{}, false
	}
	switch list[at].kind {
	case read.KindGuide, read.KindPet, read.KindBreed:
		// What is told is what the question is about.
		return part{from: 0, to: len(t.Words), text: t.Text, kind: list[at].kind, sure: list[at].sure, question: true}, true
	case read.KindStock, read.KindRecommend:
	default:
		return part{}, false
	}
	a := part{from: 0, to: len(t.Words), text: t.Text, kind: list[at].kind, question: true}
	if personal(t, 0, len(t.Words)) {
		a.kind = read.KindRecommend
	}
	return a, true
}

// asksForStore reports whether the question among parts is for a pet of the store.
func asksForStore(list []part) bool {
	return slices.ContainsFunc(list, func(a part) bool {
		return a.question && (a.kind == read.KindStock || a.kind == read.KindRecommend)
	})
}

// amounts reports whether words from up to to name an amount.
func amounts(t *read.Turn, from, to int) bool {
	return slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		return m.Amount != nil && m.Attribute != nil && m.From >= from && m.To <= to
	})
}

// whole takes a turn of several sentences as one wish for a pet: a letter about oneself
// whose sentences, each by itself, may look like anything.
func (p *Planner) whole(t *read.Turn, list []part) (part, bool) {
	questions := 0
	for _, a := range list {
		if a.question {
			questions++
		}
	}
	kinds := p.reader.Kinds(t)
	store := kinds.Of(read.KindRecommend) + kinds.Of(read.KindStock)
	other := slices.ContainsFunc(list, func(a part) bool {
		return a.question && (a.kind == read.KindPet || a.kind != read.KindRecommend && a.kind != read.KindStock && helpful(a.kind) && a.sure > 0.6)
	})
	wished := slices.ContainsFunc(list, func(a part) bool { return a.kind == read.KindRecommend || a.kind == read.KindStock })
	if kinds.Of(read.KindGuide) > store || store < 0.6 && !(store > 0.25 && wished) || other && questions < 3 {
		return part{}, false
	}
	a := part{from: 0, to: len(t.Words), text: t.Text, kind: read.KindRecommend}
	if kinds.Of(read.KindStock) > kinds.Of(read.KindRecommend) && !personal(t, 0, len(t.Words)) {
		a.kind = read.KindStock
	}
	return a, true
}

// personal reports whether words from up to to tell of a person what binds a choice.
func personal(t *read.Turn, from, to int) bool {
	return slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		if m.From < from || m.To > to {
			return false
		}
		switch m.Fact {
		case "apartment", "house", "garden", "baby", "toddler", "older-children", "children", "first-time", "home-all-day", "half-day", "full-day", "travel", "allergy", "frail", "elderly", "quiet-wanted", "no-walks":
			return true
		}
		if m.Amount != nil && m.Attribute != nil && m.Attribute.Name == "age" && m.Amount.Low < 216 && !nextToAnimal(t, &m) {
			return true // a child's age
		}
		return m.Role == read.Owned && m.Species() != "" || m.Role == read.Personal || m.Role == read.Allergic
	})
}

// joinParts joins parts that belong together.
func joinParts(list []part) []part {
	var out []part
	for _, a := range list {
		last := len(out) - 1
		switch {
		case last < 0:
		case a.kind.IsTalk() && len(list) > 1:
			continue
		case !out[last].question && a.question && (a.kind == read.KindStock || a.kind == read.KindRecommend):
			a.kind = read.KindRecommend
			a.from, a.text = out[last].from, out[last].text+" "+a.text
			out[last] = a
			continue
		case out[last].kind == a.kind && a.kind == read.KindRecommend,
			!out[last].question && (a.question && out[last].sure < 0.5 || !helpful(out[last].kind)) && out[last].kind != read.KindGuide,
			!out[last].question && a.question && out[last].kind == a.kind,
			!a.question && (a.sure < 0.5 || a.kind == read.KindRecommend || !helpful(a.kind)):
			joined := part{from: out[last].from, to: a.to, text: out[last].text + " " + a.text, kind: a.kind, question: a.question || out[last].question}
			if !a.question && helpful(out[last].kind) {
				joined.kind = out[last].kind
			}
			out[last] = joined
			continue
		}
		out = append(out, a)
	}
	return out
}

// helpful reports whether a kind of answer tells something.
func helpful(k read.Kind) bool { return !k.IsTalk() && k != read.KindOffTopic }

// kindOf decides what kind of answer a sentence wants: by the model, and by what it
// mentions where that leaves no doubt.
func (p *Planner) kindOf(t *read.Turn, s *read.Sentence) read.Kind { //nolint:funlen // one case for each kind of evidence
	pets, breeds := t.Pets(s.From, s.To), t.Breeds(s.From, s.To)
	breeds = slices.DeleteFunc(breeds, func(b *catalogue.Breed) bool { // "a betta like Neptune", "good with a labrador"
		return company(t, s, b) || slices.ContainsFunc(pets, func(p *catalogue.Pet) bool { return p.Breed == b })
	})
	species := t.Species(s.From, s.To, read.Plain)
	best := s.Kinds.Best()
	if best == read.KindEmergency || best == read.KindDose || best == read.KindCruelty {
		best = read.KindGuide // triage has seen the whole turn
	}
	stores := s.Kinds.Of(read.KindStock) + s.Kinds.Of(read.KindRecommend)
	facts := asked(t, s.From, s.To)
	process := (len(pets) == 1 || len(pets) == 0 && len(species) == 0 && len(t.Pets(0, len(t.Words))) == 1) && t.HasIn(s, "process") && len(facts) == 0
	switch {
	case process, t.HasIn(s, "gift") && !choosesAnimal(t, s) && s.Kinds.Of(read.KindRecommend) < 0.8 && s.Kinds.Of(read.KindGuide) > 0.05:
		return read.KindGuide
	case len(pets) == 1 && len(breeds) == 0 && s.Kinds.Of(read.KindGuide) < 0.5 && (s.Kinds.Of(read.KindPet)+stores > 0.25 || len(facts) > 0):
		return read.KindPet
	case len(breeds) >= 1 && len(pets) == 0 && t.HasIn(s, "have"):
		return read.KindStock
	case order(t, s.From, s.To) != nil && superlative(order(t, s.From, s.To).Said) && len(breeds) == 0 && s.Kinds.Of(read.KindGuide) < 0.9 && len(pets) == 0:
		return read.KindStock
	case len(pets) == 0 && choosesAnimal(t, s) && stores > 0.03 && stores*4 > s.Kinds.Of(read.KindBreed):
		if personal(t, s.From, s.To) || t.HasIn(s, "suit") || s.Kinds.Of(read.KindRecommend) > s.Kinds.Of(read.KindStock) {
			return read.KindRecommend
		}
		return read.KindStock
	case len(pets)+len(breeds) == 0 && len(species) == 1 && t.HasIn(s, "suit") && personal(t, s.From, s.To):
		return read.KindRecommend
	case len(pets) == 0 && needsAnimal(t, s) && stores > 0.1:
		return read.KindRecommend
	case t.HasIn(s, "list") && len(species) > 0 && stores > 0.04 && len(pets) == 0:
		return read.KindStock
	case !helpful(best) && t.HasIn(s, "suit") && len(pets) == 0 && s.Question && len(t.Asks) > 1:
		return read.KindRecommend
	case len(breeds) > 0 && best.IsTalk():
		return read.KindBreed
	case best == read.KindStock && personal(t, s.From, s.To) && !t.HasIn(s, "count") && !t.HasIn(s, "list") && !t.HasIn(s, "average"):
		return read.KindRecommend
	case len(pets) >= 2 && t.HasIn(s, "compare"):
		return read.KindCompare
	case len(pets)+len(breeds) == 0 && p.unknownAnimal(t, &part{from: s.From, to: s.To}) != "" && (t.HasIn(s, "have") || best == read.KindOffTopic || s.Kinds.Of(read.KindStock)+s.Kinds.Of(read.KindRecommend) > 0.2):
		return read.KindStock
	case len(species) >= 2 && t.HasIn(s, "suit") && personal(t, 0, len(t.Words)):
		return read.KindRecommend
	case (len(pets) >= 2 || len(breeds) >= 2) && s.Kinds.Of(read.KindCompare) > 0.1 && stores < 0.7:
		return read.KindCompare
	case len(species) >= 2 && s.Kinds.Of(read.KindCompare) > 0.3 && !amounts(t, s.From, s.To):
		return read.KindCompare
	case best == read.KindCompare && len(species) == 1 && t.Species(s.From, s.To, read.Together) != nil && len(pets) == 0 && len(breeds) == 0:
		return read.KindRecommend
	case best == read.KindCompare && len(pets) == 1 && len(breeds) == 0:
		return read.KindGuide
	case best == read.KindCompare && len(pets)+len(breeds)+len(species) < 2:
		if s.Kinds.Of(read.KindGuide) > s.Kinds.Of(read.KindBreed) {
			return read.KindGuide
		}
		return read.KindBreed
	case best == read.KindPet && len(pets) == 0 && len(breeds) > 0:
		return read.KindBreed
	case best == read.KindGuide && len(breeds) > 0 && len(facts) > 0 && s.Kinds.Of(read.KindBreed) > 0.08:
		return read.KindBreed
	}
	return best
}

// needsAnimal reports whether a sentence says which animal is looked for: "need a quiet dog".
func needsAnimal(t *read.Turn, s *read.Sentence) bool {
	for _, m := range t.Marks {
		if m.Fact != "need" || m.From < s.From || m.To > s.To {
			continue
		}
		for _, o := range t.Marks {
			if o.Species() != "" && o.Pet == nil && o.From >= m.To && o.From-m.To <= 4 && o.Role == read.Plain {
				return true
			}
		}
	}
	return false
}

// choosesAnimal reports whether a sentence asks which animal: "which small dog".
func choosesAnimal(t *read.Turn, s *read.Sentence) bool {
	for _, m := range t.Marks {
		if m.Fact != "which" || m.From < s.From || m.To > s.To {
			continue
		}
		for _, o := range t.Marks {
			noun := o.Fact == "any-pet" || o.Attribute != nil && o.Attribute.Name == "species" && o.Value != ""
			if noun && o.From >= m.To && o.From-m.To <= 3 && o.Role == read.Plain && (o.To == s.To || t.At("after-animal", o.To)) {
				return true
			}
		}
	}
	return false
}

// company reports whether a breed is named only as who a pet is to live with.
func company(t *read.Turn, s *read.Sentence, b *catalogue.Breed) bool {
	return !slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		return m.Breed == b && m.From >= s.From && m.To <= s.To && m.Role != read.Together && m.Role != read.Owned
	})
}

// asked returns the attributes that words from up to to ask for, each once.
func asked(t *read.Turn, from, to int) []*catalogue.Attribute {
	var list []*catalogue.Attribute
	for _, m := range t.Marks {
		if m.From < from || m.To > to || m.Attribute == nil || !m.Asked {
			continue
		}
		inside := slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
			return o.Asked && o.Attribute != m.Attribute && o.From <= m.From && m.To <= o.To && o.To-o.From > m.To-m.From
		})
		if !inside {
			list = appendNew(list, m.Attribute)
		}
	}
	if slices.ContainsFunc(list, func(a *catalogue.Attribute) bool { return a.Name == "allergy" }) { // "with my cat allergy"
		list = slices.DeleteFunc(list, func(a *catalogue.Attribute) bool { return a.Name == "cats" || a.Name == "dogs" })
	}
	return list
}

// item plans the answer to one part.
func (p *Planner) item(pl *Plan, a *part, before *Focus) Item {
	t := pl.Turn
	item := Item{Kind: a.kind, Text: a.text, Pets: t.Pets(a.from, a.to), Breeds: t.Breeds(a.from, a.to), Asked: asked(t, a.from, a.to)}
	item.Species = t.Species(a.from, a.to, read.Plain, read.Owned, read.Past, read.Together)
	s := &read.Sentence{From: a.from, To: a.to}
	item.Suits, item.Total = t.HasIn(s, "suit"), t.HasIn(s, "total")
	pointing := len(item.Pets)+len(item.Breeds)+len(item.Species) == 0
	if a.kind == read.KindPet || a.kind == read.KindStock {
		item.Stranger = p.stranger(t, a)
	}
	switch a.kind {
	case read.KindStock, read.KindRecommend:
		p.store(pl, a, &item)
	case read.KindPet:
		if pointing || len(item.Pets) == 0 {
			p.point(pl, before, &item)
		}
	case read.KindCompare, read.KindBreed:
		if pointing {
			p.point(pl, before, &item)
		}
	default:
	}
	if a.kind == read.KindGuide && pointing && t.HasIn(s, "pronoun") && len(before.Pets)+len(before.Breeds) == 1 {
		if values := valuedAttributes(t, a.from, a.to); len(values) > 0 {
			item.Pets, item.Breeds, item.Asked = before.Pets, before.Breeds, append(item.Asked, values...)
			item.Kind = read.KindBreed
			if len(item.Pets) > 0 {
				item.Kind = read.KindPet
			}
		}
	}
	if len(item.Species) == 0 {
		item.Species = before.Kinds()
		if len(item.Species) > 2 {
			item.Species = nil
		}
	}
	if item.Kind == read.KindGuide || item.Kind == read.KindOffTopic || item.Kind == read.KindBreed || item.Kind == read.TalkConfused || item.Kind == read.TalkComplaint {
		p.search(pl, &item)
	}
	return item
}

// valuedAttributes returns the attributes of which words from up to to name a value: "are
// they couch potatoes".
func valuedAttributes(t *read.Turn, from, to int) []*catalogue.Attribute {
	var list []*catalogue.Attribute
	for _, m := range t.Marks {
		if m.From >= from && m.To <= to && m.Attribute != nil && m.Value != "" && m.Attribute.Ordered() {
			list = appendNew(list, m.Attribute)
		}
	}
	return list
}

// store plans the choice of pets of the store.
func (p *Planner) store(pl *Plan, a *part, item *Item) {
	t, f := pl.Turn, pl.Frame
	s := &read.Sentence{From: a.from, To: a.to}
	conditions, _ := p.conditions(t, a.from, a.to)
	if whole, _ := p.conditions(t, 0, len(t.Words)); !changesAnimal(conditions) {
		for _, c := range whole { // "Hamster. Cheap. Today."
			if changesAnimal([]Condition{c}) {
				conditions = append(conditions, c)
			}
		}
	}
	if a.kind == read.KindStock {
		item.Count, item.Have, item.List, item.Average = t.HasIn(s, "count"), t.HasIn(s, "have"), t.HasIn(s, "list"), t.HasIn(s, "average")
		f.Wants = nil
	} else if changesAnimal(conditions) {
		f.drop("species")
		f.drop("breed")
		f.drop("group")
	}
	for _, c := range conditions {
		f.set(c)
	}
	if past := t.Species(a.from, a.to, read.Past); len(past) == 1 && t.Has("new-one") && !changesAnimal(f.Wants) {
		f.set(p.species(catalogue.Is, string(past[0]), past[0])) // "we are ready for a new one"
	}
	if own := companionOf(t, a); own != "" && !changesAnimal(f.Wants) {
		f.set(p.species(catalogue.Is, string(own), own))
	}
	if needs := p.cat.Attribute("needs"); a.kind == read.KindStock && slices.Contains(item.Asked, needs) {
		f.set(Condition{Constraint: catalogue.Constraint{Attribute: needs, Op: catalogue.Is, Names: []string{"yes"}}, Said: "special needs"})
	}
	item.Total = t.HasIn(s, "total")
	item.Wants = slices.Clone(f.Wants)
	item.Order = order(t, a.from, a.to)
	if f.Person.LowBudget && item.Order == nil && a.kind == read.KindRecommend {
		item.Order = &Order{Attribute: p.cat.Attribute("fee"), Direction: -1, Said: "little money"}
	}
	item.Unknown = p.unknownAnimal(t, a)
}

// companionOf returns the kind of animal that somebody has and looks for a companion of:
// those that live with their own kind.
func companionOf(t *read.Turn, a *part) catalogue.Species {
	for _, s := range t.Species(a.from, a.to, read.Owned) {
		if s != catalogue.Dog && s != catalogue.Cat {
			return s
		}
	}
	return ""
}

// changesAnimal reports whether conditions name another animal to look for.
func changesAnimal(list []Condition) bool {
	return slices.ContainsFunc(list, func(c Condition) bool {
		return c.Op == catalogue.Is && (c.Attribute.Name == "species" || c.Attribute.Name == "breed" || c.Attribute.Name == "group")
	})
}

// order returns what pets are sorted by.
func order(t *read.Turn, from, to int) *Order {
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.From >= from && m.To <= to && m.Order != 0 && m.Attribute != nil && !valued(t, m) {
			said := t.Said(m)
			o := &Order{Attribute: m.Attribute, Direction: m.Order, Said: said, One: superlative(said)}
			for _, n := range t.Marks {
				if n.Amount != nil && n.Attribute == nil && n.To == m.From && n.Amount.Low > 1 && n.Amount.Low <= 20 {
					o.N = int(n.Amount.Low)
				}
			}
			return o
		}
	}
	return nil
}

// valued reports whether the words of an order say a value as well: then that is meant.
func valued(t *read.Turn, m *read.Mark) bool {
	return m.Attribute.Type == catalogue.Scale && slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
		return o.From == m.From && o.To == m.To && o.Attribute == m.Attribute && o.Value != "" && o.Order == 0
	})
}

// superlative reports whether words mean one of all: "-est" and "most" are grammar.
func superlative(said string) bool {
	for w := range strings.FieldsSeq(strings.ToLower(said)) {
		if strings.HasSuffix(w, "est") || w == "most" || w == "least" {
			return true
		}
	}
	return false
}

// point finds what a turn means that names nothing.
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

// ordinal returns the pets of the answer before that a turn counts off: "the second one".
func (p *Planner) ordinal(pl *Plan) []*catalogue.Pet {
	var list []*catalogue.Pet
	shown := pl.Frame.Shown
	for i, fact := range []string{"ordinal-1", "ordinal-2", "ordinal-3", "ordinal-4"} {
		if pl.Turn.Has(fact) && i < len(shown) {
			list = append(list, shown[i])
		}
	}
	if n := len(shown); n > 0 && (pl.Turn.Has("ordinal-last") || pl.Turn.Has("latter")) {
		list = appendNew(list, shown[n-1])
	}
	if len(shown) > 0 && pl.Turn.Has("former") {
		list = appendNew(list, shown[0])
	}
	return list
}

// search finds the passages for an item.
func (p *Planner) search(pl *Plan, item *Item) {
	if pl.heard {
		return
	}
	species := item.Species
	var text strings.Builder
	text.WriteString(item.Text)
	if len(item.Breeds) == 0 { // "is it ok for it to go outside?"
		for _, b := range pl.Frame.Focus.Breeds {
			text.WriteString(" " + b.Name)
		}
	}
	faint := animals(pl.Turn)
	query := catalogue.Query{Text: text.String(), Species: species, Faint: faint, Limit: 8}
	if len(pl.Turn.Asks) == 1 {
		item.Hits = p.cat.Search(query)
	} else {
		item.Hits = p.searchLetter(pl, query)
	}
	if pl.Verdict.Level == triage.None {
		calm(item.Hits)
	}
}

// calm puts first aid behind the rest: nothing has happened.
func calm(hits []catalogue.Hit) {
	const share = 0.6
	for i := range hits {
		if hits[i].FirstAid() {
			hits[i].Score *= share
		}
	}
	slices.SortStableFunc(hits, func(a, b catalogue.Hit) int { return cmp.Compare(b.Score, a.Score) })
}

// maxSearched bounds how many sentences of a letter are looked for each by itself, from its
// end.
const maxSearched = 8

// What the whole of a letter and its best sentence count, a question more than a statement.
const (
	wholeShare     = 0.6
	questionShare  = 0.8
	statementShare = 0.6
)

// searchLetter looks for a turn of several sentences as a whole and sentence by sentence.
func (p *Planner) searchLetter(pl *Plan, query catalogue.Query) []catalogue.Hit {
	limit := query.Limit
	query.Limit = 40
	found := map[*catalogue.Passage]*catalogue.Hit{}
	best := map[*catalogue.Passage]float64{}
	for _, h := range p.cat.Search(query) {
		h.Score *= wholeShare
		found[h.Passage] = &h
	}
	sentences := pl.Turn.Asks
	sentences = sentences[max(0, len(sentences)-maxSearched):]
	for _, s := range sentences {
		share := statementShare
		if s.Question {
			share = questionShare
		}
		query.Text = s.Text
		for _, h := range p.cat.Search(query) {
			if found[h.Passage] == nil {
				found[h.Passage] = &catalogue.Hit{Passage: h.Passage}
			}
			best[h.Passage] = max(best[h.Passage], share*h.Score)
			found[h.Passage].Coverage = max(found[h.Passage].Coverage, h.Coverage)
		}
	}
	hits := make([]catalogue.Hit, 0, len(found))
	for passage, h := range found {
		h.Score += best[passage]
		hits = append(hits, *h)
	}
	slices.SortFunc(hits, func(a, b catalogue.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return hits[:min(limit, len(hits))]
}

// animals returns the words of a turn that name animals.
func animals(t *read.Turn) []string {
	var list []string
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Pet != nil || m.Breed != nil || m.Attribute != nil && (m.Attribute.Name == "species" || m.Attribute.Name == "group") {
			list = append(list, t.Said(m))
		}
	}
	return list
}

// covered reports whether an item says nothing that others do not say.
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
