package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// newLogger returns a logger that writes to w: format is "text", "json" or "auto", which is short lines on a
// terminal and JSON elsewhere; level is "debug", "info", "warn" or "error". colour says whether lines on a
// terminal may have colours.
func newLogger(w io.Writer, format, level string, colour bool) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log level: %w", err)
	}
	options := &slog.HandlerOptions{Level: least}
	var handler slog.Handler
	switch {
	case format == "auto" && IsTerminal(w):
		handler = newTerminal(w, least, colour)
	case format == "text":
		handler = slog.NewTextHandler(w, options)
	case format == "json", format == "auto":
		handler = slog.NewJSONHandler(w, options)
	default:
		return nil, fmt.Errorf("log format %q is not known", format)
	}
	return slog.New(traced{handler}), nil
}

type requestIDKey struct{}

// WithRequestID returns a context whose log lines name the request that began the work.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// traced adds request_id to log lines if the context has it, and trace_id and span_id if the trace is recorded
// somewhere: otherwise the ids would lead nowhere.
type traced struct{ slog.Handler }

// Handle implements slog.Handler.
func (h traced) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value(requestIDKey{}).(string); ok && id != "" {
		r = r.Clone()
		r.AddAttrs(slog.String("request_id", id))
	}
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler {
	return traced{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h traced) WithGroup(name string) slog.Handler {
	return traced{h.Handler.WithGroup(name)}
}
