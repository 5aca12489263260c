package logtest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

//nolint:gochecknoglobals // a table
var roundTripRules = []rule{
	{"every field of an event", everyField},
	{"texts of every kind and length", everyText},
	{"every choice", everyChoice},
	{"usage and errors on the terminal event", everyTerminal},
	{"every field of the meta", everyMetaField},
}

// roundTrip writes events, and compares them with a live reading and a later one.
func roundTrip(t *testing.T, log chat.Log, terminal chat.Event, events ...chat.Event) {
	t.Helper()
	ctx := within(t)
	s := create(t, log)
	live := s.start(ctx, chat.FromStart)
	s.append(events...)
	s.seal(terminal)
	s.check(<-live, chat.FromStart)
	s.check(s.read(ctx, chat.FromStart, false), chat.FromStart)
	if diff := cmp.Diff(&terminal, s.head().Terminal, withoutCause); diff != "" {
		t.Errorf("Head's terminal event (-want +got):\n%s", diff)
	}
}

// mixed returns events that use every field.
func mixed() []chat.Event {
	delta := func(choice int, d chat.Delta) chat.Event {
		return chat.Event{Kind: chat.KindDelta, Choice: choice, Delta: d}
	}
	probability := chat.TokenLogprob{
		Token: "dog", Logprob: -0.25, Bytes: []byte("dog"),
		Top: []chat.TopLogprob{{Token: "dog", Logprob: -0.25, Bytes: []byte("dog")}, {Token: "\ufffd", Logprob: -9999}},
	}
	return []chat.Event{
		chat.Opening(0),
		chat.Text(0, "text"),
		delta(0, chat.Delta{}),
		delta(1, chat.Delta{Reasoning: "why"}),
		delta(1, chat.Delta{EncryptedReasoning: "gAAA="}),
		delta(0, chat.Delta{Content: "content", EncryptedReasoning: "gBBB="}),
		delta(2, chat.Delta{Refusal: "no"}),
		delta(0, chat.Delta{Role: chat.RoleAssistant, Content: "with a role"}),
		delta(0, chat.Delta{Content: "content", Reasoning: "and reasoning"}),
		delta(0, chat.Delta{Role: chat.RoleAssistant, Content: "a", Refusal: "b", Reasoning: "c"}),
		delta(1, chat.Delta{ToolCalls: []chat.ToolCallDelta{
			{Index: 0, ID: "call_1", Name: "find_pets"},
			{Index: 1, ID: "call_2", Name: "find_breeds", Arguments: `{"species":`},
		}}),
		delta(1, chat.Delta{ToolCalls: []chat.ToolCallDelta{{Index: 1, Arguments: `"dog"}`}}}),
		delta(1, chat.Delta{ToolCalls: []chat.ToolCallDelta{{Index: 1, More: `{"a":1,"function":{"b":[2]}}`}}}),
		delta(3, chat.Delta{Role: chat.RoleAssistant, NoContent: true}),
		delta(0, chat.Delta{More: `{"notes":[{"c":"3"}]}`}),
		delta(0, chat.Delta{Content: "text", More: `{"notes":[]}`}),
		delta(0, chat.Delta{Content: "text", NoContent: true}),
		delta(0, chat.Delta{Content: "dog", Logprobs: &chat.Logprobs{Content: []chat.TokenLogprob{probability, {Token: "s"}}}}),
		delta(0, chat.Delta{Refusal: "no", Logprobs: &chat.Logprobs{Refusal: []chat.TokenLogprob{probability}}}),
		delta(0, chat.Delta{Content: "Luna", Pets: []chat.Pet{
			{
				ID: "luna", Name: "Luna", Species: "dog", Breed: "Boxer", Sex: "female", AgeMonths: 26, FeeUSD: 250,
				Coat: []string{"brindle", "white"}, Portrait: "/portraits/dog.svg", Reasons: []string{"calm", "good with cats"},
			},
			{ID: "pip"},
		}}),
		delta(1, chat.Delta{Pets: []chat.Pet{{ID: "pip"}}}),
		delta(1, chat.Delta{RelatedQuestions: []string{"What does Luna eat?", "Why?"}}),
		chat.Finish(0, chat.FinishStop),
		chat.Finish(1, chat.FinishToolCalls),
		chat.Finish(2, chat.FinishContentFilter),
		chat.Finish(3, chat.FinishLength),
		chat.UsageEvent(fullUsage()),
	}
}

func fullUsage() chat.Usage {
	return chat.Usage{
		PromptTokens: 1 << 40, CompletionTokens: 2,
		CachedTokens: 3, PromptAudioTokens: 4, ReasoningTokens: 5,
		CompletionAudioTokens: 6, AcceptedPredictionTokens: 7, RejectedPredictionTokens: 8,
		Estimated: true, CostUSD: 0.0000123,
	}
}

func everyField(t *testing.T, log chat.Log) { roundTrip(t, log, done(), mixed()...) }

func everyText(t *testing.T, log chat.Log) {
	var events []chat.Event
	for _, text := range []string{
		"", " ", "\n", "\r\n\r\n", "\x00\x01\x7f", `"\/`, "data: {}\n\n", "<script>&amp;", "\u2028\u2029\ufeff\ufffd",
		"Grüße", "こんにちは", "🐶", "👩‍👩‍👧‍👦", "e\u0301",
		strings.Repeat("x", 127), strings.Repeat("x", 128), strings.Repeat("x", 511), strings.Repeat("x", 512),
		strings.Repeat("🐾", 16<<10/4), strings.Repeat("x", 16<<10+1), strings.Repeat("long ", 40<<10),
	} {
		events = append(events, chat.Text(0, text),
			chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{Reasoning: text}},
			chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{Refusal: text}},
			chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{ToolCalls: []chat.ToolCallDelta{{Arguments: text}}}})
	}
	roundTrip(t, log, done(), events...)
}

func everyChoice(t *testing.T, log chat.Log) {
	var events []chat.Event
	for choice := range 128 {
		events = append(events, chat.Opening(choice), chat.Text(choice, "text"),
			chat.Event{Kind: chat.KindDelta, Choice: choice, Delta: chat.Delta{Reasoning: "why"}},
			chat.Event{Kind: chat.KindDelta, Choice: choice, Delta: chat.Delta{Refusal: "no"}},
			chat.Finish(choice, chat.FinishStop))
	}
	roundTrip(t, log, done(), events...)
}

func everyTerminal(t *testing.T, log chat.Log) {
	for _, terminal := range []chat.Event{
		{Kind: chat.KindDone},
		{Kind: chat.KindDone, Usage: new(fullUsage())},
		{Kind: chat.KindError, Usage: new(fullUsage()), Err: chat.Errorf(chat.CodeCompletionCancelled, "Cancelled.")},
		{Kind: chat.KindError, Err: &chat.Error{
			Code: chat.CodeOverloaded, Message: "Später 🐾", Param: "messages[0].role",
			RetryAfter: 1500 * time.Millisecond, Err: errors.New("the cause"),
		}},
	} {
		roundTrip(t, log, terminal, words(3)...)
	}
}

func everyMetaField(t *testing.T, log chat.Log) {
	want := fullMeta()
	s := createWith(t, log, fullMeta(withID(want)))
	if diff := cmp.Diff(want, s.head().Meta); diff != "" {
		t.Errorf("Head's meta (-want +got):\n%s", diff)
	}
	wantListed(t, log, want.Principal, want)
	wantExists(t, log, again(want), want)
}
