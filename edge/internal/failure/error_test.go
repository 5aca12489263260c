package failure_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/edge/internal/failure"
)

// TestOwnErrors compares the edge's own errors with the public table of errors.
func TestOwnErrors(t *testing.T) {
	for _, test := range []struct {
		name   string
		err    *failure.Error
		status int
		kind   string
		code   failure.Code
		param  string
		retry  time.Duration
	}{
		{"internal", failure.Internal(), http.StatusInternalServerError, "server_error", "internal_error", "", 0},
		{"unknown URL that nothing is like", failure.UnknownURLOfPart(), http.StatusNotFound, "invalid_request_error", "unknown_url", "", 0},
		{"unknown URL that is near", failure.UnknownURLNear("/v1/models"), http.StatusNotFound, "invalid_request_error", "unknown_url", "", 0},
		{"unknown URL", failure.UnknownURL(), http.StatusNotFound, "invalid_request_error", "unknown_url", "", 0},
		{"method", failure.MethodNotAllowed("POST"), http.StatusMethodNotAllowed, "invalid_request_error", "method_not_allowed", "", 0},
		{"media type", failure.UnsupportedMediaType("text/plain"), http.StatusUnsupportedMediaType, "invalid_request_error", "unsupported_media_type", "", 0},
		{"coding", failure.UnsupportedCoding("gzip"), http.StatusUnsupportedMediaType, "invalid_request_error", "unsupported_media_type", "", 0},
		{"too large", failure.TooLarge(10 << 20), http.StatusRequestEntityTooLarge, "invalid_request_error", "request_too_large", "", 0},
		{"event id", failure.InvalidEventID("chatcmpl-….50"), http.StatusBadRequest, "invalid_request_error", "invalid_event_id", "", 0},
		{"value", failure.InvalidValue("limit", "must be a number"), http.StatusBadRequest, "invalid_request_error", "invalid_value", "limit", 0},
		{"no key", failure.NoAPIKey(), http.StatusUnauthorized, "invalid_request_error", "invalid_api_key", "", 0},
		{"malformed key", failure.MalformedAPIKey(), http.StatusUnauthorized, "invalid_request_error", "invalid_api_key", "", 0},
		{"unknown key", failure.UnknownAPIKey(), http.StatusUnauthorized, "invalid_request_error", "invalid_api_key", "", 0},
		{"ticket", failure.UnusableTicket(), http.StatusUnauthorized, "invalid_request_error", "invalid_api_key", "", 0},
		{"permission", failure.PermissionDenied("completions.read"), http.StatusForbidden, "permission_error", "permission_denied", "", 0},
		{"host", failure.ForeignHost("pets.example"), http.StatusForbidden, "permission_error", "permission_denied", "", 0},
		{"share", failure.UnusableShare(), http.StatusUnauthorized, "invalid_request_error", "invalid_api_key", "", 0},
		{"completion", failure.CompletionNotFound(), http.StatusNotFound, "invalid_request_error", "completion_not_found", "", 0},
		{"rate", failure.RateLimited(60, 3*time.Second), http.StatusTooManyRequests, "rate_limit_error", "rate_limit_exceeded", "", 3 * time.Second},
		{"rate, long", failure.RateLimited(60, time.Hour), http.StatusTooManyRequests, "rate_limit_error", "rate_limit_exceeded", "", failure.MaxRetryAfter},
		{"rate, past", failure.RateLimited(60, -time.Second), http.StatusTooManyRequests, "rate_limit_error", "rate_limit_exceeded", "", 0},
		{"streams", failure.TooManyStreams(2, time.Second), http.StatusTooManyRequests, "rate_limit_error", "rate_limit_exceeded", "", time.Second},
		{"overloaded", failure.Overloaded(time.Second), http.StatusServiceUnavailable, "server_error", "overloaded", "", time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := failure.Error{
				Status: test.status, Code: test.code, Param: test.param,
				RetryAfter: test.retry, Message: test.err.Message,
			}
			if diff := cmp.Diff(&want, test.err); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			hasType(t, test.err, test.kind)
			if got := test.err.Error(); got != string(test.code)+": "+test.err.Message {
				t.Errorf("as text: %q", got)
			}
			if test.err.Message == "" || !json.Valid(openai.AppendError(nil, test.err)) {
				t.Errorf("message %q, body %s", test.err.Message, openai.AppendError(nil, test.err))
			}
		})
	}
}

// hasType checks the type of a failure in OpenAI's error body.
func hasType(t *testing.T, e *failure.Error, want string) {
	t.Helper()
	var body struct{ Error struct{ Type string } }
	if err := json.Unmarshal(openai.AppendError(nil, e), &body); err != nil || body.Error.Type != want {
		t.Errorf("%v is of type %q (%v), want %q", e, body.Error.Type, err, want)
	}
}
