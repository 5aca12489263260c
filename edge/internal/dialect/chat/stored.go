package chat

import (
	"github.com/go-json-experiment/json/jsontext"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

// A StoredMessage is a message of a stored completion. Either Content or ContentParts is set, in the form that
// the client sent; the other one is null.
type StoredMessage struct {
	ID               string     `json:"id"`
	Role             string     `json:"role"`
	Content          *string    `json:"content"`
	ContentParts     *[]any     `json:"content_parts"`
	Name             *string    `json:"name"`
	Refusal          *string    `json:"refusal"`
	ReasoningContent string     `json:"reasoning_content,omitempty"`
	ToolCalls        []ToolCall `json:"tool_calls,omitempty"`
	ToolCallID       string     `json:"tool_call_id,omitempty"`

	More jsontext.Value `json:",embed"`
}

// A TextPart is text within a message; Type is "text".
type TextPart struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// A RefusalPart is a refusal within a message; Type is "refusal".
type RefusalPart struct {
	Type    string `json:"type"`
	Refusal string `json:"refusal"`
}

// An ImagePart is an image within a message; Type is "image_url".
type ImagePart struct {
	Type     string   `json:"type"`
	ImageURL ImageURL `json:"image_url"`
}

// An ImageURL is an image by address.
type ImageURL struct {
	URL    string `json:"url"`
	Detail string `json:"detail,omitempty"`
}

// An AudioPart is a recording within a message; Type is "input_audio".
type AudioPart struct {
	Type       string     `json:"type"`
	InputAudio InputAudio `json:"input_audio"`
}

// An InputAudio is a recording in Base64.
type InputAudio struct {
	Data   string `json:"data"`
	Format string `json:"format"`
}

// A FilePart is a file within a message; Type is "file".
type FilePart struct {
	Type string `json:"type"`
	File File   `json:"file"`
}

// A File is a file by its id, or its content in Base64.
type File struct {
	FileID   string `json:"file_id,omitempty"`
	FileData string `json:"file_data,omitempty"`
	Filename string `json:"filename,omitempty"`
}

func newStoredMessage(s *completionv1.StoredMessage) *StoredMessage {
	m := s.GetMessage()
	out := &StoredMessage{
		ID:               s.GetId(),
		Role:             protoname.Of(m.GetRole()),
		Name:             nullable(m.GetName()),
		Refusal:          nullable(m.GetRefusal()),
		ReasoningContent: m.GetReasoning(),
		ToolCalls:        newToolCalls(m.GetToolCalls()),
		ToolCallID:       m.GetToolCallId(),
		More:             moreMembers(m.GetMore(), storedMembers),
	}
	switch content := m.GetContent().(type) {
	case *completionv1.ChatMessage_Text:
		out.Content = &content.Text
	case *completionv1.ChatMessage_Parts:
		parts := make([]any, 0, len(content.Parts.GetParts()))
		for _, p := range content.Parts.GetParts() {
			parts = append(parts, newPart(p))
		}
		out.ContentParts = &parts
	}
	return out
}

// newPart returns the public form of a part, or nil if its kind is unknown.
func newPart(p *completionv1.ContentPart) any {
	switch part := p.GetPart().(type) {
	case *completionv1.ContentPart_Text:
		return TextPart{Type: "text", Text: part.Text}
	case *completionv1.ContentPart_Refusal:
		return RefusalPart{Type: "refusal", Refusal: part.Refusal}
	case *completionv1.ContentPart_ImageUrl:
		return ImagePart{Type: "image_url", ImageURL: ImageURL{URL: part.ImageUrl.GetUrl(), Detail: part.ImageUrl.GetDetail()}}
	case *completionv1.ContentPart_InputAudio:
		return AudioPart{Type: "input_audio", InputAudio: InputAudio{Data: part.InputAudio.GetData(), Format: part.InputAudio.GetFormat()}}
	case *completionv1.ContentPart_File:
		return FilePart{Type: "file", File: File{
			FileID: part.File.GetFileId(), FileData: part.File.GetFileData(), Filename: part.File.GetFilename(),
		}}
	}
	return nil
}
