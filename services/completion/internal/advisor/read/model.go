package read

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/meaning"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// Kind is a kind of answer.
type Kind string

// The kinds of answers.
const (
	KindRecommend Kind = "recommend" // which pet is suitable
	KindStock     Kind = "stock"     // which pets there are
	KindPet       Kind = "pet"       // one pet of the store
	KindBreed     Kind = "breed"     // a breed or a kind of animal
	KindCompare   Kind = "compare"   // differences
	KindGuide     Kind = "guide"     // care, health, behaviour, adoption: the topics of the guides
	KindEmergency Kind = "emergency" // an animal in danger
	KindDose      Kind = "dose"      // how much of a medicine
	KindCruelty   Kind = "cruelty"   // how to harm an animal
	KindOffTopic  Kind = "offtopic"  // nothing that the store knows about
	// Small talk, and questions about the advisor.
	TalkGreeting  Kind = "talk-greeting"
	TalkThanks    Kind = "talk-thanks"
	TalkBye       Kind = "talk-bye"
	TalkAbilities Kind = "talk-abilities"
	TalkIdentity  Kind = "talk-identity"
	TalkPraise    Kind = "talk-praise"
	TalkHostile   Kind = "talk-hostile"
	TalkInjection Kind = "talk-injection"
	TalkJoke      Kind = "talk-joke"
	TalkSmalltalk Kind = "talk-smalltalk"
	TalkSad       Kind = "talk-sad"
	TalkYes       Kind = "talk-yes"
	TalkNo        Kind = "talk-no"
	TalkConfused  Kind = "talk-confused"
	TalkLanguage  Kind = "talk-language"
	TalkComplaint Kind = "talk-complaint"
	TalkFeedback  Kind = "talk-feedback"
)

// TalkDoubt is the tone of a turn that doubts the previous answer. Not of [AllKinds]: the model does not predict it.
const TalkDoubt Kind = "talk-doubt"

// AllKinds returns every kind, in the order of the model's weights. The caller must not change it.
func AllKinds() []Kind { return allKinds[:] }

var allKinds = [...]Kind{ //nolint:gochecknoglobals // a list
	KindRecommend, KindStock, KindPet, KindBreed, KindCompare, KindGuide, KindEmergency, KindDose, KindCruelty, KindOffTopic,
	TalkGreeting, TalkThanks, TalkBye, TalkAbilities, TalkIdentity, TalkPraise, TalkHostile, TalkInjection, TalkJoke,
	TalkSmalltalk, TalkSad, TalkYes, TalkNo, TalkConfused, TalkLanguage, TalkComplaint, TalkFeedback,
}

// IsTalk reports whether the kind is small talk.
func (k Kind) IsTalk() bool { return strings.HasPrefix(string(k), "talk-") }

// Kinds holds the probability of each kind, in the order of [AllKinds].
type Kinds [len(allKinds)]float32

// Surely returns certainty of one kind.
func Surely(kind Kind) (k Kinds) {
	k[slices.Index(allKinds[:], kind)] = 1
	return k
}

// Of returns the probability of a kind.
func (k *Kinds) Of(kind Kind) float32 {
	return k[slices.Index(allKinds[:], kind)]
}

// Talk returns the probability of small talk.
func (k *Kinds) Talk() float32 {
	var sum float32
	for i, p := range k {
		if allKinds[i].IsTalk() {
			sum += p
		}
	}
	return sum
}

// Best returns the most likely kind.
func (k *Kinds) Best() Kind {
	best := 0
	for i := range k {
		if k[i] > k[best] {
			best = i
		}
	}
	return allKinds[best]
}

// modelBits is the size of the table of weights into which word features are hashed. The dimensions of a turn's
// meaning have slots after it.
const (
	modelBits = 15
	slots     = 1<<modelBits + meaning.Dims
)

// A linear is a linear model: a weight per slot and class. `make advisor` trains it. It never changes, so goroutines
// may share it.
type linear struct {
	weights     []int8 // of slot i and class k at i*len(scale)+k
	scale, bias []float32
}

//go:embed model.bin
var modelData []byte

