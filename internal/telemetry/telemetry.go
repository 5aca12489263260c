// Package telemetry shows operators what a process does: log lines, metrics for Prometheus, and traces over
// OTLP. It knows no domain; others decide what to count and which spans to record, with the instruments and
// tracers made here.
//
// Trace context is always passed on (W3C Trace Context). Spans are recorded and
// exported only where an OTLP endpoint is set. Log lines name a trace that is recorded.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// scope names our own instruments and spans.
const scope = "github.com/pawstream/pawstream"

// TargetAttribute names, on the spans of both programs, the target of an answer.
const TargetAttribute = "pawstream.target"

// Config is the configuration of a [Telemetry].
type Config struct {
	// Service is the process's service.name, unless OTEL_SERVICE_NAME gives another.
	Service string
	// Log takes the log lines. LogFormat is "text", "json" or "auto", which is short lines on a
	// terminal and JSON elsewhere; LogLevel is "debug", "info", "warn" or "error".
	Log                 io.Writer
	LogFormat, LogLevel string
	// Getenv reads the process's environment, which has OpenTelemetry's own variables.
	Getenv func(string) string
}

// Telemetry receives the logs, metrics and spans of one process. It is safe for concurrent use.
type Telemetry struct {
	// Logger adds trace_id and span_id to lines whose context has a recorded span: one that this process or the
	// trace's initiator records.
	Logger *slog.Logger
	// Tracers makes tracers and Meters meters; neither needs the global ones.
	Tracers trace.TracerProvider
	Meters  metric.MeterProvider
	// Propagator reads and writes W3C Trace Context.
	Propagator propagation.TextMapPropagator

	gatherer prometheus.Gatherer
	shutdown []func(context.Context) error
}

// New returns the telemetry of a process, for its whole life. It does not connect yet; the error is about the
// configuration. Create only one per process: OpenTelemetry's own errors go to its logger.
func New(ctx context.Context, cfg Config) (*Telemetry, error) {
	logger, err := newLogger(cfg.Log, cfg.LogFormat, cfg.LogLevel, cfg.Getenv("NO_COLOR") == "")
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName(cfg.Service), semconv.ServiceVersion(Version())),
		resource.WithFromEnv(), // the operator's settings take precedence
	)
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	tracers, err := newTracers(ctx, about, cfg.Getenv)
	if err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	meters, err := newMeters(about, registry)
	if err != nil {
		return nil, errors.Join(err, tracers.Shutdown(ctx))
	}
	reportErrors(logger)
	return &Telemetry{
		Logger:     logger,
		Tracers:    tracers,
		Meters:     meters,
		Propagator: propagation.TraceContext{},
		gatherer:   registry,
		shutdown:   []func(context.Context) error{tracers.Shutdown, meters.Shutdown},
	}, nil
}

// Discard returns telemetry that discards everything, for tests.
func Discard() *Telemetry {
	return &Telemetry{
		Logger:     slog.New(slog.DiscardHandler),
		Tracers:    tracenoop.NewTracerProvider(),
		Meters:     metricnoop.NewMeterProvider(),
		Propagator: propagation.TraceContext{},
		gatherer:   prometheus.NewRegistry(),
	}
}

// Metrics serves all metrics in Prometheus's text format.
func (t *Telemetry) Metrics() http.Handler {
	return promhttp.HandlerFor(t.gatherer, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// Shutdown exports what has not been exported yet, until ctx ends. Nothing is exported
// after it.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	var errs []error
	for _, shutdown := range t.shutdown {
		errs = append(errs, shutdown(ctx))
	}
	return errors.Join(errs...)
}

// Version returns the main module's version, as stamped by the go command.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
