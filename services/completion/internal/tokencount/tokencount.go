// Package tokencount counts tokens as OpenAI's models do (o200k_base), offline. Of other
// models the counts are estimates.
package tokencount

import (
	"context"
	"fmt"
	"unicode"

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
	// countBlock bounds the text that is counted at once, so that counting can stop early.
	countBlock = 4096
	// longestRun bounds what the encoding may not split, of which it takes more than linear
	// time: a longer run, as nobody writes one, is counted in pieces of so many bytes, which
	// may come to a few tokens more.
	longestRun = 512
	// exactBytes is how much of a text is counted. Of a longer one the rest is taken to have
	// as many tokens for its length.
	exactBytes = 1 << 20
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

// estimate returns how many tokens the rest of a text has that has so many for what was counted.
func estimate(tokens, counted, rest int) int { return tokens * max(rest, 0) / counted }

// Count counts a text's tokens, and stops once there are more than limit. It takes time in
// proportion to the text's length, whatever the text, and no more than for a mebibyte.
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

// blockEnd returns where the first block of a text ends: where the encoding splits in any case,
// so that the count stays exact; in a run that is too long, between two characters.
func blockEnd(text string) int {
	last := 0 // where it splits
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

// A kind is what the encoding's expression tells characters apart by.
type kind int

const (
	other kind = iota
	letter
	number
	apostrophe // may begin what goes with the letters before it, as in "it's"
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

// splits reports whether the encoding splits between two characters whatever stands around
// them: behind letters, and behind numbers.
func splits(before, now kind) bool {
	return before == letter && (now == number || now == other) || before == number && now != number
}
