// Package failure defines what can go wrong for a client of the public API: one type, the edge's own
// failures, and the completion service's.
//
// [FromStatus] and [FromEvent] turn every failure of the service into an [Error], by one table of its
// reasons. A failure that is our own fault does not show its text.
//
// All dialects share it. Each decides how a failure looks on the wire.
package failure

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/unknown"
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
	// Code is what kind of failure it is; empty: null.
	Code Code
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
	return string(e.Code) + ": " + e.Message
}

// Internal returns the error for whatever is our fault. It tells nothing; the cause
// belongs in the log.
func Internal() *Error {
	return &Error{Status: http.StatusInternalServerError, Code: CodeInternal, Message: internalMessage}
}

// UnknownURL returns the error for a path that is not part of the API.
func UnknownURL() *Error {
	return &Error{
		Status: http.StatusNotFound, Code: CodeUnknownURL,
		Message: "There is nothing at this URL. Please check its path.",
	}
}

// UnknownURLNear is [UnknownURL] for a path that most likely means a route of ours. The route is
// named, and nothing of what the client has sent.
func UnknownURLNear(route string) *Error {
	e := UnknownURL()
	e.Message = "There is nothing at this URL. Perhaps you mean " + route + "."
	return e
}

// UnknownURLNearest is [UnknownURL] for a path of another API that has nothing like it here. It tells the route
// that is nearest to it.
func UnknownURLNearest(route string) *Error {
	e := UnknownURL()
	e.Message = "There is nothing at this URL: that part of the API is not served. The nearest that is: " + route + "."
	return e
}

// UnknownURLOfAPI is [UnknownURL] for a path of an API that is not spoken here, or not in this part. It tells
// what there is.
func UnknownURLOfAPI() *Error {
	e := UnknownURL()
	e.Message = "There is nothing at this URL. What there is: /v1/chat/completions, /v1/responses, and the models at /v1/models."
	return e
}

// MethodNotAllowed returns the error for a known path and a method that it does not
// have, but those of allow. The header Allow is the caller's to set (RFC 9110, section 15.5.6).
func MethodNotAllowed(allow string) *Error {
	return &Error{
		Status: http.StatusMethodNotAllowed, Code: CodeMethodNotAllowed,
		Message: "This URL does not support the request's method. Use " + strings.ReplaceAll(allow, ", ", " or ") + ".",
	}
}

// UnsupportedMediaType returns the error for a body that is not application/json, but of another type or none. The
// header Accept is the caller's to set (RFC 9110, section 15.5.16).
func UnsupportedMediaType(came string) *Error {
	told := "it came as " + quoted(came, "something else")
	if came == "" {
		told = "it came without a type"
	}
	return &Error{
		Status: http.StatusUnsupportedMediaType, Code: CodeUnsupportedMediaType,
		Message: "The request body must be of type application/json; " + told + ". Send the header 'Content-Type: application/json' (curl: -H).",
	}
}

// UnsupportedCoding returns the error for a body that is compressed by none of the codings, or twice. The header
// Accept-Encoding is the caller's to set (RFC 9110, section 15.5.16).
func UnsupportedCoding(codings string) *Error {
	return &Error{
		Status: http.StatusUnsupportedMediaType, Code: CodeUnsupportedMediaType,
		Message: "The request body may be compressed by one of " + codings + ", once, or not at all.",
	}
}

// RequestTimeout returns the error for a body that did not come in time.
func RequestTimeout() *Error {
	return &Error{
		Status: http.StatusRequestTimeout, Code: CodeRequestTimeout,
		Message: "The request body did not arrive in time.",
	}
}

// DeadlineExceeded returns the error for a request that took longer than its client was
// willing to wait.
func DeadlineExceeded() *Error {
	return &Error{
		Status: http.StatusGatewayTimeout, Code: CodeDeadlineExceeded, Final: true,
		Message: "The answer took longer than the request's X-Request-Timeout-Ms.",
	}
}

// TooLarge returns the error for a body of more than limit bytes.
func TooLarge(limit int64) *Error {
	return &Error{
		Status: http.StatusRequestEntityTooLarge, Code: CodeRequestTooLarge,
		Message: fmt.Sprintf("The request body may have at most %d bytes.", limit),
	}
}

// TooManyItems returns the error for a body whose size is in order but whose content
// would take up many times as much memory.
func TooManyItems(limit int) *Error {
	return &Error{
		Status: http.StatusRequestEntityTooLarge, Code: CodeRequestTooLarge,
		Message: fmt.Sprintf("The request body may have at most %d array elements and map members in all.", limit),
	}
}

