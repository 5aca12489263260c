package plan

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
)

// goOn reads a short turn that begins like a continuation ("and if she does not eat?") as a question about the
// guides' last topic.
func goOn(t *read.Turn, before *Frame, parts []part) []part {
	const manyWords = 16
	if len(parts) != 1 || before.Last == nil || before.Last.Kind != read.KindGuide || !t.At("goes-on", 0) || len(t.Words) > manyWords ||
		t.Has("need") || t.Has("which") || t.Has("have") || len(t.Pets(0, len(t.Words))) > 0 {
		return parts
	}
	a := &parts[0]
	a.kind, a.text = read.KindGuide, before.Last.Text+" "+a.text
	return parts
}

// A part is a piece of a turn that asks for one thing.
type part struct {
	from, to int
	text     string
	kind     read.Kind
	sure     float32 // the probability of kind
	question bool
	context  string // statements or questions before it
	story    bool   // the person's circumstances, told for a recommendation
}

// parts divides a turn into what it asks for. Statements belong to the question after them, or else before them.
// Sentences about a wanted pet form one part.
func (p *Planner) parts(t *read.Turn) []part {
	list := p.sentences(t)
	if len(list) < 2 {
		return list
	}
	if story := p.story(t, list); story != nil {
		return story
	}
	if several := eachQuestion(t, list); several != nil {
		return several
	}
	list = withoutAsides(list)
	if a, ok := oneQuestion(t, list); ok {
		return []part{a}
	}
	if whole, ok := p.whole(t, list); ok {
		parts := []part{whole}
		for _, a := range list { // a letter may ask for more
			if a.question && helpful(a.kind) && !forStore(a.kind) && a.sure > 0.5 {
				parts = append(parts, a)
			}
		}
		return parts
	}
	return joinParts(t, list)
}

// onAnother reports whether a part only names another animal for the previous question: "and the gecko?".
func onAnother(t *read.Turn, a *part) bool {
	const fewWords = 5
	return a.to-a.from <= fewWords && t.At("goes-on", a.from) && len(t.Pets(a.from, a.to)) == 0 &&
		slices.ContainsFunc(t.Marks, func(m read.Mark) bool { return m.Species() != "" && m.From > a.from && m.To == a.to })
}

// sentences returns each sentence of a turn as a part.
func (p *Planner) sentences(t *read.Turn) []part {
	var list []part
	for i := range t.Asks {
		s := &t.Asks[i]
		kind := p.kindOf(t, s)
		if forStore(kind) && t.HasIn(s, "plea") && len(content(p, t, s)) == 0 && len(t.Species(s.From, s.To)) == 0 {
			kind = read.KindGuide // "Any advice?"
		}
		if s.To-s.From < 1 {
			continue
		}
		sure := s.Kinds.Of(kind)
		if kind != s.Kinds.Best() && kind != read.KindGuide {
			sure = 1 // a mention makes it certain
		}
		list = append(list, part{from: s.From, to: s.To, text: s.Text, kind: kind, sure: sure, question: s.Question})
	}
	return list
}

// eachQuestion returns a part for each question of a turn with several. Statements belong to the next question if it
// asks for a pet, or says too little by itself.
func eachQuestion(t *read.Turn, list []part) []part {
	const fewWords = 7
	var out []part
	told := -1 // where the statements before a question begin
	before, joined := "", false
	for _, a := range list {
		if !a.question {
			if told < 0 {
				told = a.from
			}
			before = a.text
			continue
		}
		a.context, before = before, a.text
		if last := len(out) - 1; last >= 0 && out[last].kind == read.KindGuide && onAnother(t, &a) {
			out[last] = stretched(t, out[last].from, a.to, out[last])
			joined = true
			continue
		}
		if !helpful(a.kind) {
			continue
		}
		last := len(out) - 1
		if last >= 0 && told < 0 && (out[last].kind == read.KindStock || out[last].kind == read.KindPet) && goesOn(t, &a) ||
			last >= 0 && out[last].kind == read.KindRecommend && a.kind == read.KindRecommend {
			out[last] = stretched(t, out[last].from, a.to, out[last])
			told = -1
			continue
		}
		if told >= 0 && (forStore(a.kind) || a.to-a.from < fewWords) {
			a = stretched(t, told, a.to, a)
		}
		out, told = append(out, a), -1
	}
	if len(out) < 2 && !joined {
		return nil
	}
	if last := len(out) - 1; told >= 0 && forStore(out[last].kind) {
		out[last] = stretched(t, out[last].from, len(t.Words), out[last])
	}
	return out
}

// stretched returns a part with the words from up to to.
func stretched(t *read.Turn, from, to int, a part) part {
	a.from, a.to = from, to
	a.text = strings.TrimSpace(t.Text[t.Words[from].Start:t.Words[to-1].End])
	return a
}

// forStore reports whether a kind of answer chooses pets of the store.
func forStore(k read.Kind) bool { return k == read.KindStock || k == read.KindRecommend }

// withoutAsides removes asides: statements of unclear kind, next to a part of clear kind.
func withoutAsides(list []part) []part {
	clear := slices.ContainsFunc(list, func(a part) bool { return helpful(a.kind) && a.sure > 0.6 })
	return slices.DeleteFunc(list, func(a part) bool {
		return clear && !a.question && a.sure < 0.55 && (a.kind == read.KindGuide || a.kind == read.KindOffTopic)
	})
}

