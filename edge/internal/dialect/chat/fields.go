package chat

import (
	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
)

// A fate says how to treat a member of OpenAI's request.
type fate uint8

const (
	_ fate = iota
	// used: it has a field of the contract, or is a part of one.
	used
	// able: it is used if the model supports it; otherwise it is refused by name, or ignored.
	able
	// hint: it has a field, which a model may ignore.
	hint
	// handed: it goes to the model's server unchanged, which may use it.
	handed
	// dropped: it has no meaning for a model.
	dropped
	// refused: nothing here supports it. It is refused by name, with everything within it.
	refused
)

// official has every member of OpenAI's request, by its path without indexes, and its fate. It does not list
// the members within one that is refused, handed on or dropped. A test compares it with testdata/official.txt,
// which is made from OpenAI's own types.
var official = map[string]fate{ //nolint:gochecknoglobals // a table
	"model": used, "messages": used, "stream": used,
	"max_completion_tokens": used, "max_tokens": used, "n": used, "stop": used, "seed": used,
	"temperature": used, "top_p": used, "frequency_penalty": used, "presence_penalty": used, "top_logprobs": used,
	"logit_bias": able, "logprobs": able, "modalities": able, "reasoning_effort": able,
	"verbosity": hint, "service_tier": hint, "user": hint, "safety_identifier": hint, "prompt_cache_key": hint,
	"store": used, "metadata": used,
	"prompt_cache_options": handed, "prompt_cache_retention": handed,
	"audio": refused, "moderation": refused, "web_search_options": refused,

	"messages.role": used, "messages.content": used, "messages.name": used, "messages.tool_calls": able,
	"messages.tool_call_id": able, "messages.refusal": used, "messages.function_call": able, "messages.audio": refused,
	"messages.function_call.name": used, "messages.function_call.arguments": used,
	"messages.content.type": used, "messages.content.text": used, "messages.content.refusal": used,
	"messages.content.image_url": able, "messages.content.image_url.url": used, "messages.content.image_url.detail": hint,
	"messages.content.input_audio": able, "messages.content.input_audio.data": used, "messages.content.input_audio.format": used,
	"messages.content.file": able, "messages.content.file.file_id": used, "messages.content.file.file_data": used,
	"messages.content.file.filename": used, "messages.content.prompt_cache_breakpoint": handed,
	"messages.tool_calls.id": used, "messages.tool_calls.type": used, "messages.tool_calls.function": used,
	"messages.tool_calls.function.name": used, "messages.tool_calls.function.arguments": used,
	"messages.tool_calls.custom": refused,

	"tools": able, "tools.type": used, "tools.function": used, "tools.function.name": used,
	"tools.function.description": used, "tools.function.parameters": used, "tools.function.strict": used,
	"tools.custom": refused,
	"tool_choice":  able, "tool_choice.type": used, "tool_choice.function": used, "tool_choice.function.name": used,
	"tool_choice.allowed_tools": used, "tool_choice.allowed_tools.mode": used, "tool_choice.allowed_tools.tools": used,
	"tool_choice.custom":  refused,
	"parallel_tool_calls": used,
	"functions":           able, "functions.name": used, "functions.description": used, "functions.parameters": used,
	"function_call": able, "function_call.name": used,

	"response_format": able, "response_format.type": used, "response_format.json_schema": used,
	"response_format.json_schema.name": used, "response_format.json_schema.description": used,
	"response_format.json_schema.schema": used, "response_format.json_schema.strict": used,
	"prediction": able, "prediction.type": used, "prediction.content": used,
	"prediction.content.type": used, "prediction.content.text": used, "prediction.content.prompt_cache_breakpoint": dropped,
	"stream_options": used, "stream_options.include_usage": used, "stream_options.include_obfuscation": used,
}

// other reads a member that has no field in the contract. It belongs to the object at a path of [official];
// members to hand on go into more.
func other(more *body.Besides, d *body.Decoder, at string, name []byte) *failure.Error {
	fate := official[at+"."+string(name)]
	if fate == refused {
		return d.Unsupported()
	}
	if fate == dropped {
		return d.Skip()
	}
	return more.Keep(d, name)
}
