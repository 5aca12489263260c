package openai

import (
	"math"
	"strconv"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// leastLogprob is OpenAI's value for a nearly impossible token. It replaces values for which JSON has no
// number.
const leastLogprob = -9999

// AppendTokens appends the log probabilities of tokens as an array, or null if there are none.
func AppendTokens(dst []byte, tokens []*completionv1.TokenLogprob) []byte {
	if len(tokens) == 0 {
		return append(dst, "null"...)
	}
	dst = append(dst, '[')
	for _, t := range tokens {
		dst = appendToken(AppendComma(dst), t.GetToken(), t.GetLogprob(), t.GetBytes())
		dst = append(dst, `,"top_logprobs":[`...)
		for _, top := range t.GetTopLogprobs() {
			dst = appendToken(AppendComma(dst), top.GetToken(), top.GetLogprob(), top.GetBytes())
			dst = append(dst, '}')
		}
		dst = append(dst, "]}"...)
	}
	return append(dst, ']')
}

// appendToken appends an object without its closing brace.
func appendToken(dst []byte, token string, logprob float64, raw []byte) []byte {
	dst = AppendString(append(dst, `{"token":`...), token)
	dst = AppendFloat(append(dst, `,"logprob":`...), finiteLogprob(logprob))
	dst = append(dst, `,"bytes":`...)
	if raw == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '[')
	for _, b := range raw {
		dst = strconv.AppendUint(AppendComma(dst), uint64(b), 10)
	}
	return append(dst, ']')
}

func finiteLogprob(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return leastLogprob
	}
	return f
}
