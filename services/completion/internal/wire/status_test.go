package wire

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// codeTable is the mapping, written a second time: row by row.
func codeTable() map[chat.Code]codes.Code {
	return map[chat.Code]codes.Code{
		chat.CodeMissingParameter:      codes.InvalidArgument,
		chat.CodeInvalidValue:          codes.InvalidArgument,
		chat.CodeEmptyArray:            codes.InvalidArgument,
		chat.CodeArrayTooLong:          codes.InvalidArgument,
		chat.CodeEmptyString:           codes.InvalidArgument,
		chat.CodeStringTooLong:         codes.InvalidArgument,
		chat.CodeIntegerTooSmall:       codes.InvalidArgument,
		chat.CodeIntegerTooLarge:       codes.InvalidArgument,
		chat.CodeDecimalTooSmall:       codes.InvalidArgument,
		chat.CodeDecimalTooLarge:       codes.InvalidArgument,
		chat.CodeUnsupportedParameter:  codes.InvalidArgument,
		chat.CodeContextLengthExceeded: codes.InvalidArgument,
		chat.CodeRequestTooLarge:       codes.InvalidArgument,
		chat.CodeInvalidCursor:         codes.OutOfRange,
		chat.CodeModelNotFound:         codes.NotFound,
		chat.CodeCompletionNotFound:    codes.NotFound,
		chat.CodeCompletionExpired:     codes.NotFound,
		chat.CodeIdempotencyConflict:   codes.Aborted,
		chat.CodeCompletionCancelled:   codes.Aborted,
		chat.CodeAnswerTooLong:         codes.ResourceExhausted,
		chat.CodeOverloaded:            codes.Unavailable,
		chat.CodeUpstreamError:         codes.Unavailable,
		chat.CodeUpstreamTimeout:       codes.DeadlineExceeded,
		chat.CodeFirstEventTimeout:     codes.DeadlineExceeded,
		chat.CodeIdleTimeout:           codes.DeadlineExceeded,
		chat.CodeTotalTimeout:          codes.DeadlineExceeded,
		chat.CodeInterrupted:           codes.Unavailable,
		chat.CodeInternal:              codes.Internal,
	}
}

func TestEveryCodeHasItsStatus(t *testing.T) {
	for code, want := range codeTable() {
		st := status.Convert(Status(&chat.Error{Code: code, Message: "What went wrong."}))
		if st.Code() != want || st.Message() != "What went wrong." {
			t.Errorf("%s: status %v %q, want %v", code, st.Code(), st.Message(), want)
		}
		info, ok := st.Details()[0].(*errdetails.ErrorInfo)
		if !ok || info.GetReason() != string(code) || info.GetDomain() != ErrorDomain {
			t.Errorf("%s: details %v", code, st.Details())
		}
	}
}

func TestEveryCodeIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	for code := range codeTable() {
		if name := strings.ToLower(string(code)); !strings.Contains(string(page), name) && !strings.Contains(string(page), string(code)) {
			t.Errorf("docs/errors.md has no row for %s", name)
		}
	}
}

func TestStatusTellsFieldAndRetry(t *testing.T) {
	err := Status(&chat.Error{
		Code: chat.CodeEmptyArray, Message: "'messages' must hold at least one message.",
		Param: "messages", RetryAfter: 1500 * time.Millisecond, Err: errors.New("secret"),
	})
	want := []any{
		&errdetails.ErrorInfo{Reason: "EMPTY_ARRAY", Domain: ErrorDomain, Metadata: map[string]string{"param": "messages"}},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{
			Field: "messages", Description: "'messages' must hold at least one message.", Reason: "EMPTY_ARRAY",
		}}},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)},
	}
	if diff := cmp.Diff(want, status.Convert(err).Details(), protocmp.Transform()); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the cause leaks: %v", err)
	}
}

func TestStatusOfOtherErrors(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want codes.Code
	}{
		{nil, codes.OK},
		{context.Canceled, codes.Canceled},
		{context.DeadlineExceeded, codes.DeadlineExceeded},
		{status.Error(codes.ResourceExhausted, "too large"), codes.ResourceExhausted},
		{errors.New("disk on fire at /var/lib"), codes.Internal},
	} {
		st := status.Convert(Status(tt.err))
		if st.Code() != tt.want || strings.Contains(st.Message(), "disk") {
			t.Errorf("Status(%v) = %v", tt.err, st)
		}
	}
}
