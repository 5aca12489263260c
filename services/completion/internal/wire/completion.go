package wire

import (
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Completion returns c as the contract shows it.
func Completion(c *chat.Completion) *completionv1.Completion {
	out := &completionv1.Completion{
		Id:                c.Meta.ID,
		Created:           c.Meta.Created.Unix(),
		Model:             c.Meta.Model,
		SystemFingerprint: c.Meta.Fingerprint,
		ServiceTier:       c.Meta.ServiceTier,
		Status:            toProto(statuses(), c.Status),
		Usage:             ProtoUsage(c.Usage),
		Metadata:          c.Meta.Metadata,
		Error:             Error(c.Err),
	}
	for i := range c.Choices {
		out.Choices = append(out.Choices, choice(i, &c.Choices[i]))
	}
	return out
}

func choice(index int, c *chat.Choice) *completionv1.Choice {
	m := &completionv1.ChatMessage{Role: completionv1.Role_ROLE_ASSISTANT, Refusal: c.Refusal, Reasoning: c.Reasoning}
	// An answer that is nothing but tool calls or a refusal has no content, as opposed to an empty one.
	if c.Content != "" || len(c.ToolCalls) == 0 && c.Refusal == "" {
		m.Content = &completionv1.ChatMessage_Text{Text: c.Content}
	}
	m.ToolCalls = toolCalls(c.ToolCalls)
	return &completionv1.Choice{
		Index:        int32(index), //nolint:gosec // below 128
		Message:      m,
		FinishReason: toProto(finishReasons(), c.Reason),
		Logprobs:     logprobs(c.Logprobs),
		Pets:         pets(c.Pets),
	}
}

func toolCalls(calls []chat.ToolCall) []*completionv1.ToolCall {
	var out []*completionv1.ToolCall
	for _, c := range calls {
		out = append(out, &completionv1.ToolCall{Id: c.ID, Kind: &completionv1.ToolCall_Function{
			Function: &completionv1.FunctionCall{Name: c.Name, Arguments: c.Arguments},
		}})
	}
	return out
}

// StoredMessage returns a message of a conversation as the contract shows it.
func StoredMessage(m chat.StoredMessage) *completionv1.StoredMessage {
	return &completionv1.StoredMessage{Id: m.ID, Message: protoMessage(m.Message)}
}

// protoMessage is the inverse of message: content of one text part becomes a string.
func protoMessage(m *chat.Message) *completionv1.ChatMessage {
	out := &completionv1.ChatMessage{
		Role:       toProto(roles(), m.Role),
		Name:       m.Name,
		ToolCalls:  toolCalls(m.ToolCalls),
		ToolCallId: m.ToolCallID,
		Refusal:    m.Refusal,
		Reasoning:  m.Reasoning,
	}
	switch {
	case len(m.Parts) == 1 && m.Parts[0].Kind == chat.PartText:
		out.Content = &completionv1.ChatMessage_Text{Text: m.Parts[0].Text}
	case len(m.Parts) > 0:
		parts := &completionv1.ContentParts{}
		for i := range m.Parts {
			parts.Parts = append(parts.Parts, protoPart(&m.Parts[i]))
		}
		out.Content = &completionv1.ChatMessage_Parts{Parts: parts}
	}
	return out
}

func protoPart(p *chat.Part) *completionv1.ContentPart {
	out := &completionv1.ContentPart{}
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

// Model returns m as the contract shows it.
func Model(m *chat.Model) *completionv1.Model {
	return &completionv1.Model{
		Id:            m.ID,
		Created:       m.Created.Unix(),
		OwnedBy:       m.OwnedBy,
		ContextWindow: int32(m.ContextWindow), //nolint:gosec // tokens
		Aliases:       m.Aliases,
		Capabilities:  capabilities(&m.Capabilities, chat.Used),
		Ignores:       capabilities(&m.Capabilities, chat.Ignored),
	}
}

// capabilities returns the features of which a model makes just that.
func capabilities(c *chat.Capabilities, s chat.Support) *completionv1.Capabilities {
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
