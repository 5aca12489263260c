package chat_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

const completionID = "chatcmpl-abcdefghijklmnopqrstuvwxyz"

func metadata(options *completionv1.StreamOptions) *completionv1.CompletionMetadata {
	return &completionv1.CompletionMetadata{
		Id: completionID, Created: 1700000000, Model: "pet-advisor-1", SystemFingerprint: "fp_1", ServiceTier: "default",
		StreamOptions: options, ObfuscationKey: []byte("0123456789abcdef"),
	}
}

func deltaEvent(d *completionv1.Delta) *completionv1.CompletionEvent {
	return &completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Delta{Delta: d}}
}

func finishEvent(index int32, reason completionv1.FinishReason) *completionv1.CompletionEvent {
	return &completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Finish{
		Finish: &completionv1.Finish{Index: index, Reason: reason},
	}}
}

func progressEvent(p *completionv1.Progress) *completionv1.CompletionEvent {
	return &completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Progress{Progress: p}}
}

func encode(t *testing.T, c *chat.ChunkEncoder, e *completionv1.CompletionEvent) string {
	t.Helper()
	got, err := c.Append([]byte("data: "), e)
	if err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutPrefix(string(got), "data: ")
	if !ok {
		t.Errorf("%q: what was in the buffer is gone", got)
	}
	return text
}

