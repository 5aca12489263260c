package wire

import (
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// CompletionToProto returns c in the contract.
func CompletionToProto(c *chat.Completion) *completionv1.Completion {
	out := &completionv1.Completion{
		Id:                c.Meta.ID,
		Created:           c.Meta.Created.Unix(),
		Model:             c.Meta.Model,
		SystemFingerprint: c.Meta.Fingerprint,
		ServiceTier:       c.Meta.ServiceTier,
		Status:            toEnum[completionv1.CompletionStatus](c.Status),
		Usage:             UsageToProto(c.Usage),
		Metadata:          c.Meta.Metadata,
		Error:             ErrorToProto(c.Err),
		FunctionCalls:     c.Meta.Request != nil && c.Meta.Request.FunctionCalls,
	}
	for i := range c.Choices {
		out.Choices = append(out.Choices, choiceToProto(i, &c.Choices[i]))
	}
	return out
}

func choiceToProto(index int, c *chat.Choice) *completionv1.Choice {
	m := &completionv1.ChatMessage{
		Role: completionv1.Role_ROLE_ASSISTANT, Refusal: c.Refusal, Reasoning: c.Reasoning, EncryptedReasoning: c.EncryptedReasoning, More: c.More,
	}
	// An answer with only tool calls or a refusal has no content, rather than an empty one.
	if c.Content != "" || !c.NoContent && len(c.ToolCalls) == 0 && c.Refusal == "" {
		m.Content = &completionv1.ChatMessage_Text{Text: c.Content}
	}
	m.ToolCalls = toolCallsToProto(c.ToolCalls)
	return &completionv1.Choice{
		Index:        int32(index), //nolint:gosec // below 128
		Message:      m,
		FinishReason: toEnum[completionv1.FinishReason](c.Reason),
		Logprobs:     logprobsToProto(c.Logprobs),
		Pets:         petsToProto(c.Pets), RelatedQuestions: c.RelatedQuestions,
	}
}

func toolCallsToProto(calls []chat.ToolCall) []*completionv1.ToolCall {
	var out []*completionv1.ToolCall
	for _, c := range calls {
		out = append(out, &completionv1.ToolCall{Id: c.ID, More: c.More, Kind: &completionv1.ToolCall_Function{
			Function: &completionv1.FunctionCall{Name: c.Name, Arguments: c.Arguments},
		}})
	}
	return out
}

// StoredMessageToProto returns a message of a conversation in the contract.
func StoredMessageToProto(m chat.StoredMessage) *completionv1.StoredMessage {
	return &completionv1.StoredMessage{Id: m.ID, Message: messageToProto(m.Message)}
}

// messageToProto is the inverse of messageFromProto: content of one text part becomes a string.
func messageToProto(m *chat.Message) *completionv1.ChatMessage {
	out := &completionv1.ChatMessage{
		Role:       toEnum[completionv1.Role](m.Role),
		Name:       m.Name,
		ToolCalls:  toolCallsToProto(m.ToolCalls),
		ToolCallId: m.ToolCallID,
		Refusal:    m.Refusal,
		Reasoning:  m.Reasoning,

		EncryptedReasoning: m.EncryptedReasoning,

		More: m.More,
	}
	for _, p := range m.Pieces {
		out.AnswerPieces = append(out.AnswerPieces, &completionv1.AnswerPiece{
			CompletionId: p.CompletionID, Kind: toEnum[completionv1.AnswerPiece_Kind](p.Kind), Index: int32(p.Index), //nolint:gosec // small
		})
	}
	switch {
	case len(m.Parts) == 1 && m.Parts[0].Kind == chat.PartText && m.Parts[0].More == "":
		out.Content = &completionv1.ChatMessage_Text{Text: m.Parts[0].Text}
	case len(m.Parts) > 0:
		parts := &completionv1.ContentParts{}
		for i := range m.Parts {
			parts.Parts = append(parts.Parts, partToProto(&m.Parts[i]))
		}
		out.Content = &completionv1.ChatMessage_Parts{Parts: parts}
	}
	return out
}

func partToProto(p *chat.Part) *completionv1.ContentPart {
	out := &completionv1.ContentPart{More: p.More}
	switch p.Kind {
	case chat.PartText:
		out.Part = &completionv1.ContentPart_Text{Text: p.Text}
	case chat.PartRefusal:
		out.Part = &completionv1.ContentPart_Refusal{Refusal: p.Text}
	case chat.PartImage:
		out.Part = &completionv1.ContentPart_ImageUrl{ImageUrl: &completionv1.ImageUrl{Url: p.ImageURL, Detail: p.ImageDetail}}
	case chat.PartAudio:
		out.Part = &completionv1.ContentPart_InputAudio{InputAudio: &completionv1.InputAudio{Data: p.AudioData, Format: p.AudioFormat}}
	case chat.PartFile:
		out.Part = &completionv1.ContentPart_File{File: &completionv1.InputFile{
			FileId: p.FileID, FileData: p.FileData, Filename: p.Filename,
		}}
	}
	return out
}

// ModelToProto returns m in the contract.
func ModelToProto(m *chat.Model) *completionv1.Model {
	return &completionv1.Model{
		Id:            m.ID,
		Created:       m.Created.Unix(),
		OwnedBy:       m.OwnedBy,
		ContextWindow: int32(m.ContextWindow), //nolint:gosec // tokens
		Aliases:       m.Aliases,
		Capabilities:  capabilitiesToProto(&m.Capabilities, chat.Used),
		Ignores:       capabilitiesToProto(&m.Capabilities, chat.Ignored),
	}
}

// capabilitiesToProto returns the features for which a model has exactly the given support.
func capabilitiesToProto(c *chat.Capabilities, s chat.Support) *completionv1.Capabilities {
	return &completionv1.Capabilities{
		Tools:      c.Tools == s,
		Logprobs:   c.Logprobs == s,
		JsonOutput: c.JSONOutput == s,
		Images:     c.Images == s,
		Audio:      c.Audio == s,
		Files:      c.Files == s,
		Reasoning:  c.Reasoning == s,
		LogitBias:  c.LogitBias == s,
		Prediction: c.Prediction == s,
	}
}
