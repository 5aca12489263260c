package wire

import (
	"context"
	"errors"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// ErrorDomain is the domain of every ErrorInfo that this service attaches.
const ErrorDomain = "petstore.completion"

// Code is the table of what each of the domain's errors is in gRPC. What has no row
// is our fault.
func Code(c chat.Code) codes.Code {
	switch c {
	case chat.CodeMissingParameter, chat.CodeInvalidValue, chat.CodeEmptyArray, chat.CodeArrayTooLong,
		chat.CodeEmptyString, chat.CodeStringTooLong, chat.CodeIntegerTooSmall, chat.CodeIntegerTooLarge,
		chat.CodeDecimalTooSmall, chat.CodeDecimalTooLarge, chat.CodeUnsupportedParameter,
		chat.CodeContextLengthExceeded, chat.CodeRequestTooLarge:
		return codes.InvalidArgument
	case chat.CodeInvalidCursor:
		return codes.OutOfRange
	case chat.CodeModelNotFound, chat.CodeCompletionNotFound, chat.CodeCompletionExpired:
		return codes.NotFound
	case chat.CodeIdempotencyConflict, chat.CodeCompletionCancelled:
		return codes.Aborted
	case chat.CodeAnswerTooLong, chat.CodeRateLimited:
		return codes.ResourceExhausted
	case chat.CodeOverloaded, chat.CodeUpstreamError, chat.CodeInterrupted:
		return codes.Unavailable
	case chat.CodeUpstreamTimeout, chat.CodeFirstEventTimeout, chat.CodeIdleTimeout, chat.CodeTotalTimeout:
		return codes.DeadlineExceeded
	case chat.CodeInternal:
		return codes.Internal
	}
	return codes.Internal
}

// Status returns err as a gRPC status: a [*chat.Error] with its details, the end of
// a context and what grpc itself returned as such, anything else as an internal
// error that tells nothing.
func Status(err error) error {
	var e *chat.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return statusOf(e)
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, "the caller cancelled the call")
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, "the caller's deadline has passed")
	}
	if st, ok := status.FromError(err); ok {
		return st.Err()
	}
	return statusOf(chat.Internal(err))
}

func statusOf(e *chat.Error) error {
	info := &errdetails.ErrorInfo{Reason: string(e.Code), Domain: ErrorDomain}
	details := []protoadapt.MessageV1{info}
	if e.Param != "" {
		info.Metadata = map[string]string{"param": e.Param}
		details = append(details, &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: e.Param, Description: e.Message, Reason: string(e.Code)},
		}})
	}
	if e.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(e.RetryAfter)})
	}
	st := status.New(Code(e.Code), e.Message)
	withDetails, err := st.WithDetails(details...)
	if err != nil { // cannot happen: the code is not OK and the details are known types
		return st.Err()
	}
	return withDetails.Err()
}
