package failure_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

const (
	invalid = "invalid_request_error"
	server  = "server_error"
)

// A reasonCase is a row of the table, for one of the service's reasons.
type reasonCase struct {
	reason string
	code   codes.Code
	status int
	kind   string
	want   failure.Code  // the public code
	final  bool          // without a hint
	retry  time.Duration // without a hint
}

func reasonCases() []reasonCase {
	return []reasonCase{
		{"MISSING_REQUIRED_PARAMETER", codes.InvalidArgument, 400, invalid, "missing_required_parameter", false, 0},
		{"INVALID_VALUE", codes.InvalidArgument, 400, invalid, "invalid_value", false, 0},
		{"EMPTY_ARRAY", codes.InvalidArgument, 400, invalid, "empty_array", false, 0},
		{"ARRAY_ABOVE_MAX_LENGTH", codes.InvalidArgument, 400, invalid, "array_above_max_length", false, 0},
		{"EMPTY_STRING", codes.InvalidArgument, 400, invalid, "empty_string", false, 0},
		{"STRING_ABOVE_MAX_LENGTH", codes.InvalidArgument, 400, invalid, "string_above_max_length", false, 0},
		{"INTEGER_BELOW_MIN_VALUE", codes.InvalidArgument, 400, invalid, "integer_below_min_value", false, 0},
		{"INTEGER_ABOVE_MAX_VALUE", codes.InvalidArgument, 400, invalid, "integer_above_max_value", false, 0},
		{"DECIMAL_BELOW_MIN_VALUE", codes.InvalidArgument, 400, invalid, "decimal_below_min_value", false, 0},
		{"DECIMAL_ABOVE_MAX_VALUE", codes.InvalidArgument, 400, invalid, "decimal_above_max_value", false, 0},
		{"UNSUPPORTED_PARAMETER", codes.InvalidArgument, 400, invalid, "unsupported_parameter", false, 0},
		{"CONTEXT_LENGTH_EXCEEDED", codes.InvalidArgument, 400, invalid, "context_length_exceeded", false, 0},
		{"INVALID_CURSOR", codes.OutOfRange, 400, invalid, "invalid_cursor", false, 0},
		{"MODEL_NOT_FOUND", codes.NotFound, 404, invalid, "model_not_found", false, 0},
		{"COMPLETION_NOT_FOUND", codes.NotFound, 404, invalid, "completion_not_found", false, 0},
		{"COMPLETION_EXPIRED", codes.NotFound, 410, invalid, "completion_expired", false, 0},
		{"IDEMPOTENCY_CONFLICT", codes.Aborted, 409, invalid, "idempotency_conflict", true, 0},
		{"COMPLETION_CANCELLED", codes.Aborted, 409, invalid, "completion_cancelled", true, 0},
		{"ANSWER_TOO_LONG", codes.ResourceExhausted, 500, server, "answer_too_long", true, 0},
		{"REQUEST_TOO_LARGE", codes.InvalidArgument, 413, invalid, "request_too_large", false, 0},
		{"OVERLOADED", codes.Unavailable, 503, server, "overloaded", false, time.Second},
		{"COMPLETION_INTERRUPTED", codes.Unavailable, 503, server, "completion_interrupted", false, time.Second},
		{"UPSTREAM_ERROR", codes.Unavailable, 502, server, "upstream_error", true, 0},
		{"UPSTREAM_TIMEOUT", codes.DeadlineExceeded, 504, server, "upstream_timeout", true, 0},
		{"FIRST_EVENT_TIMEOUT", codes.DeadlineExceeded, 504, server, "first_event_timeout", true, 0},
		{"IDLE_TIMEOUT", codes.DeadlineExceeded, 504, server, "idle_timeout", true, 0},
		{"TOTAL_TIMEOUT", codes.DeadlineExceeded, 504, server, "total_timeout", true, 0},
		// From a newer service: the client sees the reason, and the code decides the rest.
		{"QUOTA_USED_UP", codes.ResourceExhausted, 429, "rate_limit_error", "quota_used_up", false, time.Second},
		{"TOO_ODD", codes.InvalidArgument, 400, invalid, "too_odd", false, 0},
	}
}

func TestReasons(t *testing.T) {
	for _, test := range reasonCases() {
		t.Run(test.reason, func(t *testing.T) {
			want := &failure.Error{
				Status: test.status, Code: test.want, Message: "A message.", Param: "n",
				Final: test.final, RetryAfter: test.retry,
			}
			bothWays(t, test.reason, test.code, 0, want)

			want.Final, want.RetryAfter = false, 2500*time.Millisecond
			bothWays(t, test.reason, test.code, want.RetryAfter, want)

			want.RetryAfter = failure.MaxRetryAfter
			bothWays(t, test.reason, test.code, time.Hour, want)

			hasType(t, want, test.kind)
		})
	}
}

