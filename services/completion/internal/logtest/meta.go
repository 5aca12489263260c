package logtest

import (
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// withID gives a meta the id and principal of another.
func withID(other *chat.Meta) func(*chat.Meta) {
	return func(m *chat.Meta) { m.ID, m.Principal = other.ID, other.Principal }
}

// fullMeta returns a meta that uses every field.
func fullMeta(options ...func(*chat.Meta)) *chat.Meta {
	m := newMeta()
	m.Fingerprint = "fp_1"
	m.ServiceTier = "default"
	m.Request = fullRequest()
	m.Metadata = map[string]string{"species": "dog", "": "empty key", "empty value": ""}
	m.IdempotencyKey = "key"
	m.RequestHash = [32]byte{0: 1, 31: 255}
	m.ObfuscationKey = []byte{0, 1, 2, 255}
	m.OnDisconnect = chat.OnDisconnectGrace
	for _, option := range options {
		option(m)
	}
	return m
}

// fullRequest returns a request that uses every field.
func fullRequest() *chat.Request {
	schema := map[string]any{
		"type":       "object",
		"properties": map[string]any{"species": map[string]any{"enum": []any{"dog", "cat", nil}}},
		"minimum":    1.5,
		"strict":     true,
	}
	return &chat.Request{
		Model:               "model",
		Messages:            fullMessages(),
		MaxCompletionTokens: new(100),
		MaxTokens:           new(100),
		N:                   new(4),
		Stop:                []string{"\n", "END"},
		Seed:                new(int64(-1) << 62),
		Temperature:         new(0.0),
		TopP:                new(0.9),
		FrequencyPenalty:    new(-2.0),
		PresencePenalty:     new(2.0),
		LogitBias:           map[int]float64{0: -100, 50256: 100},
		Logprobs:            true,
		TopLogprobs:         new(0),
		Tools: []chat.Tool{
			{Name: "find_pets", Description: "Finds pets.", Parameters: schema, Strict: new(false), More: `{"cache_control":{"type":"ephemeral"}}`},
			{Name: "list_breeds"},
		},
		ToolChoice:        &chat.ToolChoice{Function: "find_pets"},
		ParallelToolCalls: new(false),
		ResponseFormat: &chat.ResponseFormat{
			Kind: chat.FormatJSONSchema, Name: "pet", Description: "A pet.", Schema: schema, Strict: new(true),
		},
		Modalities:       []chat.Modality{chat.ModalityText},
		ReasoningEffort:  "low",
		Verbosity:        chat.VerbosityHigh,
		Prediction:       new("the answer"),
		ServiceTier:      "auto",
		Store:            true,
		Metadata:         map[string]string{"species": "dog"},
		OnDisconnect:     chat.OnDisconnectGrace,
		Stream:           chat.StreamOptions{IncludeUsage: true, IncludeObfuscation: true, IncludeEvents: true},
		User:             "user",
		SafetyIdentifier: "safe",
		PromptCacheKey:   "cache",
		FunctionCalls:    true,

		IncludeEncryptedReasoning: true,
		Truncate:                  true,

		More: `{"prompt_cache_retention":"24h"}`,
	}
}

func fullMessages() []chat.Message {
	text := func(s string) []chat.Part { return []chat.Part{{Kind: chat.PartText, Text: s}} }
	return []chat.Message{
		{Role: chat.RoleSystem, Parts: text("Be kind."), Name: "house"},
		{Role: chat.RoleDeveloper, Parts: []chat.Part{{Kind: chat.PartText, More: `{"cache_control":null}`}}},
		{Role: chat.RoleUser, Parts: []chat.Part{
			{Kind: chat.PartText, Text: "Which 🐶?"},
			{Kind: chat.PartImage, ImageURL: "https://example.org/dog.png", ImageDetail: "low"},
			{Kind: chat.PartAudio, AudioData: "AAAA", AudioFormat: "wav"},
			{Kind: chat.PartFile, FileID: "file-1", FileData: "AAAA", Filename: "dog.pdf"},
		}},
		{Role: chat.RoleAssistant, Reasoning: "why", EncryptedReasoning: []string{"gAAA=", "gBBB="}, More: `{"notes":[1]}`, ToolCalls: []chat.ToolCall{
			{ID: "call_1", Name: "find_pets", Arguments: "{", More: `{"a":1,"function":{"b":[2]}}`},
		}},
		{Role: chat.RoleTool, ToolCallID: "call_1", Parts: text("[]")},
		{Role: chat.RoleAssistant, Refusal: "no", Parts: []chat.Part{{Kind: chat.PartRefusal, Text: "no"}}},
	}
}
