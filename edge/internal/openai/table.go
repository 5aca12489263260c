package openai

import (
	"net/http"

	"google.golang.org/grpc/codes"
)

// reasonRow is the table of what the service's reasons are in OpenAI's API. The code
// is the reason in lower case where a row names none; ok is false for a reason that
// has no row.
func reasonRow(reason string) (r row, ok bool) {
	switch reason {
	case "MISSING_REQUIRED_PARAMETER", "INVALID_VALUE", "EMPTY_ARRAY", "ARRAY_ABOVE_MAX_LENGTH",
		"EMPTY_STRING", "STRING_ABOVE_MAX_LENGTH", "INTEGER_BELOW_MIN_VALUE", "INTEGER_ABOVE_MAX_VALUE",
		"DECIMAL_BELOW_MIN_VALUE", "DECIMAL_ABOVE_MAX_VALUE", "UNSUPPORTED_PARAMETER",
		"CONTEXT_LENGTH_EXCEEDED", "INVALID_CURSOR":
		return row{status: http.StatusBadRequest, kind: typeInvalidRequest}, true
	case "REQUEST_TOO_LARGE":
		return row{status: http.StatusRequestEntityTooLarge, kind: typeInvalidRequest}, true
	case "MODEL_NOT_FOUND", "COMPLETION_NOT_FOUND":
		return row{status: http.StatusNotFound, kind: typeInvalidRequest}, true
	case "COMPLETION_EXPIRED":
		return row{status: http.StatusGone, kind: typeInvalidRequest}, true
	case "IDEMPOTENCY_CONFLICT":
		return row{status: http.StatusConflict, kind: typeInvalidRequest}, true
	case "COMPLETION_CANCELLED":
		// Somebody else ended the completion that this caller waits for. The caller is
		// still there, so it is not a 499, and nothing failed, so it is not a 5xx.
		return row{status: http.StatusConflict, kind: typeInvalidRequest}, true
	case "ANSWER_TOO_LONG":
		// The bound is ours and the request was in order. The same again ends the same.
		return row{status: http.StatusInternalServerError, kind: typeServer}, true
	case "RATE_LIMIT_EXCEEDED":
		return row{status: http.StatusTooManyRequests, kind: typeRateLimit, retry: retrySoon}, true
	case "OVERLOADED", "COMPLETION_INTERRUPTED":
		return row{status: http.StatusServiceUnavailable, kind: typeServer, retry: retrySoon}, true
	case "UPSTREAM_ERROR":
		return row{status: http.StatusBadGateway, kind: typeServer}, true
	case "UPSTREAM_TIMEOUT", "FIRST_EVENT_TIMEOUT", "IDLE_TIMEOUT", "TOTAL_TIMEOUT":
		return row{status: http.StatusGatewayTimeout, kind: typeServer}, true
	case "INTERNAL", "PEER_NOT_TRUSTED": // the latter is the operator's mistake, not the client's
		return codeRow(codes.Internal), true
	}
	return row{}, false
}

// codeRow is the table for failures that carry no reason: they come from grpc itself
// or from a proxy, so their text is not shown.
func codeRow(code codes.Code) row {
	switch code {
	case codes.Canceled:
		return row{status: StatusClientClosedRequest, kind: typeInvalidRequest, code: "client_closed_request", message: "The client closed the request."}
	case codes.InvalidArgument, codes.OutOfRange, codes.FailedPrecondition:
		return row{status: http.StatusBadRequest, kind: typeInvalidRequest, code: "invalid_value", message: "The request holds a value that it may not hold."}
	case codes.Unauthenticated:
		return row{status: http.StatusUnauthorized, kind: typeInvalidRequest, code: "invalid_api_key", message: "The API key is missing or wrong."}
	case codes.PermissionDenied:
		return row{status: http.StatusForbidden, kind: typePermission, code: "permission_denied", message: "The API key may not be used for this."}
	case codes.NotFound:
		return row{status: http.StatusNotFound, kind: typeInvalidRequest, code: "not_found", message: "There is no such thing."}
	case codes.AlreadyExists, codes.Aborted:
		return row{status: http.StatusConflict, kind: typeInvalidRequest, code: "conflict", message: "The request conflicts with another one."}
	case codes.ResourceExhausted:
		return row{status: http.StatusTooManyRequests, kind: typeRateLimit, code: "rate_limit_exceeded", message: "Too many requests. Please slow down and try again.", retry: retrySoon}
	case codes.Unimplemented:
		// The edge calls what the service does not have: a version too old. The method
		// of the HTTP request is in order, so it is not a 405.
		return row{status: http.StatusNotImplemented, kind: typeServer, code: "not_implemented", message: "The service does not offer this yet."}
	case codes.Unavailable:
		return row{status: http.StatusServiceUnavailable, kind: typeServer, code: "overloaded", message: overloadedMessage, retry: retrySoon}
	case codes.DeadlineExceeded:
		return row{status: http.StatusGatewayTimeout, kind: typeServer, code: "upstream_timeout", message: "The answer took too long.", retry: retryUnknown}
	case codes.OK, codes.Unknown, codes.Internal, codes.DataLoss:
	}
	return row{status: http.StatusInternalServerError, kind: typeServer, code: "internal_error", message: internalMessage, retry: retryUnknown}
}
