package openai_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/openai"
)

func TestErrorBody(t *testing.T) {
	for _, test := range []struct {
		name string
		err  openai.Error
		want string
	}{
		{
			"all four keys, whatever their values",
			openai.Error{},
			`{"error":{"message":"","type":"","param":null,"code":null}}`,
		},
		{
			"everything",
			openai.Error{Message: "'n' <b>", Type: "invalid_request_error", Param: "n", Code: "invalid_type"},
			`{"error":{"message":"'n' <b>","type":"invalid_request_error","param":"n","code":"invalid_type"}}`,
		},
		{
			"no line ending and no way out of the string",
			openai.Error{Message: "a\r\nb\"\\\x00\xff", Type: "server_error"},
			`{"error":{"message":"a\r\nb\"\\\u0000` + "\ufffd" + `","type":"server_error","param":null,"code":null}}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := string(test.err.AppendJSON([]byte("data: ")))
			if diff := cmp.Diff("data: "+test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestOwnErrors holds the edge's own errors against the public table of errors.
func TestOwnErrors(t *testing.T) {
	for _, test := range []struct {
		name   string
		err    *openai.Error
		status int
		kind   string
		code   string
		param  string
		retry  time.Duration
	}{
		{"internal", openai.Internal(), http.StatusInternalServerError, "server_error", "internal_error", "", 0},
		{"unknown URL", openai.UnknownURL(), http.StatusNotFound, "invalid_request_error", "unknown_url", "", 0},
		{"method", openai.MethodNotAllowed(), http.StatusMethodNotAllowed, "invalid_request_error", "method_not_allowed", "", 0},
		{"media type", openai.UnsupportedMediaType(), http.StatusUnsupportedMediaType, "invalid_request_error", "unsupported_media_type", "", 0},
		{"too large", openai.TooLarge(10 << 20), http.StatusRequestEntityTooLarge, "invalid_request_error", "request_too_large", "", 0},
		{"event id", openai.InvalidEventID(), http.StatusBadRequest, "invalid_request_error", "invalid_event_id", "", 0},
		{"value", openai.InvalidValue("limit", "must be a number"), http.StatusBadRequest, "invalid_request_error", "invalid_value", "limit", 0},
		{"key", openai.InvalidAPIKey(), http.StatusUnauthorized, "invalid_request_error", "invalid_api_key", "", 0},
		{"permission", openai.PermissionDenied("completions.read"), http.StatusForbidden, "permission_error", "permission_denied", "", 0},
		{"host", openai.ForeignHost(), http.StatusForbidden, "permission_error", "permission_denied", "", 0},
		{"completion", openai.CompletionNotFound(), http.StatusNotFound, "invalid_request_error", "completion_not_found", "", 0},
		{"rate", openai.RateLimited(3 * time.Second), http.StatusTooManyRequests, "rate_limit_error", "rate_limit_exceeded", "", 3 * time.Second},
		{"rate, long", openai.RateLimited(time.Hour), http.StatusTooManyRequests, "rate_limit_error", "rate_limit_exceeded", "", openai.MaxRetryAfter},
		{"rate, past", openai.RateLimited(-time.Second), http.StatusTooManyRequests, "rate_limit_error", "rate_limit_exceeded", "", 0},
		{"overloaded", openai.Overloaded(time.Second), http.StatusServiceUnavailable, "server_error", "overloaded", "", time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := openai.Error{
				Status: test.status, Type: test.kind, Code: test.code, Param: test.param,
				RetryAfter: test.retry, Message: test.err.Message,
			}
			if diff := cmp.Diff(&want, test.err); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got := test.err.Error(); got != test.code+": "+test.err.Message {
				t.Errorf("as text: %q", got)
			}
			if test.err.Message == "" || !json.Valid(test.err.AppendJSON(nil)) {
				t.Errorf("message %q, body %s", test.err.Message, test.err.AppendJSON(nil))
			}
		})
	}
}
