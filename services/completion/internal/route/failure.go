package route

import (
	"strings"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A Failure is why an attempt failed, and what can be done about it.
type Failure struct { //nolint:errname // it is a verdict on an attempt, which is also returned as an error
	Shown *chat.Error // for the caller, when nothing can be done
	// Failover says that another target may succeed, Retry that this one may succeed later.
	Failover, Retry bool
	// Slow says that the target took too long: the others are asked first before it is asked again.
	Slow bool
	// Reported says that the server itself reported the error, so it is healthy.
	Reported bool
	// Form says that the server's answer could not be read. Such a server counts as healthy too.
	Form bool
	// RetryAfter is how long the server asks to be left alone; 0: it did not say.
	RetryAfter time.Duration

	why     string // the cause in words for callers, without a full stop
	outcome Outcome
}

// Error implements error.
func (f *Failure) Error() string { return f.Shown.Error() }

// Unwrap returns the error that the caller sees.
func (f *Failure) Unwrap() error { return f.Shown }

// passing reports whether the same target may succeed in a moment.
func (f *Failure) passing() bool { return f.Retry && !f.Slow && f.RetryAfter <= retryWait }

// callers reports whether the request is at fault.
func (f *Failure) callers() bool {
	return f.Shown.Code == chat.CodeInvalidValue || f.Shown.Code == chat.CodeContextLengthExceeded ||
		f.Shown.Code == chat.CodeRequestTooLarge
}

// The messages for callers. The message of a temporary failure says so, and when to try again.
const (
	unreachableMessage = "The model's server cannot be reached. Please try again."
	failedMessage      = "The model's server failed. Please try again."
	timeoutMessage     = "The model's server did not answer in time. Please try again."
	idleMessage        = "The model's server stopped in the middle of the answer. Please try again."
	deniedMessage      = "The model's server does not let this service use the model, which only the operator can change."
	brokenMessage      = "The model's server broke off in the middle of the answer. Please try again."
	busyMessage        = "The model is overloaded. Please try again shortly."
	tooLongMessage     = "The messages are longer than the model takes. Please shorten them."
	tooLargeMessage    = "The request is larger than the model takes."
	refusedMessage     = "The model refused the request"

	retryHint = time.Second
	// maxRetryHint is the longest hint that clients respect.
	maxRetryHint = 8 * time.Second
)

// Because adds to the caller's message why the attempt failed. why has no secrets and no full stop.
func (f *Failure) Because(why string) *Failure {
	f.Shown.Message, f.why = because(f.Shown.Message, why), why
	return f
}

// because inserts a cause after the first sentence of a message.
func because(message, why string) string {
	if why == "" {
		return message
	}
	first, advice, _ := strings.Cut(message, ".")
	return first + ": " + why + "." + advice
}

// Malformed is the failure of a server whose answer cannot be read. The cause may be shown.
func Malformed(cause error) *Failure {
	f := Broken(cause)
	f.Form, f.outcome = true, OutcomeMalformed
	return f.Because(cause.Error())
}

// Broken is the failure of a server that violated its protocol or broke the connection.
func Broken(cause error) *Failure {
	return &Failure{
		Shown:    &chat.Error{Code: chat.CodeUpstreamError, Message: failedMessage, RetryAfter: retryHint, Err: cause},
		Failover: true, Retry: true, outcome: OutcomeFailed,
	}
}

// Unreachable is the failure of a server that accepts no connection.
func Unreachable(cause error) *Failure {
	f := Broken(cause)
	f.Shown.Message, f.outcome = unreachableMessage, OutcomeUnreachable
	return f
}

// Late is the failure of a server that took too long.
func Late(cause error) *Failure {
	return &Failure{
		Shown:    &chat.Error{Code: chat.CodeUpstreamTimeout, Message: timeoutMessage, RetryAfter: retryHint, Err: cause},
		Failover: true, Retry: true, Slow: true, outcome: OutcomeTimeout,
	}
}

// Busy is the failure of a target that accepts no more requests for now. after is how long it asks
// to be left alone; 0: it did not say.
func Busy(cause error, after time.Duration) *Failure {
	return &Failure{
		Shown: &chat.Error{
			Code: chat.CodeOverloaded, Message: busyMessage, Err: cause,
			RetryAfter: min(max(after, retryHint), maxRetryHint),
		},
		Failover: true, Retry: true, RetryAfter: after, outcome: OutcomeBusy,
	}
}

// Denied is the failure of a server that rejects our key or the model's name. Only the operator can
// correct these, so a retry does not help.
func Denied(cause error) *Failure {
	f := Broken(cause)
	f.Retry, f.Shown.Message, f.Shown.RetryAfter = false, deniedMessage, 0
	f.outcome = OutcomeDenied
	return f
}

// Refused is the failure of a server that rejects the request as invalid. param is the path of the field
// at fault; reason says why in a few words, without a full stop. Both may be empty.
func Refused(cause error, param, reason string) *Failure {
	message := refusedMessage
	if reason != "" {
		message += ": " + reason
	}
	return &Failure{Shown: &chat.Error{Code: chat.CodeInvalidValue, Param: param, Message: message + ".", Err: cause}, outcome: OutcomeRefused}
}

// TooLong is the failure of a model whose context is too small for the messages.
func TooLong(cause error) *Failure {
	return &Failure{
		Shown:   &chat.Error{Code: chat.CodeContextLengthExceeded, Param: "messages", Message: tooLongMessage, Err: cause},
		outcome: OutcomeRefused,
	}
}

// TooLarge is the failure of a server that does not accept a body of that size.
func TooLarge(cause error) *Failure {
	return &Failure{
		Failover: true, Shown: &chat.Error{Code: chat.CodeRequestTooLarge, Message: tooLargeMessage, Err: cause},
		outcome: OutcomeRefused,
	}
}