// InvalidEventID returns the error for a Last-Event-ID that this API never sent, or
// not for this completion, whose event ids look like form.
func InvalidEventID(form string) *Error {
	return &Error{
		Status: http.StatusBadRequest, Code: CodeInvalidEventID,
		Message: "The event id to resume after is not one of this completion's. One looks like '" + form + "'; ?starting_after=50 on a GET means the same.",
	}
}

// InvalidValue returns the error for a query parameter or header that holds what it
// may not hold. The rest continues the sentence that begins with the param.
func InvalidValue(param, rest string) *Error {
	return Field(CodeInvalidValue, param, rest)
}

// BelowMin returns the error for a whole number of a query that is less than least.
func BelowMin(param string, least int) *Error {
	return Field(CodeIntegerBelowMinValue, param, fmt.Sprintf("must be at least %d", least))
}

// InvalidHeader returns the error for a header that holds what it may not hold. The
// rest continues the sentence that begins with the header.
func InvalidHeader(name, rest string) *Error {
	e := Field(CodeInvalidValue, "", rest)
	e.Message = "The header '" + name + "' " + rest + "."
	return e
}

// NoAPIKey returns the error for a request without a key.
func NoAPIKey() *Error {
	return unauthorized("The API key is missing. Send it in the header 'Authorization: Bearer KEY'.")
}

// MalformedAPIKey returns the error for a header that holds no bearer credentials, or several.
func MalformedAPIKey() *Error {
	return unauthorized("The API key must be sent once, as 'Authorization: Bearer KEY': write 'Bearer ' before the key.")
}

// UnknownAPIKey returns the error for a key or token that lets nobody in, whatever the reason.
func UnknownAPIKey() *Error {
	return unauthorized("This API key or token is unknown or no longer valid. Check it, or get a new one.")
}

// UnusableTicket returns the error for a ticket that does not open the stream, whatever the reason.
func UnusableTicket() *Error {
	return unauthorized("This ticket has already been used, is older than a minute, or is not for this completion: ask for a new one at POST /v1/stream_tickets.")
}

// UnusableShare returns the error for what a completion was shared by and is no more, whatever the reason.
func UnusableShare() *Error {
	return unauthorized("This link has expired, or the conversation is no longer shared: ask for a new link.")
}

func unauthorized(message string) *Error {
	return &Error{Status: http.StatusUnauthorized, Code: CodeInvalidAPIKey, Message: message}
}

// PermissionDenied returns the error for a key or token without the scope that this takes.
func PermissionDenied(scope string) *Error {
	return &Error{
		Status: http.StatusForbidden, Code: CodePermissionDenied,
		Message: fmt.Sprintf("The API key or token may not be used for this: it lacks the scope '%s'.", scope),
	}
}

// ForeignHost returns the error for a request to an edge by a name that may be anybody's, where
// it goes by names; empty: by no name. It tells the flag that would let the name in.
func ForeignHost(name string) *Error {
	return &Error{
		Status: http.StatusForbidden, Code: CodePermissionDenied,
		Message: "This server does not go by this name. Call it by a loopback or private name, or one that it was started with: --host=" + cmp.Or(name, "NAME") + " allows this one.",
	}
}

// ModelNotFound returns the error for a model that the caller may not use: the same that
// the service gives for one that does not exist. It tells of the names that the caller may use.
func ModelNotFound(name string, may []string) *Error {
	return ofService(completionv1.Reason_REASON_MODEL_NOT_FOUND, unknown.Model(name, may), "model")
}

// CompletionNotFound returns the error for a completion that does not exist for this
// caller: the same that the service gives, for an id that need not be looked up.
func CompletionNotFound() *Error {
	return ofService(completionv1.Reason_REASON_COMPLETION_NOT_FOUND, unknown.Completion, "")
}

// NotAnID is [CompletionNotFound] for what cannot be an id in a dialect, whose ids look like form.
func NotAnID(id, form string) *Error {
	e := CompletionNotFound()
	e.Message = quoted(id, "The id in the URL") + " is not a completion id: one looks like '" + form + "'."
	return e
}

// maxQuoted is the longest text that a message repeats, in bytes: a request may hold anything.
const maxQuoted = 64