// loadLinear decodes a model that [trainer.encode] has encoded.
func loadLinear(data []byte, classes, slots int) (*linear, error) {
	if len(data) != 8*classes+classes*slots {
		return nil, errors.New("the model is of another version: make advisor")
	}
	m := untaught(classes, slots)
	for k := range classes {
		m.scale[k] = math.Float32frombits(binary.LittleEndian.Uint32(data[8*k:]))
		m.bias[k] = math.Float32frombits(binary.LittleEndian.Uint32(data[8*k+4:]))
	}
	for i, b := range data[8*classes:] {
		m.weights[i] = int8(b) //nolint:gosec // restores the sign
	}
	return m, nil
}

// untaught returns a model that considers all classes equally likely.
func untaught(classes, slots int) *linear {
	return &linear{weights: make([]int8, classes*slots), scale: make([]float32, classes), bias: make([]float32, classes)}
}

// probabilities writes the probability of each class, given the features, into p.
func (m *linear) probabilities(features []weighted, p []float32) {
	var sums [len(Kinds{})]float32
	sum := sums[:len(m.scale)]
	for _, f := range features {
		weights := m.weights[int(f.slot)*len(sum):][:len(sum)]
		for k, w := range weights {
			sum[k] += f.weight * float32(w)
		}
	}
	var logits [len(Kinds{})]float64
	for k := range sum {
		logits[k] = float64(sum[k]*m.scale[k]) + float64(m.bias[k])
	}
	softmax(logits[:len(sum)], p)
}

// kinds returns the probabilities of the kinds for a text's features.
func (r *Reader) kinds(features []weighted) (k Kinds) {
	r.model.probabilities(features, k[:])
	return k
}

// slot returns the slot of a feature.
func slot(f words.Feature) int32 { return int32(uint32(f) * 2654435761 >> (32 - modelBits)) }

// softmax writes the probabilities for logits into p.
func softmax(logits []float64, p []float32) {
	top := slices.Max(logits)
	var total float64
	for _, l := range logits {
		total += math.Exp(l - top)
	}
	for k, l := range logits {
		p[k] = float32(math.Exp(l-top) / total)
	}
}

type weighted struct {
	slot   int32
	weight float32
}

// meaningShare is the weight of a turn's meaning, relative to its words.
const meaningShare = 0.7

// features returns the model's input for words from up to to: their stems, pairs and parts, and their vector of
// meaning. Names and numbers are replaced by their classes, so a new pet is read like a known one. The weights are
// normalized, so a long letter is as certain as a short question.
func (r *Reader) features(t *Turn, from, to int) []weighted {
	stems := make([]string, 0, to-from+2)
	stems = append(stems, "<")
	for i := from; i < to; i++ {
		stem, next := t.class(i)
		stems = append(stems, stem)
		i = next - 1
	}
	stems = append(stems, ">")
	var list []weighted
	add := func(f words.Feature, weight float32) { list = append(list, weighted{slot(f), weight}) }
	words.Features(stems, 0.8, add)
	for i := from; i < to; i++ {
		for _, m := range t.Marks {
			if m.From == i && m.Attribute != nil && m.Attribute.Name == "species" && m.Pet == nil && m.Breed == nil {
				words.Features([]string{"§species"}, 0, add)
			}
		}
	}
	norm(list)
	place := r.cat.Place(t.Words[from:to])
	for k, v := range place {
		list = append(list, weighted{int32(1<<modelBits + k), meaningShare * v})
	}
	return list
}

// norm scales features to a length of at most 1.
func norm(list []weighted) {
	var sum float64
	for _, f := range list {
		sum += float64(f.weight) * float64(f.weight)
	}
	share := float32(1 / math.Sqrt(max(1, sum)))
	for i := range list {
		list[i].weight *= share
	}
}

// class returns the model's input for word i, and the next word.
func (t *Turn) class(i int) (string, int) { return classBy(t.Words, t.Marks, i) }

// classBy is class for a caller that knows which marks may begin there.
func classBy(said []words.Word, marks []Mark, i int) (string, int) {
	for _, m := range marks {
		if m.From != i {
			continue
		}
		switch {
		case m.Pet != nil:
			return "§pet", m.To
		case m.Breed != nil:
			return "§breed", m.To
		case m.Amount != nil && m.Attribute != nil && m.Attribute.Name == "fee":
			return "§money", m.To
		case m.Amount != nil && i+1 == m.To:
			return "§number", m.To
		}
	}
	return said[i].Stem, i + 1
}
