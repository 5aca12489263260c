// Package failure defines what can go wrong for a client of the public API: one type, the edge's own
// failures, and the completion service's.
//
// [FromStatus] and [FromEvent] turn every failure of the service into an [Error], by one table of its
// reasons. A failure that is our own fault does not show its text.
//
// All dialects share this package. Each decides how a failure looks on the wire.
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

// StatusClientClosedRequest is the status that nginx logs for a request whose client left. No client reads it.
const StatusClientClosedRequest = 499

// MaxRetryAfter is the longest [Error.RetryAfter]. Some SDKs ignore a longer hint and
// retry much sooner by their own schedule.
const MaxRetryAfter = 8 * time.Second

const internalMessage = "The server had an error while processing your request."

// An Error is a failure as a client sees it. All its texts are safe to show.
type Error struct {
	// Status is the HTTP status, if the response can still have one.
	Status int
	// Code is the kind of failure; empty: null.
	Code Code
	// Message is for a person.
	Message string
	// Param is the path of the field at fault, such as "messages[0].role"; empty: null.
	Param string
	// RetryAfter is how long to wait before a retry, at most [MaxRetryAfter]; 0: no hint.
	RetryAfter time.Duration
	// Final says whether to tell the client by "x-should-retry: false" that a retry cannot help. It is set only
	// if SDKs would retry by themselves.
	Final bool
}

// Error returns the code and the message.
func (e *Error) Error() string {
	return string(e.Code) + ": " + e.Message
}

// Internal returns the error for faults of our own. It reveals nothing; the cause belongs in the log.
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

// UnknownURLNear is [UnknownURL] for a path that most likely means one of our routes. The message names the
// route, and repeats nothing from the client.
func UnknownURLNear(route string) *Error {
	e := UnknownURL()
	e.Message = "There is nothing at this URL. Perhaps you mean " + route + "."
	return e
}

// served lists the main routes.
const served = " What there is: /v1/chat/completions, /v1/responses, and the models at /v1/models."

// UnknownURLOfPart is [UnknownURL] for a path of a known API that has no equivalent here. The message lists the
// routes that exist.
func UnknownURLOfPart() *Error {
	e := UnknownURL()
	e.Message = "There is nothing at this URL: that part of the API is not served." + served
	return e
}

// UnknownURLOfAPI is [UnknownURL] for any other path of an API. The message lists the routes that exist.
func UnknownURLOfAPI() *Error {
	e := UnknownURL()
	e.Message = "There is nothing at this URL." + served
	return e
}

// UnknownURLOfDemo is [UnknownURL] for the page that only some servers have.
func UnknownURLOfDemo() *Error {
	e := UnknownURL()
	e.Message = "There is nothing at this URL. Only a server that is started with --demo has that page (make demo)."
	return e
}

// MethodNotAllowed returns the error for a known path and a method that is not among those in allow, a
// comma-separated list. The caller must set the header Allow (RFC 9110, section 15.5.6).
func MethodNotAllowed(allow string) *Error {
	return &Error{
		Status: http.StatusMethodNotAllowed, Code: CodeMethodNotAllowed,
		Message: "This URL does not support the request's method. Use " + either(allow) + ".",
	}
}

// either joins the elements of a comma-separated list as a sentence does: "A, B or C".
func either(list string) string {
	if last := strings.LastIndex(list, ", "); last >= 0 {
		return list[:last] + " or " + list[last+2:]
	}
	return list
}

// UnsupportedMediaType returns the error for a body with a type other than application/json, or none. The
// caller must set the header Accept (RFC 9110, section 15.5.16).
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

// UnsupportedCoding returns the error for a body that is compressed by another coding, or more than once. The
// caller must set the header Accept-Encoding (RFC 9110, section 15.5.16).
func UnsupportedCoding(codings string) *Error {
	return &Error{
		Status: http.StatusUnsupportedMediaType, Code: CodeUnsupportedMediaType,
		Message: "The request body may be compressed by one of " + codings + ", once, or not at all.",
	}
}

// RequestTimeout returns the error for a body that did not arrive in time.
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
		Message: fmt.Sprintf("The request body may have at most %d bytes; --max-body raises the limit.", limit),
	}
}

