package responses

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/openaiapi"
)

// A request is the body of POST /v1/responses while it is decoded.
type request struct {
	*dialect.Request
	input    input
	store    bool
	logprobs bool     // requested by "include"
	allowed  []string // the names of the tools that the model may call; nil: all
	unknown  dialect.Unknown
	more     body.Besides
}

// Decode implements [dialect.Dialect]. A member that is null counts as absent: SDKs write both.
func (d *Dialect) Decode(text []byte, hold func(bytes int) *failure.Error) (*dialect.Request, *failure.Error) {
	return body.Mended(text, hold, func(text []byte) (*dialect.Request, *failure.Error) { return d.decode(text, hold) })
}

// decode is Decode for a text without duplicate names and halves of characters.
func (d *Dialect) decode(text []byte, hold func(bytes int) *failure.Error) (*dialect.Request, *failure.Error) {
	r := &request{Request: &dialect.Request{Params: &completionv1.CompletionParams{}}, store: true, unknown: d.Unknown}
	dec := body.New(text, hold)
	if err := dec.Root(func(name []byte) *failure.Error { return r.member(dec, name) }); err != nil {
		return nil, err
	}
	p := r.Params
	if p.StreamOptions != nil && !r.Stream {
		return nil, failure.Field(failure.CodeInvalidValue, "stream_options", "is only allowed when 'stream' is true")
	}
	if err := r.input.finish(p.PreviousCompletionId != nil); err != nil {
		return nil, err
	}
	p.Messages = r.input.messages
	r.Failures = &sent{dialect: d, places: r.input.places, text: r.input.text}
	p.Store = r.store
	switch {
	case p.GetBackground():
		p.OnDisconnect = completionv1.OnDisconnect_ON_DISCONNECT_CONTINUE
	case p.GetOnDisconnect() == completionv1.OnDisconnect_ON_DISCONNECT_UNSPECIFIED:
		// Not the contract's default for store: a response that is not stored is of no use to a client that has
		// left.
		p.OnDisconnect = completionv1.OnDisconnect_ON_DISCONNECT_GRACE
	}
	if r.allowed != nil {
		p.Tools = slices.DeleteFunc(p.GetTools(), func(t *completionv1.Tool) bool { return !slices.Contains(r.allowed, t.GetFunction().GetName()) })
	}
	if more := r.more.Object(); more != "" {
		p.More = &more
	}
	if len(p.GetTools()) == 0 {
		p.ParallelToolCalls = nil // clients send it even without tools
	}
	if effort := p.GetReasoningEffort(); effort > completionv1.ReasoningEffort_REASONING_EFFORT_NONE {
		p.IncludeEncryptedReasoning = true // so that 'previous_response_id' can continue with all of the model's reasoning
	}
	if r.logprobs || p.GetTopLogprobs() > 0 {
		p.Logprobs = new(true)
	}
	return r.Request, nil
}

