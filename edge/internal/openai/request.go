package openai

import (
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A Request is the body of "create chat completion".
type Request struct {
	// Params is what to complete. Its stream options are absent unless Stream is set.
	Params *completionv1.CompletionParams
	// Stream is the body's "stream": whether to answer with events.
	Stream bool
}

// DecodeRequest decodes the body of POST /v1/chat/completions. The error names the
// first thing at fault, in the order of the text.
//
// A member that is null counts as absent: SDKs write both. What is missing or out of
// range is left for the completion service to refuse, wherever the contract can
// express it.
func DecodeRequest(body []byte) (*Request, *Error) { return DecodeRequestHeld(body, nil) }

// DecodeRequestHeld is DecodeRequest that asks hold for room, in bytes, for the many things
// that a body may hold beside its text. It ends with hold's error.
func DecodeRequestHeld(body []byte, hold func(bytes int) *Error) (*Request, *Error) {
	r := &Request{Params: &completionv1.CompletionParams{}}
	d := newDecoder(body)
	d.hold = hold
	err := d.root(func(name []byte) *Error { return r.member(d, name) })
	if err != nil {
		return nil, err
	}
	if r.Params.StreamOptions != nil && !r.Stream {
		return nil, fault("invalid_value", "stream_options", "is only allowed when 'stream' is true")
	}
	return r, nil
}

// DecodeMetadata decodes the body of POST /v1/chat/completions/{id}, whose one member
// is the new metadata; null leaves none. It has to be there: a body without it would
// clear the metadata by mistake.
func DecodeMetadata(body []byte) (map[string]string, *Error) {
	var metadata map[string]string
	given := false
	d := newDecoder(body)
	err := d.root(func(name []byte) *Error {
		if string(name) != "metadata" {
			return d.unknown()
		}
		given = true
		return d.metadata(&metadata)
	})
	switch {
	case err != nil:
		return nil, err
	case !given:
		return nil, d.missing("metadata")
	}
	return metadata, nil
}

// DecodeTicketRequest decodes the body of POST /v1/stream_tickets, whose one member is
// the completion that the ticket is for.
func DecodeTicketRequest(body []byte) (completion string, _ *Error) {
	d := newDecoder(body)
	err := d.root(func(name []byte) *Error {
		if string(name) != "completion_id" {
			return d.unknown()
		}
		return d.string(&completion)
	})
	switch {
	case err != nil:
		return "", err
	case completion == "":
		return "", d.missing("completion_id")
	}
	return completion, nil
}

// member decodes what the request is. The others decode how it is to be answered; each
// hands on what it does not know, and the last one refuses it.
func (r *Request) member(d *decoder, name []byte) *Error {
	p := r.Params
	switch string(name) {
	case "model":
		return d.string(&p.Model)
	case "messages":
		return listOf(d, &p.Messages, "messages", maxMessages, decodeMessage)
	case "stream":
		return d.boolean(&r.Stream)
	case "stream_options":
		return decodeStreamOptions(d, &p.StreamOptions)
	case "audio", "function_call", "functions", "moderation", "prompt_cache_options",
		"prompt_cache_retention", "web_search_options":
		return d.unsupported()
	}
	return decodeShape(d, p, name)
}

// decodeShape decodes what the answer is to be made of.
func decodeShape(d *decoder, p *completionv1.CompletionParams, name []byte) *Error {
	switch string(name) {
	case "tools":
		return listOf(d, &p.Tools, "tools", maxTools, decodeTool)
	case "tool_choice":
		return decodeToolChoice(d, &p.ToolChoice)
	case "parallel_tool_calls":
		return optional(d, &p.ParallelToolCalls, d.boolean)
	case "response_format":
		return decodeResponseFormat(d, &p.ResponseFormat)
	case "modalities":
		return list(d, &p.Modalities, decodeModality)
	case "prediction":
		return decodePrediction(d, &p.Prediction)
	case "reasoning_effort":
		return enum(d, &p.ReasoningEffort, reasoningEffortName, completionv1.ReasoningEffort_REASONING_EFFORT_MAX)
	case "verbosity":
		return enum(d, &p.Verbosity, verbosityName, completionv1.Verbosity_VERBOSITY_HIGH)
	}
	return decodeSampling(d, p, name)
}

// decodeSampling decodes how tokens are chosen and when to stop.
func decodeSampling(d *decoder, p *completionv1.CompletionParams, name []byte) *Error {
	switch string(name) {
	case "max_completion_tokens":
		return optional(d, &p.MaxCompletionTokens, d.int32)
	case "max_tokens":
		return optional(d, &p.MaxTokens, d.int32)
	case "n":
		return optional(d, &p.N, d.int32)
	case "stop":
		return decodeStop(d, &p.Stop)
	case "seed":
		return optional(d, &p.Seed, d.int64)
	case "temperature":
		return optional(d, &p.Temperature, d.decimal)
	case "top_p":
		return optional(d, &p.TopP, d.decimal)
	case "frequency_penalty":
		return optional(d, &p.FrequencyPenalty, d.decimal)
	case "presence_penalty":
		return optional(d, &p.PresencePenalty, d.decimal)
	case "logit_bias":
		return decodeLogitBias(d, &p.LogitBias)
	case "logprobs":
		return optional(d, &p.Logprobs, d.boolean)
	case "top_logprobs":
		return optional(d, &p.TopLogprobs, d.int32)
	}
	return decodePolicy(d, p, name)
}

// decodePolicy decodes what is to become of the completion and whom it is for.
func decodePolicy(d *decoder, p *completionv1.CompletionParams, name []byte) *Error {
	switch string(name) {
	case "store":
		return d.boolean(&p.Store)
	case "metadata":
		return d.metadata(&p.Metadata)
	case "on_disconnect":
		return enum(d, &p.OnDisconnect, onDisconnectName, completionv1.OnDisconnect_ON_DISCONNECT_CONTINUE)
	case "service_tier":
		return d.string(&p.ServiceTier)
	case "user":
		return d.string(&p.User)
	case "safety_identifier":
		return d.string(&p.SafetyIdentifier)
	case "prompt_cache_key":
		return d.string(&p.PromptCacheKey)
	}
	return d.unknown()
}
