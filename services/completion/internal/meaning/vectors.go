package meaning

import (
	_ "embed"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
)

// base is the number of dimensions of word vectors before training.
const base = 100

// The command cut makes vectors.bin; SOURCES.md of the catalogue names its source.
//
//go:embed vectors.bin
var vectorData []byte

// Vectors has the places of common English words. It is immutable, and safe for concurrent use.
type Vectors struct {
	at   map[string]int32
	rows []byte // base bytes for each word, each a signed fraction of the largest
}

// english decodes the embedded vectors, once.
var english = sync.OnceValues(func() (*Vectors, error) { //nolint:gochecknoglobals // a cache of what is embedded
	v, err := decodeVectors(vectorData)
	if err != nil {
		return nil, fmt.Errorf("meaning: vectors.bin: %w", err)
	}
	return v, nil
})

// decodeVectors reads a line of words, separated by spaces, and a row of bytes for each.
func decodeVectors(data []byte) (*Vectors, error) {
	line, rows, ok := strings.Cut(string(data), "\n")
	list := strings.Split(line, " ")
	if !ok || len(rows) != base*len(list) {
		return nil, errors.New("not a line of words and a row for each")
	}
	v := &Vectors{at: make(map[string]int32, len(list)), rows: data[len(line)+1:]}
	for i, word := range list {
		v.at[word] = int32(i)
	}
	return v, nil
}

// of returns the place of a word, a vector of length 1.
func (v *Vectors) of(word string) (place [base]float32, known bool) {
	i, known := v.at[word]
	if !known {
		return place, false
	}
	var sum float64
	for k, b := range v.rows[int(i)*base : (int(i)+1)*base] {
		place[k] = float32(int8(b)) //nolint:gosec // a byte's sign
		sum += float64(place[k]) * float64(place[k])
	}
	scale := float32(1 / math.Sqrt(max(1, sum)))
	for k := range place {
		place[k] *= scale
	}
	return place, true
}