// quoted returns a text in quotes, or the other words for one that is long or has more than letters, digits and
// what names have: somebody may show a message as a page.
func quoted(text, otherwise string) string {
	odd := func(c rune) bool {
		return c > 0x7f || !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("-_.:/ ", c)
	}
	if text == "" || len(text) > maxQuoted || strings.ContainsFunc(text, odd) {
		return otherwise
	}
	return "'" + text + "'"
}

// InvalidCursor returns the error for a place in a stream that does not exist: the same that the
// service gives, where only the dialect can tell.
func InvalidCursor() *Error {
	return ofService(completionv1.Reason_REASON_INVALID_CURSOR, "The event to resume after does not exist.", "")
}

// PreviousNotFound returns the error for a completion to take up that cannot exist: the same that the service
// gives for one that does not.
func PreviousNotFound(param string) *Error {
	return ofService(completionv1.Reason_REASON_PREVIOUS_COMPLETION_NOT_FOUND, "'"+param+"' names a response that does not exist.", param)
}

// NoWebSocket returns the error for a client that asks for one.
func NoWebSocket() *Error {
	return &Error{
		Status: http.StatusUpgradeRequired, Code: CodeNoWebSocket,
		Message: "There are no WebSockets here. Please send a POST; its stream is Server-Sent Events.",
	}
}

// NotShown returns the error for a completion that a dialect has no form for, as it holds something.
func NotShown(form, holds string) *Error {
	return &Error{
		Status: http.StatusConflict, Code: CodeNotShown, Final: true,
		Message: "This completion cannot be shown as " + form + ", because it has " + holds + ". The API by which it was created can show it.",
	}
}

// ofService returns the error that the service would give for a reason.
func ofService(reason completionv1.Reason, message, param string) *Error {
	r, _ := reasonRow(reason)
	return r.error(message, param, 0)
}

// CompletionLost returns the error for a completion that is gone with the replica which
// held it.
func CompletionLost() *Error {
	return &Error{
		Status: http.StatusServiceUnavailable, Code: CodeCompletionLost,
		Message:    "The completion was interrupted and cannot be continued. Please ask again.",
		RetryAfter: usualRetry,
	}
}

// RateLimited returns the error for a caller who sends more requests than so many a minute.
func RateLimited(perMinute int, retryAfter time.Duration) *Error {
	return &Error{
		Status: http.StatusTooManyRequests, Code: CodeRateLimitExceeded,
		Message:    fmt.Sprintf("Too many requests: you may send %d a minute. Please slow down and try again.", perMinute),
		RetryAfter: clampRetry(retryAfter),
	}
}

// TooManyStreams returns the error for a caller who waits for as many answers at once as they may.
func TooManyStreams(most int, retryAfter time.Duration) *Error {
	return &Error{
		Status: http.StatusTooManyRequests, Code: CodeRateLimitExceeded,
		Message:    fmt.Sprintf("Too many answers at once: you may have %d open, streamed or not. Please try again when one has ended.", most),
		RetryAfter: clampRetry(retryAfter),
	}
}

// Overloaded returns the error for an edge that cannot take a request now: it is full
// or about to stop.
func Overloaded(retryAfter time.Duration) *Error {
	return &Error{
		Status: http.StatusServiceUnavailable, Code: CodeOverloaded,
		Message:    overloadedMessage,
		RetryAfter: clampRetry(retryAfter),
	}
}

// NoRoom returns the error for a request that the edge has no memory for now.
func NoRoom(retryAfter time.Duration) *Error {
	return &Error{
		Status: http.StatusServiceUnavailable, Code: CodeOverloaded,
		Message:    "The service holds as many large requests as it can. Please try again, or send a shorter one.",
		RetryAfter: clampRetry(retryAfter),
	}
}

// NoRoomForCaller returns the error for a caller whose requests take half of that memory.
func NoRoomForCaller(retryAfter time.Duration) *Error {
	return &Error{
		Status: http.StatusTooManyRequests, Code: CodeRateLimitExceeded,
		Message:    "Your large requests already use all of the service's memory that one caller may use. Please wait for one of them to end.",
		RetryAfter: clampRetry(retryAfter),
	}
}

// Field returns a 400 about one field: its message begins with the field's path, or
// with the body where there is none. The rest continues that sentence.
func Field(code Code, param, rest string) *Error {
	subject := "The request body "
	if param != "" {
		subject = "'" + param + "' "
	}
	return &Error{
		Status: http.StatusBadRequest, Code: code,
		Message: subject + rest + ".", Param: param,
	}
}
