package openai

import (
	"math"
	"strconv"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// leastLogprob stands for a token that is as good as impossible. It is OpenAI's, and
// takes the place of what JSON has no number for.
const leastLogprob = -9999

// appendDelta appends the "delta" of a choice. The one with the role, the first, has
// the content and the refusal too, as OpenAI's: SDKs add later pieces to them.
// Pets are shown where they were asked for.
func appendDelta(dst []byte, d *completionv1.Delta, pets bool) []byte {
	dst = append(dst, '{')
	if role := roleName(d.GetRole()); role != "" {
		dst = appendString(append(dst, `"role":`...), role)
		dst = append(dst, `,"content":`...)
		if d.GetContent() == "" && len(d.GetToolCalls()) > 0 {
			dst = append(dst, "null"...)
		} else {
			dst = appendString(dst, d.GetContent())
		}
		dst = append(dst, `,"refusal":`...)
		dst = appendNullable(dst, d.GetRefusal())
	} else {
		dst = appendPiece(dst, `"content":`, d.GetContent())
		dst = appendPiece(dst, `"refusal":`, d.GetRefusal())
	}
	dst = appendPiece(dst, `"reasoning_content":`, d.GetReasoning())
	if len(d.GetToolCalls()) > 0 {
		dst = append(appendComma(dst), `"tool_calls":[`...)
		for _, call := range d.GetToolCalls() {
			dst = appendToolCall(dst, call)
		}
		dst = append(dst, ']')
	}
	if pets && len(d.GetPets()) > 0 {
		dst = appendPets(append(appendComma(dst), `"pets":`...), d.GetPets())
	}
	return append(dst, '}')
}

// appendPets appends the pets of an answer: a member of our own, which OpenAI has nothing like.
func appendPets(dst []byte, pets []*completionv1.Pet) []byte {
	dst = append(dst, '[')
	for _, p := range pets {
		dst = appendString(append(appendComma(dst), `{"id":`...), p.GetId())
		dst = appendString(append(dst, `,"name":`...), p.GetName())
		dst = appendString(append(dst, `,"species":`...), p.GetSpecies())
		dst = appendString(append(dst, `,"breed":`...), p.GetBreed())
		dst = appendString(append(dst, `,"sex":`...), p.GetSex())
		dst = strconv.AppendInt(append(dst, `,"age_months":`...), int64(p.GetAgeMonths()), 10)
		dst = strconv.AppendInt(append(dst, `,"fee_usd":`...), int64(p.GetFeeUsd()), 10)
		dst = append(dst, `,"coat":[`...)
		for _, look := range p.GetCoat() {
			dst = appendString(appendComma(dst), look)
		}
		dst = appendString(append(dst, `],"portrait":`...), p.GetPortrait())
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendPiece appends a member unless its text is empty.
func appendPiece(dst []byte, name, text string) []byte {
	if text == "" {
		return dst
	}
	return appendString(append(appendComma(dst), name...), text)
}

// appendComma appends a comma unless dst has just begun an object or an array.
func appendComma(dst []byte) []byte {
	if last := dst[len(dst)-1]; last == '{' || last == '[' {
		return dst
	}
	return append(dst, ',')
}

// appendToolCall appends an element of "tool_calls". Only the piece that opens the
// call says what is called; SDKs that add pieces up would double it otherwise.
func appendToolCall(dst []byte, call *completionv1.ToolCallDelta) []byte {
	dst = append(appendComma(dst), `{"index":`...)
	dst = strconv.AppendInt(dst, int64(call.GetIndex()), 10)
	if call.GetId() != "" || call.GetFunctionName() != "" {
		dst = appendString(append(dst, `,"id":`...), call.GetId())
		dst = appendString(append(dst, `,"type":"function","function":{"name":`...), call.GetFunctionName())
		dst = append(dst, `,"arguments":`...)
	} else {
		dst = append(dst, `,"function":{"arguments":`...)
	}
	dst = appendString(dst, call.GetArguments())
	return append(dst, "}}"...)
}

// appendLogprobs appends the "logprobs" of a choice, which is never absent.
func appendLogprobs(dst []byte, l *completionv1.Logprobs) []byte {
	if l == nil {
		return append(dst, "null"...)
	}
	dst = appendTokens(append(dst, `{"content":`...), l.GetContent())
	dst = appendTokens(append(dst, `,"refusal":`...), l.GetRefusal())
	return append(dst, '}')
}

func appendTokens(dst []byte, tokens []*completionv1.TokenLogprob) []byte {
	if len(tokens) == 0 {
		return append(dst, "null"...)
	}
	dst = append(dst, '[')
	for _, t := range tokens {
		dst = appendToken(appendComma(dst), t.GetToken(), t.GetLogprob(), t.GetBytes())
		dst = append(dst, `,"top_logprobs":[`...)
		for _, top := range t.GetTopLogprobs() {
			dst = appendToken(appendComma(dst), top.GetToken(), top.GetLogprob(), top.GetBytes())
			dst = append(dst, '}')
		}
		dst = append(dst, "]}"...)
	}
	return append(dst, ']')
}

// appendToken appends an object and leaves it open.
func appendToken(dst []byte, token string, logprob float64, raw []byte) []byte {
	dst = appendString(append(dst, `{"token":`...), token)
	dst = appendFloat(append(dst, `,"logprob":`...), finiteLogprob(logprob))
	dst = append(dst, `,"bytes":`...)
	if raw == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '[')
	for _, b := range raw {
		dst = strconv.AppendUint(appendComma(dst), uint64(b), 10)
	}
	return append(dst, ']')
}

func finiteLogprob(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return leastLogprob
	}
	return f
}
