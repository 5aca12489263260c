package openaibackend

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// A responseRequest is the body of OpenAI's "create a model response". [lacks] reports what it has no field
// for.
type responseRequest struct {
	Model string `json:"model"`
	Input []any  `json:"input"`

	MaxOutputTokens *int     `json:"max_output_tokens,omitempty"`
	Temperature     *float64 `json:"temperature,omitempty"`
	TopP            *float64 `json:"top_p,omitempty"`
	TopLogprobs     *int     `json:"top_logprobs,omitempty"`
	Include         []string `json:"include,omitempty"`

	Tools             []any `json:"tools,omitempty"` // responseTool, or the JSON of a foreign tool
	ToolChoice        any   `json:"tool_choice,omitempty"`
	ParallelToolCalls *bool `json:"parallel_tool_calls,omitempty"`

	Text      *responseText      `json:"text,omitempty"`
	Reasoning *responseReasoning `json:"reasoning,omitempty"`

	labels
	Truncation string `json:"truncation,omitempty"`

	Store  bool `json:"store"` // false: the log is ours
	Stream bool `json:"stream"`

	more string // see chat.Request

	readable []any // Input without encrypted items; nil: there are none
}

// MarshalJSON implements [json.Marshaler]. As in a chat completion, the caller's additional members do not
// override fields of the request.
func (r *responseRequest) MarshalJSON() ([]byte, error) {
	type plain responseRequest
	return withOthers((*plain)(r), r.more, reflect.TypeFor[responseRequest]())
}

// The items of an input.
type (
	inputMessage struct {
		Type    string    `json:"type"` // message
		Role    chat.Role `json:"role"`
		Content any       `json:"content"` // string or []inputPart

		more string // see chat.Message
	}
	inputPart struct {
		Type     string  `json:"type"`
		Text     *string `json:"text,omitempty"`
		Refusal  *string `json:"refusal,omitempty"`
		ImageURL string  `json:"image_url,omitempty"`
		Detail   string  `json:"detail,omitempty"`
		FileID   string  `json:"file_id,omitempty"`
		FileData string  `json:"file_data,omitempty"`
		Filename string  `json:"filename,omitempty"`

		more string // see chat.Part
	}
	inputCall struct {
		Type      string `json:"type"` // function_call
		CallID    string `json:"call_id"`
		Name      string `json:"name"`
		Arguments string `json:"arguments"`

		more string // see chat.ToolCall
	}
	inputOutput struct {
		Type   string `json:"type"` // function_call_output
		CallID string `json:"call_id"`
		Output any    `json:"output"` // as content
	}
	inputReasoning struct {
		Type      string      `json:"type"` // reasoning
		Summary   []inputPart `json:"summary"`
		Content   []inputPart `json:"content,omitempty"`
		Encrypted string      `json:"encrypted_content,omitempty"`
	}
)

// MarshalJSON implements [json.Marshaler].
func (m inputMessage) MarshalJSON() ([]byte, error) {
	type plain inputMessage
	return withMore(plain(m), m.more)
}

// MarshalJSON implements [json.Marshaler].
func (p inputPart) MarshalJSON() ([]byte, error) {
	type plain inputPart
	return withMore(plain(p), p.more)
}

// MarshalJSON implements [json.Marshaler].
func (c inputCall) MarshalJSON() ([]byte, error) {
	type plain inputCall
	return withMore(plain(c), c.more)
}

type responseTool struct {
	Type        string          `json:"type"` // function
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters"`
	Strict      bool            `json:"strict"` // this API's default is true

	more string // see chat.Tool
}

// MarshalJSON implements [json.Marshaler].
func (t responseTool) MarshalJSON() ([]byte, error) {
	type plain responseTool
	return withMore(plain(t), t.more)
}

type responseText struct {
	Format    *textFormat    `json:"format,omitempty"`
	Verbosity chat.Verbosity `json:"verbosity,omitempty"`
}

type textFormat struct {
	Type        chat.FormatKind `json:"type"`
	Name        string          `json:"name,omitempty"`
	Description string          `json:"description,omitempty"`
	Schema      map[string]any  `json:"schema,omitempty"`
	Strict      *bool           `json:"strict,omitempty"`
}

