package meaning

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// Dims is how many dimensions the space has.
const Dims = 96

// maxWords bounds what of a text counts, in words.
const maxWords = 150

// A Point is where a text stands: a vector of the length 1, or 0 for a text without a known
// word.
type Point [Dims]float32

// Near returns the cosine of two points: 1 for the same meaning, about 0 for nothing in common.
func (p *Point) Near(q *Point) float32 {
	var sum float32
	for k := range p {
		sum += p[k] * q[k]
	}
	return sum
}

// Between returns the point between two.
func (p *Point) Between(q *Point) Point {
	var sum Point
	for k := range sum {
		sum[k] = p[k] + q[k]
	}
	sum.norm()
	return sum
}

// norm gives the vector the length 1, and returns its length before.
func (p *Point) norm() float32 {
	length := float32(math.Sqrt(float64(p.Near(p))))
	if length == 0 {
		return 0
	}
	for k := range p {
		p[k] /= length
	}
	return length
}

// A Space places texts. It does not change and may be used by several goroutines at once.
type Space struct {
	digest  string
	english *Vectors
	project [Dims][base]float32 // from where English has a word
	unseen  float32             // the weight of a word that training has not seen
	learned map[string]int32
	scales  []float32
	rows    []byte // Dims bytes for each word that training has seen, its weight included
}

//go:embed space.bin
var spaceData []byte

// Load decodes the embedded space. It takes a few milliseconds.
func Load() (*Space, error) { return Decode(spaceData) }

// Decode reads a space that [Train] made. From nothing comes a space without a word, in which
// all texts are as far from each other: that is where training begins.
func Decode(data []byte) (*Space, error) {
	english, err := english()
	if err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return &Space{english: &Vectors{}}, nil
	}
	digest, rest, _ := strings.Cut(string(data), "\n")
	line, rest, ok := strings.Cut(rest, "\n")
	list := strings.Split(line, " ")
	const head = 4 * (Dims*base + 1)
	if !ok || len(rest) != head+len(list)*(4+Dims) {
		return nil, errors.New("meaning: space.bin is of another version: make advisor")
	}
	data = data[len(digest)+len(line)+2:]
	number := func() float32 {
		v := math.Float32frombits(binary.LittleEndian.Uint32(data))
		data = data[4:]
		return v
	}
	s := &Space{digest: digest, english: english, learned: make(map[string]int32, len(list)), scales: make([]float32, len(list))}
	for k := range s.project {
		for j := range s.project[k] {
			s.project[k][j] = number()
		}
	}
	s.unseen = number()
	for i, word := range list {
		if _, twice := s.learned[word]; twice {
			return nil, fmt.Errorf("meaning: space.bin has %q twice", word)
		}
		s.learned[word] = int32(i)
		s.scales[i] = number()
	}
	s.rows = data
	return s, nil
}

// Digest returns the [Digest] of what the space was learned from.
func (s *Space) Digest() string { return s.digest }

// Point returns where a text stands.
func (s *Space) Point(text []words.Word) Point {
	var sum Point
	var far [base]float32 // of words that training has not seen
	strange := false
	for _, w := range text[:min(len(text), maxWords)] {
		if i, ok := s.learned[w.Text]; ok {
			scale := s.scales[i]
			for k, b := range s.rows[int(i)*Dims : (int(i)+1)*Dims] {
				sum[k] += scale * float32(int8(b)) //nolint:gosec // a byte's sign
			}
		} else if place, ok := s.english.of(w.Text); ok {
			strange = true
			for j := range far {
				far[j] += s.unseen * place[j]
			}
		}
	}
	if strange {
		for k := range sum {
			for j := range far {
				sum[k] += s.project[k][j] * far[j]
			}
		}
	}
	sum.norm()
	return sum
}
