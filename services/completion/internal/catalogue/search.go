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
	// Species prefers guides about one of them, few best, and puts guides that are
	// about other animals only behind others. Empty: all guides alike.
	Species []Species
	// Faint has words of Text that count little, in lower case: what animal it is about
	// says Species, and a name is no question.
	Faint []string
	// Topics are preferred, not required.
	Topics []Topic
	Limit  int // 0: 5
}

// A Hit is a passage that was found.
type Hit struct {
	*Passage
	// Score orders the hits of one query.
	Score float64
	// Coverage is the share of the question that the passage speaks of, 0 to about 1: of
	// its words and their parts, each weighed by how rare it is.
	Coverage float64
}

// Answers reports whether the passage is likely an answer, and not the least bad match: of
// askings that were left out nine in ten of those whose guide was found are above this
// bound, of questions that have nothing to do with pets one in five.
func (h *Hit) Answers() bool { return h.Score >= 37 }

// Surely reports whether the passage is an answer beyond doubt, as half of the right ones are.
func (h *Hit) Surely() bool { return h.Score >= 54 }

// Near reports whether the passage is at least about something of the question.
func (h *Hit) Near() bool { return h.Score >= 33 }

// What a passage counts that is about the animal in question, or only about others, or on
// a topic in question.
const (
	preferOwn   = 1.15
	preferOther = 0.3
	preferTopic = 1.15
)

// maxQuery bounds what of a question is looked for, in words.
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
	for i, p := range c.index.passages {
		if scores[i] == 0 {
			continue
		}
		hit := Hit{Passage: p, Score: q.prefer(p, float64(scores[i])), Coverage: float64(covered[i])}
		if len(best) == limit && better(best[limit-1], hit) < 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, hit, better)
		best = slices.Insert(best, at, hit)
		best = best[:min(limit, len(best))]
	}
	return best
}

// better orders hits, the best first. No two are equal, because no two passages have one id.
func better(a, b Hit) int {
	if a.Score != b.Score {
		return cmp.Compare(b.Score, a.Score)
	}
	return cmp.Compare(a.ID, b.ID)
}

// Place returns where a text stands in the space in which passages are found by what they
// mean.
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
	}
	if slices.ContainsFunc(q.Topics, p.Guide.About) {
		score *= preferTopic
	}
	return score
}

// vocabulary returns every word of guides and of what is told about breeds and pets.
func (c *Catalogue) vocabulary() map[string]bool {
	known := map[string]bool{}
	add := func(texts ...string) {
		for _, text := range texts {
			for _, w := range words.Split(text) {
				// A capital inside of a sentence marks a name, which is not what is
				// collected here.
				if !w.Capital || w.Opens {
					known[w.Text] = true
				}
			}
		}
	}
	// Askings have slips of spelling on purpose: what several of them have is a word.
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
