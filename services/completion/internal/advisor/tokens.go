package advisor

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tiktoken-go/tokenizer"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// tokens counts and splits text. It may be used by several goroutines at once.
type tokens struct {
	tokencount.Counter
	codec tokenizer.Codec
}

func newTokens() (tokens, error) {
	counter, err := tokencount.New()
	if err != nil {
		return tokens{}, fmt.Errorf("advisor: %w", err)
	}
	return tokens{counter, counter.Codec()}, nil
}

// A piece is what one event shows of an answer: one token, or several where a
// character is spread over them.
type piece struct {
	text   string
	tokens int64
}

// cut is what of an answer is shown, and why it ends there.
type cut struct {
	pieces []piece
	reason chat.FinishReason
}

// split turns an answer into pieces. limit, where limited is set, is how many tokens
// may be shown; the text ends before the earliest of stops. The parts of a character
// that the limit leaves incomplete are not shown, but their tokens count: they were
// generated.
func (t tokens) split(answer string, limit int, limited bool, stops []string) (cut, error) {
	_, texts, err := t.codec.Encode(answer)
	if err != nil {
		return cut{}, fmt.Errorf("advisor: encode answer: %w", err)
	}
	c := cut{reason: chat.FinishStop}
	if limited && limit < len(texts) {
		texts, c.reason = texts[:limit], chat.FinishLength
	}
	end, stopped := stopAt(strings.Join(texts, ""), stops)
	if stopped {
		c.reason = chat.FinishStop
	}
	var held piece
	for _, text := range texts {
		if stopped && end == 0 {
			break
		}
		if stopped {
			text = text[:min(len(text), end)]
			end -= len(text)
		}
		held.text += text
		held.tokens++
		if utf8.ValidString(held.text) {
			c.pieces = append(c.pieces, held)
			held = piece{}
		}
	}
	if held.tokens > 0 && len(c.pieces) > 0 {
		c.pieces[len(c.pieces)-1].tokens += held.tokens
	}
	return c, nil
}

// stopAt returns where the earliest of stops begins in text, if one occurs.
func stopAt(text string, stops []string) (int, bool) {
	end, found := len(text), false
	for _, stop := range stops {
		if i := strings.Index(text[:min(len(text), end+len(stop))], stop); stop != "" && i >= 0 && i <= end {
			end, found = i, true
		}
	}
	return end, found
}