// requestMembers are all members of a request.
var requestMembers = map[string]body.Member[func(*request, *body.Decoder) *failure.Error]{ //nolint:gochecknoglobals // a table
	"model": {Read: func(r *request, d *body.Decoder) *failure.Error { return d.Text(&r.Params.Model) }},
	"instructions": {Read: func(r *request, d *body.Decoder) *failure.Error {
		return body.Optional(d, &r.Params.Instructions, d.Text)
	}},
	"input": {Read: func(r *request, d *body.Decoder) *failure.Error { return r.input.decode(d) }},
	"previous_response_id": {Read: func(r *request, d *body.Decoder) *failure.Error {
		return decodePrevious(d, &r.Params.PreviousCompletionId)
	}},
	"stream": {Read: func(r *request, d *body.Decoder) *failure.Error { return d.Boolean(&r.Stream) }},
	"stream_options": {Read: func(r *request, d *body.Decoder) *failure.Error {
		return decodeStreamOptions(d, &r.Params.StreamOptions)
	}},
	"background": {Read: func(r *request, d *body.Decoder) *failure.Error { return d.Boolean(&r.Params.Background) }},
	"conversation": {Read: func(_ *request, d *body.Decoder) *failure.Error {
		return unsupported(d, "is not supported; 'previous_response_id' goes on from a response")
	}, Rare: true},
	"prompt": {Read: func(_ *request, d *body.Decoder) *failure.Error {
		return unsupported(d, "is not supported: there are no stored prompts")
	}, Rare: true},
	"context_management": {Read: func(_ *request, d *body.Decoder) *failure.Error { return d.Unsupported() }, Rare: true},
	"moderation":         {Read: func(_ *request, d *body.Decoder) *failure.Error { return d.Unsupported() }, Rare: true},
	"access_programs":    {Read: func(_ *request, d *body.Decoder) *failure.Error { return d.Unsupported() }, Rare: true},
	"background_options": {Read: func(_ *request, d *body.Decoder) *failure.Error { return d.Unsupported() }, Rare: true},
	"tools": {Read: func(r *request, d *body.Decoder) *failure.Error {
		return body.ListOf(d, &r.Params.Tools, "tools", maxTools, decodeTool)
	}},
	"tool_choice": {Read: func(r *request, d *body.Decoder) *failure.Error { return r.toolChoice(d) }},
	"parallel_tool_calls": {Read: func(r *request, d *body.Decoder) *failure.Error {
		return body.Optional(d, &r.Params.ParallelToolCalls, d.Boolean)
	}},
	"max_tool_calls": {Read: func(_ *request, d *body.Decoder) *failure.Error { // for tools that OpenAI hosts; we have none
		var calls int32
		return d.Int32(&calls)
	}, Rare: true},
	"text":      {Read: func(r *request, d *body.Decoder) *failure.Error { return decodeText(d, r.Params) }},
	"reasoning": {Read: func(r *request, d *body.Decoder) *failure.Error { return decodeReasoning(d, r.Params) }},
	"include":   {Read: func(r *request, d *body.Decoder) *failure.Error { return r.include(d) }},
	"max_output_tokens": {Read: func(r *request, d *body.Decoder) *failure.Error {
		return body.Optional(d, &r.Params.MaxCompletionTokens, d.Int32)
	}},
	"temperature": {Read: func(r *request, d *body.Decoder) *failure.Error {
		return body.Optional(d, &r.Params.Temperature, d.Decimal)
	}},
	"top_p": {Read: func(r *request, d *body.Decoder) *failure.Error { return body.Optional(d, &r.Params.TopP, d.Decimal) }},
	"frequency_penalty": {Read: func(r *request, d *body.Decoder) *failure.Error {
		return body.Optional(d, &r.Params.FrequencyPenalty, d.Decimal)
	}}, // of the Open Responses specification
	"presence_penalty": {Read: func(r *request, d *body.Decoder) *failure.Error {
		return body.Optional(d, &r.Params.PresencePenalty, d.Decimal)
	}},
	"top_logprobs": {Read: func(r *request, d *body.Decoder) *failure.Error {
		return body.Optional(d, &r.Params.TopLogprobs, d.Int32)
	}},
	"truncation":        {Read: func(r *request, d *body.Decoder) *failure.Error { return decodeTruncation(d, &r.Params.Truncate) }},
	"store":             {Read: func(r *request, d *body.Decoder) *failure.Error { return d.Boolean(&r.store) }},
	"metadata":          {Read: func(r *request, d *body.Decoder) *failure.Error { return d.Metadata(&r.Params.Metadata) }},
	"on_disconnect":     {Read: func(r *request, d *body.Decoder) *failure.Error { return body.Enum(d, &r.Params.OnDisconnect) }, Rare: true}, // our own, as in chat completions
	"service_tier":      {Read: func(r *request, d *body.Decoder) *failure.Error { return d.Text(&r.Params.ServiceTier) }, Rare: true},
	"user":              {Read: func(r *request, d *body.Decoder) *failure.Error { return d.Text(&r.Params.User) }, Rare: true},
	"safety_identifier": {Read: func(r *request, d *body.Decoder) *failure.Error { return d.Text(&r.Params.SafetyIdentifier) }, Rare: true},
	"prompt_cache_key":  {Read: func(r *request, d *body.Decoder) *failure.Error { return d.Text(&r.Params.PromptCacheKey) }, Rare: true},
	"prompt_cache_retention": {Read: func(r *request, d *body.Decoder) *failure.Error {
		return r.more.Keep(d, []byte("prompt_cache_retention"))
	}, Rare: true},
	"prompt_cache_options": {Read: func(r *request, d *body.Decoder) *failure.Error {
		return r.more.Keep(d, []byte("prompt_cache_options"))
	}, Rare: true},
	"image":           {Read: func(_ *request, d *body.Decoder) *failure.Error { return d.Skip() }, Rare: true}, // a hint to OpenAI
	"client_metadata": {Read: func(_ *request, d *body.Decoder) *failure.Error { return d.Skip() }, Rare: true}, // a hint of Codex
}

// member decodes one member of a request.
func (r *request) member(d *body.Decoder, name []byte) *failure.Error {
	if known, ok := requestMembers[string(name)]; ok {
		return known.Read(r, d)
	}
	return d.OtherThan(members(), r.unknown, &r.more, name)
}

// maxTools bounds the number of tools, as the contract does.
const maxTools = 128

// unsupported refuses a member that is not null. rest completes the message, and says what to do instead.
func unsupported(d *body.Decoder, rest string) *failure.Error {
	if d.Absent() {
		return nil
	}
	return d.Fault(failure.CodeUnsupportedParameter, rest)
}

