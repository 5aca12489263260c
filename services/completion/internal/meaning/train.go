package meaning

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// A Document is a possible answer to a question. Its heading and its text have the same weight.
type Document struct{ Heading, Text []words.Word }

// Place returns the place of a document in a space.
func (d *Document) Place(s *Space) Point {
	heading, text := s.Point(d.Heading), s.Point(d.Text)
	return heading.Between(&text)
}

// A Question is a text with the document that answers it, by its index.
type Question struct {
	Text   []words.Word
	Answer int
}

const (
	method    = 1 // increase it if the training code changes
	epochs    = 3
	batchSize = 512
	// dropped is the share of a question's words that a step ignores, so that no single word comes to represent
	// a question.
	dropped = 0.25
	// sharpness is the initial factor from a cosine to a logit.
	sharpness = 20

	rateOfProjection = 1e-3
	rateOfWords      = 3e-3
	rateOfWeights    = 1e-2
)

// Train learns a space in which questions are near the documents that answer them, and returns it in the
// encoding of space.bin. It takes a minute. Equal examples give equal bytes: the random seed is fixed, there is
// only one goroutine, and stored values are rounded.
func Train(documents []Document, questions []Question) ([]byte, error) {
	english, err := english()
	if err != nil {
		return nil, err
	}
	t := newTrainer(english, documents, questions)
	for range epochs {
		order := t.random.Perm(len(t.questions))
		for batch := range slices.Chunk(order, batchSize) {
			t.learn(batch)
		}
	}
	return append([]byte(Digest(documents, questions)+"\n"), t.encode()...), nil
}

