package plan

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
)

// story reads a turn that tells of a person's circumstances and asks what pet suits as one wish, whatever its sentences
// look like alone: "we work long hours, my daughter is allergic to fur; what would you suggest?". Other questions in
// it remain parts of their own. It returns nil if the turn is none.
func (p *Planner) story(t *read.Turn, list []part) []part {
	const least, wished, cared = 2, 0.7, 0.6
	if asks.Circumstances(t) < least || len(t.Pets(0, len(t.Words))) > 0 {
		return nil
	}
	tells, begs := false, false
	var others []part
	for i := range t.Asks {
		s := &t.Asks[i]
		tells = tells || s.Kinds.Of(read.KindRecommend) > wished
		advises := t.HasIn(s, "advise") || t.HasIn(s, "recommends") || t.HasIn(s, "plea") || t.HasIn(s, "suit")
		begs = begs || advises || t.HasIn(s, "need") || s.Kinds.Of(read.KindRecommend) > wished
		if advises || s.Kinds.Of(read.KindGuide) <= cared || t.HasIn(s, "allergy") || t.HasIn(s, "no-fur") {
			continue
		}
		at := slices.IndexFunc(list, func(a part) bool { return a.from == s.From })
		if at < 0 || !list[at].question {
			return nil // it is about the care of an animal
		}
		others = append(others, list[at])
	}
	if !tells || !begs {
		return nil
	}
	whole := part{from: 0, to: len(t.Words), text: t.Text, kind: read.KindRecommend, sure: 1, question: true, story: true}
	return append([]part{whole}, others...)
}
