package telemetry

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/pawstream/pawstream/internal/response"
)

// HTTP gives each request a span and records its duration, both until the response has ended, even if it
// streams for long. The route is the pattern of the [http.ServeMux] that serves the request. That must be the
// same request that next gets, not a copy. The names are those of OpenTelemetry's semantic conventions. Spans
// do not contain queries, which may hold secrets.
//
// A request's span is part of the trace that its caller names if the caller is trusted. Otherwise untrusted
// callers could decide what is recorded here, and add their requests to any trace. So their spans begin a new
// trace, with a link to the one that they name.
func (t *Telemetry) HTTP(next http.Handler, trusted func(*http.Request) bool) (http.Handler, error) {
	instruments := NewInstruments(t.Meters)
	durations := NewKeyed(
		instruments.Histogram("http.server.request.duration", "s", "Duration of HTTP requests, streamed responses included.",
			// The convention's bounds, and more for streams.
			0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 120, 300),
		requestKind.attributes)
	tracer := t.Tracers.Tracer(scope)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		kind := requestKind{method: knownMethod(r.Method), scheme: scheme(r)}
		ctx := t.Propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, kind.method, append(above(ctx, trusted(r)), trace.WithSpanKind(trace.SpanKindServer))...)
		r = r.WithContext(ctx)
		seen := &response.Writer{ResponseWriter: w}
		kind.aborted = true
		defer func() { // even if the handler panics, which aborts the response
			kind.route, kind.status = route(r.Pattern), seen.Status
			durations.Of(kind).Record(time.Since(begun).Seconds())
			end(span, kind, r)
		}()
		next.ServeHTTP(seen, r)
		kind.aborted = false
	}), instruments.Err()
}

// above returns the parent of a request's span: the span that its caller names, or none.
func above(ctx context.Context, trusted bool) []trace.SpanStartOption {
	theirs := trace.SpanContextFromContext(ctx)
	if !theirs.IsRemote() || trusted {
		return nil
	}
	return []trace.SpanStartOption{trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: theirs})}
}

// end completes a request's span.
func end(span trace.Span, kind requestKind, r *http.Request) {
	defer span.End()
	if !span.IsRecording() {
		return
	}
	if kind.route != "" {
		span.SetName(kind.method + " " + kind.route)
	}
	span.SetAttributes(kind.attributes()...)
	span.SetAttributes(
		semconv.URLPath(r.URL.Path),
		semconv.NetworkProtocolVersion(strings.TrimPrefix(r.Proto, "HTTP/")),
		semconv.UserAgentOriginal(r.UserAgent()),
	)
	if problem := kind.problem(); problem != "" {
		span.SetStatus(codes.Error, "")
	}
}

// A requestKind has the attributes of request durations. There are few kinds: the client chooses nothing in it.
type requestKind struct {
	method, scheme, route string
	status                int
	aborted               bool
}

func (k requestKind) attributes() []attribute.KeyValue {
	attrs := []attribute.KeyValue{semconv.HTTPRequestMethodKey.String(k.method), semconv.URLScheme(k.scheme)}
	if k.route != "" {
		attrs = append(attrs, semconv.HTTPRoute(k.route))
	}
	if k.status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(k.status))
	}
	if problem := k.problem(); problem != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(problem))
	}
	return attrs
}

// problem is the error.type of a response that failed on our side.
func (k requestKind) problem() string {
	switch {
	case k.aborted:
		return "aborted"
	case k.status >= http.StatusInternalServerError:
		return strconv.Itoa(k.status)
	}
	return ""
}

// knownMethod returns the method as an attribute. The convention has a separate value for unknown methods.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	}
	return Other
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// route returns the path of a pattern.
func route(pattern string) string {
	if i := strings.IndexByte(pattern, '/'); i >= 0 {
		return pattern[i:]
	}
	return ""
}