// Digest identifies the training data and method of a space. An encoded space begins with it.
func Digest(documents []Document, questions []Question) string {
	sum := sha256.New()
	fmt.Fprintln(sum, method, epochs, batchSize, dropped, len(vectorData))
	add := func(list []words.Word) {
		for _, w := range list {
			fmt.Fprintf(sum, "%s ", w.Text)
		}
		fmt.Fprintln(sum)
	}
	for _, d := range documents {
		add(d.Heading)
		add(d.Text)
	}
	for _, q := range questions {
		fmt.Fprintf(sum, "%d ", q.Answer)
		add(q.Text)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// A trainer has the parameters and their gradients.
type trainer struct {
	vocabulary []string
	places     [][base]float32 // in English; zero for unknown words

	project *parameters // Dims rows of base
	moved   *parameters // a row of Dims for each word: its learned displacement
	weights *parameters // one for each word, before softplus
	sharp   *parameters // the logarithm of the sharpness

	headings, texts []text
	questions       []text
	answers         []int
	random          *rand.Rand
}

// A text is the indices of its words, and its place.
type text struct {
	list   []int32
	sum    [base]float32 // the weighted sum of its words' places
	point  Point
	length float32
	slope  Point // the gradient of the loss with respect to the point
}

func newTrainer(english *Vectors, documents []Document, questions []Question) *trainer {
	t := &trainer{random: rand.New(rand.NewPCG(3, 5))} //nolint:gosec // repeatable, not secret
	index, counts := map[string]int32{}, []int{}
	read := func(list []words.Word) text {
		var x text
		for _, w := range list[:min(len(list), maxWords)] {
			i, known := index[w.Text]
			if !known {
				i = int32(len(t.vocabulary)) //nolint:gosec // some ten thousand words
				index[w.Text] = i
				t.vocabulary, counts = append(t.vocabulary, w.Text), append(counts, 0)
			}
			if !slices.Contains(x.list, i) {
				counts[i]++
			}
			x.list = append(x.list, i)
		}
		return x
	}
	for _, d := range documents {
		t.headings, t.texts = append(t.headings, read(d.Heading)), append(t.texts, read(d.Text))
	}
	for _, q := range questions {
		t.questions, t.answers = append(t.questions, read(q.Text)), append(t.answers, q.Answer)
	}
	n := len(t.vocabulary)
	t.project, t.moved = newParameters(Dims*base, rateOfProjection), newParameters(n*Dims, rateOfWords)
	t.weights, t.sharp = newParameters(n, rateOfWeights), newParameters(1, rateOfProjection)
	t.sharp.value[0] = float32(math.Log(sharpness))
	for k := range Dims { // random directions keep distances about as they are
		for j := range base {
			t.project.value[k*base+j] = float32(t.random.NormFloat64() / math.Sqrt(Dims))
		}
	}
	t.places = make([][base]float32, n)
	all := float64(len(t.questions) + 2*len(documents))
	var sum float64
	for i, w := range t.vocabulary {
		t.places[i], _ = english.of(w)
		t.weights.value[i] = float32(math.Log(all / float64(1+counts[i])))
		sum += float64(t.weights.value[i])
	}
	for i := range t.weights.value {
		t.weights.value[i] *= float32(float64(n) / sum)
	}
	return t
}

// learn takes one step for a batch of questions.
func (t *trainer) learn(batch []int) {
	places := make([]Point, len(t.texts)) // of the documents
	lengths := make([]float32, len(t.texts))
	for j := range t.texts {
		t.place(&t.headings[j])
		t.place(&t.texts[j])
		for k := range places[j] {
			places[j][k] = t.headings[j].point[k] + t.texts[j].point[k]
		}
		lengths[j] = places[j].norm()
	}
	slopes := make([]Point, len(t.texts))
	sharp := float32(math.Exp(float64(t.sharp.value[0])))
	for _, i := range batch {
		q := text{list: t.keep(t.questions[i].list)}
		t.place(&q)
		p := t.likely(&q.point, places, sharp)
		p[t.answers[i]]--
		for j := range p {
			step := p[j] * sharp / float32(len(batch))
			t.sharp.slope[0] += step * q.point.Near(&places[j])
			for k := range Dims {
				q.slope[k] += step * places[j][k]
				slopes[j][k] += step * q.point[k]
			}
		}
		t.descend(&q)
	}
	for j := range t.texts {
		slope := sloped(&slopes[j], &places[j], lengths[j])
		t.headings[j].slope, t.texts[j].slope = slope, slope
		t.descend(&t.headings[j])
		t.descend(&t.texts[j])
	}
	for _, p := range []*parameters{t.project, t.moved, t.weights, t.sharp} {
		p.step()
	}
}

// keep returns a list without some random words, or the whole list if none would be left.
func (t *trainer) keep(list []int32) []int32 {
	var kept []int32
	for _, i := range list {
		if t.random.Float64() >= dropped {
			kept = append(kept, i)
		}
	}
	if len(kept) == 0 {
		return list
	}
	return kept
}

// place computes the place of a text.
func (t *trainer) place(x *text) {
	x.sum, x.point = [base]float32{}, Point{}
	for _, i := range x.list {
		w := softplus(t.weights.value[i])
		for j, v := range &t.places[i] {
			x.sum[j] += w * v
		}
		for k, v := range t.moved.value[int(i)*Dims : (int(i)+1)*Dims] {
			x.point[k] += w * v
		}
	}
	for k := range Dims {
		row := t.project.value[k*base : (k+1)*base]
		var sum float32
		for j, v := range row {
			sum += v * x.sum[j]
		}
		x.point[k] += sum
	}
	x.length = x.point.norm()
}

// likely returns the probability of each document as the answer.
func (t *trainer) likely(q *Point, places []Point, sharp float32) []float32 {
	p := make([]float32, len(places))
	top := float32(math.Inf(-1))
	for j := range places {
		p[j] = sharp * q.Near(&places[j])
		top = max(top, p[j])
	}
	var sum float32
	for j := range p {
		p[j] = float32(math.Exp(float64(p[j] - top)))
		sum += p[j]
	}
	for j := range p {
		p[j] /= sum
	}
	return p
}

// sloped returns the gradient with respect to a vector, given the gradient with respect to its unit vector.
func sloped(slope, point *Point, length float32) Point {
	var out Point
	if length == 0 {
		return out
	}
	along := slope.Near(point)
	for k := range out {
		out[k] = (slope[k] - along*point[k]) / length
	}
	return out
}

// descend adds a text's contribution to the gradients of the parameters.
func (t *trainer) descend(x *text) {
	g := sloped(&x.slope, &x.point, x.length)
	var back [base]float32 // the gradient with respect to the sum of places
	for k := range Dims {
		row, slope := t.project.value[k*base:(k+1)*base], t.project.slope[k*base:(k+1)*base]
		for j := range row {
			back[j] += g[k] * row[j]
			slope[j] += g[k] * x.sum[j]
		}
	}
	for _, i := range x.list {
		raw := t.weights.value[i]
		w := softplus(raw)
		moved, slope := t.moved.value[int(i)*Dims:(int(i)+1)*Dims], t.moved.slope[int(i)*Dims:(int(i)+1)*Dims]
		var by float32
		for k := range moved {
			by += g[k] * moved[k]
			slope[k] += w * g[k]
		}
		for j, v := range &t.places[i] {
			by += back[j] * v
		}
		t.weights.slope[i] += by * sigmoid(raw)
	}
	x.slope = Point{}
}

func softplus(x float32) float32 { return float32(math.Log1p(math.Exp(float64(x)))) }
func sigmoid(x float32) float32  { return float32(1 / (1 + math.Exp(-float64(x)))) }

// parameters are numbers that the Adam optimiser learns.
type parameters struct {
	value, slope, mean, square []float32
	rate                       float64
	steps                      int
}

func newParameters(n int, rate float64) *parameters {
	all := make([]float32, 4*n)
	return &parameters{value: all[:n], slope: all[n : 2*n], mean: all[2*n : 3*n], square: all[3*n:], rate: rate}
}

// step moves the values against their gradients, and clears the gradients.
func (p *parameters) step() {
	const first, second, tiny = 0.9, 0.999, 1e-8
	p.steps++
	rate := float32(p.rate * math.Sqrt(1-math.Pow(second, float64(p.steps))) / (1 - math.Pow(first, float64(p.steps))))
	for i, g := range p.slope {
		p.mean[i] = first*p.mean[i] + (1-first)*g
		p.square[i] = second*p.square[i] + (1-second)*g*g
		p.value[i] -= rate * p.mean[i] / (float32(math.Sqrt(float64(p.square[i]))) + tiny)
		p.slope[i] = 0
	}
}

// encode writes the words in alphabetical order on a line, then the projection, the weight
// of other words, a scale for each word, and for each a row of bytes.
func (t *trainer) encode() []byte {
	order := make([]int, len(t.vocabulary))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(t.vocabulary[a], t.vocabulary[b]) })
	list := make([]string, len(order))
	for i, at := range order {
		list[i] = t.vocabulary[at]
	}
	data := []byte(strings.Join(list, " ") + "\n")
	number := func(v float32) {
		const grain = 1 << 14 // hides the rounding errors of sums
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(math.Round(float64(v)*grain)/grain)))
	}
	for _, v := range t.project.value {
		number(v)
	}
	number(softplus(slices.Max(t.weights.value)))
	var rows []byte
	for _, i := range order {
		row := t.row(i)
		var largest float32
		for _, v := range row {
			largest = max(largest, float32(math.Abs(float64(v))))
		}
		scale := float32(math.Ceil(float64(largest)/127*(1<<14)) / (1 << 14))
		number(scale)
		for _, v := range row {
			rows = append(rows, byte(int8(math.Round(float64(v/max(scale, 1e-9)))))) //nolint:gosec // a byte's sign
		}
	}
	return append(data, rows...)
}

// row returns the place of a word, times its weight.
func (t *trainer) row(i int) Point {
	one := text{list: []int32{int32(i)}} //nolint:gosec // some ten thousand words
	t.place(&one)
	for k := range one.point {
		one.point[k] *= one.length
	}
	return one.point
}
