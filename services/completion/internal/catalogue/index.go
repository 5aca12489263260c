package catalogue

import (
	"cmp"
	"math"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/meaning"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// An index finds passages by their text and by how people ask for them. It never changes, so goroutines may share it.
//
// Each passage is a document of features (words, pairs of words, parts of words): its text, its heading, its guide's
// title and keywords, and its askings. The score of a document is BM25, plus its nearness to the question in a space
// of meanings, which finds other wordings. docs/advisor.md says what else was tried.
type index struct {
	passages []*Passage
	cases    []uint64 // that the heading of each passage names
	postings map[words.Feature][]posting
	rarity   map[words.Feature]float32

	space  *meaning.Space
	places []meaning.Point // of the passages
}

// A posting is a passage that contains a feature, and the feature's weight in it.
type posting struct {
	passage int32
	weight  float32
}

// The parameters of BM25, and the weights of the parts of a document and of pairs of words. They were tuned by
// searching for every fifth asking, left out of the index.
const (
	bm25K = 2.5
	bm25B = 0.5

	weightHeading = 2
	weightText    = 1
	weightGuide   = 0.8
	weightAsking  = 0.3

	pairShare = 0.35
	// meaningShare is the score of a passage with exactly the meaning of the question.
	meaningShare = 50
)

func newIndex(guides []*Guide, space *meaning.Space) *index {
	x := &index{postings: map[words.Feature][]posting{}, rarity: map[words.Feature]float32{}, space: space}
	var documents []document
	var total float64
	for _, g := range guides {
		for _, p := range g.Passages {
			x.passages = append(x.passages, p)
			x.cases = append(x.cases, caseOf(words.Split(p.Heading)))
			of := p.document()
			x.places = append(x.places, of.Place(space))
			d := documentOf(p)
			documents = append(documents, d)
			total += d.length
			for f := range d.count {
				x.rarity[f]++
			}
		}
	}
	n := float64(len(documents))
	for f, in := range x.rarity {
		x.rarity[f] = float32(math.Log(1 + (n-float64(in)+0.5)/(float64(in)+0.5)))
	}
	mean := total / max(1, n)
	for i, d := range documents {
		norm := bm25K * (1 - bm25B + bm25B*d.length/mean)
		for f, count := range d.count {
			weight := float64(x.rarity[f]) * count * (bm25K + 1) / (count + norm)
			x.postings[f] = append(x.postings[f], posting{int32(i), float32(weight)})
		}
	}
	return x
}

// unknownRarity is the rarity of features that no passage has.
const unknownRarity = 5

// document returns a passage as a document of a space of meanings.
func (p *Passage) document() meaning.Document {
	return meaning.Document{
		Heading: words.Split(p.Heading),
		Text:    words.Split(p.Heading + "\n" + p.Guide.about() + "\n" + p.Text),
	}
}

// Relearn replaces the space of meanings. Nothing else may use the catalogue meanwhile.
func (c *Catalogue) Relearn(space *meaning.Space) {
	c.index = newIndex(c.guides, space)
	c.answers.index(space)
	c.claims.learn(c.index)
}

// Meanings returns the training data of the space of meanings: every passage, and every asking with its passage.
func (c *Catalogue) Meanings() ([]meaning.Document, []meaning.Question) {
	var documents []meaning.Document
	var questions []meaning.Question
	for _, g := range c.guides {
		for _, p := range g.Passages {
			for _, asking := range p.Askings {
				questions = append(questions, meaning.Question{Text: words.Split(asking), Answer: len(documents)})
			}
			documents = append(documents, p.document())
		}
	}
	return documents, questions
}

// A document has the features of a passage.
type document struct {
	count  map[words.Feature]float64
	length float64
}

func documentOf(p *Passage) document {
	d := document{count: map[words.Feature]float64{}}
	d.add(p.Heading, weightHeading)
	d.add(p.Text, weightText)
	d.add(p.Guide.about(), weightGuide)
	for _, asking := range p.Askings {
		d.add(asking, weightAsking)
	}
	return d
}

func (d *document) add(text string, weight float64) {
	list := stems(text)
	for _, f := range features(list) {
		d.count[f.feature] += weight
	}
	d.length += weight * float64(len(list))
}

type weighted struct {
	feature words.Feature
	weight  float32
}

// features returns the features of stems, each once, in the order of their hashes.
func features(stems []string) []weighted {
	var list []weighted
	words.Features(stems, pairShare, func(f words.Feature, weight float32) { list = append(list, weighted{f, weight}) })
	slices.SortFunc(list, func(a, b weighted) int {
		return cmp.Or(cmp.Compare(a.feature, b.feature), cmp.Compare(b.weight, a.weight))
	})
	return slices.CompactFunc(list, func(a, b weighted) bool { return a.feature == b.feature })
}

// stems returns the stems of a text's words.
func stems(text string) []string { return stemsOf(words.Split(text)) }

func stemsOf(split []words.Word) []string {
	list := make([]string, len(split))
	for i, w := range split {
		list[i] = w.Stem
	}
	return list
}

// faintShare is the relative weight of a faint word.
const faintShare = 0.6

// scores returns each passage's score for a question, and which share of the most that words can score it reaches.
func (x *index) scores(question []words.Word, faint map[string]bool) (scores, covered []float32) {
	scores, covered = make([]float32, len(x.passages)), make([]float32, len(x.passages))
	dim := map[words.Feature]bool{}
	for s := range faint {
		words.Features([]string{s}, 0, func(f words.Feature, _ float32) { dim[f] = true })
	}
	var most float32
	for _, f := range features(stemsOf(question)) {
		if dim[f.feature] {
			f.weight *= faintShare
		}
		rarity, known := x.rarity[f.feature]
		if !known {
			rarity = unknownRarity
		}
		most += rarity * f.weight
		for _, p := range x.postings[f.feature] {
			scores[p.passage] += p.weight * f.weight
		}
	}
	place := x.space.Point(question)
	for i := range scores {
		covered[i] = scores[i] / max(1, most)
		scores[i] += meaningShare * max(0, place.Near(&x.places[i]))
	}
	return scores, covered
}

// Content reports whether a word says what a question is about, rather than how it is phrased.
func Content(c *Catalogue, w words.Word) bool {
	const least = 1.5
	rarity, known := c.index.rarity[words.Whole(w.Stem)]
	return !c.claims.quiet[w.Text] && (!known || rarity >= least)
}
