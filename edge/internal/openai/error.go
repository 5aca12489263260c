package openai

import (
	"fmt"
	"net/http"
	"time"
)

// The values of "type" in an error body.
const (
	typeInvalidRequest = "invalid_request_error"
	typePermission     = "permission_error"
	typeRateLimit      = "rate_limit_error"
	typeServer         = "server_error"
)

// StatusClientClosedRequest is what nginx logs for a request whose client left. There
// is nobody to read it.
const StatusClientClosedRequest = 499

// MaxRetryAfter is the longest [Error.RetryAfter]. Some SDKs ignore a longer hint and
// retry much sooner by their own schedule.
const MaxRetryAfter = 8 * time.Second

const internalMessage = "The server had an error while processing your request."

// An Error is a failure as a client sees it. All its texts are safe to show.
type Error struct {
	// Status is the HTTP status, where one can still be sent.
	Status int
	// Type is one of OpenAI's few error types; SDKs tell errors apart by Status and Code.
	Type string
	// Code is stable and in lower case; empty: null.
	Code string
	// Message is for a person.
	Message string
	// Param is the path of the field at fault, such as "messages[0].role"; empty: null.
	Param string
	// RetryAfter is how long to wait before asking again, at most [MaxRetryAfter]; 0:
	// there is nothing to say about it.
	RetryAfter time.Duration
	// Final is whether to tell the client by "x-should-retry: false" that asking again
	// cannot help. It is set only where SDKs would ask again by themselves.
	Final bool
}

// Error returns the code and the message.
func (e *Error) Error() string {
	return e.Code + ": " + e.Message
}

// AppendJSON appends the error body, {"error":{…}}, to dst and returns the extended
// buffer. All four keys are there, whatever their values: clients rely on it.
func (e *Error) AppendJSON(dst []byte) []byte {
	return append(e.appendProblem(append(dst, `{"error":`...)), '}')
}

// appendProblem appends the inside of the error body.
func (e *Error) appendProblem(dst []byte) []byte {
	dst = appendString(append(dst, `{"message":`...), e.Message)
	dst = appendString(append(dst, `,"type":`...), e.Type)
	dst = appendNullable(append(dst, `,"param":`...), e.Param)
	dst = appendNullable(append(dst, `,"code":`...), e.Code)
	return append(dst, '}')
}

// Internal returns the error for whatever is our fault. It tells nothing; the cause
// belongs in the log.
func Internal() *Error {
	return &Error{Status: http.StatusInternalServerError, Type: typeServer, Code: "internal_error", Message: internalMessage}
}

// UnknownURL returns the error for a path that is not part of the API.
func UnknownURL() *Error {
	return &Error{
		Status: http.StatusNotFound, Type: typeInvalidRequest, Code: "unknown_url",
		Message: "There is nothing at this URL. Please check its path.",
	}
}

// MethodNotAllowed returns the error for a known path and a method that it does not
// have. The header Allow is the caller's to set (RFC 9110, section 15.5.6).
func MethodNotAllowed() *Error {
	return &Error{
		Status: http.StatusMethodNotAllowed, Type: typeInvalidRequest, Code: "method_not_allowed",
		Message: "This URL does not support the request's method.",
	}
}

// UnsupportedMediaType returns the error for a body that is not application/json as it
// stands: in UTF-8 and not compressed.
func UnsupportedMediaType() *Error {
	return &Error{
		Status: http.StatusUnsupportedMediaType, Type: typeInvalidRequest, Code: "unsupported_media_type",
		Message: "The request body must be of type application/json, in UTF-8 and not compressed.",
	}
}

// RequestTimeout returns the error for a body that did not come in time.
func RequestTimeout() *Error {
	return &Error{
		Status: http.StatusRequestTimeout, Type: typeInvalidRequest, Code: "request_timeout",
		Message: "The request body did not arrive in time.",
	}
}

// DeadlineExceeded returns the error for a request that took longer than its client was
// willing to wait.
func DeadlineExceeded() *Error {
	return &Error{
		Status: http.StatusGatewayTimeout, Type: typeServer, Code: "deadline_exceeded", Final: true,
		Message: "The answer took longer than the request's X-Request-Timeout-Ms.",
	}
}

// TooLarge returns the error for a body of more than limit bytes.
func TooLarge(limit int64) *Error {
	return &Error{
		Status: http.StatusRequestEntityTooLarge, Type: typeInvalidRequest, Code: "request_too_large",
		Message: fmt.Sprintf("The request body may have at most %d bytes.", limit),
	}
}

// tooManyItems returns the error for a body whose size is in order but whose content
// would take up many times as much memory.
func tooManyItems() *Error {
	return &Error{
		Status: http.StatusRequestEntityTooLarge, Type: typeInvalidRequest, Code: "request_too_large",
		Message: fmt.Sprintf("The request body may have at most %d array elements and map members in all.", maxItems),
	}
}

