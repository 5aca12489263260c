package wire

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

const fullRequest = `{
	"model": "m", "maxCompletionTokens": 5, "maxTokens": 6, "n": 2, "stop": ["a", "b"], "seed": "7",
	"temperature": 0.5, "topP": 0.25, "frequencyPenalty": 1, "presencePenalty": -1, "logitBias": {"42": -100},
	"logprobs": true, "topLogprobs": 3, "parallelToolCalls": false, "toolChoice": {"functionName": "f"},
	"tools": [{"function": {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": true}}],
	"responseFormat": {"jsonSchema": {"name": "s", "description": "d", "schema": {"type": "object"}, "strict": false}},
	"modalities": ["MODALITY_TEXT"], "reasoningEffort": "REASONING_EFFORT_LOW", "verbosity": "VERBOSITY_HIGH",
	"prediction": "p", "serviceTier": "auto", "store": true, "metadata": {"k": "v"},
	"onDisconnect": "ON_DISCONNECT_CANCEL", "user": "u", "safetyIdentifier": "s", "promptCacheKey": "c",
	"streamOptions": {"includeUsage": true, "includeObfuscation": true, "includeEvents": true},
	"messages": [
		{"role": "ROLE_SYSTEM", "text": "be kind"},
		{"role": "ROLE_USER", "name": "Ann", "parts": {"parts": [
			{"text": "t"}, {"imageUrl": {"url": "https://x/y", "detail": "low"}},
			{"inputAudio": {"data": "AA==", "format": "wav"}}, {"file": {"fileId": "i", "fileData": "d", "filename": "n"}}]}},
		{"role": "ROLE_ASSISTANT", "refusal": "no", "reasoning": "hm", "parts": {"parts": [{"refusal": "r"}]},
			"toolCalls": [{"id": "c1", "function": {"name": "f", "arguments": "{}"}}]},
		{"role": "ROLE_TOOL", "toolCallId": "c1", "text": ""}
	]
}`

func TestRequestKeepsEveryField(t *testing.T) {
	params := &completionv1.CompletionParams{}
	if err := protojson.Unmarshal([]byte(fullRequest), params); err != nil {
		t.Fatal(err)
	}
	want := &chat.Request{
		Model: "m", MaxCompletionTokens: new(5), MaxTokens: new(6), N: new(2), Stop: []string{"a", "b"}, Seed: new(int64(7)),
		Temperature: new(0.5), TopP: new(0.25), FrequencyPenalty: new(1.0), PresencePenalty: new(-1.0), LogitBias: map[int]float64{42: -100},
		Logprobs: true, TopLogprobs: new(3), ParallelToolCalls: new(false), ToolChoice: &chat.ToolChoice{Function: "f"},
		Tools: []chat.Tool{{Name: "f", Description: "d", Parameters: map[string]any{"type": "object"}, Strict: new(true)}},
		ResponseFormat: &chat.ResponseFormat{
			Kind: chat.FormatJSONSchema, Name: "s", Description: "d", Schema: map[string]any{"type": "object"}, Strict: new(false),
		},
		Modalities: []chat.Modality{chat.ModalityText}, ReasoningEffort: "low", Verbosity: chat.VerbosityHigh,
		Prediction: new("p"), ServiceTier: "auto", Store: true, Metadata: map[string]string{"k": "v"},
		OnDisconnect: chat.OnDisconnectCancel, User: "u", SafetyIdentifier: "s", PromptCacheKey: "c",
		Stream: chat.StreamOptions{IncludeUsage: true, IncludeObfuscation: true, IncludeEvents: true},
		Messages: []chat.Message{
			{Role: chat.RoleSystem, Parts: []chat.Part{{Kind: chat.PartText, Text: "be kind"}}},
			{Role: chat.RoleUser, Name: "Ann", Parts: []chat.Part{
				{Kind: chat.PartText, Text: "t"},
				{Kind: chat.PartImage, ImageURL: "https://x/y", ImageDetail: "low"},
				{Kind: chat.PartAudio, AudioData: "AA==", AudioFormat: "wav"},
				{Kind: chat.PartFile, FileID: "i", FileData: "d", Filename: "n"},
			}},
			{
				Role: chat.RoleAssistant, Refusal: "no", Reasoning: "hm", Parts: []chat.Part{{Kind: chat.PartRefusal, Text: "r"}},
				ToolCalls: []chat.ToolCall{{ID: "c1", Name: "f", Arguments: "{}"}},
			},
			{Role: chat.RoleTool, ToolCallID: "c1", Parts: []chat.Part{{Kind: chat.PartText}}},
		},
	}
	got := RequestFromProto(params)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	again, err := RequestToProto(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, RequestFromProto(again)); diff != "" {
		t.Errorf("there and back (-want +got):\n%s", diff)
	}
}

func TestAbsentFieldsStayAbsent(t *testing.T) {
	for name, params := range map[string]*completionv1.CompletionParams{"nil": nil, "empty": {}} {
		if diff := cmp.Diff(&chat.Request{}, RequestFromProto(params)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTextEventsAreEncodedWithoutAllocating(t *testing.T) {
	enc := NewEventEncoder(&chat.Meta{ID: "chatcmpl-A", Request: &chat.Request{}})
	entry := chat.Entry{Sequence: 0, Event: chat.Opening(0)}
	if m := enc.Encode(&entry).GetMetadata(); m.GetId() != "chatcmpl-A" {
		t.Fatalf("metadata of the first message = %v", m)
	}
	entry = chat.Entry{Sequence: 1, Event: chat.Text(0, "word")}
	allocs := testing.AllocsPerRun(100, func() {
		if e := enc.Encode(&entry); e.GetDelta().GetContent() != "word" || e.GetMetadata() != nil {
			t.Errorf("event = %v", e)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations per event, want 0", allocs)
	}
}