type responseReasoning struct {
	Effort  chat.ReasoningEffort `json:"effort"`
	Summary string               `json:"summary,omitempty"`
}

// noEffort is the effort that turns reasoning off.
const noEffort = "none"

// lacks returns the failure of a request that needs something this API has no member for; nil: it has all. Another
// target may support it.
func lacks(req *chat.Request) *route.Failure {
	for _, v := range []struct {
		param string
		asked bool
	}{
		{"n", req.Choices() > 1},
		{"stop", len(req.Stop) > 0},
		{"frequency_penalty", req.FrequencyPenalty != nil && *req.FrequencyPenalty != 0},
		{"presence_penalty", req.PresencePenalty != nil && *req.PresencePenalty != 0},
		{"logit_bias", len(req.LogitBias) > 0},
		{"prediction", req.Prediction != nil},
	} {
		if v.asked {
			return &route.Failure{Failover: true, Reported: true, Shown: chat.Unsupported(v.param)} // the server is well
		}
	}
	return nil
}

// newResponseRequest returns the body of the request to a server with the Responses API. It leaves out a seed, which
// is only a wish.
func newResponseRequest(model string, strict bool, req *chat.Request) (*responseRequest, error) {
	if f := lacks(req); f != nil {
		return nil, f
	}
	if strict {
		req = req.MoreOnly(officialHints)
	}
	r := &responseRequest{
		Model: model, Temperature: req.Temperature, TopP: req.TopP, TopLogprobs: topLogprobs(req),
		ParallelToolCalls: req.ParallelToolCalls, ToolChoice: responseToolChoice(req.ToolChoice),
		labels: newLabels(req),
		Stream: true, more: req.More,
	}
	if limit, ok := req.TokenLimit(); ok {
		r.MaxOutputTokens = &limit
	}
	if req.Logprobs {
		r.Include = append(r.Include, includeLogprobs)
	}
	if req.Truncate {
		r.Truncation = "auto"
	}
	if req.IncludeEncryptedReasoning {
		r.Include = append(r.Include, includeEncrypted)
	}
	if req.Verbosity != "" || req.ResponseFormat != nil {
		r.Text = &responseText{Format: formatOfText(req.ResponseFormat), Verbosity: req.Verbosity}
	}
	if req.ReasoningEffort != "" {
		r.Reasoning = &responseReasoning{Effort: req.ReasoningEffort}
		if req.ReasoningEffort != noEffort {
			r.Reasoning.Summary = "auto" // some servers show nothing else of it
		}
	}
	for i := range req.Messages {
		r.Input = appendItems(r.Input, &req.Messages[i], strict)
	}
	if slices.ContainsFunc(req.Messages, func(m chat.Message) bool { return len(m.EncryptedReasoning) > 0 }) {
		for _, m := range req.Messages {
			m.EncryptedReasoning = nil
			r.readable = appendItems(r.readable, &m, strict)
		}
	}
	for i := range req.Tools {
		if req.Tools[i].Foreign {
			r.Tools = append(r.Tools, json.RawMessage(req.Tools[i].More))
			continue
		}
		t, err := newResponseTool(&req.Tools[i])
		if err != nil {
			return nil, err
		}
		r.Tools = append(r.Tools, t)
	}
	return r, nil
}

// The values of include.
const (
	includeLogprobs  = "message.output_text.logprobs"
	includeEncrypted = "reasoning.encrypted_content"
)

// onlyReadable removes everything about encrypted reasoning if a server has refused it: another server encrypted
// it, or this one does not encrypt. It reports whether there was any.
func (r *responseRequest) onlyReadable(why *refusal) bool {
	asks := slices.Index(r.Include, includeEncrypted)
	switch {
	case why.status != http.StatusBadRequest || asks < 0 && r.readable == nil:
		return false
	case why.code != "invalid_encrypted_content" && !strings.HasPrefix(why.param, "include"):
		return false
	}
	if asks >= 0 {
		r.Include = slices.Delete(r.Include, asks, asks+1)
	}
	if r.readable != nil {
		r.Input, r.readable = r.readable, nil
	}
	return true
}

