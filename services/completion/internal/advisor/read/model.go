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

// TalkDoubt is the tone of who doubts the answer before. The model does not tell it, so that it is none of [AllKinds].
const TalkDoubt Kind = "talk-doubt"

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

// Surely returns the kinds where there is no doubt which it is.
func Surely(kind Kind) (k Kinds) {
	k[slices.Index(allKinds[:], kind)] = 1
	return k
}

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

// modelBits is the size of the table of weights that features of words are hashed into. The
// dimensions of a turn's place in the space of meanings have slots behind it.
const (
	modelBits = 15
	slots     = 1<<modelBits + meaning.Dims
)

// A linear is a linear model: a weight for each class of every slot. It is made by `make
// advisor` and does not change.
type linear struct {
	weights     []int8 // of slot i those of class k at i*len(scale)+k
	scale, bias []float32
}

//go:embed model.bin
var modelData []byte

// loadLinear decodes a model, see [trainer.encode].
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
		m.weights[i] = int8(b) //nolint:gosec // the bits of a weight
	}
	return m, nil
}

// untaught returns a model that finds every class as likely.
func untaught(classes, slots int) *linear {
	return &linear{weights: make([]int8, classes*slots), scale: make([]float32, classes), bias: make([]float32, classes)}
}

// probabilities writes into p how likely each class is for what has the features.
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

// slot is where in the table a feature's weights are.
func slot(f words.Feature) int32 { return int32(uint32(f) * 2654435761 >> (32 - modelBits)) }

// softmax writes into p what probabilities logits are.
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

// meaningShare is what a turn's meaning counts beside its words.
const meaningShare = 0.7

// features returns what the model sees of words from up to to: their stems, pairs and
// parts, with names and numbers by what they are, so that a pet that came yesterday is
// read like one that the model has seen, and where all of them stand in the space of
// meanings. Weights are normed, so that a long letter is as certain as a short question.
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

// norm makes features together at most 1 long.
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

// class returns what stands for word i in the model, and the word after it.
func (t *Turn) class(i int) (string, int) { return classBy(t.Words, t.Marks, i) }

// classBy is class for who knows the marks that may begin there.
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