// TooManyItems returns the error for a body of an acceptable size whose decoded content would take many times
// as much memory.
func TooManyItems(limit int) *Error {
	return &Error{
		Status: http.StatusRequestEntityTooLarge, Code: CodeRequestTooLarge,
		Message: fmt.Sprintf("The request body may have at most %d array elements and map members in all.", limit),
	}
}

// InvalidEventID returns the error for a Last-Event-ID that this API never sent for this completion. form is an
// example of a valid one.
func InvalidEventID(form string) *Error {
	return &Error{
		Status: http.StatusBadRequest, Code: CodeInvalidEventID,
		Message: "The event id to resume after is not one of this completion's. One looks like '" + form + "'; ?starting_after=50 on a GET means the same.",
	}
}

// InvalidValue returns the error for an invalid query parameter. rest continues the sentence that begins with
// the parameter.
func InvalidValue(param, rest string) *Error {
	return Field(CodeInvalidValue, param, rest)
}

// BelowMin returns the error for a query's integer that is less than least.
func BelowMin(param string, least int) *Error {
	return Field(CodeIntegerBelowMinValue, param, fmt.Sprintf("must be at least %d", least))
}

// InvalidHeader returns the error for an invalid header. rest continues the sentence that begins with the
// header.
func InvalidHeader(name, rest string) *Error {
	e := Field(CodeInvalidValue, "", rest)
	e.Message = "The header '" + name + "' " + rest + "."
	return e
}

// NoAPIKey returns the error for a request without a key.
func NoAPIKey() *Error {
	return unauthorized("The API key is missing. Send it in the header 'Authorization: Bearer KEY'.")
}

// MalformedAPIKey returns the error for a header without bearer credentials, or with several.
func MalformedAPIKey() *Error {
	return unauthorized("The API key must be sent once, as 'Authorization: Bearer KEY': write 'Bearer ' before the key.")
}

// UnknownAPIKey returns the error for a key or token that is not valid, for any reason.
func UnknownAPIKey() *Error {
	return unauthorized("This API key or token is unknown or no longer valid. Check it, or get a new one.")
}

// UnusableTicket returns the error for a ticket that does not open the stream, for any reason.
func UnusableTicket() *Error {
	return unauthorized("This ticket has already been used, is older than a minute, or is not for this completion: ask for a new one at POST /v1/stream_tickets.")
}

// UnusableShare returns the error for a link that shares a completion no longer, for any reason.
func UnusableShare() *Error {
	return unauthorized("This link has expired, or the conversation is no longer shared: ask for a new link.")
}

func unauthorized(message string) *Error {
	return &Error{Status: http.StatusUnauthorized, Code: CodeInvalidAPIKey, Message: message}
}

// PermissionDenied returns the error for a key or token without the required scope.
func PermissionDenied(scope string) *Error {
	return &Error{
		Status: http.StatusForbidden, Code: CodePermissionDenied,
		Message: fmt.Sprintf("The API key or token may not be used for this: it lacks the scope '%s'.", scope),
	}
}

// ForeignHost returns the error for a request by a host name that the edge does not accept; an empty name means
// none. The message has the flag that would accept the name.
func ForeignHost(name string) *Error {
	return &Error{
		Status: http.StatusForbidden, Code: CodePermissionDenied,
		Message: "This server does not go by this name. Call it by a loopback or private name, or one that it was started with: --host=" + cmp.Or(name, "NAME") + " allows this one.",
	}
}

// ModelNotFound returns the error for a model that the caller may not use: the service's error for one that
// does not exist. The message lists the models that the caller may use.
func ModelNotFound(name string, may []string) *Error {
	return ofService(completionv1.Reason_REASON_MODEL_NOT_FOUND, unknown.Model(name, may), "model")
}

// CompletionNotFound returns the service's error for a completion that does not exist for this caller. It is
// for ids that need no look-up.
func CompletionNotFound() *Error {
	return ofService(completionv1.Reason_REASON_COMPLETION_NOT_FOUND, unknown.Completion, "")
}

