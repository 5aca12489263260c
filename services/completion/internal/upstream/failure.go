package upstream

import (
	"context"
	"errors"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openai/openai-go/v3"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A failure is what came of asking a target, and what may be done about it.
type failure struct {
	shown *chat.Error // for the caller, when nothing can be done
	// next says that another target may do better, again that this one may later.
	next, again bool
	// slow says that it took its time: before it is asked again, others are.
	slow bool
	// told says that the server has said what is wrong, as it should.
	told bool
	// after is how long the server asks to be left alone; 0: it did not say.
	after time.Duration
}

// Error implements error.
func (f *failure) Error() string { return f.shown.Error() }

// soon reports whether the same target may do better in a moment.
func (f *failure) soon() bool { return f.again && !f.slow && f.after <= firstWait }

// callers reports whether what was asked is at fault.
func (f *failure) callers() bool {
	return f.shown.Code == chat.CodeInvalidValue || f.shown.Code == chat.CodeContextLengthExceeded ||
		f.shown.Code == chat.CodeRequestTooLarge
}

// Unwrap returns what the caller is shown.
func (f *failure) Unwrap() error { return f.shown }

const (
	absentMessage  = "The model's server cannot be reached. Please try again."
	failedMessage  = "The model's server failed. Please try again."
	timeoutMessage = "The model's server did not answer in time. Please try again."
	idleMessage    = "The model's server stopped in the middle of the answer. Please try again."
	totalMessage   = "The answer took too long."
	deniedMessage  = "The model's server does not let this service use the model, which only the operator can change."
	brokenMessage  = "The model's server broke off in the middle of the answer. Please try again."
	busyMessage    = "The model is overloaded. Please try again shortly."
	retryHint      = time.Second
	// maxRetryHint is where clients cap what they heed.
	maxRetryHint = 8 * time.Second
)

// broken is the failure of a server that did not keep to the protocol or to the connection.
func broken(cause error) *failure {
	return &failure{
		shown: &chat.Error{Code: chat.CodeUpstreamError, Message: failedMessage, RetryAfter: retryHint, Err: cause},
		next:  true, again: true,
	}
}

// absent is the failure of a server that cannot be reached.
func absent(cause error) *failure {
	f := broken(cause)
	f.shown.Message = absentMessage
	return f
}

// late is the failure of a server that took too long.
func late(cause error) *failure {
	return &failure{
		shown: &chat.Error{Code: chat.CodeUpstreamTimeout, Message: timeoutMessage, RetryAfter: retryHint, Err: cause},
		next:  true, again: true, slow: true,
	}
}

// busy is the failure of a target that takes no more for now.
func busy(cause error, after time.Duration) *failure {
	return &failure{
		shown: &chat.Error{
			Code: chat.CodeOverloaded, Message: busyMessage, Err: cause,
			RetryAfter: min(max(after, retryHint), maxRetryHint),
		},
		next: true, again: true, after: after,
	}
}

// secrets are texts that are told to a server and to nobody else.
type secrets []string

// minSecret is what a header's word has to have, in bytes, to pass for a secret.
const minSecret = 8

func newSecrets(key string, headers map[string]string) (s secrets) {
	if key != "" {
		s = append(s, key)
	}
	for _, value := range headers {
		for word := range strings.FieldsSeq(value) {
			if len(word) >= minSecret {
				s = append(s, word)
			}
		}
	}
	return s
}

// in reports whether text holds one of the secrets.
func (s secrets) in(text string) bool {
	return slices.ContainsFunc(s, func(secret string) bool { return strings.Contains(text, secret) })
}

// errWithheld stands for a cause whose text holds a secret: a server may repeat what it
// was sent.
var errWithheld = errors.New("what the server sent cannot be told: it repeats its key")

// withhold has err say nothing that it must not.
func (s secrets) withhold(err error) error {
	var f *failure
	if !errors.As(err, &f) || f.shown.Err == nil || !s.in(f.shown.Err.Error()) {
		return err
	}
	discreet, shown := *f, *f.shown
	shown.Err = errWithheld
	discreet.shown = &shown
	return &discreet
}

// refused returns the failure that an answer with an error status stands for.
func refused(e *openai.Error, s secrets) *failure {
	f := refusal(e, s)
	f.told = e.RawJSON() != "" || e.StatusCode == http.StatusTooManyRequests
	return f
}

func refusal(e *openai.Error, s secrets) *failure {
	status := e.StatusCode
	cause := errors.New("upstream answered " + strconv.Itoa(status))
	switch {
	case e.Code == "context_length_exceeded":
		return &failure{shown: &chat.Error{
			Code: chat.CodeContextLengthExceeded, Param: "messages", Err: cause,
			Message: "The messages are longer than the model takes. Please shorten them.",
		}}
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity:
		return &failure{shown: &chat.Error{
			Code: chat.CodeInvalidValue, Param: param(e.Param, s), Err: cause,
			Message: "The model refused the request" + reason(e.Message, s) + ".",
		}}
	case status == http.StatusRequestEntityTooLarge:
		return &failure{next: true, shown: &chat.Error{
			Code: chat.CodeRequestTooLarge, Message: "The request is larger than the model takes.", Err: cause,
		}}
	case status == http.StatusTooManyRequests:
		return busy(cause, retryAfter(e.Response))
	case status == http.StatusRequestTimeout, status >= http.StatusInternalServerError:
		f := broken(cause)
		f.after = retryAfter(e.Response)
		return f
	}
	// Keys and names that are wrong are ours, and do not become right by asking again.
	f := broken(cause)
	f.again, f.shown.Message, f.shown.RetryAfter = false, deniedMessage, 0
	return f
}

// retryAfter returns how long a server asks to be left alone.
func retryAfter(res *http.Response) time.Duration {
	if res == nil {
		return 0
	}
	if ms, err := strconv.ParseFloat(res.Header.Get("Retry-After-Ms"), 64); err == nil && ms > 0 && ms < 1e9 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	text := res.Header.Get("Retry-After")
	if s, err := strconv.ParseFloat(text, 64); err == nil && s > 0 && s < 1e6 {
		return time.Duration(s * float64(time.Second))
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

// paramPath is what a param of ours looks like.
var paramPath = regexp.MustCompile(`^[a-z_]+([.\[][a-z0-9_.\[\]]*)?$`)

func param(name string, s secrets) string {
	if len(name) > 200 || !paramPath.MatchString(name) || s.in(name) {
		return ""
	}
	return name
}

// maxReason bounds what is passed on of a server's own words, in bytes.
const maxReason = 500

// reason returns a server's words about the caller's request, where they can be shown.
func reason(text string, s secrets) string {
	text = strings.TrimRight(strings.ToValidUTF8(strings.TrimSpace(text), ""), ".")
	switch {
	case text == "" || strings.Contains(text, "://"), s.in(text):
		return ""
	case len(text) > maxReason:
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return ": " + text
}

// connection returns the failure that an error of the transport stands for, when ctx, the
// attempt's, has told why it ended.
func connection(ctx context.Context, err error) *failure {
	var because *failure
	if errors.As(context.Cause(ctx), &because) {
		return because
	}
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return late(err)
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return absent(err)
	}
	return broken(err)
}
