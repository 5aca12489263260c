package plan

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// comfort is what is looked for where somebody grieves.
const comfort = "how do you cope with the loss of a pet, grief, what helps to mourn"

// mourn answers a loss that is told without a question from the guides on it.
func (p *Planner) mourn(pl *Plan) {
	t := pl.Turn
	asks := slices.ContainsFunc(t.Asks, func(s read.Sentence) bool { return strings.Contains(s.Text, "?") })
	store := slices.ContainsFunc(pl.Items, func(i Item) bool {
		return i.Kind == read.KindPet || i.Kind == read.KindStock || i.Kind == read.KindBreed
	})
	if asks || store || asksOfPet(p, t) || t.Has("need") || t.Has("new-one") || !t.Has("grief") && !p.grieves(t) {
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

// grieves reports whether a turn, whatever its words, is surely about a loss.
func (p *Planner) grieves(t *read.Turn) bool {
	hits := p.cat.Search(catalogue.Query{Text: t.Text, Limit: 1})
	return len(hits) > 0 && hits[0].Guide.About("loss") && hits[0].Surely()
}
