package chat

import (
	"strconv"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// appendUsage appends the complete "usage" object, even if its counts are 0. The cost and the mark of an
// estimate are included only if they apply: OpenAI has no such fields.
func appendUsage(dst []byte, u *completionv1.Usage) []byte {
	prompt, completion := u.GetPromptTokensDetails(), u.GetCompletionTokensDetails()
	dst = appendCount(dst, `{"prompt_tokens":`, u.GetPromptTokens())
	dst = appendCount(dst, `,"completion_tokens":`, u.GetCompletionTokens())
	dst = appendCount(dst, `,"total_tokens":`, u.GetTotalTokens())
	dst = appendCount(dst, `,"prompt_tokens_details":{"cached_tokens":`, prompt.GetCachedTokens())
	dst = appendCount(dst, `,"audio_tokens":`, prompt.GetAudioTokens())
	dst = appendCount(dst, `},"completion_tokens_details":{"reasoning_tokens":`, completion.GetReasoningTokens())
	dst = appendCount(dst, `,"audio_tokens":`, completion.GetAudioTokens())
	dst = appendCount(dst, `,"accepted_prediction_tokens":`, completion.GetAcceptedPredictionTokens())
	dst = appendCount(dst, `,"rejected_prediction_tokens":`, completion.GetRejectedPredictionTokens())
	dst = append(dst, '}')
	if u.CostUsd != nil {
		dst = strconv.AppendFloat(append(dst, `,"cost_usd":`...), u.GetCostUsd(), 'f', -1, 64)
	}
	if u.GetEstimated() {
		dst = append(dst, `,"estimated":true`...)
	}
	return append(dst, '}')
}

func appendCount(dst []byte, name string, n int64) []byte {
	return strconv.AppendInt(append(dst, name...), n, 10)
}