// NotAnID is [CompletionNotFound] for a text that cannot be an id in a dialect. form is an example of a valid
// id.
func NotAnID(id, form string) *Error {
	e := CompletionNotFound()
	e.Message = quoted(id, "The id in the URL") + " is not a completion id: one looks like '" + form + "'."
	return e
}

// maxQuoted is the longest text that a message repeats, in bytes.
const maxQuoted = 64

// quoted returns a text in quotes, or otherwise if the text is empty, long or has unusual characters: a client
// may show a message as HTML.
func quoted(text, otherwise string) string {
	odd := func(c rune) bool {
		return c > 0x7f || !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("-_.:/ ", c)
	}
	if text == "" || len(text) > maxQuoted || strings.ContainsFunc(text, odd) {
		return otherwise
	}
	return "'" + text + "'"
}

// InvalidCursor returns the service's error for a cursor that does not exist. It is for cursors that only a
// dialect can check.
func InvalidCursor() *Error {
	return ofService(completionv1.Reason_REASON_INVALID_CURSOR, "The event to resume after does not exist.", "")
}

// PreviousNotFound returns the service's error for a previous completion that does not exist. It is for ids
// that cannot exist.
func PreviousNotFound(param string) *Error {
	return ofService(completionv1.Reason_REASON_PREVIOUS_COMPLETION_NOT_FOUND, "'"+param+"' names a response that does not exist.", param)
}

// NoWebSocket returns the error for a client that asks for a WebSocket.
func NoWebSocket() *Error {
	return &Error{
		Status: http.StatusUpgradeRequired, Code: CodeNoWebSocket,
		Message: "There are no WebSockets here. Please send a POST; its stream is Server-Sent Events.",
	}
}

// NotShown returns the error for a completion that a dialect cannot show as form, because it has the thing
// named by holds.
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

// CompletionLost returns the error for a completion that was lost with its replica.
func CompletionLost() *Error {
	return &Error{
		Status: http.StatusServiceUnavailable, Code: CodeCompletionLost,
		Message:    "The completion was interrupted and cannot be continued. Please ask again.",
		RetryAfter: usualRetry,
	}
}

// RateLimited returns the error for a caller that sends more than perMinute requests per minute.
func RateLimited(perMinute int, retryAfter time.Duration) *Error {
	return &Error{
		Status: http.StatusTooManyRequests, Code: CodeRateLimitExceeded,
		Message:    fmt.Sprintf("Too many requests: you may send %d a minute. Please slow down and try again.", perMinute),
		RetryAfter: clampRetry(retryAfter),
	}
}

// TooManyStreams returns the error for a caller that already waits for the maximum number of answers at once.
func TooManyStreams(most int, retryAfter time.Duration) *Error {
	return &Error{
		Status: http.StatusTooManyRequests, Code: CodeRateLimitExceeded,
		Message:    fmt.Sprintf("Too many answers at once: you may have %d open, streamed or not. Please try again when one has ended.", most),
		RetryAfter: clampRetry(retryAfter),
	}
}

// Overloaded returns the error for an edge that is full or about to stop.
func Overloaded(retryAfter time.Duration) *Error {
	return &Error{
		Status: http.StatusServiceUnavailable, Code: CodeOverloaded,
		Message:    overloadedMessage,
		RetryAfter: clampRetry(retryAfter),
	}
}

// NoRoom returns the error for a request for which the memory budget has no room now.
func NoRoom(retryAfter time.Duration) *Error {
	return &Error{
		Status: http.StatusServiceUnavailable, Code: CodeOverloaded,
		Message:    "The service holds as many large requests as it can. Please try again, or send a shorter one.",
		RetryAfter: clampRetry(retryAfter),
	}
}

// NoRoomForCaller returns the error for a caller whose requests use its whole share of the memory budget.
func NoRoomForCaller(retryAfter time.Duration) *Error {
	return &Error{
		Status: http.StatusTooManyRequests, Code: CodeRateLimitExceeded,
		Message:    "Your large requests already use all of the service's memory that one caller may use. Please wait for one of them to end.",
		RetryAfter: clampRetry(retryAfter),
	}
}

// Field returns a 400 about one field. Its message begins with the field's path, or with "The request body" if
// param is empty. rest continues that sentence, without a full stop.
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
