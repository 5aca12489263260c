package chat

import (
	"fmt"
	"time"
)

// Code is the kind of failure of an [Error]. Its text is the stable reason in
// google.rpc.ErrorInfo.
type Code string

// The codes. Each is a reason of the contract, which defines its gRPC status, its HTTP status and
// whether to retry.
const (
	// CodeMissingParameter: a required field is absent.
	CodeMissingParameter Code = "MISSING_REQUIRED_PARAMETER"
	// CodeInvalidValue: a field has a value that is not allowed.
	CodeInvalidValue Code = "INVALID_VALUE"
	// CodeEmptyArray: a list that must have elements is empty.
	CodeEmptyArray Code = "EMPTY_ARRAY"
	// CodeArrayTooLong: a list or map has too many elements.
	CodeArrayTooLong Code = "ARRAY_ABOVE_MAX_LENGTH"
	// CodeEmptyString: a text that must not be empty is empty.
	CodeEmptyString Code = "EMPTY_STRING"
	// CodeStringTooLong: a text is too long.
	CodeStringTooLong Code = "STRING_ABOVE_MAX_LENGTH"
	// CodeIntegerTooSmall: a whole number is below its range.
	CodeIntegerTooSmall Code = "INTEGER_BELOW_MIN_VALUE"
	// CodeIntegerTooLarge: a whole number is above its range.
	CodeIntegerTooLarge Code = "INTEGER_ABOVE_MAX_VALUE"
	// CodeDecimalTooSmall: a number is below its range.
	CodeDecimalTooSmall Code = "DECIMAL_BELOW_MIN_VALUE"
	// CodeDecimalTooLarge: a number is above its range.
	CodeDecimalTooLarge Code = "DECIMAL_ABOVE_MAX_VALUE"
	// CodeUnsupportedParameter: the model cannot do what a field asks for.
	CodeUnsupportedParameter Code = "UNSUPPORTED_PARAMETER"
	// CodeRequestTooLarge: the request is larger than the log can store.
	CodeRequestTooLarge Code = "REQUEST_TOO_LARGE"
	// CodeContextLengthExceeded: the prompt is longer than the model accepts.
	CodeContextLengthExceeded Code = "CONTEXT_LENGTH_EXCEEDED"
	// CodeInvalidCursor: the event to resume after does not exist yet, or no longer exists.
	CodeInvalidCursor Code = "INVALID_CURSOR"
	// CodeModelNotFound: there is no such model for this caller.
	CodeModelNotFound Code = "MODEL_NOT_FOUND"
	// CodeCompletionNotFound: there is no such completion for this caller.
	CodeCompletionNotFound Code = "COMPLETION_NOT_FOUND"
	// CodeCompletionExpired: the completion existed, but is no longer retained.
	CodeCompletionExpired Code = "COMPLETION_EXPIRED"
	// CodeIdempotencyConflict: the idempotency key names another request's completion.
	CodeIdempotencyConflict Code = "IDEMPOTENCY_CONFLICT"
	// CodeCompletionCancelled: the completion was cancelled, or its last reader left.
	CodeCompletionCancelled Code = "COMPLETION_CANCELLED"
	// CodeAnswerTooLong: the answer reached the maximum size of a stored completion.
	CodeAnswerTooLong Code = "ANSWER_TOO_LONG"
	// CodeOverloaded: the service cannot accept the call now; it may later.
	CodeOverloaded Code = "OVERLOADED"
	// CodeRateLimited: the caller has used up its share; it may have more later.
	CodeRateLimited Code = "RATE_LIMIT_EXCEEDED"
	// CodeUpstreamError: the model behind the service failed.
	CodeUpstreamError Code = "UPSTREAM_ERROR"
	// CodeUpstreamTimeout: the model behind the service did not answer in time.
	CodeUpstreamTimeout Code = "UPSTREAM_TIMEOUT"
	// CodeFirstEventTimeout: the model did not begin to answer in time.
	CodeFirstEventTimeout Code = "FIRST_EVENT_TIMEOUT"
	// CodeIdleTimeout: the model paused for too long within its answer.
	CodeIdleTimeout Code = "IDLE_TIMEOUT"
	// CodeTotalTimeout: the whole answer took too long.
	CodeTotalTimeout Code = "TOTAL_TIMEOUT"
	// CodeInterrupted: the process that generated the completion died, and the engine
	// cannot continue from what was shown.
	CodeInterrupted Code = "COMPLETION_INTERRUPTED"
	// CodePreviousNotFound: the completion to build on does not exist for this caller, or no longer exists.
	CodePreviousNotFound Code = "PREVIOUS_COMPLETION_NOT_FOUND"
	// CodePreviousInProgress: the completion to build on is not finished.
	CodePreviousInProgress Code = "PREVIOUS_COMPLETION_IN_PROGRESS"
	// CodePreviousFailed: the completion to build on failed, and has no answer.
	CodePreviousFailed Code = "PREVIOUS_COMPLETION_FAILED"
	// CodeInternal: the service failed. Message never reveals the cause; Err has it, for the log.
	CodeInternal Code = "INTERNAL"
)

// TotalTimeoutMessage is the message of [CodeTotalTimeout].
const TotalTimeoutMessage = "The answer took too long."

// An Error is a failure that a caller may see. The caller sees Code, Message, Param and
// RetryAfter. Err, the cause, is only for our log, and Refusal only for our metrics.
type Error struct {
	Code    Code
	Message string
	// Param is the path of the field at fault in OpenAI's spelling, such as
	// "messages[0].role"; empty: none.
	Param string
	// RetryAfter is how long to wait before a retry; 0: a retry does not help.
	RetryAfter time.Duration
	// Refusal is why the service refused a valid call; empty: it did not.
	Refusal Refusal
	// SetBack says, of an error that ends a completion, that the log was restored from a backup:
	// readers may have seen other events under this number and later ones.
	SetBack bool
	// Throughout says that the same applies to every number before this one.
	Throughout bool
	Err        error
}

// Error returns the message and the cause. It is for logs, not for callers.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an error without a param or a cause.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Internal returns the error that a caller sees in place of cause.
func Internal(cause error) *Error {
	return &Error{Code: CodeInternal, Message: "The service had an internal error while processing this request.", Err: cause}
}