// oneQuestion joins statements with the only question, if that asks for a pet.
func oneQuestion(t *read.Turn, list []part) (part, bool) {
	at := slices.IndexFunc(list, func(a part) bool { return a.question })
	if at >= 0 && (t.HasIn(&read.Sentence{From: list[at].from, To: list[at].to}, "have") || asks.ChoosesAnimal(t, &read.Sentence{From: list[at].from, To: list[at].to})) {
		// The question is clear, whatever the statements say.
		list = []part{list[at]}
	}
	at = -1
	for i, a := range list {
		aside := a.kind == read.KindGuide && a.sure > 0.9 && !personal(t, a.from, a.to) && !asks.Amounts(t, a.from, a.to)
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
		// The question is about the statements.
		return part{from: 0, to: len(t.Words), text: t.Text, kind: list[at].kind, sure: list[at].sure, question: true}, true
	case read.KindStock, read.KindRecommend:
	default:
		return part{}, false
	}
	a := part{from: 0, to: len(t.Words), text: t.Text, kind: list[at].kind, question: true}
	if personal(t, 0, len(t.Words)) && !asks.Filters(t, &read.Sentence{From: 0, To: len(t.Words)}) && !t.Has("complete") {
		a.kind = read.KindRecommend
	}
	return a, true
}

// asksForStore reports whether a question among parts asks for a pet of the store.
func asksForStore(list []part) bool {
	return slices.ContainsFunc(list, func(a part) bool {
		return a.question && forStore(a.kind)
	})
}

// whole reads a turn of several sentences as one wish for a pet: a letter about oneself, whose sentences alone may
// look like anything.
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
		return a.question && (a.kind == read.KindPet || !forStore(a.kind) && helpful(a.kind) && a.sure > 0.6) || a.kind == read.KindCompare && a.sure > 0.6
	})
	wished := slices.ContainsFunc(list, func(a part) bool { return forStore(a.kind) })
	again := wished && t.Has("new-one") && personal(t, 0, len(t.Words)) // "ready for a new dog. Kids 5 and 8"
	if !again && (kinds.Of(read.KindGuide) > store || store < 0.6 && !(store > 0.25 && wished)) || other && questions < 3 {
		return part{}, false
	}
	a := part{from: 0, to: len(t.Words), text: t.Text, kind: read.KindRecommend}
	if kinds.Of(read.KindStock) > kinds.Of(read.KindRecommend) && (!personal(t, 0, len(t.Words)) || asks.Filters(t, &read.Sentence{From: 0, To: len(t.Words)})) {
		a.kind = read.KindStock
	}
	return a, true
}

// personal reports whether words from up to to mention facts about a person that limit a choice.
func personal(t *read.Turn, from, to int) bool {
	return slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		if m.From < from || m.To > to {
			return false
		}
		switch m.Fact {
		case "apartment", "house", "garden", "baby", "toddler", "older-children", "children", "first-time", "home-all-day", "half-day", "full-day", "travel", "allergy", "frail", "elderly", "quiet-wanted", "no-walks":
			return true
		}
		if m.Amount != nil && m.Attribute != nil && m.Attribute.Name == "age" && m.Amount.Low < 216 && !asks.NextToAnimal(t, &m) {
			return true // a child's age
		}
		return m.Role == read.Owned && m.Species() != "" || m.Role == read.Personal || m.Role == read.Allergic
	})
}

// joinParts joins parts that belong together.
func joinParts(t *read.Turn, list []part) []part {
	var out []part
	for _, a := range list {
		last := len(out) - 1
		switch {
		case last < 0:
		case a.kind.IsTalk() && len(list) > 1:
			continue
		case !out[last].question && a.question && forStore(a.kind):
			a.kind = read.KindRecommend
			a.from, a.text = out[last].from, out[last].text+" "+a.text
			out[last] = a
			continue
		case out[last].kind == read.KindCompare && t.HasIn(&read.Sentence{From: a.from, To: a.to}, "both") && !namesAny(t, &a):
			out[last].to, out[last].text, out[last].question = a.to, out[last].text+" "+a.text, true // "A or B? Which one sheds less?"
			continue
		case out[last].kind == read.KindCompare && !a.question && a.kind == read.KindGuide && !namesAny(t, &a) && t.HasIn(&read.Sentence{From: a.from, To: a.to}, "pronoun"):
			continue // "A vs B? They look the same to me."
		case out[last].kind == read.KindStock && goesOn(t, &a):
			out[last].to, out[last].text = a.to, out[last].text+" "+a.text
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

// namesAny reports whether a part names an animal.
func namesAny(t *read.Turn, a *part) bool {
	return len(t.Pets(a.from, a.to))+len(t.Breeds(a.from, a.to))+len(t.Species(a.from, a.to)) > 0
}

// goesOn reports whether a part asks more about the animals of the previous part: "the giant dogs, who are they, and
// what do they cost".
func goesOn(t *read.Turn, a *part) bool {
	s := &read.Sentence{From: a.from, To: a.to}
	return t.HasIn(s, "pronoun") && (len(asks.Attributes(t, a.from, a.to)) > 0 || t.HasIn(s, "total")) && !namesAny(t, a)
}

// helpful reports whether a kind of answer has content.
func helpful(k read.Kind) bool { return !k.IsTalk() && k != read.KindOffTopic }
