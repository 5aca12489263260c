package chat

import (
	"strconv"

	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

// appendDelta appends the "delta" of a choice. As with OpenAI, the first delta, which has the role, also has
// the content and the refusal: SDKs append later pieces to them. Pets and related questions appear only if the
// client asked for them.
func (c *ChunkEncoder) appendDelta(dst []byte, d *completionv1.Delta) []byte {
	dst = append(dst, '{')
	if role := protoname.Of(d.GetRole()); role != "" {
		dst = openai.AppendString(append(dst, `"role":`...), role)
		dst = append(dst, `,"content":`...)
		if d.GetContent() == "" && (d.GetNoContent() || len(d.GetToolCalls()) > 0) {
			dst = append(dst, "null"...)
		} else {
			dst = openai.AppendString(dst, d.GetContent())
		}
		dst = append(dst, `,"refusal":`...)
		dst = openai.AppendNullable(dst, d.GetRefusal())
	} else {
		dst = appendPiece(dst, `"content":`, d.GetContent())
		dst = appendPiece(dst, `"refusal":`, d.GetRefusal())
	}
	dst = appendPiece(dst, `"reasoning_content":`, d.GetReasoning())
	switch {
	case c.functions:
		dst = appendFunctionCall(dst, d.GetToolCalls())
	case len(d.GetToolCalls()) > 0:
		dst = append(openai.AppendComma(dst), `"tool_calls":[`...)
		for _, call := range d.GetToolCalls() {
			dst = appendToolCall(dst, call)
		}
		dst = append(dst, ']')
	}
	if c.besides && len(d.GetPets()) > 0 {
		dst = appendPets(append(openai.AppendComma(dst), `"pets":`...), d.GetPets())
	}
	if c.besides && len(d.GetRelatedQuestions()) > 0 {
		dst = appendTexts(append(openai.AppendComma(dst), `"related_questions":`...), d.GetRelatedQuestions())
	}
	return append(openai.AppendMore(dst, d.GetMore(), deltaMembers), '}')
}

// appendFunctionCall appends the first call of an answer for clients that use functions, the API before tools.
// That API has one call per answer.
func appendFunctionCall(dst []byte, calls []*completionv1.ToolCallDelta) []byte {
	for _, call := range calls {
		if call.GetIndex() > 0 {
			continue
		}
		dst = append(openai.AppendComma(dst), `"function_call":{`...)
		if call.GetFunctionName() != "" {
			dst = append(openai.AppendString(append(dst, `"name":`...), call.GetFunctionName()), ',')
		}
		dst = openai.AppendString(append(dst, `"arguments":`...), call.GetArguments())
		return append(dst, '}')
	}
	return dst
}

// finishReason returns the name of a reason, for clients that use functions or tools.
func finishReason(r completionv1.FinishReason, functions bool) string {
	if functions && r == completionv1.FinishReason_FINISH_REASON_TOOL_CALLS {
		return "function_call"
	}
	return protoname.Of(r)
}

// appendPets appends the pets of an answer, which are our own extension.
func appendPets(dst []byte, pets []*completionv1.Pet) []byte {
	dst = append(dst, '[')
	for _, p := range pets {
		dst = openai.AppendString(append(openai.AppendComma(dst), `{"id":`...), p.GetId())
		dst = openai.AppendString(append(dst, `,"name":`...), p.GetName())
		dst = openai.AppendString(append(dst, `,"species":`...), p.GetSpecies())
		dst = openai.AppendString(append(dst, `,"breed":`...), p.GetBreed())
		dst = openai.AppendString(append(dst, `,"sex":`...), p.GetSex())
		dst = strconv.AppendInt(append(dst, `,"age_months":`...), int64(p.GetAgeMonths()), 10)
		dst = strconv.AppendInt(append(dst, `,"fee_usd":`...), int64(p.GetFeeUsd()), 10)
		dst = appendTexts(append(dst, `,"coat":`...), p.GetCoat())
		dst = openai.AppendString(append(dst, `,"portrait":`...), p.GetPortrait())
		dst = append(appendTexts(append(dst, `,"reasons":`...), p.GetReasons()), '}')
	}
	return append(dst, ']')
}

func appendTexts(dst []byte, texts []string) []byte {
	dst = append(dst, '[')
	for _, text := range texts {
		dst = openai.AppendString(openai.AppendComma(dst), text)
	}
	return append(dst, ']')
}

// appendPiece appends a member unless its text is empty.
func appendPiece(dst []byte, name, text string) []byte {
	if text == "" {
		return dst
	}
	return openai.AppendString(append(openai.AppendComma(dst), name...), text)
}

// appendToolCall appends an element of "tool_calls". Only the first piece of a call names the function;
// otherwise SDKs that concatenate pieces would double the name.
func appendToolCall(dst []byte, call *completionv1.ToolCallDelta) []byte {
	dst = append(openai.AppendComma(dst), `{"index":`...)
	dst = strconv.AppendInt(dst, int64(call.GetIndex()), 10)
	if call.GetId() != "" || call.GetFunctionName() != "" {
		dst = openai.AppendString(append(dst, `,"id":`...), call.GetId())
		dst = openai.AppendString(append(dst, `,"type":"function","function":{"name":`...), call.GetFunctionName())
		dst = append(dst, `,"arguments":`...)
	} else {
		dst = append(dst, `,"function":{"arguments":`...)
	}
	dst = openai.AppendString(dst, call.GetArguments())
	if call.GetMore() == "" {
		return append(dst, "}}"...)
	}
	dst = append(openai.AppendMore(dst, memberOf(call.GetMore(), "function"), functionMembers), '}')
	return append(openai.AppendMore(dst, call.GetMore(), callMembers), '}')
}

// appendLogprobs appends the "logprobs" of a choice, which is never absent.
func appendLogprobs(dst []byte, l *completionv1.Logprobs) []byte {
	if l == nil {
		return append(dst, "null"...)
	}
	dst = openai.AppendTokens(append(dst, `{"content":`...), l.GetContent())
	dst = openai.AppendTokens(append(dst, `,"refusal":`...), l.GetRefusal())
	return append(dst, '}')
}
