package failure

import (
	"net/http"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

// reasonRow returns what a reason of the service is in the public API, as the contract says; ok is
// false for a reason that it does not have.
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

// errorDomain returns the domain of the service's ErrorInfo details. A message is shown to a client
// only with it: any other text may come from grpc itself and tell addresses.
func errorDomain() string {
	domain, _ := proto.GetExtension(completionv1.Reason(0).Descriptor().Options(), completionv1.E_ErrorDomain).(string)
	return domain
}

// Cancelled reports whether a completion ended because somebody ended it, which is no fault.
func Cancelled(e *completionv1.Error) bool {
	return protoname.BySymbol[completionv1.Reason](e.GetReason()) == completionv1.Reason_REASON_COMPLETION_CANCELLED
}

// codeRow is the table for failures that carry no reason: they come from grpc itself
// or from a proxy, so their text is not shown.
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
		// The edge calls what the service does not have: a version too old. The method
		// of the HTTP request is in order, so it is not a 405.
		return row{status: http.StatusNotImplemented, code: CodeNotImplemented, message: "The service does not offer this yet."}
	case codes.Unavailable:
		return row{status: http.StatusServiceUnavailable, code: CodeOverloaded, message: overloadedMessage, retry: retrySoon, delay: usualRetry}
	case codes.DeadlineExceeded:
		return row{status: http.StatusGatewayTimeout, code: CodeUpstreamTimeout, message: "The answer took too long.", retry: retryUnknown}
	case codes.OK, codes.Unknown, codes.Internal, codes.DataLoss:
	}
	return row{status: http.StatusInternalServerError, code: CodeInternal, message: internalMessage, retry: retryUnknown}
}
