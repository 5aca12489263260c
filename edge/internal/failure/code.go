package failure

// A Code is the kind of failure of an [Error]. It is stable, and in lower case. A reason of the contract is a
// code of the same name. docs/errors.md lists them all.
type Code string

// The contract's reasons that the edge reports too. Only the completion service reports the others.
const (
	CodeArrayAboveMaxLength  Code = "array_above_max_length"
	CodeDecimalAboveMaxValue Code = "decimal_above_max_value"
	CodeDecimalBelowMinValue Code = "decimal_below_min_value"
	CodeIntegerAboveMaxValue Code = "integer_above_max_value"
	CodeIntegerBelowMinValue Code = "integer_below_min_value"
	CodeInvalidValue         Code = "invalid_value"
	CodeMissingParameter     Code = "missing_required_parameter"
	CodeOverloaded           Code = "overloaded"
	CodeRateLimitExceeded    Code = "rate_limit_exceeded"
	CodeRequestTooLarge      Code = "request_too_large"
	CodeUnsupportedParameter Code = "unsupported_parameter"
	CodeUpstreamTimeout      Code = "upstream_timeout"
)

// The edge's own codes.
const (
	CodeClientClosedRequest  Code = "client_closed_request"
	CodeCompletionLost       Code = "completion_lost"
	CodeConflict             Code = "conflict"
	CodeDeadlineExceeded     Code = "deadline_exceeded"
	CodeInternal             Code = "internal_error"
	CodeInvalidAPIKey        Code = "invalid_api_key"
	CodeInvalidEventID       Code = "invalid_event_id"
	CodeInvalidJSON          Code = "invalid_json"
	CodeInvalidType          Code = "invalid_type"
	CodeMethodNotAllowed     Code = "method_not_allowed"
	CodeNotFound             Code = "not_found"
	CodeNotImplemented       Code = "not_implemented"
	CodeNotShown             Code = "not_shown"
	CodePermissionDenied     Code = "permission_denied"
	CodeRequestTimeout       Code = "request_timeout"
	CodeUnknownParameter     Code = "unknown_parameter"
	CodeUnknownURL           Code = "unknown_url"
	CodeUnsupportedMediaType Code = "unsupported_media_type"
	CodeNoWebSocket          Code = "websocket_not_supported"
)