// TestChoices encodes every form of a choice; [TestChunks] covers the rest of a chunk.
func TestChoices(t *testing.T) {
	const head = `{"id":"` + completionID + `","object":"chat.completion.chunk","created":1700000000,"model":"pet-advisor-1",` +
		`"service_tier":"default","system_fingerprint":"fp_1","choices":[`
	for _, test := range []struct {
		name  string
		event *completionv1.CompletionEvent
		want  string
	}{
		{
			"role", deltaEvent(&completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT}),
			`{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}`,
		},
		{
			"role of a tool call",
			deltaEvent(&completionv1.Delta{Index: 1, Role: completionv1.Role_ROLE_ASSISTANT, ToolCalls: []*completionv1.ToolCallDelta{
				{Id: "call_1", FunctionName: "f"},
			}}),
			`{"index":1,"delta":{"role":"assistant","content":null,"refusal":null,"tool_calls":[` +
				`{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}}]},"logprobs":null,"finish_reason":null}`,
		},
		{
			"role without content", deltaEvent(&completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT, NoContent: true}),
			`{"index":0,"delta":{"role":"assistant","content":null,"refusal":null},"logprobs":null,"finish_reason":null}`,
		},
		{
			"more of a delta", deltaEvent(&completionv1.Delta{Content: "a", More: "{\n\"notes\" : [1, {\"b\":\"<\\n\"}],\"content\":\"x\",\"ö\":null}"}),
			`{"index":0,"delta":{"content":"a","notes":[1,{"b":"<\n"}],"ö":null},"logprobs":null,"finish_reason":null}`,
		},
		{
			"nothing but more", deltaEvent(&completionv1.Delta{More: `{"a":1}`}),
			`{"index":0,"delta":{"a":1},"logprobs":null,"finish_reason":null}`,
		},
		{
			"more that is no object", deltaEvent(&completionv1.Delta{Content: "a", More: `{"b":`}),
			`{"index":0,"delta":{"content":"a"},"logprobs":null,"finish_reason":null}`,
		},
		{
			"more of a call", deltaEvent(&completionv1.Delta{ToolCalls: []*completionv1.ToolCallDelta{
				{Id: "call_1", FunctionName: "f", More: `{"extra_content":{"google":{"thought_signature":"s"}},"id":"x","function":{"name":"y","z":2}}`},
				{Index: 1, More: `[]`},
			}}),
			`{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"","z":2},` +
				`"extra_content":{"google":{"thought_signature":"s"}}},{"index":1,"function":{"arguments":""}}]},"logprobs":null,"finish_reason":null}`,
		},
		{
			"role and everything else",
			deltaEvent(&completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT, Content: "a", Refusal: "b", Reasoning: "c"}),
			`{"index":0,"delta":{"role":"assistant","content":"a","refusal":"b","reasoning_content":"c"},"logprobs":null,"finish_reason":null}`,
		},
		{
			"content", deltaEvent(&completionv1.Delta{Content: "Hi <b> & \"you\"\r\n\t\x01é🐶"}),
			`{"index":0,"delta":{"content":"Hi <b> & \"you\"\r\n\t\u0001é🐶"},"logprobs":null,"finish_reason":null}`,
		},
		{
			"refusal", deltaEvent(&completionv1.Delta{Refusal: "No."}),
			`{"index":0,"delta":{"refusal":"No."},"logprobs":null,"finish_reason":null}`,
		},
		{
			"reasoning", deltaEvent(&completionv1.Delta{Reasoning: "Hm."}),
			`{"index":0,"delta":{"reasoning_content":"Hm."},"logprobs":null,"finish_reason":null}`,
		},
		{
			"nothing", deltaEvent(&completionv1.Delta{}),
			`{"index":0,"delta":{},"logprobs":null,"finish_reason":null}`,
		},
		{
			"pieces of tool calls",
			deltaEvent(&completionv1.Delta{ToolCalls: []*completionv1.ToolCallDelta{{Arguments: `{"a":`}, {Index: 1, Id: "call_2", FunctionName: "g", Arguments: "{"}}}),
			`{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}},` +
				`{"index":1,"id":"call_2","type":"function","function":{"name":"g","arguments":"{"}}]},"logprobs":null,"finish_reason":null}`,
		},
		{
			"log probabilities",
			deltaEvent(&completionv1.Delta{Content: "a", Logprobs: &completionv1.Logprobs{Content: []*completionv1.TokenLogprob{
				{Token: "a", Logprob: -0.5, Bytes: []byte{97, 255}, TopLogprobs: []*completionv1.TopLogprob{
					{Token: "a", Logprob: -1e-7}, {Token: "b", Logprob: math.Inf(-1), Bytes: []byte{}},
				}},
				{Token: "c", Logprob: math.NaN()},
			}}}),
			`{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-0.5,"bytes":[97,255],"top_logprobs":[` +
				`{"token":"a","logprob":-1e-7,"bytes":null},{"token":"b","logprob":-9999,"bytes":[]}]},` +
				`{"token":"c","logprob":-9999,"bytes":null,"top_logprobs":[]}],"refusal":null},"finish_reason":null}`,
		},
		{
			"log probabilities of a refusal",
			deltaEvent(&completionv1.Delta{Refusal: "a", Logprobs: &completionv1.Logprobs{Refusal: []*completionv1.TokenLogprob{{Token: "a"}}}}),
			`{"index":0,"delta":{"refusal":"a"},"logprobs":{"content":null,"refusal":[` +
				`{"token":"a","logprob":0,"bytes":null,"top_logprobs":[]}]},"finish_reason":null}`,
		},
		{
			"finish", finishEvent(2, completionv1.FinishReason_FINISH_REASON_TOOL_CALLS),
			`{"index":2,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}`,
		},
		{
			"finish of a newer service", finishEvent(0, 99),
			`{"index":0,"delta":{},"logprobs":null,"finish_reason":null}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := chat.NewChunkEncoder(metadata(nil))
			if diff := cmp.Diff(head+test.want+"]}", encode(t, c, test.event)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			c = chat.NewChunkEncoder(metadata(&completionv1.StreamOptions{IncludeUsage: true}))
			if diff := cmp.Diff(head+test.want+`],"usage":null}`, encode(t, c, test.event)); diff != "" {
				t.Errorf("with usage (-want +got)\n%s", diff)
			}
		})
	}
}

// TestBesides checks that only clients that asked for them get pets and related questions.
func TestBesides(t *testing.T) {
	for _, test := range []struct {
		name   string
		delta  *completionv1.Delta
		asked  string
		silent string
	}{
		{"with text", &completionv1.Delta{Content: "a", Pets: pets()}, `{"content":"a","pets":` + petsJSON + `}`, `{"content":"a"}`},
		{"alone", &completionv1.Delta{Pets: pets()}, `{"pets":` + petsJSON + `}`, `{}`},
		{"questions", &completionv1.Delta{Content: "a", RelatedQuestions: []string{`W"hy?`, "How?"}}, `{"content":"a","related_questions":["W\"hy?","How?"]}`, `{"content":"a"}`},
		{"none", &completionv1.Delta{Content: "a"}, `{"content":"a"}`, `{"content":"a"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, asks := range []bool{true, false} {
				want := test.silent
				if asks {
					want = test.asked
				}
				c := chat.NewChunkEncoder(metadata(&completionv1.StreamOptions{IncludeEvents: asks}))
				_, got, _ := strings.Cut(encode(t, c, deltaEvent(test.delta)), `"delta":`)
				if diff := cmp.Diff(want+`,"logprobs":null,"finish_reason":null}]}`, got); diff != "" {
					t.Errorf("asked for: %v (-want +got)\n%s", asks, diff)
				}
			}
		})
	}
}

