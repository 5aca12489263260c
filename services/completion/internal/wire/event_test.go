package wire

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

func TestEventsComeBackWhole(t *testing.T) {
	usage := chat.Usage{
		PromptTokens: 1, CompletionTokens: 2, CachedTokens: 3, PromptAudioTokens: 4, ReasoningTokens: 5,
		CompletionAudioTokens: 6, AcceptedPredictionTokens: 7, RejectedPredictionTokens: 8, Estimated: true,
	}
	for name, event := range map[string]chat.Event{
		"opening":   chat.Opening(1),
		"text":      chat.Text(2, "word"),
		"refusal":   {Kind: chat.KindDelta, Delta: chat.Delta{Refusal: "no"}},
		"reasoning": {Kind: chat.KindDelta, Delta: chat.Delta{Reasoning: "hm"}},
		"tool call": {Kind: chat.KindDelta, Delta: chat.Delta{ToolCalls: []chat.ToolCallDelta{
			{Index: 1, ID: "c", Name: "f", Arguments: "{"},
		}}},
		"logprobs": {Kind: chat.KindDelta, Delta: chat.Delta{Content: "x", Logprobs: &chat.Logprobs{
			Content: []chat.TokenLogprob{{Token: "x", Logprob: -0.5, Bytes: []byte("x"), Top: []chat.TopLogprob{{Token: "y", Logprob: -1, Bytes: []byte{0}}}}},
			Refusal: []chat.TokenLogprob{{Token: "z", Logprob: -2}},
		}}},
		"pets": {Kind: chat.KindDelta, Choice: 1, Delta: chat.Delta{Content: "x", Pets: []chat.Pet{{
			ID: "luna", Name: "Luna", Species: "dog", Breed: "Boxer", Sex: "female", AgeMonths: 26, FeeUSD: 250,
			Coat: []string{"brindle", "white"}, Portrait: "/portraits/dog.svg",
		}, {ID: "pip"}}}},
		"questions": {Kind: chat.KindDelta, Choice: 1, Delta: chat.Delta{Content: "x", RelatedQuestions: []string{"Why?", "How?"}}},
		"finish":    chat.Finish(3, chat.FinishToolCalls),
		"usage":     chat.UsageEvent(usage),
		"error":     {Kind: chat.KindError, Err: &chat.Error{Code: chat.CodeOverloaded, Message: "m", Param: "p", RetryAfter: time.Second}},
		"done":      {Kind: chat.KindDone},
		"progress":  {Kind: chat.KindProgress, Progress: &chat.Progress{Stage: chat.StageQueued, Fraction: new(0.5), QueuePosition: new(2)}},
	} {
		t.Run(name, func(t *testing.T) {
			enc := NewEventEncoder(&chat.Meta{Request: &chat.Request{}})
			got := EventFromProto(enc.Encode(&chat.Entry{Sequence: 7, Event: event}))
			if diff := cmp.Diff(event, got); diff != "" {
				t.Errorf("there and back (-want +got):\n%s", diff)
			}
		})
	}
}
