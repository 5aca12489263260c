package jetlog

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
)

// ordinaryAnswers are answers that a caller may well ask for, and whose stored size is far below the limit.
func ordinaryAnswers() map[string][]chat.Event {
	arguments := []chat.Event{chat.Opening(0)}
	for range 15_000 { // 60 KB in all
		arguments = append(arguments, chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{ToolCalls: []chat.ToolCallDelta{{Arguments: "abcd"}}}})
	}
	token := chat.TokenLogprob{Token: " token", Logprob: -0.25, Bytes: []byte(" token")}
	for i := range 20 {
		token.Top = append(token.Top, chat.TopLogprob{Token: fmt.Sprint(" tok", i), Logprob: -float64(i) - 0.125, Bytes: fmt.Append(nil, " tok", i)})
	}
	probable := []chat.Event{chat.Opening(0)}
	for range 4000 {
		probable = append(probable, chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{Content: " token", Logprobs: &chat.Logprobs{Content: []chat.TokenLogprob{token}}}})
	}
	var choices []chat.Event
	for i := range 128 {
		choices = append(choices, chat.Opening(i))
	}
	for range 300 {
		for i := range 128 {
			choices = append(choices, chat.Text(i, " token"))
		}
	}
	return map[string][]chat.Event{
		"60 KB of tool arguments in 15,000 pieces": arguments,
		"4,000 tokens with 20 alternatives":        probable,
		"128 choices":                              choices,
	}
}

// TestAnswersCountAsStored checks that ordinary answers do not reach the limit, which counts stored bytes.
func TestAnswersCountAsStored(t *testing.T) {
	durable, inMemory := open(t, Config{}), memlog.New(memlog.Config{})
	t.Cleanup(inMemory.Close)
	for name, events := range ordinaryAnswers() {
		for where, log := range map[string]chat.Log{"JetStream": durable, "memory": inMemory} {
			t.Run(name+" in "+where, func(t *testing.T) {
				w, err := log.Create(t.Context(), meta(strings.ReplaceAll(where+name, " ", "")))
				if err != nil {
					t.Fatal(err)
				}
				for i := range events {
					if err := w.Append(t.Context(), events[i]); err != nil {
						t.Fatalf("event %d of %d: %v", i, len(events), err)
					}
				}
				if err := w.Seal(t.Context(), chat.Event{Kind: chat.KindDone, Usage: &chat.Usage{}}); err != nil {
					t.Error(err)
				}
				w.Settle(func() {})
			})
		}
	}
}

// TestAnswersAreBounded checks that an answer whose stored size exceeds the limit ends, whether it is text or not.
func TestAnswersAreBounded(t *testing.T) {
	const most = 256 << 10
	durable, inMemory := open(t, Config{MaxCompletion: most}), memlog.New(memlog.Config{MaxCompletion: most})
	t.Cleanup(inMemory.Close)
	for name, one := range map[string]chat.Event{
		"text":      chat.Text(0, strings.Repeat("x", 1000)),
		"arguments": {Kind: chat.KindDelta, Delta: chat.Delta{ToolCalls: []chat.ToolCallDelta{{Arguments: strings.Repeat("x", 1000)}}}},
	} {
		for where, log := range map[string]chat.Log{"JetStream": durable, "memory": inMemory} {
			t.Run(name+" in "+where, func(t *testing.T) {
				w, err := log.Create(t.Context(), meta(where+name))
				if err != nil {
					t.Fatal(err)
				}
				n := 0
				for err == nil && n < 1000 {
					err = w.Append(t.Context(), one)
					n++
				}
				if !errors.Is(err, chat.ErrTooLong) || n < 255 || n > 265 {
					t.Errorf("event %d: %v, want %v from some 260 on", n, err, chat.ErrTooLong)
				}
				if err := w.Seal(t.Context(), chat.Event{Kind: chat.KindDone, Usage: &chat.Usage{}}); err != nil {
					t.Error(err)
				}
				w.Settle(func() {})
			})
		}
	}
}
