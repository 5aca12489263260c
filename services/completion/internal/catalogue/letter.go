package catalogue

import "slices"

// A Sentence is a sentence of a letter.
type Sentence struct {
	Text     string
	Question bool
}

// maxSearched is the most sentences of a letter that are searched for separately, from its end.
const maxSearched = 8

// The weights of the whole letter and of its best sentence, which depends on whether it is a question.
const (
	wholeShare     = 0.4
	questionShare  = 0.6
	statementShare = 0.45
)

// SearchLetter searches for a letter, in query.Text, and for its sentences. query.Limit must be positive.
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
				found[h.Passage] = &Hit{Passage: h.Passage, Apart: h.Apart}
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
