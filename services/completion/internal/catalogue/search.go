package catalogue

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search/query"
)

// A Query asks for passages.
type Query struct {
	Text string
	// Species restricts to guides about one of them, and prefers those that are about
	// few. Empty: all guides.
	Species []Species
	// Topics are preferred, not required.
	Topics []Topic
	Limit  int // 0: 5
}

// A Hit is a passage that was found.
type Hit struct {
	*Passage
	// Score orders the hits of one query. It says nothing between queries.
	Score float64
	// Coverage is the share of the question that the passage speaks of, 0 to 1: of its
	// words, each weighed by how rare it is. Below about a third the passage is not an
	// answer but the least bad match.
	Coverage float64
}

// Weights of the fields, and of what was not said but may have been meant.
const (
	weightHeading = 2.5
	weightGuide   = 1.6
	weightText    = 1.0
	weightSynonym = 0.35
	weightTypo    = 0.7

	preferSpecies = 1.35
	preferTopic   = 1.25
	preferAsked   = 1.4

	// maxTerms bounds a query, however long the text is.
	maxTerms = 24
)

// Search returns the best passages, best first. Equal queries give equal results.
func (c *Catalogue) Search(ctx context.Context, q Query) ([]Hit, error) {
	terms := c.queryTerms(q.Text)
	if len(terms) == 0 {
		return nil, nil
	}
	req := bleve.NewSearchRequestOptions(c.build(terms, q.Species), 40, 0, false)
	result, err := c.index.SearchInContext(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("search catalogue: %w", err)
	}
	hits := make([]Hit, 0, len(result.Hits))
	for _, h := range result.Hits {
		p := c.passages[h.ID]
		hits = append(hits, Hit{Passage: p, Score: q.prefer(p, h.Score), Coverage: c.coverage(terms, p)})
	}
	slices.SortFunc(hits, byScore)
	if q.Limit == 0 {
		q.Limit = 5
	}
	return hits[:min(q.Limit, len(hits))], nil
}

// byScore orders by rounded score: the order in which bleve adds up a score depends
// on how its segments came out, and with it the last digits.
func byScore(a, b Hit) int {
	const digits = 1e6
	if d := cmp.Compare(math.Round(b.Score*digits), math.Round(a.Score*digits)); d != 0 {
		return d
	}
	return cmp.Compare(a.ID, b.ID)
}

func (q *Query) prefer(p *Passage, score float64) float64 {
	for _, s := range q.Species {
		if n := len(p.Guide.Species); n > 0 && n < 4 && contains(p.Guide.Species, s) {
			score *= preferSpecies
			break
		}
	}
	for _, t := range q.Topics {
		if p.Guide.About(t) {
			score *= preferTopic
		}
	}
	// The words that ask are left out of the search, but the headings are questions.
	text, heading := strings.ToLower(q.Text), strings.ToLower(p.Heading)
	for _, how := range []string{"how much", "how often", "how long", "how many"} {
		if strings.Contains(text, how) && strings.Contains(heading, how) {
			score *= preferAsked
		}
	}
	return score
}

// A queryTerm is a word of a question, stemmed, with what else it may mean.
type queryTerm struct {
	term     string
	fixed    []string   // where no passage has the term: the terms it may be a slip of
	synonyms [][]string // each of one or more terms
	weight   float64    // its rarity
}

func (c *Catalogue) queryTerms(text string) []queryTerm {
	var terms []queryTerm
	seen := map[string]bool{}
	for _, stem := range c.stems(text) {
		if seen[stem] || isFiller(stem) || isNumber(stem) || len(terms) == maxTerms {
			continue
		}
		seen[stem] = true
		t := queryTerm{term: stem, weight: c.rarity(stem)}
		if c.frequency[stem] == 0 {
			t.fixed = c.corrections(stem)
		}
		t.synonyms = c.synonyms[stem]
		for _, f := range t.fixed {
			t.synonyms = append(t.synonyms[:len(t.synonyms):len(t.synonyms)], c.synonyms[f]...)
			t.weight = min(t.weight, c.rarity(f))
		}
		terms = append(terms, t)
	}
	return terms
}

// isNumber reports whether a term is a figure: how many hours or dollars a question
// names says nothing about what it is about.
func isNumber(term string) bool { return strings.Trim(term, "0123456789.,$") == "" }

