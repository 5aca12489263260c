package failure

import (
	"net/http"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

const overloadedMessage = "The service is overloaded or restarting. Please try again."

// usualRetry is the hint for temporary failures that came without one.
const usualRetry = time.Second

// retry is a row's retry policy.
type retry int

const (
	retryIfHinted retry = iota // retry if there is a hint; otherwise it cannot help
	retrySoon                  // retry, after the row's delay if there is no hint
	retryUnknown               // unknown: leave it to the client
)

// A row is a failure in OpenAI's API. An empty message stands for the failure's own.
type row struct {
	status  int
	code    Code
	retry   retry
	delay   time.Duration
	message string
}

// FromStatus returns st as a client sees it: by the reason of its ErrorInfo or, without one of ours, by its
// code. The status OK, which is a mistake here, gives an internal error.
func FromStatus(st *status.Status) *Error {
	var reason, param string
	var delay time.Duration
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			if d.GetDomain() == errorDomain() {
				reason, param = d.GetReason(), d.GetMetadata()["param"]
			}
		case *errdetails.RetryInfo:
			delay = d.GetRetryDelay().AsDuration()
		}
	}
	if reason == "" {
		return codeError(st.Code(), delay)
	}
	return reasonError(st.Code(), reason, st.Message(), param, delay)
}

// FromEvent returns the failure that ended a completion as a client sees it, by the
// same table as [FromStatus].
func FromEvent(e *completionv1.Error) *Error {
	delay := time.Duration(e.GetRetryAfterMs()) * time.Millisecond
	code := codes.Code(uint32(e.GetCode())) //nolint:gosec // any number is a code
	if e.GetReason() == "" {
		return codeError(code, delay)
	}
	return reasonError(code, e.GetReason(), e.GetMessage(), e.GetParam(), delay)
}

// reasonError returns the error for a reason of the service. An unknown one comes from a newer service; then
// the code decides.
func reasonError(code codes.Code, reason, message, param string, delay time.Duration) *Error {
	if r, ok := reasonRow(protoname.BySymbol[completionv1.Reason](reason)); ok {
		return r.error(message, param, delay)
	}
	r := codeRow(code)
	if r.status == http.StatusInternalServerError {
		return r.error("", "", delay)
	}
	r.code, r.message = Code(strings.ToLower(reason)), ""
	return r.error(message, param, delay)
}

func codeError(code codes.Code, delay time.Duration) *Error {
	return codeRow(code).error("", "", delay)
}

func (r row) error(message, param string, delay time.Duration) *Error {
	e := &Error{Status: r.status, Code: r.code, Message: message, Param: param, RetryAfter: clampRetry(delay)}
	if r.message != "" {
		e.Message, e.Param = r.message, ""
	}
	if e.RetryAfter > 0 {
		return e
	}
	switch r.retry {
	case retrySoon:
		e.RetryAfter = r.delay
	case retryIfHinted:
		e.Final = retriedBySDKs(r.status)
	case retryUnknown:
	}
	return e
}

// retriedBySDKs reports whether OpenAI's SDKs retry a request after this status.
func retriedBySDKs(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusConflict ||
		status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}

func clampRetry(d time.Duration) time.Duration {
	return min(max(d, 0), MaxRetryAfter)
}
