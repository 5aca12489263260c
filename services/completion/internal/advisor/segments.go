package advisor

import (
	"strings"
	"sync"

	"github.com/tiktoken-go/tokenizer"
)

const (
	// longestKept is how many bytes a segment may have whose tokens are kept.
	longestKept = 512
	// At least mostKept segments are kept, once there are so many, and at most twice as many.
	mostKept = 4096
)

// segments splits text into tokens, and keeps what it has split: answers are written of the same sentences over
// and over. Its methods may be called concurrently.
type segments struct {
	codec tokenizer.Codec

	mu          sync.Mutex
	young, aged map[string][]uint8 // the lengths of each segment's tokens
}

// lengths returns how many bytes each token of a text has.
func (s *segments) lengths(text string) ([]uint8, error) {
	all := make([]uint8, 0, len(text)/3)
	for text != "" {
		end := segmentEnd(text)
		lengths, err := s.segment(text[:end])
		if err != nil {
			return nil, err
		}
		all, text = append(all, lengths...), text[end:]
	}
	return all, nil
}

func (s *segments) segment(text string) ([]uint8, error) {
	if len(text) > longestKept {
		return s.encode(text)
	}
	if lengths, ok := s.kept(text); ok {
		return lengths, nil
	}
	lengths, err := s.encode(text)
	if err == nil {
		s.keep(text, lengths)
	}
	return lengths, err
}

func (s *segments) encode(text string) ([]uint8, error) {
	_, tokens, err := s.codec.Encode(text)
	if err != nil {
		return nil, err
	}
	lengths := make([]uint8, len(tokens))
	for i, token := range tokens {
		lengths[i] = uint8(len(token)) //nolint:gosec // the longest token has 128 bytes
	}
	return lengths, nil
}

func (s *segments) kept(text string) ([]uint8, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lengths, ok := s.young[text]
	if !ok {
		if lengths, ok = s.aged[text]; ok {
			s.put(text, lengths)
		}
	}
	return lengths, ok
}

func (s *segments) keep(text string, lengths []uint8) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(strings.Clone(text), lengths) // the text is a part of a whole answer
}

// put is called with mu held.
func (s *segments) put(text string, lengths []uint8) {
	if len(s.young) >= mostKept || s.young == nil {
		s.young, s.aged = make(map[string][]uint8), s.young
	}
	s.young[text] = lengths
}

// segmentEnd returns where the first segment of a text ends: behind a line, or a sentence, where the encoding (o200k_base)
// never has a token that goes on. Its expression takes line ends together with what is before them, and then only a slash
// or white space may follow; a single space goes with the letter behind it.
func segmentEnd(text string) int {
	for i := 1; i < len(text); i++ {
		switch before := text[i-1]; {
		case before == '\n' && text[i] > ' ' && text[i] < 0x80 && text[i] != '/',
			text[i] == ' ' && (before == '.' || before == '!' || before == '?' || before == ':') && i+1 < len(text) && letter(text[i+1]):
			return i
		}
	}
	return len(text)
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
