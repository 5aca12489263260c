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

// Dims is the number of dimensions of the space.
const Dims = 96

// maxWords bounds the part of a text that counts, in words.
const maxWords = 150

// A Point is the place of a text: a vector of length 1, or of length 0 for a text without known words.
type Point [Dims]float32

// Near returns the cosine of two points: 1 for the same meaning, about 0 for nothing in common.
func (p *Point) Near(q *Point) float32 {
	var sum float32
	for k := range p {
		sum += p[k] * q[k]
	}
	return sum
}

// Between returns the point in the middle of two.
func (p *Point) Between(q *Point) Point {
	var sum Point
	for k := range sum {
		sum[k] = p[k] + q[k]
	}
	sum.norm()
	return sum
}

// norm scales the vector to length 1, and returns its previous length.
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

// A Space places texts. It is immutable, and safe for concurrent use.
type Space struct {
	digest  string
	english *Vectors
	project [Dims][base]float32 // from the places of words in English
	unseen  float32             // the weight of words that training has not seen
	learned map[string]int32
	scales  []float32
	rows    []byte // Dims bytes for each word that training has seen, including its weight
}

//go:embed space.bin
var spaceData []byte

// Load decodes the embedded space. It takes a few milliseconds.
func Load() (*Space, error) { return Decode(spaceData) }

// Decode reads a space that [Train] made. Empty data give a space without words, in which all texts have the
// same distance. Training starts from that.
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

// Digest returns the [Digest] of the data that the space was learned from.
func (s *Space) Digest() string { return s.digest }

// Point returns the place of a text.
func (s *Space) Point(text []words.Word) Point {
	var sum Point
	var far [base]float32 // the sum of words that training has not seen
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
