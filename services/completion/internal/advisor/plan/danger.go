package plan

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/triage"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// danger returns the item for an emergency or a refusal, if there is one.
func (p *Planner) danger(pl *Plan) (Item, bool) {
	item := Item{Text: pl.Turn.Text, Species: pl.Verdict.Species}
	if len(item.Species) == 0 {
		item.Species = pl.Turn.Species(0, len(pl.Turn.Words))
	}
	if len(item.Species) == 0 {
		item.Species = pl.Frame.Focus.Kinds()
	}
	if pl.Verdict.Normal && len(pl.Verdict.Guides) > 0 && !seeksPet(p, pl.Turn) {
		if passage := catalogue.PassageAt(p.cat, pl.Verdict.Guides[0]); passage != nil {
			item.Kind, item.Normal = read.KindGuide, passage
			return item, true
		}
	}
	switch v := &pl.Verdict; {
	case v.Harm == triage.IllPerson && v.Level < triage.Now && seeksPet(p, pl.Turn):
		v.Level = triage.None // the ailment is a condition for a pet
	case v.Level > triage.None && (slices.Contains(harmsOfPeople, v.Harm) || v.Harm == triage.Wasting):
		item.Kind = read.KindEmergency
		return item, true
	}
	p.weigh(pl, len(item.Species) > 0)
	if onlyAsks(pl) {
		pl.Verdict.Level = triage.None
	}
	switch {
	case pl.Verdict.Refusal == triage.Cruelty:
		item.Kind = read.KindCruelty
	case pl.Verdict.Refusal == triage.Dose && pl.Verdict.Harm == unclear:
		item.Kind = read.KindDose // the complaint is no sign of danger: a sore leg
	case pl.Verdict.Level >= triage.Today:
		item.Kind = read.KindEmergency
	case pl.Verdict.Refusal == triage.Dose:
		item.Kind = read.KindDose
	case pl.Verdict.Level > triage.None:
		item.Kind = read.KindEmergency
	default:
		return item, false
	}
	if pl.Verdict.Level == triage.Caution && len(eachQuestion(pl.Turn, p.sentences(pl.Turn))) > 1 {
		return item, false // several questions are answered, with a note on the vet
	}
	if pl.Verdict.Level == triage.Caution {
		p.search(pl, &item, 0, len(pl.Turn.Words))
	} else if !pl.heard {
		item.Hits = p.cat.Search(catalogue.Query{Text: pl.Turn.Text, Species: item.Species, Topics: []catalogue.Topic{catalogue.TopicEmergency}, Limit: 40})
	}
	if len(item.Hits) > 0 && pl.Verdict.Well && item.Hits[0].Surely() && p.calming[item.Hits[0].Passage] {
		pl.Verdict.Level = triage.None
		item.Kind, item.Normal = read.KindGuide, item.Hits[0].Passage
		return item, true
	}
	item.Hits = slices.DeleteFunc(item.Hits, func(h catalogue.Hit) bool { return p.calming[h.Passage] })
	forbidden(p, pl, &item)
	return item, true
}

// onlyAsks reports whether a turn asks whether a medicine may be given that nobody has given.
func onlyAsks(pl *Plan) bool {
	v := &pl.Verdict
	return v.Refusal == triage.Dose && v.Harm == poison && v.Sole && pl.Turn.Has("asks-to-give") && !pl.Turn.Has("has-had")
}

// besideDose plans what is asked besides a dose.
func besideDose(p *Planner, pl *Plan) {
	list := eachQuestion(pl.Turn, p.sentences(pl.Turn))
	for i := range list {
		a, focus := &list[i], pl.Frame.Focus
		if a.kind != read.KindGuide || pl.Turn.HasIn(&read.Sentence{From: a.from, To: a.to}, "asks-to-give") || len(pl.Items) >= mostItems {
			continue
		}
		if item := p.item(pl, a, &focus); item.Kind == read.KindGuide && !unknown(&item) && !covered(pl.Items, &item) {
			pl.Items = append(pl.Items, item)
		}
	}
}

// poison is the harm of what must not be eaten.
const poison = "poison"

// harmsOfPeople are harms of people, to which no animal's first aid applies.
var harmsOfPeople = []string{triage.Crisis, triage.IllPerson, triage.Shocked, triage.Poisoned, triage.Infected, triage.Allergic} //nolint:gochecknoglobals // a table

// forbidden looks for an answer to a question about something that must not be done, such as pulling it out.
func forbidden(p *Planner, pl *Plan, item *Item) {
	for i := range pl.Turn.Asks {
		if s := &pl.Turn.Asks[i]; s.Question && !pl.heard {
			said := read.Unnamed(pl.Turn, s)
			for len(said) > 0 && said[0].Clause != said[len(said)-1].Clause {
				said = said[1:] // "he ate a tulip, should he throw up?"
			}
			if found := p.cat.Answer(said, item.Species); found != nil && (found.Verdict == "No" && found.Form == catalogue.FormMay || found.Verdict != "" && item.Kind == read.KindDose) && (found.Guide.About(catalogue.TopicEmergency) || found.Guide.About(catalogue.TopicHealth)) {
				item.Answer = found
			}
		}
	}
}

