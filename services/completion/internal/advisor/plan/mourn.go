package plan

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// comfort is the query for somebody who grieves.
const comfort = "how do you cope with the loss of a pet, grief, what helps to mourn"

// mourn answers a loss without a question from the guides about it. It shows pets only to people who ask for them.
func (p *Planner) mourn(pl *Plan) {
	t := pl.Turn
	wants := asksOfPet(p, t) || t.Has("new-one")
	if pl.Verdict.Grief != "" {
		wants = wants || slices.ContainsFunc(t.Asks, func(s read.Sentence) bool { return asks.NeedsAnimal(t, &s) || asks.ChoosesAnimal(t, &s) })
	} else {
		wants = wants || t.Has("need") || !t.Has("grief") && !p.grieves(t) || slices.ContainsFunc(pl.Items, ofStore)
	}
	asked := slices.ContainsFunc(t.Asks, func(s read.Sentence) bool { return strings.Contains(s.Text, "?") })
	wants = (wants || asked && seeksPet(p, t)) && !pl.Verdict.NoOther
	if wants || asked && pl.Verdict.Grief == "" {
		return
	}
	if asked {
		pl.Items = slices.DeleteFunc(pl.Items, func(i Item) bool {
			return ofStore(i) || i.Kind.IsTalk() || i.Answer == nil && (len(i.Hits) == 0 || !i.Hits[0].Answers())
		})
	}
	if asked && len(pl.Items) > 0 {
		return
	}
	item := Item{Kind: read.KindGuide, Text: t.Text, Species: pl.Frame.Focus.Kinds()}
	topic, query := catalogue.Topic("loss"), comfort
	if passage := catalogue.PassageAt(p.cat, pl.Verdict.Solace); passage != nil {
		query = passage.Heading
	}
	for _, h := range p.cat.Search(catalogue.Query{Text: query, Species: item.Species, Topics: []catalogue.Topic{topic}, Limit: 2}) {
		if h.Guide.About(topic) {
			item.Hits = append(item.Hits, h)
		}
	}
	if pl.Verdict.Grief != "" {
		item.Hits = item.Hits[:min(1, len(item.Hits))] // a word, not a lecture
	}
	if len(item.Hits) > 0 {
		pl.Items = []Item{item}
	}
}

// ofStore reports whether an item shows pets or breeds.
func ofStore(i Item) bool {
	return slices.Contains([]read.Kind{read.KindPet, read.KindStock, read.KindBreed, read.KindRecommend, read.KindCompare}, i.Kind)
}

// condole begins an answer about a loss with condolences if triage has not seen the loss.
func condole(pl *Plan) {
	i := &pl.Items[0]
	if pl.Verdict.Grief != "" || i.Kind != read.KindGuide || !pl.Turn.Has("grief") {
		return
	}
	if i.Answer != nil && i.Answer.Guide.About("loss") || i.Answer == nil && len(i.Hits) > 0 && i.Hits[0].Answers() && i.Hits[0].Guide.About("loss") {
		pl.Verdict.Grief = "I am so sorry for your loss."
	}
}

// grieves reports whether a turn is certainly about a loss, in any words.
func (p *Planner) grieves(t *read.Turn) bool {
	hits := p.cat.Search(catalogue.Query{Text: t.Text, Limit: 1})
	return len(hits) > 0 && hits[0].Guide.About("loss") && hits[0].Surely()
}
