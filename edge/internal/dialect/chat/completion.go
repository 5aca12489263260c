package chat

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

// A Completion is OpenAI's "chat completion object". Status and Error are ours, for a
// completion that is read before or without its end.
//
// The same code writes the members that a stream has too.
type Completion struct {
	ID                string            `json:"id"`
	Object            string            `json:"object"`
	Created           int64             `json:"created"`
	Model             string            `json:"model"`
	Status            string            `json:"status,omitempty"`
	Choices           []Choice          `json:"choices"`
	Usage             jsontext.Value    `json:"usage,omitzero"`
	ServiceTier       string            `json:"service_tier,omitempty"`
	SystemFingerprint string            `json:"system_fingerprint,omitempty"`
	Metadata          map[string]string `json:"metadata"`
	Error             jsontext.Value    `json:"error,omitzero"`
}

// A Choice is one answer.
type Choice struct {
	Index        int32          `json:"index"`
	Message      Message        `json:"message"`
	Logprobs     jsontext.Value `json:"logprobs"`
	FinishReason *string        `json:"finish_reason"`
}

// A Message is what the assistant says.
type Message struct {
	Role             string         `json:"role"`
	Content          *string        `json:"content"`
	Refusal          *string        `json:"refusal"`
	ReasoningContent string         `json:"reasoning_content,omitempty"`
	ToolCalls        []ToolCall     `json:"tool_calls,omitempty"`
	FunctionCall     *FunctionCall  `json:"function_call,omitzero"` // for clients that use functions
	Annotations      jsontext.Value `json:"annotations"`            // citations from a model's server: nothing else cites
	Pets             jsontext.Value `json:"pets,omitzero"`
	RelatedQuestions []string       `json:"related_questions,omitempty"`
	More             jsontext.Value `json:",embed"`
}

// A ToolCall is a call of a function that the model made.
type ToolCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function FunctionCall `json:"function"`

	More jsontext.Value `json:",embed"`
}

// A FunctionCall is what a [ToolCall] calls. Arguments is JSON text as the model wrote
// it, which may be malformed.
type FunctionCall struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`

	More jsontext.Value `json:",embed"`
}

// NewCompletion returns the public form of c.
func NewCompletion(c *completionv1.Completion) *Completion {
	out := &Completion{
		ID:                c.GetId(),
		Object:            "chat.completion",
		Created:           c.GetCreated(),
		Model:             c.GetModel(),
		Status:            protoname.Of(c.GetStatus()),
		Choices:           make([]Choice, 0, len(c.GetChoices())),
		ServiceTier:       c.GetServiceTier(),
		SystemFingerprint: c.GetSystemFingerprint(),
		Metadata:          c.GetMetadata(),
	}
	if c.GetUsage() != nil {
		out.Usage = appendUsage(nil, c.GetUsage())
	}
	if c.GetError() != nil {
		out.Error = openai.AppendProblem(nil, failure.FromEvent(c.GetError()))
	}
	if out.Metadata == nil {
		out.Metadata = map[string]string{} // so that every encoder writes an object
	}
	for _, choice := range c.GetChoices() {
		message := newMessage(choice)
		if c.GetFunctionCalls() {
			message.asFunction()
		}
		out.Choices = append(out.Choices, Choice{
			Index:        choice.GetIndex(),
			Message:      message,
			Logprobs:     appendLogprobs(nil, choice.GetLogprobs()),
			FinishReason: nullable(finishReason(choice.GetFinishReason(), c.GetFunctionCalls())),
		})
	}
	return out
}

func newMessage(c *completionv1.Choice) Message {
	m := c.GetMessage()
	out := Message{
		Role:             protoname.Of(m.GetRole()),
		Content:          contentText(m),
		Refusal:          nullable(m.GetRefusal()),
		ReasoningContent: m.GetReasoning(),
		ToolCalls:        newToolCalls(m.GetToolCalls()),
		Annotations:      annotations(m.GetMore()),
		RelatedQuestions: c.GetRelatedQuestions(),
		More:             moreMembers(m.GetMore(), messageMembers),
	}
	if len(c.GetPets()) > 0 {
		out.Pets = appendPets(nil, c.GetPets())
	}
	return out
}

// asFunction shows the first call in the form for clients that use functions.
func (m *Message) asFunction() {
	if len(m.ToolCalls) > 0 {
		m.FunctionCall, m.ToolCalls = &m.ToolCalls[0].Function, nil
	}
}

// annotations returns the citations of a model's server, or an empty array.
func annotations(more string) jsontext.Value {
	if cited := jsontext.Value(memberOf(more, "annotations")); cited.Kind() == jsontext.KindBeginArray {
		return cited
	}
	return jsontext.Value("[]")
}

// contentText returns the text of a message, or nil if it has no content.
func contentText(m *completionv1.ChatMessage) *string {
	switch content := m.GetContent().(type) {
	case *completionv1.ChatMessage_Text:
		return &content.Text
	case *completionv1.ChatMessage_Parts:
		var text strings.Builder
		for _, part := range content.Parts.GetParts() {
			text.WriteString(part.GetText())
		}
		joined := text.String()
		return &joined
	}
	return nil
}

func newToolCalls(calls []*completionv1.ToolCall) []ToolCall {
	out := make([]ToolCall, 0, len(calls))
	for _, c := range calls {
		out = append(out, ToolCall{ID: c.GetId(), Type: "function", Function: FunctionCall{
			Name: c.GetFunction().GetName(), Arguments: c.GetFunction().GetArguments(),
			More: moreMembers(memberOf(c.GetMore(), "function"), functionMembers),
		}, More: moreMembers(c.GetMore(), callMembers)})
	}
	return out
}

// nullable returns nil, which is JSON's null, for the empty string.
func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