func decodePrevious(d *body.Decoder, dst **string) *failure.Error {
	if d.Absent() {
		return nil
	}
	var public string
	if err := d.Text(&public); err != nil {
		return err
	}
	id, ok := completionOf(public, openaiapi.ResponseID)
	if !ok {
		return failure.PreviousNotFound("previous_response_id")
	}
	*dst = &id
	return nil
}

// decodeTruncation reads "truncation": whether the service may cut a prompt that is too long, rather than
// refuse it.
func decodeTruncation(d *body.Decoder, truncate *bool) *failure.Error {
	var kind string
	err := d.OneOf(&kind, "auto", "disabled")
	*truncate = kind == "auto"
	return err
}

func decodeStreamOptions(d *body.Decoder, dst **completionv1.StreamOptions) *failure.Error {
	if d.Absent() {
		return nil
	}
	o := &completionv1.StreamOptions{}
	*dst = o
	return d.Object(func(name []byte) *failure.Error {
		if string(name) == "include_obfuscation" {
			return d.Boolean(&o.IncludeObfuscation)
		}
		return d.Skip() // such as include_usage: a response always has its usage
	})
}

// include reads "include". Values about tools that OpenAI hosts have no effect.
func (r *request) include(d *body.Decoder) *failure.Error {
	return d.Array(func() *failure.Error {
		if d.Kind() != jsontext.KindString {
			return d.OtherType("a string")
		}
		var what string
		err := d.OneOf(&what, "message.output_text.logprobs", "reasoning.encrypted_content", "message.input_image.image_url",
			"file_search_call.results", "web_search_call.results", "web_search_call.action.sources",
			"computer_call_output.output.image_url", "code_interpreter_call.outputs")
		r.logprobs = r.logprobs || what == "message.output_text.logprobs"
		r.Params.IncludeEncryptedReasoning = r.Params.GetIncludeEncryptedReasoning() || what == "reasoning.encrypted_content"
		return err
	})
}

// decodeReasoning reads "reasoning". It accepts a wish for a summary, but nothing here makes one.
func decodeReasoning(d *body.Decoder, p *completionv1.CompletionParams) *failure.Error {
	return d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "effort":
			return body.Enum(d, &p.ReasoningEffort)
		case "summary", "generate_summary":
			var summary string
			return d.OneOf(&summary, "auto", "concise", "detailed", "none")
		case "context", "mode":
			return d.Skip()
		}
		return d.Unknown()
	})
}

// decodeText reads "text".
func decodeText(d *body.Decoder, p *completionv1.CompletionParams) *failure.Error {
	return d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "format":
			return decodeFormat(d, &p.ResponseFormat)
		case "verbosity":
			return body.Enum(d, &p.Verbosity)
		}
		return d.Unknown()
	})
}

func decodeFormat(d *body.Decoder, dst **completionv1.ResponseFormat) *failure.Error {
	if d.Absent() {
		return nil
	}
	var kind, stray string
	schema := &completionv1.JsonSchemaFormat{}
	err := d.Object(func(name []byte) *failure.Error {
		if string(name) == "type" {
			return d.OneOf(&kind, "text", "json_object", "json_schema")
		}
		stray = string(name)
		switch stray {
		case "name":
			return d.Text(&schema.Name)
		case "description":
			return d.Text(&schema.Description)
		case "schema":
			return d.Schema(&schema.Schema)
		case "strict":
			return body.Optional(d, &schema.Strict, d.Boolean)
		}
		return d.Unknown()
	})
	switch {
	case err != nil:
		return err
	case kind == "":
		return d.Missing("type")
	case kind != "json_schema" && stray != "":
		return d.Misplaced(stray)
	}
	*dst = &completionv1.ResponseFormat{}
	switch kind {
	case "json_schema":
		(*dst).Format = &completionv1.ResponseFormat_JsonSchema{JsonSchema: schema}
	case "json_object":
		(*dst).Format = &completionv1.ResponseFormat_JsonObject{JsonObject: &completionv1.JsonObjectFormat{}}
	default:
		(*dst).Format = &completionv1.ResponseFormat_Text{Text: &completionv1.TextFormat{}}
	}
	return nil
}

// members are the members of a request, and those of chat completions that are something else here.
func members() *body.Members {
	return &body.Members{API: "responses", Have: Members(), Elsewhere: map[string]string{
		"messages": "input", "max_completion_tokens": "max_output_tokens", "max_tokens": "max_output_tokens",
		"reasoning_effort": "reasoning.effort", "response_format": "text.format", "functions": "tools", "function_call": "tool_choice",
	}}
}

// Members returns the members of a request that a misspelt name may stand for.
func Members() []string { return body.Meant(requestMembers) }
