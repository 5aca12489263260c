package openai

import (
	"net/http"

	"github.com/pawstream/pawstream/edge/internal/failure"
)

// AppendError appends the error body, {"error":{…}}, to dst and returns the extended buffer. It always has all
// four keys, because clients rely on them.
func AppendError(dst []byte, e *failure.Error) []byte {
	return append(AppendProblem(append(dst, `{"error":`...), e), '}')
}

// AppendProblem appends the inside of the error body.
func AppendProblem(dst []byte, e *failure.Error) []byte {
	dst = AppendString(append(dst, `{"message":`...), e.Message)
	dst = AppendString(append(dst, `,"type":`...), errorType(e.Status))
	dst = AppendNullable(append(dst, `,"param":`...), e.Param)
	dst = AppendNullable(append(dst, `,"code":`...), string(e.Code))
	return append(dst, '}')
}

// errorType returns one of OpenAI's few error types. SDKs distinguish errors by status and code.
func errorType(status int) string {
	switch {
	case status == http.StatusForbidden:
		return "permission_error"
	case status == http.StatusTooManyRequests:
		return "rate_limit_error"
	case status >= http.StatusInternalServerError:
		return "server_error"
	case status >= http.StatusBadRequest:
		return "invalid_request_error"
	}
	return ""
}
