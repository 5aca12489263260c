package chat

import (
	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// The contract's bounds of lists. The decoder refuses longer ones before it reads the rest.
const (
	maxMessages = 2048
	maxTools    = 128
)

// DecodeRequest decodes the body of POST /v1/chat/completions. The error is about the first fault in the order
// of the text.
//
// A null member counts as absent: SDKs write both. Missing and out-of-range values are for the completion
// service to refuse, if the contract can express them. The stream options are absent unless the request's
// Stream is set.
func DecodeRequest(text []byte) (*dialect.Request, *failure.Error) {
	x, err := decodeRequest(text, nil, dialect.RefuseUnknown)
	if err != nil {
		return nil, err
	}
	return x.r, nil
}

// decodeRequest is DecodeRequest that asks hold for room, in bytes, for the decoded form of the body. If hold
// returns an error, decoding ends with it.
func decodeRequest(text []byte, hold func(bytes int) *failure.Error, unknown dialect.Unknown) (*decoding, *failure.Error) {
	return body.Mended(text, hold, func(text []byte) (*decoding, *failure.Error) { return decodeOnce(text, hold, unknown) })
}

// decodeOnce is decodeRequest for a text without duplicate names and halves of characters.
func decodeOnce(text []byte, hold func(bytes int) *failure.Error, unknown dialect.Unknown) (*decoding, *failure.Error) {
	x := &decoding{
		d: body.New(text, hold), unknown: unknown,
		r: &dialect.Request{Params: &completionv1.CompletionParams{}},
	}
	if err := x.d.Root(x.member); err != nil {
		return nil, err
	}
	if err := x.translate(); err != nil {
		return nil, err
	}
	if more := x.more.Object(); more != "" {
		x.r.Params.More = &more
	}
	if x.r.Params.StreamOptions != nil && !x.r.Stream {
		return nil, failure.Field(failure.CodeInvalidValue, "stream_options", "is only allowed when 'stream' is true")
	}
	return x, nil
}

// A decoding is the state of decoding one request.
type decoding struct {
	d       *body.Decoder
	r       *dialect.Request
	unknown dialect.Unknown
	more    body.Besides

	legacy     legacy
	allowed    *allowedTools // nil: all tools are allowed
	sequential bool          // the choice asks for one call at a time
}

// strange reads a member that no API of OpenAI has into more, which collects those of its object.
func (x *decoding) strange(more *body.Besides, name []byte) *failure.Error {
	return x.d.Other(x.unknown, more, name)
}

// DecodeUpdate implements [dialect.Updating]: the only member is the new metadata; null clears them. It refuses
// a body without the member, which would clear the metadata by mistake.
func (*Dialect) DecodeUpdate(text []byte) (map[string]string, *failure.Error) {
	var metadata map[string]string
	given := false
	d := body.New(text, nil)
	err := d.Root(func(name []byte) *failure.Error {
		if string(name) != "metadata" {
			return d.Unknown()
		}
		given = true
		return d.Metadata(&metadata)
	})
	switch {
	case err != nil:
		return nil, err
	case !given:
		return nil, d.Missing("metadata")
	}
	return metadata, nil
}

// requestMembers are the members of a request with code of their own. The others are those of the official
// table, and the contract's plain texts.
var requestMembers = map[string]body.Member[func(*decoding) *failure.Error]{ //nolint:gochecknoglobals // a table
	"model": {Read: func(x *decoding) *failure.Error { return x.d.Text(&x.r.Params.Model) }},
	"messages": {Read: func(x *decoding) *failure.Error {
		return body.ListOf(x.d, &x.r.Params.Messages, "messages", maxMessages, x.message)
	}},
	"stream":         {Read: func(x *decoding) *failure.Error { return x.d.Boolean(&x.r.Stream) }},
	"stream_options": {Read: func(x *decoding) *failure.Error { return x.streamOptions() }},
	"functions": {Read: func(x *decoding) *failure.Error {
		return body.ListOf(x.d, &x.legacy.functions, "functions", maxTools, decodeFunction)
	}, Rare: true},
	"function_call": {Read: func(x *decoding) *failure.Error { return decodeFunctionChoice(x.d, &x.legacy.choice) }, Rare: true},
	"tools": {Read: func(x *decoding) *failure.Error {
		return body.ListOf(x.d, &x.r.Params.Tools, "tools", maxTools, decodeTool)
	}},
	"tool_choice": {Read: func(x *decoding) *failure.Error { return x.toolChoice() }},
	"parallel_tool_calls": {Read: func(x *decoding) *failure.Error {
		return body.Optional(x.d, &x.r.Params.ParallelToolCalls, x.d.Boolean)
	}},
	"response_format":  {Read: func(x *decoding) *failure.Error { return x.responseFormat() }},
	"modalities":       {Read: func(x *decoding) *failure.Error { return body.List(x.d, &x.r.Params.Modalities, decodeModality) }, Rare: true},
	"prediction":       {Read: func(x *decoding) *failure.Error { return x.prediction() }, Rare: true},
	"reasoning_effort": {Read: func(x *decoding) *failure.Error { return body.Enum(x.d, &x.r.Params.ReasoningEffort) }},
	"verbosity":        {Read: func(x *decoding) *failure.Error { return body.Enum(x.d, &x.r.Params.Verbosity) }},
	"max_completion_tokens": {Read: func(x *decoding) *failure.Error {
		return body.Optional(x.d, &x.r.Params.MaxCompletionTokens, x.d.Int32)
	}},
	"max_tokens":        {Read: func(x *decoding) *failure.Error { return body.Optional(x.d, &x.r.Params.MaxTokens, x.d.Int32) }},
	"n":                 {Read: func(x *decoding) *failure.Error { return body.Optional(x.d, &x.r.Params.N, x.d.Int32) }, Rare: true},
	"stop":              {Read: func(x *decoding) *failure.Error { return decodeStop(x.d, &x.r.Params.Stop) }},
	"seed":              {Read: func(x *decoding) *failure.Error { return body.Optional(x.d, &x.r.Params.Seed, x.d.Int64) }},
	"temperature":       {Read: func(x *decoding) *failure.Error { return body.Optional(x.d, &x.r.Params.Temperature, x.d.Decimal) }},
	"top_p":             {Read: func(x *decoding) *failure.Error { return body.Optional(x.d, &x.r.Params.TopP, x.d.Decimal) }},
	"frequency_penalty": {Read: func(x *decoding) *failure.Error { return body.Optional(x.d, &x.r.Params.FrequencyPenalty, x.d.Decimal) }},
	"presence_penalty":  {Read: func(x *decoding) *failure.Error { return body.Optional(x.d, &x.r.Params.PresencePenalty, x.d.Decimal) }},
	"logit_bias":        {Read: func(x *decoding) *failure.Error { return decodeLogitBias(x.d, &x.r.Params.LogitBias) }},
	"logprobs":          {Read: func(x *decoding) *failure.Error { return body.Optional(x.d, &x.r.Params.Logprobs, x.d.Boolean) }},
	"top_logprobs":      {Read: func(x *decoding) *failure.Error { return body.Optional(x.d, &x.r.Params.TopLogprobs, x.d.Int32) }},
	"store":             {Read: func(x *decoding) *failure.Error { return x.d.Boolean(&x.r.Params.Store) }},
	"metadata":          {Read: func(x *decoding) *failure.Error { return x.d.Metadata(&x.r.Params.Metadata) }},
	"on_disconnect":     {Read: func(x *decoding) *failure.Error { return body.Enum(x.d, &x.r.Params.OnDisconnect) }, Rare: true},
}

// member reads one member of a request.
func (x *decoding) member(name []byte) *failure.Error {
	switch official[string(name)] { //nolint:exhaustive // the code below reads the others
	case refused:
		return x.d.Unsupported()
	case handed:
		return x.more.Keep(x.d, name)
	}
	if known, ok := requestMembers[string(name)]; ok {
		return known.Read(x)
	}
	if text := x.r.Params.ProtoReflect(); body.HasPlainText(text, name) {
		return x.d.PlainText(text, name)
	}
	return x.d.OtherThan(members(), x.unknown, &x.more, name)
}

func decodeModality(d *body.Decoder) (m completionv1.Modality, err *failure.Error) {
	err = body.Enum(d, &m)
	return m, err
}

// members are the members of a request, and those of the Responses API that are something else here.
func members() *body.Members {
	return &body.Members{API: "chat completions", Have: Members(), Elsewhere: map[string]string{
		"input": "messages", "instructions": "messages", "max_output_tokens": "max_completion_tokens",
		"reasoning": "reasoning_effort", "text": "response_format",
	}}
}

// Members returns the members of a request that a misspelt name may stand for.
func Members() []string { return body.Meant(requestMembers) }
