package failure

import (
	"net/http"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

// reasonRow returns the row for a reason of the service, from the contract's options; ok is false for an
// unknown reason.
func reasonRow(reason completionv1.Reason) (r row, ok bool) {
	value := reason.Descriptor().Values().ByNumber(reason.Number())
	if reason == 0 || value == nil {
		return row{}, false
	}
	failure, _ := proto.GetExtension(value.Options(), completionv1.E_Failure).(*completionv1.Failure)
	if failure.GetWithheld() {
		return codeRow(codes.Internal), true
	}
	r = row{status: int(failure.GetHttp()), code: Code(protoname.Of(reason))}
	switch {
	case failure.GetDelayMs() > 0:
		r.retry, r.delay = retrySoon, time.Duration(failure.GetDelayMs())*time.Millisecond
	case failure.GetRetry() == completionv1.Retry_RETRY_WAIT:
		r.retry = retryUnknown
	}
	return r, true
}

// errorDomain returns the domain of the service's ErrorInfo details. Clients see only messages with this
// domain: any other text may come from grpc itself and reveal addresses.
func errorDomain() string {
	domain, _ := proto.GetExtension(completionv1.Reason(0).Descriptor().Options(), completionv1.E_ErrorDomain).(string)
	return domain
}

// Cancelled reports whether a completion was cancelled, which is no fault.
func Cancelled(e *completionv1.Error) bool {
	return protoname.BySymbol[completionv1.Reason](e.GetReason()) == completionv1.Reason_REASON_COMPLETION_CANCELLED
}

// codeRow is the table for failures without a reason. They come from grpc itself or from a proxy, so clients do
// not see their text.
func codeRow(code codes.Code) row {
	switch code {
	case codes.Canceled:
		return row{status: StatusClientClosedRequest, code: CodeClientClosedRequest, message: "The client closed the request."}
	case codes.InvalidArgument, codes.OutOfRange, codes.FailedPrecondition:
		return row{status: http.StatusBadRequest, code: CodeInvalidValue, message: "The request holds a value that it may not hold."}
	case codes.Unauthenticated:
		return row{status: http.StatusUnauthorized, code: CodeInvalidAPIKey, message: "The API key is missing or wrong."}
	case codes.PermissionDenied:
		return row{status: http.StatusForbidden, code: CodePermissionDenied, message: "The API key may not be used for this."}
	case codes.NotFound:
		return row{status: http.StatusNotFound, code: CodeNotFound, message: "There is no such thing."}
	case codes.AlreadyExists, codes.Aborted:
		return row{status: http.StatusConflict, code: CodeConflict, message: "The request conflicts with another one."}
	case codes.ResourceExhausted:
		return row{status: http.StatusTooManyRequests, code: CodeRateLimitExceeded, message: "Too many requests. Please slow down and try again.", retry: retrySoon, delay: usualRetry}
	case codes.Unimplemented:
		// The service is too old for a method that the edge calls. The HTTP request's method is fine, so it is
		// not a 405.
		return row{status: http.StatusNotImplemented, code: CodeNotImplemented, message: "The service does not offer this yet."}
	case codes.Unavailable:
		return row{status: http.StatusServiceUnavailable, code: CodeOverloaded, message: overloadedMessage, retry: retrySoon, delay: usualRetry}
	case codes.DeadlineExceeded:
		return row{status: http.StatusGatewayTimeout, code: CodeUpstreamTimeout, message: "The answer took too long.", retry: retryUnknown}
	case codes.OK, codes.Unknown, codes.Internal, codes.DataLoss:
	}
	return row{status: http.StatusInternalServerError, code: CodeInternal, message: internalMessage, retry: retryUnknown}
}
