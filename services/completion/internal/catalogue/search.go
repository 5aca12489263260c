package catalogue

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/meaning"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// A Query asks for passages.
type Query struct {
	Text string
	// Species prefers guides about one of these, if they are about few, and lowers guides that are only about others.
	// Empty: all guides are equal.
	Species []Species
	// Faint are words of Text with little weight, in lower case: Species already names the animal, and a name is no
	// question.
	Faint []string
	// Around is what is told besides, such as that the animal is a puppy.
	Around string
	// Topics are preferred, not required.
	Topics []Topic
	Limit  int // 0: 5
}

// A Hit is a found passage.
type Hit struct {
	*Passage
	// Score orders the hits of one query.
	Score float64
	// Coverage is the share of the question that the passage covers, from 0 to about 1: words and their parts,
	// weighted by rarity.
	Coverage float64
	// Apart is set where the passage is for a case that nothing tells of, such as a puppy.
	Apart bool
}

// Answers reports whether the passage probably is an answer, rather than the least bad match: nine in ten left-out
// askings whose guide was found exceed this bound, and one in five questions that have nothing to do with pets.
func (h *Hit) Answers() bool { return h.Score >= 37 }

// Surely reports whether the passage is certainly an answer, as half of the right ones are.
func (h *Hit) Surely() bool { return h.Score >= 54 }

// Near reports whether the passage is at least about part of the question.
func (h *Hit) Near() bool { return h.Score >= 33 }

// Factors for passages about the animal in question, about others only, and on a topic in question.
const (
	preferOwn   = 1.15
	preferOther = 0.3
	preferTopic = 1.15
	preferCase  = 0.8 // of a case that is not told of
	preferOne   = 0.6 // of two of one kind, where two kinds are to meet
)

// maxQuery is the most words of a question that are searched for.
const maxQuery = 120

// Search returns the best passages, best first. Equal queries give equal results.
func (c *Catalogue) Search(q Query) []Hit {
	question := words.Split(q.Text)
	question = question[:min(len(question), maxQuery)]
	if len(question) == 0 {
		return nil
	}
	faint := map[string]bool{}
	for _, text := range q.Faint {
		for _, s := range stems(text) {
			faint[s] = true
		}
	}
	scores, covered := c.index.scores(question, faint)
	limit := cmp.Or(q.Limit, 5)
	best := make([]Hit, 0, limit+1)
	told := caseTold(words.Join(question))
	if q.Around != "" {
		told |= caseTold(words.Join(words.Split(q.Around)))
	}
	for i, p := range c.index.passages {
		if scores[i] == 0 {
			continue
		}
		hit := Hit{Passage: p, Score: q.prefer(p, float64(scores[i])), Coverage: float64(covered[i])}
		if c.index.cases[i]&^told != 0 {
			hit.Score *= preferCase
			hit.Apart = true
		}
		if len(best) == limit && better(best[limit-1], hit) < 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, hit, better)
		best = slices.Insert(best, at, hit)
		best = best[:min(limit, len(best))]
	}
	return best
}

// better orders hits, the best first. No two are equal, because ids are unique.
func better(a, b Hit) int {
	if a.Score != b.Score {
		return cmp.Compare(b.Score, a.Score)
	}
	return cmp.Compare(a.ID, b.ID)
}

// Place returns a text's point in the space of meanings.
func (c *Catalogue) Place(text []words.Word) meaning.Point { return c.index.space.Point(text) }

func (q *Query) prefer(p *Passage, score float64) float64 {
	if n := len(p.Guide.Species); n > 0 && len(q.Species) > 0 {
		covers := slices.ContainsFunc(q.Species, p.Guide.Covers)
		switch {
		case covers && n < 4:
			score *= preferOwn
		case !covers:
			score *= preferOther
		}
		if len(q.Species) == 2 && n == 1 && p.Guide.About("introductions") {
			score *= preferOne
		}
	}
	if slices.ContainsFunc(q.Topics, p.Guide.About) {
		score *= preferTopic
	}
	return score
}

// vocabulary returns every word of guides, and of texts about breeds and pets.
func (c *Catalogue) vocabulary() map[string]bool {
	known := map[string]bool{}
	add := func(texts ...string) {
		for _, text := range texts {
			for _, w := range words.Split(text) {
				// A capital within a sentence marks a name, which is not collected here.
				if !w.Capital || w.Opens {
					known[w.Text] = true
				}
			}
		}
	}
	// Askings have misspellings on purpose, so a word must occur in several.
	const several = 3
	asked := map[string]int{}
	for _, g := range c.guides {
		add(g.about())
		for _, p := range g.Passages {
			add(p.Heading, p.Text)
			for _, w := range words.Split(strings.Join(p.Askings, "\n")) {
				if asked[w.Text]++; asked[w.Text] == several && (!w.Capital || w.Opens) {
					known[w.Text] = true
				}
			}
		}
	}
	for _, b := range c.breeds {
		add(b.Summary, b.Care)
		add(b.Temperament...)
		add(b.Health...)
	}
	return known
}