// TestChunks encodes the members of a chunk outside of its choices.
func TestChunks(t *testing.T) {
	bare := &completionv1.CompletionMetadata{Id: "c", Model: "m"}
	for _, test := range []struct {
		name  string
		event *completionv1.CompletionEvent
		want  string
	}{
		{
			"without tier and fingerprint", finishEvent(0, completionv1.FinishReason_FINISH_REASON_STOP),
			`{"id":"c","object":"chat.completion.chunk","created":0,"model":"m","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}`,
		},
		{
			"usage", &completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Usage{Usage: usage()}},
			`{"id":"c","object":"chat.completion.chunk","created":0,"model":"m","choices":[],"usage":` + usageJSON + `}`,
		},
		{
			"estimated usage, and its price", &completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Usage{Usage: &completionv1.Usage{Estimated: true, CostUsd: new(0.0000123)}}},
			`{"id":"c","object":"chat.completion.chunk","created":0,"model":"m","choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0,` +
				`"total_tokens":0,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,` +
				`"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0},"cost_usd":0.0000123,"estimated":true}}`,
		},
		{
			"error", &completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Error{Error: &completionv1.Error{
				Code: 14, Reason: "UPSTREAM_ERROR", Message: "The model failed.",
			}}},
			`{"error":{"message":"The model failed.","type":"server_error","param":null,"code":"upstream_error"}}`,
		},
		{"done", &completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Done{}}, `[DONE]`},
		{
			"progress", progressEvent(&completionv1.Progress{
				Stage: completionv1.Progress_STAGE_RETRIEVAL, Fraction: new(0.5), QueuePosition: new(int32(0)),
			}),
			`{"object":"chat.completion.progress","id":"c","stage":"retrieval","fraction":0.5,"queue_position":0}`,
		},
		{"progress of nothing", progressEvent(&completionv1.Progress{Fraction: new(math.NaN())}), `{"object":"chat.completion.progress","id":"c"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, encode(t, chat.NewChunkEncoder(bare), test.event)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

const usageJSON = `{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,` +
	`"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":5},` +
	`"completion_tokens_details":{"reasoning_tokens":6,"audio_tokens":7,"accepted_prediction_tokens":8,"rejected_prediction_tokens":9}}`

func usage() *completionv1.Usage {
	return &completionv1.Usage{
		PromptTokens: 1, CompletionTokens: 2, TotalTokens: 3,
		PromptTokensDetails: &completionv1.PromptTokensDetails{CachedTokens: 4, AudioTokens: 5},
		CompletionTokensDetails: &completionv1.CompletionTokensDetails{
			ReasoningTokens: 6, AudioTokens: 7, AcceptedPredictionTokens: 8, RejectedPredictionTokens: 9,
		},
	}
}

func TestUnknownEvent(t *testing.T) {
	got, err := chat.NewChunkEncoder(nil).Append([]byte("x"), &completionv1.CompletionEvent{})
	if !errors.Is(err, chat.ErrUnknownEvent) || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	for _, test := range []struct {
		name    string
		options *completionv1.StreamOptions
		event   *completionv1.CompletionEvent
	}{
		{"short text", nil, deltaEvent(&completionv1.Delta{Content: " dog"})},
		{"long text", nil, deltaEvent(&completionv1.Delta{Content: strings.Repeat("Who's a \"good\" dog?\n", 100)})},
		{"with usage", &completionv1.StreamOptions{IncludeUsage: true}, deltaEvent(&completionv1.Delta{Content: " dog"})},
		{"padded", &completionv1.StreamOptions{IncludeObfuscation: true}, deltaEvent(&completionv1.Delta{Content: " dog"})},
		{"finish", nil, finishEvent(0, completionv1.FinishReason_FINISH_REASON_STOP)},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := chat.NewChunkEncoder(metadata(test.options))
			dst := make([]byte, 0, 8192)
			if n := testing.AllocsPerRun(100, func() { dst, _ = c.Append(dst[:0], test.event) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}