// InvalidEventID returns the error for a Last-Event-ID that this API never sent, or
// not for this completion.
func InvalidEventID() *Error {
	return &Error{
		Status: http.StatusBadRequest, Type: typeInvalidRequest, Code: "invalid_event_id",
		Message: "The event id to resume after is not one of this completion's.",
	}
}

// InvalidValue returns the error for a query parameter or header that holds what it
// may not hold. The rest continues the sentence that begins with the param.
func InvalidValue(param, rest string) *Error {
	return fault("invalid_value", param, rest)
}

// BelowMin returns the error for a whole number of a query that is less than least.
func BelowMin(param string, least int) *Error {
	return fault("integer_below_min_value", param, fmt.Sprintf("must be at least %d", least))
}

// InvalidHeader returns the error for a header that holds what it may not hold. The
// rest continues the sentence that begins with the header.
func InvalidHeader(name, rest string) *Error {
	e := fault("invalid_value", "", rest)
	e.Message = "The header '" + name + "' " + rest + "."
	return e
}

// InvalidAPIKey returns the error for a request without a key or with a wrong one.
func InvalidAPIKey() *Error {
	return &Error{
		Status: http.StatusUnauthorized, Type: typeInvalidRequest, Code: "invalid_api_key",
		Message: "The API key is missing or wrong. It belongs into the header 'Authorization: Bearer KEY'.",
	}
}

// PermissionDenied returns the error for a key or token without the scope that this takes.
func PermissionDenied(scope string) *Error {
	return &Error{
		Status: http.StatusForbidden, Type: typePermission, Code: "permission_denied",
		Message: fmt.Sprintf("The API key or token may not be used for this, which takes the scope '%s'.", scope),
	}
}

// ForeignHost returns the error for a request to an edge by a name that may be anybody's, where
// it goes by names.
func ForeignHost() *Error {
	return &Error{
		Status: http.StatusForbidden, Type: typePermission, Code: "permission_denied",
		Message: "This server may not be called by this name, which may be anybody's: only by a loopback name or one of its --host names.",
	}
}

// ModelNotFound returns the error for a model that the caller may not use: the same that
// the service gives for one that does not exist.
func ModelNotFound() *Error {
	return domainError("MODEL_NOT_FOUND", "The model does not exist, or you may not use it.", "model", 0)
}

// CompletionNotFound returns the error for a completion that does not exist for this
// caller: the same that the service gives, for an id that need not be looked up.
func CompletionNotFound() *Error {
	return domainError("COMPLETION_NOT_FOUND", "There is no such completion.", "", 0)
}

// CompletionLost returns the error for a completion that is gone with the replica which
// held it.
func CompletionLost() *Error {
	return &Error{
		Status: http.StatusServiceUnavailable, Type: typeServer, Code: "completion_lost",
		Message:    "The completion was interrupted and cannot be continued. Please ask again.",
		RetryAfter: usualRetry,
	}
}

// RateLimited returns the error for a caller over its rate or concurrency limit.
func RateLimited(retryAfter time.Duration) *Error {
	return &Error{
		Status: http.StatusTooManyRequests, Type: typeRateLimit, Code: "rate_limit_exceeded",
		Message:    "Too many requests. Please slow down and try again.",
		RetryAfter: clampRetry(retryAfter),
	}
}

// Overloaded returns the error for an edge that cannot take a request now: it is full
// or about to stop.
func Overloaded(retryAfter time.Duration) *Error {
	return &Error{
		Status: http.StatusServiceUnavailable, Type: typeServer, Code: "overloaded",
		Message:    overloadedMessage,
		RetryAfter: clampRetry(retryAfter),
	}
}

// NoRoom returns the error for a request that the edge has no memory for now.
func NoRoom(retryAfter time.Duration) *Error {
	return &Error{
		Status: http.StatusServiceUnavailable, Type: typeServer, Code: "overloaded",
		Message:    "The service holds as many large requests as it can. Please try again, or send a shorter one.",
		RetryAfter: clampRetry(retryAfter),
	}
}

// NoRoomForCaller returns the error for a caller whose requests take half of that memory.
func NoRoomForCaller(retryAfter time.Duration) *Error {
	return &Error{
		Status: http.StatusTooManyRequests, Type: typeRateLimit, Code: "rate_limit_exceeded",
		Message:    "Your large requests take as much of the service's memory as those of one caller may. Please wait for one of them to end.",
		RetryAfter: clampRetry(retryAfter),
	}
}

// fault returns a 400 about one field: its message begins with the field's path, or
// with the body where there is none.
func fault(code, param, rest string) *Error {
	subject := "The request body "
	if param != "" {
		subject = "'" + param + "' "
	}
	return &Error{
		Status: http.StatusBadRequest, Type: typeInvalidRequest, Code: code,
		Message: subject + rest + ".", Param: param,
	}
}
