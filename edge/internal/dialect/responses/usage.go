package responses

import (
	"strconv"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// appendUsage appends the "usage" object, or null if it is not known yet. It adds "estimated" only to
// estimates, because OpenAI has no such field.
func appendUsage(dst []byte, u *completionv1.Usage) []byte {
	if u == nil {
		return append(dst, "null"...)
	}
	dst = appendCount(dst, `{"input_tokens":`, u.GetPromptTokens())
	dst = appendCount(dst, `,"input_tokens_details":{"cached_tokens":`, u.GetPromptTokensDetails().GetCachedTokens())
	dst = appendCount(dst, `,"cache_write_tokens":`, 0)
	dst = appendCount(dst, `},"output_tokens":`, u.GetCompletionTokens())
	dst = appendCount(dst, `,"output_tokens_details":{"reasoning_tokens":`, u.GetCompletionTokensDetails().GetReasoningTokens())
	dst = appendCount(dst, `},"total_tokens":`, u.GetTotalTokens())
	if u.GetEstimated() {
		dst = append(dst, `,"estimated":true`...)
	}
	return append(dst, '}')
}

func appendCount(dst []byte, name string, n int64) []byte {
	return strconv.AppendInt(append(dst, name...), n, 10)
}
