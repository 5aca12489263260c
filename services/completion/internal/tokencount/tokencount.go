// Package tokencount counts tokens as OpenAI's models do (o200k_base), offline. For other models, the counts
// are estimates.
package tokencount

import (
	"context"
	"fmt"
	"unicode"

	"github.com/tiktoken-go/tokenizer"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// The tokens of a chat's framing, according to OpenAI's cookbook.
const (
	tokensPerMessage = 3
	tokensPerName    = 1
	tokensPerReply   = 3
)

const (
	// longestToken is the length of the encoding's longest token, a run of spaces, in bytes. A text of n bytes
	// has at least n/longestToken tokens.
	longestToken = 128
	// countBlock bounds the text of one step, in bytes, so that counting can stop early.
	countBlock = 4096
	// longestRun bounds runs that the encoding cannot split, because they take more than linear time. A longer
	// run, which does not occur in normal text, is counted in pieces of that many bytes, which may give a few
	// more tokens.
	longestRun = 512
	// exactBytes is how many bytes of a text are counted. The rest of a longer one is assumed to have the same
	// rate of tokens.
	exactBytes = 1 << 20
)

// A Counter counts tokens. It is safe for concurrent use.
type Counter struct{ codec tokenizer.Codec }

// New returns a counter.
func New() (Counter, error) {
	codec, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		return Counter{}, fmt.Errorf("tokenizer: %w", err)
	}
	return Counter{codec}, nil
}

// Codec returns the counter's codec.
func (c Counter) Codec() tokenizer.Codec { return c.codec }

// Prompt returns the number of tokens of messages. Beyond limit, it stops and returns some number above limit.
// If ctx ends, it returns ctx's error.
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
	counted, tokens := 0, 0
	for i := range messages {
		m := &messages[i]
		for _, text := range []string{string(m.Role), m.Name, m.Text(), m.Refusal} {
			if counted >= exactBytes {
				return total + tokens + estimate(tokens, counted, bytes-counted), nil
			}
			n, err := c.Count(ctx, text, limit-total-tokens)
			if err != nil {
				return 0, err
			}
			counted += len(text)
			if tokens += n; total+tokens > limit {
				return total + tokens, nil
			}
		}
	}
	return total + tokens, nil
}

// estimate returns the estimated tokens of the rest of a text, given the tokens of the counted part. Sizes are
// in bytes.
func estimate(tokens, counted, rest int) int { return tokens * max(rest, 0) / counted }

// Count counts a text's tokens, and stops once there are more than limit. It takes linear time for any text,
// and no more than for a mebibyte. If ctx ends, it returns ctx's error.
func (c Counter) Count(ctx context.Context, text string, limit int) (int, error) {
	total, counted, length := 0, 0, len(text)
	for text != "" && total <= limit {
		if counted >= exactBytes {
			return total + estimate(total, counted, length-counted), nil
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n := blockEnd(text)
		got, err := c.codec.Count(text[:n])
		if err != nil {
			return 0, fmt.Errorf("count tokens: %w", err)
		}
		total += got
		counted += n
		text = text[n:]
	}
	return total, nil
}

// blockEnd returns the end of a text's first block: a place where the encoding always splits, so that the count
// stays exact. Within a run that is too long, it is a place between two characters.
func blockEnd(text string) int {
	last := 0 // the last place where it splits
	before := other
	for i, r := range text {
		now := kindOf(r)
		if i > 0 && splits(before, now) {
			last = i
		}
		switch {
		case i-last >= longestRun:
			if last > 0 {
				return last
			}
			return i
		case i >= countBlock && last > 0:
			return last
		}
		before = now
	}
	return len(text)
}

// A kind is a class of characters in the encoding's expression.
type kind int

const (
	other kind = iota
	letter
	number
	apostrophe // may belong to the letters before it, as in "it's"
)

func kindOf(r rune) kind {
	switch {
	case r == '\'':
		return apostrophe
	case unicode.IsLetter(r) || unicode.IsMark(r):
		return letter
	case unicode.IsNumber(r):
		return number
	}
	return other
}

// splits reports whether the encoding splits between two characters in any context: after letters, and after
// numbers.
func splits(before, now kind) bool {
	return before == letter && (now == number || now == other) || before == number && now != number
}
