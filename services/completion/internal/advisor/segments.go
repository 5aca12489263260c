package advisor

import (
	"strings"
	"sync"

	"github.com/tiktoken-go/tokenizer"
)

const (
	// longestKept is the most bytes of a segment whose tokens are kept.
	longestKept = 512
	// mostKept is the size of a generation of kept segments. There are two.
	mostKept = 4096
)

// segments splits text into tokens, and keeps the results, because answers repeat the same sentences. It is safe for
// concurrent use.
type segments struct {
	codec tokenizer.Codec

	mu          sync.Mutex
	young, aged map[string][]uint8 // token lengths by segment
}

// lengths returns the number of bytes of each token of a text.
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
		lengths[i] = uint8(len(token)) //nolint:gosec // tokens have at most 128 bytes
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
	s.put(strings.Clone(text), lengths) // text is part of a whole answer, which must not be kept
}

// put adds a segment. The caller holds mu.
func (s *segments) put(text string, lengths []uint8) {
	if len(s.young) >= mostKept || s.young == nil {
		s.young, s.aged = make(map[string][]uint8), s.young
	}
	s.young[text] = lengths
}

// segmentEnd returns the end of a text's first segment: after a line or a sentence, where no token of the encoding
// (o200k_base) continues. The encoding's expression joins line ends with what precedes them, and then only with a
// slash or white space. It joins a single space with the letter that follows.
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
