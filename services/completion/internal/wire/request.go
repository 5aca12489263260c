package wire

import (
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Request returns the request that p asks for; nil asks for nothing, which the
// domain refuses.
func Request(p *completionv1.CompletionParams) *chat.Request {
	r := &chat.Request{
		Model:               p.GetModel(),
		MaxCompletionTokens: number(p.GetMaxCompletionTokens, p != nil && p.MaxCompletionTokens != nil),
		MaxTokens:           number(p.GetMaxTokens, p != nil && p.MaxTokens != nil),
		N:                   number(p.GetN, p != nil && p.N != nil),
		Stop:                p.GetStop(),
		Logprobs:            p.GetLogprobs(),
		TopLogprobs:         number(p.GetTopLogprobs, p != nil && p.TopLogprobs != nil),
		ToolChoice:          toolChoice(p.GetToolChoice()),
		ResponseFormat:      responseFormat(p.GetResponseFormat()),
		ReasoningEffort:     toDomain(efforts(), p.GetReasoningEffort()),
		Verbosity:           toDomain(verbosities(), p.GetVerbosity()),
		ServiceTier:         p.GetServiceTier(),
		Store:               p.GetStore(),
		Metadata:            p.GetMetadata(),
		OnDisconnect:        toDomain(policies(), p.GetOnDisconnect()),
		Stream:              streamOptions(p.GetStreamOptions()),
		User:                p.GetUser(),
		SafetyIdentifier:    p.GetSafetyIdentifier(),
		PromptCacheKey:      p.GetPromptCacheKey(),
	}
	if p == nil {
		return r
	}
	r.Seed, r.Temperature, r.TopP = p.Seed, p.Temperature, p.TopP
	r.FrequencyPenalty, r.PresencePenalty = p.FrequencyPenalty, p.PresencePenalty
	r.ParallelToolCalls, r.Prediction = p.ParallelToolCalls, p.Prediction
	for _, m := range p.GetMessages() {
		r.Messages = append(r.Messages, message(m))
	}
	for _, t := range p.GetTools() {
		r.Tools = append(r.Tools, tool(t))
	}
	for _, m := range p.GetModalities() {
		r.Modalities = append(r.Modalities, toDomain(modalities(), m))
	}
	if len(p.GetLogitBias()) > 0 {
		r.LogitBias = make(map[int]float64, len(p.GetLogitBias()))
		for token, bias := range p.GetLogitBias() {
			r.LogitBias[int(token)] = bias
		}
	}
	return r
}

// number returns a field's value, nil where it is absent.
func number(get func() int32, present bool) *int {
	if !present {
		return nil
	}
	n := int(get())
	return &n
}

func streamOptions(o *completionv1.StreamOptions) chat.StreamOptions {
	return chat.StreamOptions{
		IncludeUsage:       o.GetIncludeUsage(),
		IncludeObfuscation: o.GetIncludeObfuscation(),
		IncludeEvents:      o.GetIncludeEvents(),
	}
}

func message(m *completionv1.ChatMessage) chat.Message {
	out := chat.Message{
		Role:       toDomain(roles(), m.GetRole()),
		Name:       m.GetName(),
		ToolCallID: m.GetToolCallId(),
		Refusal:    m.GetRefusal(),
		Reasoning:  m.GetReasoning(),
	}
	switch content := m.GetContent().(type) {
	case *completionv1.ChatMessage_Text:
		out.Parts = []chat.Part{{Kind: chat.PartText, Text: content.Text}}
	case *completionv1.ChatMessage_Parts:
		out.Parts = make([]chat.Part, 0, len(content.Parts.GetParts()))
		for _, p := range content.Parts.GetParts() {
			out.Parts = append(out.Parts, part(p))
		}
	}
	for _, c := range m.GetToolCalls() {
		out.ToolCalls = append(out.ToolCalls, chat.ToolCall{
			ID: c.GetId(), Name: c.GetFunction().GetName(), Arguments: c.GetFunction().GetArguments(),
		})
	}
	return out
}

func part(p *completionv1.ContentPart) chat.Part {
	switch v := p.GetPart().(type) {
	case *completionv1.ContentPart_Text:
		return chat.Part{Kind: chat.PartText, Text: v.Text}
	case *completionv1.ContentPart_Refusal:
		return chat.Part{Kind: chat.PartRefusal, Text: v.Refusal}
	case *completionv1.ContentPart_ImageUrl:
		return chat.Part{Kind: chat.PartImage, ImageURL: v.ImageUrl.GetUrl(), ImageDetail: v.ImageUrl.GetDetail()}
	case *completionv1.ContentPart_InputAudio:
		return chat.Part{Kind: chat.PartAudio, AudioData: v.InputAudio.GetData(), AudioFormat: v.InputAudio.GetFormat()}
	case *completionv1.ContentPart_File:
		return chat.Part{
			Kind: chat.PartFile, FileID: v.File.GetFileId(), FileData: v.File.GetFileData(), Filename: v.File.GetFilename(),
		}
	}
	return chat.Part{}
}

func tool(t *completionv1.Tool) chat.Tool {
	f := t.GetFunction()
	out := chat.Tool{Name: f.GetName(), Description: f.GetDescription()}
	if f != nil {
		out.Strict = f.Strict
	}
	if f.GetParameters() != nil {
		out.Parameters = f.GetParameters().AsMap()
	}
	return out
}

func toolChoice(c *completionv1.ToolChoice) *chat.ToolChoice {
	switch v := c.GetChoice().(type) {
	case *completionv1.ToolChoice_Mode:
		return &chat.ToolChoice{Mode: toDomain(toolModes(), v.Mode)}
	case *completionv1.ToolChoice_FunctionName:
		return &chat.ToolChoice{Function: v.FunctionName}
	}
	return nil
}

func responseFormat(f *completionv1.ResponseFormat) *chat.ResponseFormat {
	switch v := f.GetFormat().(type) {
	case *completionv1.ResponseFormat_Text:
		return &chat.ResponseFormat{Kind: chat.FormatText}
	case *completionv1.ResponseFormat_JsonObject:
		return &chat.ResponseFormat{Kind: chat.FormatJSONObject}
	case *completionv1.ResponseFormat_JsonSchema:
		s := v.JsonSchema
		out := &chat.ResponseFormat{Kind: chat.FormatJSONSchema, Name: s.GetName(), Description: s.GetDescription()}
		if s != nil {
			out.Strict = s.Strict
		}
		if s.GetSchema() != nil {
			out.Schema = s.GetSchema().AsMap()
		}
		return out
	}
	return nil
}
