package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/triage"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// search finds the passages for an item about words from up to to.
func (p *Planner) search(pl *Plan, item *Item, from, to int) {
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
	if len(item.Pets) > 1 { // their names mean nothing to a guide
		for _, pet := range item.Pets {
			text.WriteString(" " + string(pet.Species))
		}
	}
	faint := asks.Animals(pl.Turn)
	query := catalogue.Query{Text: text.String(), Species: species, Faint: faint, Around: around(pl), Limit: 8}
	if pl.Turn.HasIn(&read.Sentence{From: from, To: to}, "process") {
		query.Topics = []catalogue.Topic{catalogue.TopicAdoption}
	}
	sentences := slices.DeleteFunc(slices.Clone(pl.Turn.Asks), func(s read.Sentence) bool { return s.From < from || s.To > to })
	if len(sentences) < 2 {
		item.Hits = p.cat.Search(query)
	} else {
		told := make([]catalogue.Sentence, len(sentences))
		for i := range sentences {
			told[i] = catalogue.Sentence{Text: sentences[i].Text, Question: sentences[i].Question}
		}
		item.Hits = catalogue.SearchLetter(p.cat, query, told)
	}
	p.searchProcess(pl, item, sentences, query)
	if pl.Verdict.Level == triage.None {
		calm(item.Hits)
	}
	withoutStrange(pl.Turn, item)
	if len(item.Hits) > 1 {
		item.Hits = slices.DeleteFunc(item.Hits, func(h catalogue.Hit) bool { return h.Apart && !h.Surely() })
	}
	if catalogue.AsksBanned(pl.Turn.Words[from:to]) {
		catalogue.BannedFirst(item.Hits)
	}
}

// around returns what is told of the animal: in the turn, and of the pets that are spoken of.
func around(pl *Plan) string {
	text := pl.Turn.Text
	if last := pl.Frame.Last; last != nil {
		text += " " + last.Text
	}
	return text
}

// withoutStrange leaves out what is told of other animals where the turn asks about one of which there is no guide.
func withoutStrange(t *read.Turn, item *Item) {
	if len(t.Species(0, len(t.Words))) > 0 || catalogue.Stranger(t.Words) == "" {
		return
	}
	item.Hits = slices.DeleteFunc(item.Hits, func(h catalogue.Hit) bool { return catalogue.Strange(h.Passage, t.Words) })
	if item.Uncovered = catalogue.Stranger(t.Words); len(item.Hits) > 0 {
		item.Uncovered = ""
	}
}

// searchProcess searches for the adoption process only with the sentence that asks for it: the rest of a turn
// explains why. The result counts if it is about adoption, and if it is a confident match or there is no other
// answer.
func (p *Planner) searchProcess(pl *Plan, item *Item, sentences []read.Sentence, query catalogue.Query) {
	at := slices.IndexFunc(sentences, func(s read.Sentence) bool { return s.Question && pl.Turn.HasIn(&s, "process") })
	if at < 0 || pl.Turn.Has("gift") {
		return
	}
	query.Text = words.Join(read.Unnamed(pl.Turn, &sentences[at]))
	hits := slices.DeleteFunc(p.cat.Search(query), func(h catalogue.Hit) bool { return !h.Guide.About(catalogue.TopicAdoption) })
	if len(hits) > 0 && (hits[0].Surely() || hits[0].Answers() && (len(item.Hits) == 0 || !item.Hits[0].Answers())) {
		item.Hits = hits
	}
}

// inContext weighs a part's hits by the text right before it: "do they need vitamin C? can I put the drops in the
// water".
func (p *Planner) inContext(hits []catalogue.Hit, a *part, species []catalogue.Species) []catalogue.Hit {
	const share = 0.3
	if a.context == "" || len(hits) == 0 {
		return hits
	}
	around := map[*catalogue.Passage]float64{}
	for _, h := range p.cat.Search(catalogue.Query{Text: a.context + " " + a.text, Species: species, Limit: 100}) {
		around[h.Passage] = h.Score
	}
	for i := range hits {
		hits[i].Score = (1-share)*hits[i].Score + share*around[hits[i].Passage]
	}
	bestFirst(hits)
	return hits
}

// bestFirst sorts hits by their changed scores. Equal ones keep their order.
func bestFirst(hits []catalogue.Hit) {
	slices.SortStableFunc(hits, func(a, b catalogue.Hit) int { return cmp.Compare(b.Score, a.Score) })
}

// calm lowers the scores of first aid, because nothing has happened.
func calm(hits []catalogue.Hit) {
	const share = 0.75
	for i := range hits {
		if hits[i].FirstAid() {
			hits[i].Score *= share
		}
	}
	bestFirst(hits)
}
