package read

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// An Example is a text and the kind of answer that it wants. Weight is its relative weight.
type Example struct {
	Text   string
	Kind   Kind
	Weight float32
}

// Train trains a model with examples, and returns it encoded as in model.bin. Equal examples give equal bytes: the
// order comes from a fixed seed, and weights are rounded enough to hide the last digits of sums.
func Train(cat *catalogue.Catalogue, examples []Example) ([]byte, error) {
	r, err := untrained(cat)
	if err != nil {
		return nil, err
	}
	t := &trainer{classes: len(allKinds), slots: slots, epochs: 15, rate: 3, decay: 1e-6}
	for _, e := range examples {
		turn := r.Turn(e.Text)
		t.add(r.features(turn, 0, len(turn.Words)), slices.Index(allKinds[:], e.Kind), e.Weight)
	}
	return t.train(), nil
}

// A Labeled text says whom each of its words is about.
type Labeled struct {
	Text  string
	Spans []Span // in order; together they are the text
}

// A Span is the end of a stretch of text, in bytes, and its subject.
type Span struct{ End, Subject int }

// Subject returns the subject at a byte of the text.
func (e *Labeled) Subject(at int) int {
	for _, s := range e.Spans {
		if at < s.End {
			return s.Subject
		}
	}
	return Asked
}

// LoadLabeled reads turns, one per line, that are divided by subject: "O:my old cat died, / W:so I want a young one".
func LoadLabeled(file string) ([]Labeled, error) {
	text, err := os.ReadFile(file) //nolint:gosec // a file of the repository
	if err != nil {
		return nil, err
	}
	labels := map[string]int{"W": Sought, "O": Other, "P": Speaker, "Q": Asked}
	var list []Labeled
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		var labeled Labeled
		for part := range strings.SplitSeq(line, " / ") {
			label, words, ok := strings.Cut(part, ":")
			subject, known := labels[label]
			if !ok || !known {
				return nil, fmt.Errorf("%s: %q has none of the labels W, O, P and Q before a colon", file, part)
			}
			if labeled.Text != "" {
				labeled.Text += " "
			}
			labeled.Text += strings.TrimSpace(words)
			labeled.Spans = append(labeled.Spans, Span{End: len(labeled.Text), Subject: subject})
		}
		list = append(list, labeled)
	}
	return list, nil
}

// TrainWhose trains a model of whom words are about, and returns it encoded as in whose.bin.
func TrainWhose(cat *catalogue.Catalogue, examples []Labeled) ([]byte, error) {
	r, err := untrained(cat)
	if err != nil {
		return nil, err
	}
	t := &trainer{classes: len(Whose{}), slots: whoseSlots, epochs: 6, rate: 1, decay: 1e-4}
	for _, e := range examples {
		turn := r.Turn(e.Text)
		for i, w := range turn.Words {
			t.add(turn.around(i), e.Subject(w.Start), 1)
		}
	}
	return t.train(), nil
}

// A trainer trains a linear model.
type trainer struct {
	classes, slots int
	epochs         int
	rate, decay    float64
	features       [][]weighted
	class          []int
	weights        []float32
	table          []float64 // of slot i and class k at i*classes+k
	bias           []float64
	step           int
}

// add adds an example of a class with features.
func (t *trainer) add(features []weighted, class int, weight float32) {
	t.features, t.class, t.weights = append(t.features, features), append(t.class, class), append(t.weights, weight)
}

// train trains the model, and returns it encoded.
func (t *trainer) train() []byte {
	t.table, t.bias = make([]float64, t.classes*t.slots), make([]float64, t.classes)
	order := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // repeatable, not secret
	mean, meanBias := make([]float64, len(t.table)), make([]float64, t.classes)
	begun := t.epochs / 3 // before this epoch, the weights are far off
	for n := range t.epochs {
		t.epoch(order)
		if n >= begun {
			addTo(mean, t.table)
			addTo(meanBias, t.bias)
		}
	}
	// The mean of several epochs depends less on the order of examples than the last epoch.
	share := 1 / float64(t.epochs-begun)
	for i, w := range mean {
		t.table[i] = w * share
	}
	for k, w := range meanBias {
		t.bias[k] = w * share
	}
	return t.encode()
}

func addTo(sum, list []float64) {
	for i, v := range list {
		sum[i] += v
	}
}

// epoch processes all examples once, in a new order.
func (t *trainer) epoch(order *rand.Rand) {
	total := float64(t.epochs * len(t.features))
	logits, p := make([]float64, t.classes), make([]float32, t.classes)
	for _, i := range order.Perm(len(t.features)) {
		rate := t.rate * (1 - float64(t.step)/total)
		t.step++
		clear(logits)
		for _, f := range t.features[i] {
			for k, w := range t.of(f) {
				logits[k] += float64(f.weight) * w
			}
		}
		for k := range logits {
			logits[k] += t.bias[k]
		}
		softmax(logits, p)
		for k := range logits {
			want := 0.0
			if k == t.class[i] {
				want = 1
			}
			gradient := rate * float64(t.weights[i]) * (want - float64(p[k]))
			t.bias[k] += gradient * 0.1
			for _, f := range t.features[i] {
				w := &t.of(f)[k]
				*w += gradient*float64(f.weight) - rate*t.decay**w
			}
		}
	}
}

// of returns the weights of a feature.
func (t *trainer) of(f weighted) []float64 { return t.table[int(f.slot)*t.classes:][:t.classes] }

// encode writes the scale of the weights and the bias of each class, and then one byte per slot and class.
func (t *trainer) encode() []byte {
	data := make([]byte, 0, 8*t.classes+len(t.table))
	scale := make([]float64, t.classes)
	for k := range scale {
		for i := k; i < len(t.table); i += t.classes {
			scale[k] = max(scale[k], math.Abs(t.table[i])/127)
		}
		// Rounded up, so that every weight fits into a byte.
		scale[k] = math.Ceil(scale[k]*4096) / 4096
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(scale[k])))
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(math.Round(t.bias[k]*4096)/4096)))
	}
	for i, w := range t.table {
		data = append(data, byte(int8(math.Round(w/scale[i%t.classes])))) //nolint:gosec // a weight's bits
	}
	return data
}
