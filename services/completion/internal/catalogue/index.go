package catalogue

import (
	"cmp"
	"math"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/meaning"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// An index finds passages by what they say and by how people ask for them. It is built
// once, holds no text and may be read by several goroutines at once.
//
// A passage is one document of features (words, pairs of words, parts of words): of its
// text, its heading, its guide's title and keywords and its askings. Documents are scored
// by BM25, and by how near they are to a question in a space of meanings, which finds what
// is asked for in other words. docs/advisor.md has what else was tried.
type index struct {
	passages []*Passage
	postings map[words.Feature][]posting
	rarity   map[words.Feature]float32

	space  *meaning.Space
	places []meaning.Point // of the passages
}

// A posting is a passage in which a feature occurs, and how much it weighs there.
type posting struct {
	passage int32
	weight  float32
}

// The parameters of BM25, what each part of a document weighs in it, and what pairs of
// words weigh in a question. Found by leaving out every fifth asking and looking for it.
const (
	bm25K = 2.5
	bm25B = 0.5

	weightHeading = 2
	weightText    = 1
	weightGuide   = 0.8
	weightAsking  = 0.3

	pairShare = 0.35
	// meaningShare is what a passage counts that means just what is asked.
	meaningShare = 50
)

func newIndex(guides []*Guide, space *meaning.Space) *index {
	x := &index{postings: map[words.Feature][]posting{}, rarity: map[words.Feature]float32{}, space: space}
	var documents []document
	var total float64
	for _, g := range guides {
		for _, p := range g.Passages {
			x.passages = append(x.passages, p)
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

// unknownRarity is the rarity of what no passage says.
const unknownRarity = 5

// document is what a space knows of a passage.
func (p *Passage) document() meaning.Document {
	return meaning.Document{
		Heading: words.Split(p.Heading),
		Text:    words.Split(p.Heading + "\n" + p.Guide.about() + "\n" + p.Text),
	}
}

// Relearn finds passages by another space of meanings from now on. Nothing else may use the
// catalogue meanwhile.
func (c *Catalogue) Relearn(space *meaning.Space) {
	c.index = newIndex(c.guides, space)
	c.answers.index(space)
	c.claims.learn(c.index)
}

// Meanings returns what the space of meanings is learned from: every passage, and every
// asking with the passage that answers it.
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

// A document is what a passage is found by.
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

// faintShare is how much a faint word counts.
const faintShare = 0.6

// scores returns how much each passage says of a question, and how much of the most that
// one could by its words.
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

// Content reports whether a word says what a question is about, and not only how it is put.
func Content(c *Catalogue, w words.Word) bool {
	const least = 1.5
	rarity, known := c.index.rarity[words.Whole(w.Stem)]
	return !c.claims.quiet[w.Text] && (!known || rarity >= least)
}
