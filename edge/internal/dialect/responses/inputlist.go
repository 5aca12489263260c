package responses

import (
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

// An InputItem is an item of a response's input. Members that its type does not have are absent.
type InputItem struct {
	ID        string  `json:"id"`
	Type      string  `json:"type"`
	Status    string  `json:"status"`
	Role      string  `json:"role,omitempty"`
	CallID    string  `json:"call_id,omitempty"`
	Name      string  `json:"name,omitempty"`
	Arguments *string `json:"arguments,omitzero"`
	Output    any     `json:"output,omitzero"`
	Content   []any   `json:"content,omitzero"`
	Summary   []any   `json:"summary,omitzero"`
	Encrypted string  `json:"encrypted_content,omitempty"`

	More jsontext.Value `json:",embed"`
}

// A TextPart is a part with text, or with a refusal, whose text is in another member.
type TextPart struct {
	Type    string  `json:"type"`
	Text    *string `json:"text,omitzero"`
	Refusal *string `json:"refusal,omitzero"`
}

// An ImagePart is an image.
type ImagePart struct {
	Type     string `json:"type"`
	ImageURL string `json:"image_url"`
	Detail   string `json:"detail"`
}

// An AudioPart is an audio recording.
type AudioPart struct {
	Type       string `json:"type"`
	InputAudio Audio  `json:"input_audio"`
}

// An Audio is a recording in Base64.
type Audio struct {
	Data   string `json:"data"`
	Format string `json:"format"`
}

// A FilePart is a file.
type FilePart struct {
	Type     string `json:"type"`
	FileID   string `json:"file_id,omitempty"`
	FileData string `json:"file_data,omitempty"`
	Filename string `json:"filename,omitempty"`
}

// The default and the maximum of a page's limit, in items.
const (
	usualPage = 20
	mostItems = 100
)

// An InputList is a page of items.
type InputList struct {
	Object  string       `json:"object"`
	Data    []*InputItem `json:"data"`
	FirstID *string      `json:"first_id"`
	LastID  *string      `json:"last_id"`
	HasMore bool         `json:"has_more"`
}

// NewInputList returns one page of the items of messages, which must be all messages of the input. It refuses a
// limit above 100, and a cursor that names no item.
func NewInputList(messages []*completionv1.StoredMessage, p dialect.Page) (*InputList, *failure.Error) {
	if p.Limit > mostItems {
		return nil, failure.Field(failure.CodeIntegerAboveMaxValue, "limit", fmt.Sprintf("must be at most %d", mostItems))
	}
	if p.Limit == 0 {
		p.Limit = usualPage
	}
	items := []*InputItem{}
	for _, m := range messages {
		items = append(items, newInputItems(m)...)
	}
	if !p.Ascending {
		slices.Reverse(items)
	}
	if p.After != "" {
		i := slices.IndexFunc(items, func(item *InputItem) bool { return item.ID == p.After })
		if i < 0 {
			return nil, failure.InvalidValue("after", "does not name an item of this list")
		}
		items = items[i+1:]
	}
	l := &InputList{Object: "list", Data: items[:min(p.Limit, len(items))], HasMore: len(items) > p.Limit}
	if n := len(l.Data); n > 0 {
		l.FirstID, l.LastID = &l.Data[0].ID, &l.Data[n-1].ID
	}
	return l, nil
}

// InputList implements [dialect.Folding].
func (*Dialect) InputList(messages []*completionv1.StoredMessage, p dialect.Page) (view any, _ *failure.Error) {
	list, fault := NewInputList(messages, p)
	if fault != nil {
		return nil, fault
	}
	return list, nil
}

// newInputItems returns the items of a message.
func newInputItems(s *completionv1.StoredMessage) []*InputItem {
	m := s.GetMessage()
	number := key(s.GetId()) // "<key>-<index>"
	var items []*InputItem
	if text := m.GetReasoning(); text != "" {
		items = append(items, &InputItem{
			ID: reasoningPrefix + number, Type: itemReasoning, Status: statusCompleted,
			Summary: []any{}, Content: []any{&TextPart{Type: partReasoning, Text: &text}},
		})
	}
	for i, encrypted := range m.GetEncryptedReasoning() {
		if i == 0 && len(items) > 0 {
			items[0].Encrypted = encrypted
			continue
		}
		items = append(items, &InputItem{
			ID: fmt.Sprintf("%s%s-%d", reasoningPrefix, number, i), Type: itemReasoning, Status: statusCompleted, Summary: []any{}, Encrypted: encrypted,
		})
	}
	more := moreOf(m.GetMore())
	content := newParts(m)
	if more != nil && len(items) == 0 && len(content) == 0 && m.GetRole() == completionv1.Role_ROLE_ASSISTANT {
		items = append(items, &InputItem{ // only to carry the additional members, as in an answer
			ID: reasoningPrefix + number, Type: itemReasoning, Status: statusCompleted, Summary: []any{}, Content: []any{},
		})
	}
	if more != nil && len(items) > 0 {
		items[0].More, more = more, nil
	}
	switch {
	case m.GetRole() == completionv1.Role_ROLE_TOOL:
		var output any = content
		if text, ok := m.GetContent().(*completionv1.ChatMessage_Text); ok {
			output = text.Text
		}
		return append(items, &InputItem{
			ID: "fco_" + number, Type: itemOutput, Status: statusCompleted, CallID: m.GetToolCallId(), Output: output,
			More: more,
		})
	case len(content) > 0:
		items = append(items, &InputItem{
			ID: messagePrefix + number, Type: itemMessage, Status: statusCompleted, Role: protoname.Of(m.GetRole()), Content: content,
			More: more,
		})
	}
	for i, c := range m.GetToolCalls() {
		arguments := c.GetFunction().GetArguments()
		items = append(items, &InputItem{
			ID: fmt.Sprintf("%s%s-%d", callPrefix, number, i), Type: itemCall, Status: statusCompleted,
			CallID: c.GetId(), Name: c.GetFunction().GetName(), Arguments: &arguments,
			More: moreOf(c.GetMore()),
		})
	}
	return items
}

// moreOf returns the additional members of an item as a JSON object, or nil if there are none.
func moreOf(more string) jsontext.Value {
	object := append(openai.AppendMore([]byte{'{'}, more, itemMembers), '}')
	if len(object) == len("{}") {
		return nil
	}
	return object
}

func newParts(m *completionv1.ChatMessage) []any {
	kind := partInput
	if m.GetRole() == completionv1.Role_ROLE_ASSISTANT {
		kind = partOutput
	}
	var parts []any
	if text, ok := m.GetContent().(*completionv1.ChatMessage_Text); ok {
		parts = append(parts, &TextPart{Type: kind, Text: &text.Text})
	}
	for _, p := range m.GetParts().GetParts() {
		if part := newPart(p, kind); part != nil {
			parts = append(parts, part)
		}
	}
	if text := m.GetRefusal(); text != "" {
		parts = append(parts, &TextPart{Type: partRefusal, Refusal: &text})
	}
	return parts
}

// newPart returns the public form of a part, or nil if its kind is unknown.
func newPart(p *completionv1.ContentPart, textKind string) any {
	switch part := p.GetPart().(type) {
	case *completionv1.ContentPart_Text:
		return &TextPart{Type: textKind, Text: &part.Text}
	case *completionv1.ContentPart_Refusal:
		return &TextPart{Type: partRefusal, Refusal: &part.Refusal}
	case *completionv1.ContentPart_ImageUrl:
		detail := part.ImageUrl.GetDetail()
		if detail == "" {
			detail = "auto"
		}
		return &ImagePart{Type: partImage, ImageURL: part.ImageUrl.GetUrl(), Detail: detail}
	case *completionv1.ContentPart_InputAudio:
		return &AudioPart{Type: partAudio, InputAudio: Audio{Data: part.InputAudio.GetData(), Format: part.InputAudio.GetFormat()}}
	case *completionv1.ContentPart_File:
		return &FilePart{Type: partFile, FileID: part.File.GetFileId(), FileData: part.File.GetFileData(), Filename: part.File.GetFilename()}
	}
	return nil
}