// seeksPet reports whether the model is sure that a turn asks for animals of the store.
func seeksPet(p *Planner, t *read.Turn) bool {
	const surely = 0.8
	kinds := p.reader.Kinds(t)
	return kinds.Of(read.KindStock)+kinds.Of(read.KindRecommend) > surely
}

// Probabilities at which the model overrides triage. They were tuned on sets of conversations from before: see
// docs/advisor.md.
const (
	surelyDanger  = 0.7   // above: a sign that triage does not understand means danger
	surelyNone    = 0.35  // below: such a sign means none
	hardlyAny     = 0.015 // below: even a clear danger is a past one
	hardlyToday   = 0.21  // below: what a vet should see today can wait
	hardlyAtAll   = 0.02  // below: the danger is only mentioned: "no cat has eaten anything"
	surelyCruel   = 0.1   // above: somebody wishes such a sign
	hardlyCruel   = 0.08
	likelyCruel   = 0.4 // above, with a word of harm
	surelyHarm    = 0.6 // above, even if a food may cause it
	likelyDose    = 0.8 // above, with a number
	hardlyDose    = 0.08
	surelyWish    = 0.95
	danger        = 0.95 // above: the model alone suffices
	fewWords      = 3
	unclear       = "unclear"
	modelsVerdict = "the model takes it for an emergency"
)

// weigh corrects triage's verdict with the model's: sets of words see what is said, and the model sees how.
func (p *Planner) weigh(pl *Plan, animal bool) {
	v := &pl.Verdict
	kinds := p.reader.Kinds(pl.Turn)
	emergency, cruel, dose := kinds.Of(read.KindEmergency), kinds.Of(read.KindCruelty), kinds.Of(read.KindDose)
	var wish float32 // for a pet
	for i := range pl.Turn.Asks {
		wish = max(wish, pl.Turn.Asks[i].Kinds.Of(read.KindRecommend))
		emergency = max(emergency, pl.Turn.Asks[i].Kinds.Of(read.KindEmergency))
		cruel = max(cruel, pl.Turn.Asks[i].Kinds.Of(read.KindCruelty))
		dose = max(dose, pl.Turn.Asks[i].Kinds.Of(read.KindDose))
	}
	ofFood := len(pl.Turn.Asks) == 1 && pl.Turn.At("asks-if", 0) && catalogue.OfFood(p.cat, pl.Turn.Words, pl.Turn.Species(0, len(pl.Turn.Words)))
	switch {
	case v.Refusal == triage.Cruelty && (cruel < hardlyCruel || asks.RefusesDiet(pl.Turn) || cruel < likelyCruel/2 && ofFood):
		v.Refusal = ""
	case v.Refusal == "" && cruel > likelyCruel && cruel < surelyHarm && ofFood && read.Owns(pl.Turn): // "would cheese hurt my cat"
	case v.Refusal == triage.Dose && (dose < hardlyDose || v.Level == triage.None && !asks.ForDose(pl.Turn) && asks.Questions(pl.Turn) > 1):
		v.Refusal = "" // "do they need vitamin drops?", among others
	case v.Refusal == "" && cruel > likelyCruel && pl.Turn.Has("harm"):
		v.Refusal, v.Why = triage.Cruelty, "the model takes it for a wish to harm"
	case v.Refusal == "" && dose > likelyDose && asks.Doses(pl.Turn) && wish <= surelyWish: // who wants a pet that needs no tablets asks for no dose
		v.Refusal, v.Why = triage.Dose, "the model takes it for a question for a dose"
	}
	switch v.Level {
	case triage.None:
		if v.Refusal == "" && !v.Normal && !v.Ahead && kinds.Of(read.KindEmergency) > danger && animal && len(pl.Turn.Words) > fewWords {
			v.Level, v.Why = triage.Today, modelsVerdict
		}
	case triage.Caution:
		switch {
		case asks.OfStore(pl.Turn):
			v.Level = triage.None
		case emergency > surelyDanger:
			v.Level = triage.Now
		case emergency < surelyNone:
			v.Level = triage.None
		}
	case triage.Today:
		switch {
		case v.Harm == unclear && cruel > surelyCruel:
			v.Refusal, v.Level = triage.Cruelty, triage.None
		case emergency < hardlyToday && (v.Person || asks.OfStore(pl.Turn)):
			v.Level = triage.None
		case emergency < hardlyAtAll:
			v.Level = triage.None
		case emergency < hardlyToday:
			v.Level = triage.Caution
		}
	case triage.Now:
		if emergency+dose < hardlyAny && !v.Present { // a dose already given is past as well
			v.Level = triage.None
		}
	}
}
