package wire

import (
	"google.golang.org/protobuf/types/known/structpb"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Params is the inverse of [Request]. The error tells of a JSON schema that the
// contract cannot hold; a request that came over the contract has none.
func Params(r *chat.Request) (*completionv1.CompletionParams, error) {
	p := &completionv1.CompletionParams{
		Model:               r.Model,
		MaxCompletionTokens: int32Of(r.MaxCompletionTokens),
		MaxTokens:           int32Of(r.MaxTokens),
		N:                   int32Of(r.N),
		Stop:                r.Stop,
		Seed:                r.Seed,
		Temperature:         r.Temperature,
		TopP:                r.TopP,
		FrequencyPenalty:    r.FrequencyPenalty,
		PresencePenalty:     r.PresencePenalty,
		TopLogprobs:         int32Of(r.TopLogprobs),
		ToolChoice:          protoToolChoice(r.ToolChoice),
		ParallelToolCalls:   r.ParallelToolCalls,
		ReasoningEffort:     toProto(efforts(), r.ReasoningEffort),
		Verbosity:           toProto(verbosities(), r.Verbosity),
		Prediction:          r.Prediction,
		ServiceTier:         r.ServiceTier,
		Store:               r.Store,
		Metadata:            r.Metadata,
		OnDisconnect:        toProto(policies(), r.OnDisconnect),
		StreamOptions:       protoStreamOptions(r.Stream),
		User:                r.User,
		SafetyIdentifier:    r.SafetyIdentifier,
		PromptCacheKey:      r.PromptCacheKey,
	}
	if r.Logprobs {
		p.Logprobs = &r.Logprobs
	}
	for i := range r.Messages {
		p.Messages = append(p.Messages, protoMessage(&r.Messages[i]))
	}
	for _, m := range r.Modalities {
		p.Modalities = append(p.Modalities, toProto(modalities(), m))
	}
	if len(r.LogitBias) > 0 {
		p.LogitBias = make(map[int32]float64, len(r.LogitBias))
		for token, bias := range r.LogitBias {
			p.LogitBias[int32(token)] = bias //nolint:gosec // a token id
		}
	}
	return p, addSchemas(p, r)
}

// addSchemas adds what holds a JSON schema.
func addSchemas(p *completionv1.CompletionParams, r *chat.Request) error {
	for i := range r.Tools {
		t, err := protoTool(&r.Tools[i])
		if err != nil {
			return err
		}
		p.Tools = append(p.Tools, t)
	}
	var err error
	p.ResponseFormat, err = protoFormat(r.ResponseFormat)
	return err
}

func int32Of(n *int) *int32 {
	if n == nil {
		return nil
	}
	v := int32(*n) //nolint:gosec // validated
	return &v
}

func protoStreamOptions(o chat.StreamOptions) *completionv1.StreamOptions {
	return &completionv1.StreamOptions{
		IncludeUsage: o.IncludeUsage, IncludeObfuscation: o.IncludeObfuscation, IncludeEvents: o.IncludeEvents,
	}
}

func protoTool(t *chat.Tool) (*completionv1.Tool, error) {
	parameters, err := protoSchema(t.Parameters)
	return &completionv1.Tool{Kind: &completionv1.Tool_Function{Function: &completionv1.FunctionTool{
		Name: t.Name, Description: t.Description, Parameters: parameters, Strict: t.Strict,
	}}}, err
}

func protoSchema(schema map[string]any) (*structpb.Struct, error) {
	if schema == nil {
		return nil, nil //nolint:nilnil // absent stays absent
	}
	return structpb.NewStruct(schema)
}

func protoToolChoice(c *chat.ToolChoice) *completionv1.ToolChoice {
	switch {
	case c == nil:
		return nil
	case c.Mode != "":
		return &completionv1.ToolChoice{Choice: &completionv1.ToolChoice_Mode{Mode: toProto(toolModes(), c.Mode)}}
	}
	return &completionv1.ToolChoice{Choice: &completionv1.ToolChoice_FunctionName{FunctionName: c.Function}}
}

func protoFormat(f *chat.ResponseFormat) (*completionv1.ResponseFormat, error) {
	if f == nil {
		return nil, nil //nolint:nilnil // absent stays absent
	}
	switch f.Kind {
	case chat.FormatText:
		return &completionv1.ResponseFormat{Format: &completionv1.ResponseFormat_Text{Text: &completionv1.TextFormat{}}}, nil
	case chat.FormatJSONObject:
		return &completionv1.ResponseFormat{Format: &completionv1.ResponseFormat_JsonObject{JsonObject: &completionv1.JsonObjectFormat{}}}, nil
	case chat.FormatJSONSchema:
	}
	schema, err := protoSchema(f.Schema)
	return &completionv1.ResponseFormat{Format: &completionv1.ResponseFormat_JsonSchema{JsonSchema: &completionv1.JsonSchemaFormat{
		Name: f.Name, Description: f.Description, Schema: schema, Strict: f.Strict,
	}}}, err
}
