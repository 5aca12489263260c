// Package header has the names and values of HTTP headers that several packages use: servers and clients of one
// API have to agree on them.
package header

// Names of headers.
const (
	Accept             = "Accept"
	AcceptEncoding     = "Accept-Encoding"
	Authorization      = "Authorization"
	CacheControl       = "Cache-Control"
	ContentEncoding    = "Content-Encoding"
	ContentType        = "Content-Type"
	ContentTypeOptions = "X-Content-Type-Options"
	IdempotencyKey     = "Idempotency-Key"
	LastEventID        = "Last-Event-ID" // by the HTML Living Standard, Server-Sent Events
	RetryAfter         = "Retry-After"   // in seconds, by RFC 9110, section 10.2.3
	RetryAfterMs       = "Retry-After-Ms"
	ShouldRetry        = "X-Should-Retry" // "true" or "false", which OpenAI's SDKs follow

	// CompletionID is the id of the completion in a response.
	CompletionID = "X-Completion-Id"
)

// Bearer is the beginning of [Authorization], by RFC 6750.
const Bearer = "Bearer "

// Media types.
const (
	EventStream = "text/event-stream"
	HTML        = "text/html; charset=utf-8"
	JavaScript  = "text/javascript; charset=utf-8"
	JSON        = "application/json"
	PlainText   = "text/plain; charset=utf-8"
)
