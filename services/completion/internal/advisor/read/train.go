package read

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// An Example is a text with the kind of answer that it wants. Weight is how much it counts
// beside others.
type Example struct {
	Text   string
	Kind   Kind
	Weight float32
}

// Train learns a model from examples and returns it encoded, as model.bin holds it. Equal
// examples give equal bytes: the order is drawn by a fixed seed, and the weights are
// rounded so far that the last digits of a sum do not show.
func Train(cat *catalogue.Catalogue, examples []Example) ([]byte, error) {
	r, err := untrained(cat)
	if err != nil {
		return nil, err
	}
	t := newTrainer(r, examples)
	for range epochs {
		t.epoch()
	}
	return t.encode(), nil
}

const (
	epochs       = 15
	learningRate = 3
	decay        = 1e-6
)

type trainer struct {
	features [][]weighted
	kinds    []int
	weights  []float32
	table    [][len(Kinds{})]float64
	bias     [len(Kinds{})]float64
	order    *rand.Rand
	step     int
}

func newTrainer(r *Reader, examples []Example) *trainer {
	t := &trainer{table: make([][len(Kinds{})]float64, 1<<modelBits), order: rand.New(rand.NewPCG(7, 11))} //nolint:gosec // repeatable, not secret
	for _, e := range examples {
		turn := r.Turn(e.Text)
		t.features = append(t.features, features(turn, 0, len(turn.Words)))
		t.weights = append(t.weights, e.Weight)
		for k, kind := range AllKinds() {
			if kind == e.Kind {
				t.kinds = append(t.kinds, k)
			}
		}
	}
	return t
}

// epoch goes once over all examples, in a new order.
func (t *trainer) epoch() {
	total := float64(epochs * len(t.features))
	for _, i := range t.order.Perm(len(t.features)) {
		rate := learningRate * (1 - float64(t.step)/total)
		t.step++
		var logits [len(Kinds{})]float64
		for _, f := range t.features[i] {
			for k, w := range t.table[slot(f.feature)] {
				logits[k] += float64(f.weight) * w
			}
		}
		for k := range logits {
			logits[k] += t.bias[k]
		}
		p := softmax(logits)
		for k := range logits {
			want := 0.0
			if k == t.kinds[i] {
				want = 1
			}
			gradient := rate * float64(t.weights[i]) * (want - float64(p[k]))
			t.bias[k] += gradient * 0.1
			for _, f := range t.features[i] {
				w := &t.table[slot(f.feature)][k]
				*w += gradient*float64(f.weight) - rate*decay**w
			}
		}
	}
}

// encode writes for each kind the scale of its weights and its bias, then for each slot a
// byte for each kind.
func (t *trainer) encode() []byte {
	const kinds = len(Kinds{})
	data := make([]byte, 0, 8*kinds+kinds<<modelBits)
	var scale [kinds]float64
	for k := range kinds {
		for i := range t.table {
			scale[k] = max(scale[k], math.Abs(t.table[i][k])/127)
		}
		// Rounded up, so that no weight is beyond a byte.
		scale[k] = math.Ceil(scale[k]*4096) / 4096
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(scale[k])))
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(math.Round(t.bias[k]*4096)/4096)))
	}
	for i := range t.table {
		for k := range kinds {
			data = append(data, byte(int8(math.Round(t.table[i][k]/scale[k])))) //nolint:gosec // a weight's bits
		}
	}
	return data
}
