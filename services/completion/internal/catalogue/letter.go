package catalogue

import "slices"

// Sentence is a sentence of a letter.
type Sentence struct {
	Text     string
	Question bool
}

// maxSearched bounds how many sentences of a letter are looked for each by itself, from its
// end.
const maxSearched = 8

// What the whole of a letter and its best sentence count, a question more than a statement.
const (
	wholeShare     = 0.4
	questionShare  = 0.6
	statementShare = 0.45
)

// SearchLetter looks for several sentences as a whole and one by one. The query has the whole.
func SearchLetter(c *Catalogue, query Query, sentences []Sentence) []Hit {
	limit := query.Limit
	query.Limit = 40
	found := map[*Passage]*Hit{}
	best := map[*Passage]float64{}
	for _, h := range c.Search(query) {
		h.Score *= wholeShare
		found[h.Passage] = &h
	}
	for _, s := range sentences[max(0, len(sentences)-maxSearched):] {
		share := statementShare
		if s.Question {
			share = questionShare
		}
		query.Text = s.Text
		for _, h := range c.Search(query) {
			if found[h.Passage] == nil {
				found[h.Passage] = &Hit{Passage: h.Passage}
			}
			best[h.Passage] = max(best[h.Passage], share*h.Score)
			found[h.Passage].Coverage = max(found[h.Passage].Coverage, h.Coverage)
		}
	}
	hits := make([]Hit, 0, len(found))
	for passage, h := range found {
		h.Score += best[passage]
		hits = append(hits, *h)
	}
	slices.SortFunc(hits, better)
	return hits[:min(limit, len(hits))]
}