// rarity is the inverse document frequency of a term.
func (c *Catalogue) rarity(term string) float64 {
	return math.Log(1 + float64(len(c.passages))/(1+float64(c.frequency[term])))
}

// corrections returns the terms that an unknown term may be a slip of: those with
// the fewest slips, at most three.
func (c *Catalogue) corrections(unknown string) []string {
	for limit := 1; limit <= slips(len(unknown)+1); limit++ {
		var found []string
		for _, term := range c.terms {
			if len(term) > 3 && typo(unknown, term, limit) {
				found = append(found, term)
			}
		}
		if len(found) > 0 {
			slices.SortStableFunc(found, func(a, b string) int { return c.frequency[b] - c.frequency[a] })
			return found[:min(3, len(found))]
		}
	}
	return nil
}

func (c *Catalogue) build(terms []queryTerm, species []Species) query.Query {
	var words []query.Query
	add := func(term string, weight float64) {
		words = append(words,
			termQuery(fieldHeading, term, weightHeading*weight),
			termQuery(fieldGuide, term, weightGuide*weight),
			termQuery(fieldText, term, weightText*weight))
	}
	for _, t := range terms {
		add(t.term, 1)
		for _, f := range t.fixed {
			add(f, weightTypo)
		}
		for _, s := range t.synonyms {
			for _, term := range s {
				add(term, weightSynonym/float64(len(s)))
			}
		}
	}
	q := bleve.NewBooleanQuery()
	q.AddMust(bleve.NewDisjunctionQuery(words...))
	if len(species) > 0 {
		about := []query.Query{termQuery(fieldSpecies, allSpecies, 1)}
		for _, s := range species {
			about = append(about, termQuery(fieldSpecies, string(s), 1))
		}
		q.AddFilter(bleve.NewDisjunctionQuery(about...))
	}
	return q
}

func termQuery(field, term string, boost float64) query.Query {
	q := bleve.NewTermQuery(term)
	q.SetField(field)
	q.SetBoost(boost)
	return q
}

// coverage weighs the terms that a passage has against all of the question's.
func (c *Catalogue) coverage(terms []queryTerm, p *Passage) float64 {
	var all, had, rarest float64
	missed := false
	for _, t := range terms {
		in := t.in(p)
		all += t.weight
		had += t.weight * in
		if t.weight > rarest {
			rarest, missed = t.weight, in == 0
		}
	}
	switch {
	case all == 0:
		return 0
	case missed: // the rarest word is what the question is about
		had *= 0.7
	}
	return had / all
}

// in tells how surely a passage speaks of the term, 0 to 1.
func (t *queryTerm) in(p *Passage) float64 {
	best := p.speaksOf(t.term)
	for _, f := range t.fixed {
		sure := 0.8
		if len(t.term) <= 5 { // one slip in a short word may as well be another word
			sure = 0.3
		}
		best = max(best, sure*p.speaksOf(f))
	}
	for _, s := range t.synonyms {
		all := 0.7
		for _, term := range s {
			all = min(all, p.speaksOf(term))
		}
		best = max(best, all)
	}
	return best
}

// speaksOf is 1 for a term of the passage itself, and less for one that its guide has.
func (p *Passage) speaksOf(term string) float64 {
	own, found := p.terms[term]
	switch {
	case own:
		return 1
	case found:
		return 0.25
	}
	return 0
}

// isFiller reports whether a stem is part of asking and not of what is asked.
func isFiller(stem string) bool {
	return contains([]string{
		"tell", "know", "pleas", "want", "would", "should", "could", "can", "do", "doe", "did", "how", "what", "when",
		"where", "which", "who", "why", "much", "mani", "me", "my", "i", "you", "your", "we", "our", "us", "am", "im",
		"about", "some", "ani", "ha", "have", "had", "get", "got", "go", "give", "advic", "tip", "question", "explain",
		"info", "inform", "thank", "hi", "hello", "hey", "think", "realli", "just", "thing", "anyth", "someth", "let",
		"ok", "okai", "also", "lot", "help", "need", "id", "ive", "dont", "from", "so", "than", "too", "veri", "her",
		"his", "she", "him", "he", "mine", "here", "said", "sai", "make", "sure", "best", "good", "everyth", "must",
		"like", "recommend", "suggest", "wonder", "ask", "mayb", "wai", "come", "been", "were", "were", "might", "up",
	}, stem)
}