// noParameters is the schema of a function without parameters: this API requires one.
const noParameters = `{"type":"object","properties":{}}`

func newResponseTool(t *chat.Tool) (responseTool, error) {
	schema, err := schemaOf(t)
	if schema == nil {
		schema = json.RawMessage(noParameters)
	}
	return responseTool{
		Type: "function", Name: t.Name, Description: t.Description, Parameters: schema,
		Strict: t.Strict != nil && *t.Strict, more: t.More,
	}, err
}

func responseToolChoice(c *chat.ToolChoice) any {
	switch {
	case c == nil:
		return nil
	case c.Mode != "":
		return c.Mode
	}
	return map[string]string{"type": "function", "name": c.Function}
}

func formatOfText(f *chat.ResponseFormat) *textFormat {
	if f == nil {
		return nil
	}
	return &textFormat{Type: f.Kind, Name: f.Name, Description: f.Description, Schema: f.Schema, Strict: f.Strict}
}

// appendItems appends the items of a message. A strict server accepts no reasoning that it has not signed. Encrypted
// reasoning is complete; its text is only a summary.
func appendItems(items []any, m *chat.Message, strict bool) []any {
	if m.Role == chat.RoleTool {
		return append(items, inputOutput{Type: "function_call_output", CallID: m.ToolCallID, Output: inputContent(m)})
	}
	for n, encrypted := range m.EncryptedReasoning {
		thought := inputReasoning{Type: itemReasoning, Summary: []inputPart{}, Encrypted: encrypted}
		if n == 0 && m.Reasoning != "" {
			thought.Summary = []inputPart{{Type: "summary_text", Text: &m.Reasoning}}
		}
		items = append(items, thought)
	}
	if m.Reasoning != "" && len(m.EncryptedReasoning) == 0 && !strict {
		items = append(items, inputReasoning{
			Type: itemReasoning, Summary: []inputPart{}, Content: []inputPart{{Type: "reasoning_text", Text: &m.Reasoning}},
		})
	}
	if m.Role != chat.RoleAssistant || len(m.Parts) > 0 || m.Refusal != "" {
		items = append(items, inputMessage{Type: "message", Role: m.Role, Content: inputContent(m), more: m.More})
	}
	for _, c := range m.ToolCalls {
		items = append(items, inputCall{Type: "function_call", CallID: c.ID, Name: c.Name, Arguments: c.Arguments, more: c.More})
	}
	return items
}

// inputContent returns a string if possible.
func inputContent(m *chat.Message) any {
	switch {
	case len(m.Parts) == 0 && m.Refusal == "":
		return ""
	case len(m.Parts) == 1 && m.Refusal == "" && m.Parts[0].Kind == chat.PartText && m.Parts[0].More == "":
		return m.Parts[0].Text
	}
	var parts []inputPart
	for i := range m.Parts {
		parts = append(parts, newInputPart(&m.Parts[i], m.Role))
	}
	if m.Refusal != "" {
		parts = append(parts, inputPart{Type: "refusal", Refusal: &m.Refusal})
	}
	return parts
}

func newInputPart(p *chat.Part, role chat.Role) inputPart {
	out := inputPart{more: p.More}
	switch p.Kind {
	case chat.PartRefusal:
		out.Type, out.Refusal = "refusal", &p.Text
	case chat.PartImage:
		out.Type, out.ImageURL, out.Detail = "input_image", p.ImageURL, p.ImageDetail
		if out.Detail == "" {
			out.Detail = "auto" // required by this API
		}
	case chat.PartFile:
		out.Type, out.FileID, out.FileData, out.Filename = "input_file", p.FileID, p.FileData, p.Filename
	case chat.PartText, chat.PartAudio: // audio does not occur: no such target supports it
		out.Type, out.Text = "input_text", &p.Text
		if role == chat.RoleAssistant {
			out.Type = "output_text"
		}
	}
	return out
}
