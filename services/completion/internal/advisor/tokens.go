package advisor

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// tokens counts and splits text. It is safe for concurrent use.
type tokens struct {
	tokencount.Counter
	segments *segments
}

func newTokens() (tokens, error) {
	counter, err := tokencount.New()
	if err != nil {
		return tokens{}, fmt.Errorf("advisor: %w", err)
	}
	return tokens{counter, &segments{codec: counter.Codec()}}, nil
}

// cut is the shown part of an answer, and why it ends there. A stream holds it to its end, so it is small.
type cut struct {
	text   string
	pieces []piece
	reason chat.FinishReason
	pets   []chat.Pet // in the text
	onward []string   // follow-up questions to the whole text
}

// A piece is the part of an answer in one event: one token, or several if a character is spread over them.
type piece struct {
	end    uint32 // offset in the text
	tokens uint32
}

// piece returns the text of piece i.
func (c *cut) piece(i int) string {
	var from uint32
	if i > 0 {
		from = c.pieces[i-1].end
	}
	return c.text[from:c.pieces[i].end]
}

// split cuts an answer into pieces: at most limit tokens, if limited, and only the text before the earliest of stops.
// Bytes of a character that the limit leaves incomplete are not shown, but their tokens count as generated.
func (t tokens) split(answer string, limit int, limited bool, stops []string) (cut, error) {
	lengths, err := t.segments.lengths(answer)
	if err != nil {
		return cut{}, fmt.Errorf("advisor: encode answer: %w", err)
	}
	c := cut{reason: chat.FinishStop, text: answer}
	if limited && limit < len(lengths) {
		lengths, c.reason = lengths[:limit], chat.FinishLength
		c.text = strings.Clone(answer[:total(lengths)]) // releases the rest
	}
	end, stopped := stopAt(c.text, stops)
	if stopped {
		c.reason, c.text = chat.FinishStop, c.text[:end]
	}
	c.pieces = make([]piece, 0, len(lengths))
	var shown, read int
	var held uint32
	for _, length := range lengths {
		if shown == len(c.text) && stopped {
			break
		}
		read = min(read+int(length), len(c.text))
		held++
		if utf8.ValidString(c.text[shown:read]) {
			c.pieces = append(c.pieces, piece{uint32(read), held}) //nolint:gosec // answers are far below 4 GiB
			shown, held = read, 0
		}
	}
	if held > 0 && len(c.pieces) > 0 {
		c.pieces[len(c.pieces)-1].tokens += held
	}
	return c, nil
}

func total(lengths []uint8) (sum int) {
	for _, length := range lengths {
		sum += int(length)
	}
	return sum
}

// stopAt returns where the earliest of stops begins in text, if any occurs.
func stopAt(text string, stops []string) (int, bool) {
	end, found := len(text), false
	for _, stop := range stops {
		if i := strings.Index(text[:min(len(text), end+len(stop))], stop); stop != "" && i >= 0 && i <= end {
			end, found = i, true
		}
	}
	return end, found
}
