package wire

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// codeTable is an independent copy of the mapping, row by row.
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
		chat.CodeRateLimited:           codes.ResourceExhausted,
		chat.CodeOverloaded:            codes.Unavailable,
		chat.CodeUpstreamError:         codes.Unavailable,
		chat.CodeUpstreamTimeout:       codes.DeadlineExceeded,
		chat.CodeFirstEventTimeout:     codes.DeadlineExceeded,
		chat.CodeIdleTimeout:           codes.DeadlineExceeded,
		chat.CodeTotalTimeout:          codes.DeadlineExceeded,
		chat.CodeInterrupted:           codes.Unavailable,
		chat.CodeInternal:              codes.Internal,
		chat.CodePreviousNotFound:      codes.NotFound,
		chat.CodePreviousInProgress:    codes.Aborted,
		chat.CodePreviousFailed:        codes.FailedPrecondition,
		"A_REASON_TO_COME":             codes.Internal,
	}
}

func TestEveryCodeHasItsStatus(t *testing.T) {
	for code, want := range codeTable() {
		st := status.Convert(Status(&chat.Error{Code: code, Message: "What went wrong."}))
		if st.Code() != want || st.Message() != "What went wrong." {
			t.Errorf("%s: status %v %q, want %v", code, st.Code(), st.Message(), want)
		}
		info, ok := st.Details()[0].(*errdetails.ErrorInfo)
		if !ok || info.GetReason() != string(code) || info.GetDomain() != "petstore.completion" {
			t.Errorf("%s: details %v", code, st.Details())
		}
	}
}

// TestEveryReasonSaysWhatItMeans checks the options of the contract's reasons.
func TestEveryReasonSaysWhatItMeans(t *testing.T) {
	values := completionv1.Reason(0).Descriptor().Values()
	for i := 1; i < values.Len(); i++ {
		value := values.Get(i)
		failure := proto.GetExtension(value.Options(), completionv1.E_Failure).(*completionv1.Failure)
		var code codes.Code
		if err := code.UnmarshalJSON([]byte(strconv.Quote(failure.GetGrpc()))); err != nil || code == codes.OK {
			t.Errorf("%s: gRPC code %q: %v", value.Name(), failure.GetGrpc(), err)
		}
		if failure.GetHttp() < 400 || http.StatusText(int(failure.GetHttp())) == "" || failure.GetRetry() == 0 {
			t.Errorf("%s: HTTP status %d, %v", value.Name(), failure.GetHttp(), failure.GetRetry())
		}
		if failure.GetDelayMs() > 0 && failure.GetRetry() == completionv1.Retry_RETRY_NO {
			t.Errorf("%s: a delay before a request that cannot help", value.Name())
		}
	}
}

func TestStatusTellsFieldAndRetry(t *testing.T) {
	err := Status(&chat.Error{
		Code: chat.CodeEmptyArray, Message: "'messages' must hold at least one message.",
		Param: "messages", RetryAfter: 1500 * time.Millisecond, Err: errors.New("secret"),
	})
	want := []any{
		&errdetails.ErrorInfo{Reason: "EMPTY_ARRAY", Domain: "petstore.completion", Metadata: map[string]string{"param": "messages"}},
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
