package openaibackend

import (
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A request is the body of OpenAI's "create chat completion". It has the fields that a completion may
// use, and those by which other servers continue an answer.
type request struct {
	Model    string    `json:"model"`
	Messages []message `json:"messages"`

	MaxCompletionTokens *int               `json:"max_completion_tokens,omitempty"`
	MaxTokens           *int               `json:"max_tokens,omitempty"`
	N                   *int               `json:"n,omitempty"`
	Stop                []string           `json:"stop,omitempty"`
	Seed                *int64             `json:"seed,omitempty"`
	Temperature         *float64           `json:"temperature,omitempty"`
	TopP                *float64           `json:"top_p,omitempty"`
	FrequencyPenalty    *float64           `json:"frequency_penalty,omitempty"`
	PresencePenalty     *float64           `json:"presence_penalty,omitempty"`
	LogitBias           map[string]float64 `json:"logit_bias,omitempty"`
	Logprobs            bool               `json:"logprobs,omitempty"`
	TopLogprobs         *int               `json:"top_logprobs,omitempty"`

	Tools             []any `json:"tools,omitempty"` // tool, or the JSON of a foreign tool
	ToolChoice        any   `json:"tool_choice,omitempty"`
	ParallelToolCalls *bool `json:"parallel_tool_calls,omitempty"`

	ResponseFormat  *responseFormat      `json:"response_format,omitempty"`
	ReasoningEffort chat.ReasoningEffort `json:"reasoning_effort,omitempty"`
	Verbosity       chat.Verbosity       `json:"verbosity,omitempty"`
	Prediction      *prediction          `json:"prediction,omitempty"`

	labels

	Stream        bool          `json:"stream"`
	StreamOptions streamOptions `json:"stream_options"`

	// vLLM: continue the last message instead of closing it.
	ContinueFinalMessage bool  `json:"continue_final_message,omitempty"`
	AddGenerationPrompt  *bool `json:"add_generation_prompt,omitempty"`

	more string // see chat.Request
}

// labels are the plain-text members that both APIs' bodies have.
type labels struct {
	User             string `json:"user,omitempty"`
	SafetyIdentifier string `json:"safety_identifier,omitempty"`
	PromptCacheKey   string `json:"prompt_cache_key,omitempty"`
	ServiceTier      string `json:"service_tier,omitempty"`
}

func newLabels(req *chat.Request) labels {
	return labels{
		User: req.User, SafetyIdentifier: req.SafetyIdentifier, PromptCacheKey: req.PromptCacheKey, ServiceTier: req.ServiceTier,
	}
}

// MarshalJSON implements [json.Marshaler]. The caller's additional members do not override fields of the
// request. Only the response format may have more within it, such as a schema in another place.
func (r *request) MarshalJSON() ([]byte, error) {
	type plain request
	var shared []string
	if r.ResponseFormat != nil {
		shared = []string{"response_format"}
	}
	return withOthers((*plain)(r), r.more, reflect.TypeFor[request](), shared...)
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

type message struct {
	Role       chat.Role  `json:"role"`
	Content    any        `json:"content"` // string, []part or nil
	Name       string     `json:"name,omitempty"`
	Refusal    string     `json:"refusal,omitempty"`
	ToolCalls  []toolCall `json:"tool_calls,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
	Reasoning  string     `json:"reasoning_content,omitempty"`
	Prefix     bool       `json:"prefix,omitempty"` // Mistral, DeepSeek: the answer begins with this

	more string // see chat.Message
}

// MarshalJSON implements [json.Marshaler].
func (m message) MarshalJSON() ([]byte, error) {
	type plain message
	return withMore(plain(m), m.more)
}

type part struct {
	Type       chat.PartKind `json:"type"`
	Text       *string       `json:"text,omitempty"`
	Refusal    *string       `json:"refusal,omitempty"`
	ImageURL   *imageURL     `json:"image_url,omitempty"`
	InputAudio *inputAudio   `json:"input_audio,omitempty"`
	File       *file         `json:"file,omitempty"`

	more string // see chat.Part
}

// MarshalJSON implements [json.Marshaler].
func (p part) MarshalJSON() ([]byte, error) {
	type plain part
	return withMore(plain(p), p.more)
}

type imageURL struct {
	URL    string `json:"url"`
	Detail string `json:"detail,omitempty"`
}

type inputAudio struct {
	Data   string `json:"data"`
	Format string `json:"format"`
}

type file struct {
	FileID   string `json:"file_id,omitempty"`
	FileData string `json:"file_data,omitempty"`
	Filename string `json:"filename,omitempty"`
}

type toolCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function functionCall `json:"function"`

	more string // see chat.ToolCall
}

// MarshalJSON implements [json.Marshaler].
func (c toolCall) MarshalJSON() ([]byte, error) {
	type plain toolCall
	return withMore(plain(c), c.more)
}

type functionCall struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type tool struct {
	Type     string   `json:"type"`
	Function function `json:"function"`

	more string // see chat.Tool
}

// MarshalJSON implements [json.Marshaler].
func (t tool) MarshalJSON() ([]byte, error) {
	type plain tool
	return withMore(plain(t), t.more)
}

type function struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
	Strict      *bool           `json:"strict,omitempty"`
}

type responseFormat struct {
	Type       chat.FormatKind `json:"type"`
	JSONSchema *jsonSchema     `json:"json_schema,omitempty"`
}

type jsonSchema struct {
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	Schema      map[string]any `json:"schema,omitempty"`
	Strict      *bool          `json:"strict,omitempty"`
}

type prediction struct {
	Type    string `json:"type"`
	Content string `json:"content"`
}

// officialHints are OpenAI's members that have no field here, wherever they may stand.
var officialHints = []string{"prompt_cache_options", "prompt_cache_retention", "prompt_cache_breakpoint"} //nolint:gochecknoglobals // a constant

// newRequest returns the body of the request to a server. It fails if a schema cannot be encoded
// as JSON. A strict server gets only OpenAI's members.
func newRequest(model string, strict bool, req *chat.Request) (*request, error) {
	if strict {
		req = req.MoreOnly(officialHints)
	}
	r := &request{
		Model:               model,
		MaxCompletionTokens: req.MaxCompletionTokens,
		MaxTokens:           req.MaxTokens,
		N:                   req.N,
		Stop:                req.Stop,
		Seed:                req.Seed,
		Temperature:         req.Temperature,
		TopP:                req.TopP,
		FrequencyPenalty:    req.FrequencyPenalty,
		PresencePenalty:     req.PresencePenalty,
		Logprobs:            req.Logprobs,
		TopLogprobs:         topLogprobs(req),
		ParallelToolCalls:   req.ParallelToolCalls,
		ToolChoice:          toolChoice(req.ToolChoice),
		ReasoningEffort:     req.ReasoningEffort,
		Verbosity:           req.Verbosity,
		ResponseFormat:      format(req.ResponseFormat),
		labels:              newLabels(req),
		more:                req.More,
		Stream:              true,
		StreamOptions:       streamOptions{IncludeUsage: true},
	}
	for i := range req.Messages {
		m := newMessage(&req.Messages[i])
		if strict {
			m.Reasoning = "" // not a member of OpenAI's: only a continuation sets it
		}
		r.Messages = append(r.Messages, m)
	}
	for i := range req.Tools {
		if req.Tools[i].Foreign {
			r.Tools = append(r.Tools, json.RawMessage(req.Tools[i].More))
			continue
		}
		t, err := newTool(&req.Tools[i])
		if err != nil {
			return nil, err
		}
		r.Tools = append(r.Tools, t)
	}
	if len(req.LogitBias) > 0 {
		r.LogitBias = make(map[string]float64, len(req.LogitBias))
		for token, bias := range req.LogitBias {
			r.LogitBias[strconv.Itoa(token)] = bias
		}
	}
	if req.Prediction != nil {
		r.Prediction = &prediction{Type: "content", Content: *req.Prediction}
	}
	return r, nil
}

// topLogprobs returns how many alternatives are asked for. It is nil without logprobs, which servers require with it.
func topLogprobs(req *chat.Request) *int {
	if !req.Logprobs {
		return nil
	}
	return req.TopLogprobs
}

// schemaOf returns the schema of a tool's parameters, or nil if it has none.
func schemaOf(t *chat.Tool) (json.RawMessage, error) {
	if t.Parameters == nil {
		return nil, nil
	}
	return json.Marshal(t.Parameters)
}

func newTool(t *chat.Tool) (tool, error) {
	schema, err := schemaOf(t)
	f := function{Name: t.Name, Description: t.Description, Parameters: schema, Strict: t.Strict}
	return tool{Type: "function", Function: f, more: t.More}, err
}

func toolChoice(c *chat.ToolChoice) any {
	switch {
	case c == nil:
		return nil
	case c.Mode != "":
		return c.Mode
	}
	return map[string]any{"type": "function", "function": map[string]string{"name": c.Function}}
}

func format(f *chat.ResponseFormat) *responseFormat {
	if f == nil {
		return nil
	}
	out := &responseFormat{Type: f.Kind}
	if f.Kind == chat.FormatJSONSchema {
		out.JSONSchema = &jsonSchema{Name: f.Name, Description: f.Description, Schema: f.Schema, Strict: f.Strict}
	}
	return out
}

func newMessage(m *chat.Message) message {
	out := message{
		Role: m.Role, Content: content(m), Name: m.Name, Refusal: m.Refusal,
		ToolCallID: m.ToolCallID, Reasoning: m.Reasoning, more: m.More,
	}
	for _, c := range m.ToolCalls {
		out.ToolCalls = append(out.ToolCalls, toolCall{
			ID: c.ID, Type: "function", Function: functionCall{Name: c.Name, Arguments: c.Arguments}, more: c.More,
		})
	}
	return out
}

// content returns a string if possible, because not every server accepts parts.
func content(m *chat.Message) any {
	switch {
	case len(m.Parts) == 0 && (len(m.ToolCalls) > 0 || m.Refusal != ""):
		return nil
	case len(m.Parts) == 0:
		return ""
	case len(m.Parts) == 1 && m.Parts[0].Kind == chat.PartText && m.Parts[0].More == "":
		return m.Parts[0].Text
	}
	parts := make([]part, len(m.Parts))
	for i := range m.Parts {
		parts[i] = newPart(&m.Parts[i])
	}
	return parts
}

func newPart(p *chat.Part) part {
	out := part{Type: p.Kind, more: p.More}
	switch p.Kind {
	case chat.PartText:
		out.Text = &p.Text
	case chat.PartRefusal:
		out.Refusal = &p.Text
	case chat.PartImage:
		out.ImageURL = &imageURL{URL: p.ImageURL, Detail: p.ImageDetail}
	case chat.PartAudio:
		out.InputAudio = &inputAudio{Data: p.AudioData, Format: p.AudioFormat}
	case chat.PartFile:
		out.File = &file{FileID: p.FileID, FileData: p.FileData, Filename: p.Filename}
	}
	return out
}
