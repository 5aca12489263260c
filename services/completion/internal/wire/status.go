package wire

import (
	"context"
	"errors"
	"strconv"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Reason returns the contract's reason for a code of the domain. A code that the contract lacks becomes an
// internal error.
func Reason(c chat.Code) completionv1.Reason {
	if reason := protoname.BySymbol[completionv1.Reason](string(c)); reason != 0 {
		return reason
	}
	return completionv1.Reason_REASON_INTERNAL
}

// Code returns the contract's gRPC status code for a reason.
func Code(reason completionv1.Reason) codes.Code {
	value := reason.Descriptor().Values().ByNumber(reason.Number())
	failure, ok := proto.GetExtension(value.Options(), completionv1.E_Failure).(*completionv1.Failure)
	code := codes.Internal
	if ok && code.UnmarshalJSON([]byte(strconv.Quote(failure.GetGrpc()))) != nil {
		return codes.Internal // cannot happen: a test reads all of them
	}
	return code
}

// Info returns the status detail for a reason.
func Info(reason completionv1.Reason) *errdetails.ErrorInfo {
	domain, _ := proto.GetExtension(reason.Descriptor().Options(), completionv1.E_ErrorDomain).(string)
	return &errdetails.ErrorInfo{Reason: protoname.Symbol(reason), Domain: domain}
}

// Status returns err as a gRPC status. A [*chat.Error] has its details. The end of a context and errors of grpc
// itself keep their codes. Anything else is an internal error that reveals nothing.
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
	reason := Reason(e.Code)
	info := Info(reason)
	info.Reason = string(e.Code) // even if a newer service has stored an unknown one
	details := []protoadapt.MessageV1{info}
	if e.Param != "" {
		info.Metadata = map[string]string{"param": e.Param}
		details = append(details, &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: e.Param, Description: e.Message, Reason: info.GetReason()},
		}})
	}
	if e.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(e.RetryAfter)})
	}
	st := status.New(Code(reason), e.Message)
	withDetails, err := st.WithDetails(details...)
	if err != nil { // cannot happen: the code is not OK and the details are known types
		return st.Err()
	}
	return withDetails.Err()
}