// bothWays checks that a failure gives the same error from a status and from an event.
func bothWays(t *testing.T, reason string, code codes.Code, delay time.Duration, want *failure.Error) {
	t.Helper()
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{
		Domain: "petstore.completion", Reason: reason, Metadata: map[string]string{"param": "n"},
	}}
	event := &completionv1.Error{Code: int32(code), Reason: reason, Message: "A message.", Param: "n"}
	if delay > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
		event.RetryAfterMs = new(delay.Milliseconds())
	}
	if diff := cmp.Diff(want, failure.FromStatus(withDetails(t, code, details...))); diff != "" {
		t.Errorf("status (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(want, failure.FromEvent(event)); diff != "" {
		t.Errorf("event (-want +got)\n%s", diff)
	}
}

func withDetails(t *testing.T, code codes.Code, details ...protoadapt.MessageV1) *status.Status {
	t.Helper()
	st, err := status.New(code, "A message.").WithDetails(details...)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// TestInternalTellsNothing checks that the text and path of an internal failure stay hidden, whether its code
// or its reason makes it internal.
func TestInternalTellsNothing(t *testing.T) {
	for _, code := range []codes.Code{codes.Internal, codes.Unknown, codes.DataLoss, codes.OK, 99} {
		for _, reason := range []string{"INTERNAL", "SOMETHING_NEW", ""} {
			got := failure.FromEvent(&completionv1.Error{Code: int32(code), Reason: reason, Message: "dial 10.0.0.7", Param: "x"})
			if diff := cmp.Diff(failure.Internal(), got); diff != "" {
				t.Errorf("%v %q (-want +got)\n%s", code, reason, diff)
			}
		}
	}
	if diff := cmp.Diff(failure.Internal(), failure.FromStatus(nil)); diff != "" {
		t.Errorf("no status (-want +got)\n%s", diff)
	}
}

func TestCodesWithoutReason(t *testing.T) {
	for _, test := range []struct {
		code   codes.Code
		status int
		kind   string
		want   string
		final  bool
		retry  time.Duration
	}{
		{codes.OK, http.StatusInternalServerError, server, "internal_error", false, 0},
		{codes.Canceled, failure.StatusClientClosedRequest, invalid, "client_closed_request", false, 0},
		{codes.Unknown, http.StatusInternalServerError, server, "internal_error", false, 0},
		{codes.InvalidArgument, http.StatusBadRequest, invalid, "invalid_value", false, 0},
		{codes.DeadlineExceeded, http.StatusGatewayTimeout, server, "upstream_timeout", false, 0},
		{codes.NotFound, http.StatusNotFound, invalid, "not_found", false, 0},
		{codes.AlreadyExists, http.StatusConflict, invalid, "conflict", true, 0},
		{codes.PermissionDenied, http.StatusForbidden, "permission_error", "permission_denied", false, 0},
		{codes.ResourceExhausted, http.StatusTooManyRequests, "rate_limit_error", "rate_limit_exceeded", false, time.Second},
		{codes.FailedPrecondition, http.StatusBadRequest, invalid, "invalid_value", false, 0},
		{codes.Aborted, http.StatusConflict, invalid, "conflict", true, 0},
		{codes.OutOfRange, http.StatusBadRequest, invalid, "invalid_value", false, 0},
		{codes.Unimplemented, http.StatusNotImplemented, server, "not_implemented", true, 0},
		{codes.Internal, http.StatusInternalServerError, server, "internal_error", false, 0},
		{codes.Unavailable, http.StatusServiceUnavailable, server, "overloaded", false, time.Second},
		{codes.DataLoss, http.StatusInternalServerError, server, "internal_error", false, 0},
		{codes.Unauthenticated, http.StatusUnauthorized, invalid, "invalid_api_key", false, 0},
	} {
		t.Run(test.code.String(), func(t *testing.T) {
			// A reason of another domain does not count.
			got := failure.FromStatus(withDetailsUnlessOK(t, test.code))
			want := &failure.Error{
				Status: test.status, Code: failure.Code(test.want), Message: got.Message,
				Final: test.final, RetryAfter: test.retry,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			hasType(t, got, test.kind)
			if got.Message == "" || got.Message == "A message." {
				t.Errorf("message %q: want one of our own", got.Message)
			}
		})
	}
}

func withDetailsUnlessOK(t *testing.T, code codes.Code) *status.Status {
	t.Helper()
	if code == codes.OK {
		return status.New(code, "A message.")
	}
	return withDetails(t, code, &errdetails.ErrorInfo{Domain: "googleapis.com", Reason: "INVALID_CURSOR"})
}
