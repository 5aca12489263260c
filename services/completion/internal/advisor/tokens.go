package advisor

import (
	"context"
	"fmt"
	"strings"
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

// tokens counts and splits text in OpenAI's o200k_base encoding. It may be used by
// several goroutines at once.
type tokens struct{ codec tokenizer.Codec }

func newTokens() (tokens, error) {
	codec, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		return tokens{}, fmt.Errorf("advisor: tokenizer: %w", err)
	}
	return tokens{codec}, nil
}

// prompt returns how many tokens messages take. Once they are over limit it stops
// and returns some number above limit. When ctx ends, its error.
func (t tokens) prompt(ctx context.Context, messages []chat.Message, limit int) (int, error) {
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
			n, err := t.count(ctx, text, limit-total)
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

// count counts a text's tokens, and stops once there are more than limit.
func (t tokens) count(ctx context.Context, text string, limit int) (int, error) {
	total := 0
	for text != "" && total <= limit {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n := blockEnd(text)
		got, err := t.codec.Count(text[:n])
		if err != nil {
			return 0, fmt.Errorf("advisor: count tokens: %w", err)
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
