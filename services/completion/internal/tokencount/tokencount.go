// Package tokencount counts tokens as OpenAI's models do (o200k_base), offline. Of other
// models the counts are estimates.
package tokencount

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/tiktoken-go/tokenizer"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// What a chat's framing costs, as OpenAI's cookbook counts it.
const (
	tokensPerMessage = 3
	tokensPerName    = 1
	tokensPerReply   = 3
)

const (
	// longestToken is how many bytes the longest token of the encoding has: a run of
	// spaces. A text of n bytes has at least n/longestToken tokens.
	longestToken = 128
	// countBlock bounds the text that is counted at once, so that counting can stop
	// early; the encoding's expression takes more than linear time on some texts.
	countBlock = 4096
)

// A Counter counts tokens. It may be used by several goroutines at once.
type Counter struct{ codec tokenizer.Codec }

// New returns a counter.
func New() (Counter, error) {
	codec, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		return Counter{}, fmt.Errorf("tokenizer: %w", err)
	}
	return Counter{codec}, nil
}

// Codec returns what the counter counts with.
func (c Counter) Codec() tokenizer.Codec { return c.codec }

// Prompt returns how many tokens messages take. Once they are over limit it stops
// and returns some number above limit. When ctx ends, its error.
func (c Counter) Prompt(ctx context.Context, messages []chat.Message, limit int) (int, error) {
	total, bytes := tokensPerReply, 0
	for i := range messages {
		m := &messages[i]
		bytes += len(m.Text()) + len(m.Refusal)
		total += tokensPerMessage
		if m.Name != "" {
			total += tokensPerName
		}
	}
	if least := total + bytes/longestToken; least > limit {
		return least, nil
	}
	for i := range messages {
		m := &messages[i]
		for _, text := range []string{string(m.Role), m.Name, m.Text(), m.Refusal} {
			n, err := c.Count(ctx, text, limit-total)
			if err != nil {
				return 0, err
			}
			if total += n; total > limit {
				return total, nil
			}
		}
	}
	return total, nil
}

// Count counts a text's tokens, and stops once there are more than limit.
func (c Counter) Count(ctx context.Context, text string, limit int) (int, error) {
	total := 0
	for text != "" && total <= limit {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n := blockEnd(text)
		got, err := c.codec.Count(text[:n])
		if err != nil {
			return 0, fmt.Errorf("count tokens: %w", err)
		}
		total += got
		text = text[n:]
	}
	return total, nil
}

// blockEnd returns where the first block of a text ends: before a space between two
// letters, where the encoding splits in any case, so that the count stays exact. A
// text without one is cut anywhere between two characters.
func blockEnd(text string) int {
	if len(text) <= countBlock {
		return len(text)
	}
	for i := countBlock; i > countBlock/2; i-- {
		if text[i] == ' ' && isASCIILetter(text[i-1]) && isASCIILetter(text[i+1]) {
			return i
		}
	}
	end := countBlock
	for end > countBlock-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return end
}

func isASCIILetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
