package route

import (
	"strings"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A Failure is what came of an attempt, and what may be done about it.
type Failure struct { //nolint:errname // it is a verdict on an attempt, which is also returned as an error
	Shown *chat.Error // for the caller, when nothing can be done
	// Failover says that another target may do better, Retry that this one may later.
	Failover, Retry bool
	// Slow says that the target took its time: others are asked before it is asked again.
	Slow bool
	// Reported says that the server itself has said what is wrong, as it should: it is healthy.
	Reported bool
	// Form says that the server has answered in a form that cannot be read: that is no ill health either.
	Form bool
	// RetryAfter is how long the server asks to be left alone; 0: it did not say.
	RetryAfter time.Duration

	why     string // the cause in words for callers, without an end
	outcome Outcome
}

// Error implements error.
func (f *Failure) Error() string { return f.Shown.Error() }

// Unwrap returns what the caller is shown.
func (f *Failure) Unwrap() error { return f.Shown }

// passing reports whether the same target may do better in a moment.
func (f *Failure) passing() bool { return f.Retry && !f.Slow && f.RetryAfter <= retryWait }

// callers reports whether the request is at fault.
func (f *Failure) callers() bool {
	return f.Shown.Code == chat.CodeInvalidValue || f.Shown.Code == chat.CodeContextLengthExceeded ||
		f.Shown.Code == chat.CodeRequestTooLarge
}

// The messages for callers. One about a failure that may pass says so, and hints when to try again.
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
	// maxRetryHint is where clients cap what they heed.
	maxRetryHint = 8 * time.Second
)

// Because adds to the caller's message why the attempt failed, in words without secrets and without an end.
func (f *Failure) Because(why string) *Failure {
	f.Shown.Message, f.why = because(f.Shown.Message, why), why
	return f
}

// because puts a cause behind the first sentence of a message.
func because(message, why string) string {
	if why == "" {
		return message
	}
	first, advice, _ := strings.Cut(message, ".")
	return first + ": " + why + "." + advice
}

// Malformed is the failure of a server that answered in a form that cannot be read. The cause may be shown.
func Malformed(cause error) *Failure {
	f := Broken(cause)
	f.Form, f.outcome = true, OutcomeMalformed
	return f.Because(cause.Error())
}

// Broken is the failure of a server that did not keep to its protocol or to the connection.
func Broken(cause error) *Failure {
	return &Failure{
		Shown:    &chat.Error{Code: chat.CodeUpstreamError, Message: failedMessage, RetryAfter: retryHint, Err: cause},
		Failover: true, Retry: true, outcome: OutcomeFailed,
	}
}

// Unreachable is the failure of a server that takes no connection.
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

// Busy is the failure of a target that takes no more for now, and asks to be left alone for so
// long; 0: it did not say.
func Busy(cause error, after time.Duration) *Failure {
	return &Failure{
		Shown: &chat.Error{
			Code: chat.CodeOverloaded, Message: busyMessage, Err: cause,
			RetryAfter: min(max(after, retryHint), maxRetryHint),
		},
		Failover: true, Retry: true, RetryAfter: after, outcome: OutcomeBusy,
	}
}

// Denied is the failure of a server that does not know our key or the model's name. These are
// the operator's, and do not become right by asking again.
func Denied(cause error) *Failure {
	f := Broken(cause)
	f.Retry, f.Shown.Message, f.Shown.RetryAfter = false, deniedMessage, 0
	f.outcome = OutcomeDenied
	return f
}

// Refused is the failure of a server that finds the request wrong. param is the path of what is
// wrong, reason says why in a few words without an end; both may be empty.
func Refused(cause error, param, reason string) *Failure {
	message := refusedMessage
	if reason != "" {
		message += ": " + reason
	}
	return &Failure{Shown: &chat.Error{Code: chat.CodeInvalidValue, Param: param, Message: message + ".", Err: cause}, outcome: OutcomeRefused}
}

// TooLong is the failure of a model whose context does not hold the messages.
func TooLong(cause error) *Failure {
	return &Failure{
		Shown:   &chat.Error{Code: chat.CodeContextLengthExceeded, Param: "messages", Message: tooLongMessage, Err: cause},
		outcome: OutcomeRefused,
	}
}

// TooLarge is the failure of a server that does not take a body of that size.
func TooLarge(cause error) *Failure {
	return &Failure{
		Failover: true, Shown: &chat.Error{Code: chat.CodeRequestTooLarge, Message: tooLargeMessage, Err: cause},
		outcome: OutcomeRefused,
	}
}
