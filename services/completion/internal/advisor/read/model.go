package read

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// Kind is the kind of answer that a person wants.
type Kind string

// The kinds of answers.
const (
	KindRecommend Kind = "recommend" // which pet suits
	KindStock     Kind = "stock"     // which pets there are
	KindPet       Kind = "pet"       // about one pet of the store
	KindBreed     Kind = "breed"     // about a breed or a kind of animal
	KindCompare   Kind = "compare"   // how several differ
	KindGuide     Kind = "guide"     // care, health, behaviour, adoption: what the guides are for
	KindEmergency Kind = "emergency" // an animal in danger
	KindDose      Kind = "dose"      // how much of a medicine
	KindCruelty   Kind = "cruelty"   // how to harm an animal
	KindOffTopic  Kind = "offtopic"  // nothing that the store knows
	// What is only said, and what is asked about the advisor.
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

// AllKinds returns every kind, in the order of the model's weights.
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

// Of returns the probability of a kind.
func (k *Kinds) Of(kind Kind) float32 {
	return k[slices.Index(allKinds[:], kind)]
}

// Talk returns the probability of small talk of any kind.
func (k *Kinds) Talk() float32 {
	var sum float32
	for i, p := range k {
		if allKinds[i].IsTalk() {
			sum += p
		}
	}
	return sum
}

// Best returns the likeliest kind.
func (k *Kinds) Best() Kind {
	best := 0
	for i := range k {
		if k[i] > k[best] {
			best = i
		}
	}
	return allKinds[best]
}

// modelBits is the size of the table of weights that features are hashed into.
const modelBits = 15

// A Model is a linear model of the kinds: a weight for each kind of every slot that a
// feature may be hashed to. It is made by `make advisor` and does not change.
type Model struct {
	weights [][len(Kinds{})]int8
	scale   [len(Kinds{})]float32
	bias    [len(Kinds{})]float32
}

//go:embed model.bin
var modelData []byte

// loadModel decodes a model, see encode.
func loadModel(data []byte) (*Model, error) {
	const kinds = len(Kinds{})
	m := &Model{weights: make([][kinds]int8, 1<<modelBits)}
	if len(data) != 8*kinds+kinds<<modelBits {
		return nil, errors.New("model.bin is of another version: make advisor")
	}
	for i := range kinds {
		m.scale[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[8*i:]))
		m.bias[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[8*i+4:]))
	}
	data = data[8*kinds:]
	for i := range m.weights {
		for k := range kinds {
			m.weights[i][k] = int8(data[i*kinds+k]) //nolint:gosec // the bits of a weight
		}
	}
	return m, nil
}

// Kinds returns the probabilities of the kinds for a text's features.
func (m *Model) Kinds(features []weighted) Kinds {
	var sum [len(Kinds{})]float32
	for _, f := range features {
		for k, w := range m.weights[slot(f.feature)] {
			sum[k] += f.weight * float32(w)
		}
	}
	var logits [len(Kinds{})]float64
	for k := range logits {
		logits[k] = float64(sum[k]*m.scale[k]) + float64(m.bias[k])
	}
	return softmax(logits)
}

// slot is where in the table a feature's weights are.
func slot(f words.Feature) int { return int(uint32(f) * 2654435761 >> (32 - modelBits)) }

func softmax(logits [len(Kinds{})]float64) Kinds {
	top := logits[0]
	for _, l := range logits {
		top = max(top, l)
	}
	var p Kinds
	var total float64
	for _, l := range logits {
		total += math.Exp(l - top)
	}
	for k, l := range logits {
		p[k] = float32(math.Exp(l-top) / total)
	}
	return p
}

type weighted struct {
	feature words.Feature
	weight  float32
}

// features returns what the model sees of words from up to to: their stems, pairs and
// parts, with names and numbers by what they are, so that a pet that came yesterday is
// read like one that the model has seen. Their weights are normed, so that a long letter
// is as certain as a short question.
func features(t *Turn, from, to int) []weighted {
	stems := make([]string, 0, to-from+2)
	stems = append(stems, "<")
	for i := from; i < to; i++ {
		stem, next := t.class(i)
		stems = append(stems, stem)
		i = next - 1
	}
	stems = append(stems, ">")
	var list []weighted
	add := func(f words.Feature, weight float32) { list = append(list, weighted{f, weight}) }
	words.Features(stems, 0.8, add)
	for i := from; i < to; i++ {
		for _, m := range t.Marks {
			if m.From == i && m.Attribute != nil && m.Attribute.Name == "species" && m.Pet == nil && m.Breed == nil {
				words.Features([]string{"§species"}, 0, add)
			}
		}
	}
	var sum float64
	for _, f := range list {
		sum += float64(f.weight) * float64(f.weight)
	}
	norm := float32(1 / math.Sqrt(max(1, sum)))
	for i := range list {
		list[i].weight *= norm
	}
	return list
}

// class returns what stands for word i in the model, and the word after it.
func (t *Turn) class(i int) (string, int) {
	for _, m := range t.Marks {
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
	return t.Words[i].Stem, i + 1
}
