package chat

import (
	"crypto/sha256"
	"encoding/json"
)

// LegacyHash returns the hash by which versions without digests tell requests apart (decision 34). It keeps
// idempotency keys valid while a deploy replaces such a version: completions that this version admits have the old
// hash too, and those that the old version admitted are compared by it.
func (r *Request) LegacyHash() [sha256.Size]byte {
	text, err := json.Marshal(legacyOf(r))
	if err != nil {
		return r.Digest // those versions refuse a number that JSON cannot represent
	}
	return sha256.Sum256(text)
}

// AsksFor reports whether r asks for the same as the completion's request.
func (m *Meta) AsksFor(r *Request) bool {
	switch {
	case m.Model != r.Model:
		return false
	case m.LegacyHash != [sha256.Size]byte{}:
		return m.LegacyHash == r.LegacyHash()
	}
	return m.RequestHash == r.Digest
}

// A legacyRequest is a request as those versions know it. They hash its JSON, so its names and their order must not change.
type legacyRequest struct {
	Model    string
	Messages []legacyMessage
	legacySampling
	Tools             []legacyTool
	ToolChoice        *ToolChoice
	ParallelToolCalls *bool
	legacyAnswer
	legacyKept
}

type legacySampling struct {
	MaxCompletionTokens, MaxTokens, N *int

	Stop                              []string
	Seed                              *int64
	Temperature, TopP                 *float64
	FrequencyPenalty, PresencePenalty *float64
	LogitBias                         map[int]float64
	Logprobs                          bool
	TopLogprobs                       *int
}

type legacyAnswer struct {
	ResponseFormat  *ResponseFormat
	Modalities      []Modality
	ReasoningEffort ReasoningEffort
	Verbosity       Verbosity
	Prediction      *string
	ServiceTier     string
}

type legacyKept struct {
	Store        bool
	Metadata     map[string]string
	OnDisconnect OnDisconnect
	Stream       StreamOptions

	User, SafetyIdentifier, PromptCacheKey string
}

type legacyMessage struct {
	Role                           Role
	Parts                          []legacyPart
	Name                           string
	ToolCalls                      []legacyCall
	ToolCallID, Refusal, Reasoning string
}

type legacyPart struct {
	Kind                                                                            PartKind
	Text, ImageURL, ImageDetail, AudioData, AudioFormat, FileID, FileData, Filename string
}

type legacyCall struct{ ID, Name, Arguments string }

type legacyTool struct {
	Name, Description string
	Parameters        map[string]any
	Strict            *bool
}

func legacyOf(r *Request) *legacyRequest {
	old := &legacyRequest{
		Model: r.Model, ToolChoice: r.ToolChoice, ParallelToolCalls: r.ParallelToolCalls,
		legacySampling: legacySampling{
			MaxCompletionTokens: r.MaxCompletionTokens, MaxTokens: r.MaxTokens, N: r.N, Stop: r.Stop, Seed: r.Seed,
			Temperature: r.Temperature, TopP: r.TopP, FrequencyPenalty: r.FrequencyPenalty, PresencePenalty: r.PresencePenalty,
			LogitBias: r.LogitBias, Logprobs: r.Logprobs, TopLogprobs: r.TopLogprobs,
		},
		legacyAnswer: legacyAnswer{
			ResponseFormat: r.ResponseFormat, Modalities: r.Modalities, ReasoningEffort: r.ReasoningEffort,
			Verbosity: r.Verbosity, Prediction: r.Prediction, ServiceTier: r.ServiceTier,
		},
		legacyKept: legacyKept{
			Store: r.Store, Metadata: r.Metadata, OnDisconnect: r.OnDisconnect, Stream: r.Stream,
			User: r.User, SafetyIdentifier: r.SafetyIdentifier, PromptCacheKey: r.PromptCacheKey,
		},
	}
	old.Stream.IncludeEvents = false // a digest leaves it out too
	for i := range r.Messages {
		old.Messages = append(old.Messages, legacyMessageOf(&r.Messages[i]))
	}
	for _, t := range r.Tools {
		old.Tools = append(old.Tools, legacyTool{t.Name, t.Description, t.Parameters, t.Strict})
	}
	return old
}

func legacyMessageOf(m *Message) legacyMessage {
	old := legacyMessage{Role: m.Role, Name: m.Name, ToolCallID: m.ToolCallID, Refusal: m.Refusal, Reasoning: m.Reasoning}
	for _, p := range m.Parts {
		old.Parts = append(old.Parts, legacyPart{p.Kind, p.Text, p.ImageURL, p.ImageDetail, p.AudioData, p.AudioFormat, p.FileID, p.FileData, p.Filename})
	}
	for _, c := range m.ToolCalls {
		old.ToolCalls = append(old.ToolCalls, legacyCall{c.ID, c.Name, c.Arguments})
	}
	return old
}
