package catalogue

import (
	"cmp"
	"math"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// An index finds passages by what they say and by how people ask for them. It is built
// once, holds no text and may be read by several goroutines at once.
//
// A passage is one document of features (words, pairs of words, parts of words): of its
// text, its heading, its guide's title and keywords and its askings. Documents are scored
// by BM25. docs/advisor.md has what else was tried.
type index struct {
	passages []*Passage
	postings map[words.Feature][]posting
	rarity   map[words.Feature]float32

	askings []int32 // the passage of each asking
	asked   map[words.Feature][]posting
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
	// nearShare is by how much a passage wins of which one asking is the very question.
	nearShare = 0.3
)

func newIndex(guides []*Guide) *index {
	x := &index{postings: map[words.Feature][]posting{}, rarity: map[words.Feature]float32{}}
	var documents []document
	var total float64
	for _, g := range guides {
		for _, p := range g.Passages {
			x.passages = append(x.passages, p)
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
	x.addAskings()
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

// addAskings indexes every asking by itself, as a vector of the length 1. A heading is a way
// of asking, too.
func (x *index) addAskings() {
	x.asked = map[words.Feature][]posting{}
	for i, p := range x.passages {
		for _, text := range append([]string{p.Heading}, p.Askings...) {
			at := int32(len(x.askings)) //nolint:gosec // thousands of askings
			x.askings = append(x.askings, int32(i))
			for _, f := range x.vector(features(stems(text))) {
				x.asked[f.feature] = append(x.asked[f.feature], posting{at, f.weight})
			}
		}
	}
}

// unknownRarity is the rarity of what no passage says.
const unknownRarity = 5

// vector weighs features by their rarity and gives them the length 1 together.
func (x *index) vector(list []weighted) []weighted {
	var sum float64
	for i := range list {
		rarity, known := x.rarity[list[i].feature]
		if !known {
			rarity = unknownRarity
		}
		list[i].weight *= rarity
		sum += float64(list[i].weight) * float64(list[i].weight)
	}
	if sum == 0 {
		return list
	}
	norm := float32(1 / math.Sqrt(sum))
	for i := range list {
		list[i].weight *= norm
	}
	return list
}

// nearest returns for each passage the cosine of its asking that is nearest to a question.
func (x *index) nearest(question []weighted) []float32 {
	cosines := make([]float32, len(x.askings))
	for _, f := range x.vector(question) {
		for _, p := range x.asked[f.feature] {
			cosines[p.passage] += f.weight * p.weight
		}
	}
	best := make([]float32, len(x.passages))
	for i, c := range cosines {
		best[x.askings[i]] = max(best[x.askings[i]], c)
	}
	return best
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
func stems(text string) []string {
	split := words.Split(text)
	list := make([]string, len(split))
	for i, w := range split {
		list[i] = w.Stem
	}
	return list
}

// faintShare is how much a faint word counts.
const faintShare = 0.6

// scores returns how much each passage says of a question, and the most that one could.
func (x *index) scores(question []string, faint map[string]bool) (scores []float32, most float32) {
	scores = make([]float32, len(x.passages))
	dim := map[words.Feature]bool{}
	for s := range faint {
		words.Features([]string{s}, 0, func(f words.Feature, _ float32) { dim[f] = true })
	}
	list := features(question)
	for i := range list {
		if dim[list[i].feature] {
			list[i].weight *= faintShare
		}
	}
	for _, f := range list {
		rarity, known := x.rarity[f.feature]
		if !known {
			rarity = unknownRarity
		}
		most += rarity * f.weight
		for _, p := range x.postings[f.feature] {
			scores[p.passage] += p.weight * f.weight
		}
	}
	for i, c := range x.nearest(list) {
		scores[i] *= 1 + nearShare*c
	}
	return scores, most
}
