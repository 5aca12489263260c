package telemetry

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// The variables of OpenTelemetry that we check ourselves. The exporter reads these and the others (headers,
// certificates, timeouts) by itself.
const (
	envEndpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	envTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	envProtocol       = "OTEL_EXPORTER_OTLP_PROTOCOL"
	envTracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
)

// newTracers returns a provider that exports if an endpoint is set. Otherwise it does not record traces that
// begin here; they only have ids, which cost little.
func newTracers(ctx context.Context, about *resource.Resource, getenv func(string) string) (*sdktrace.TracerProvider, error) {
	exports, err := checkEndpoint(getenv)
	if err != nil {
		return nil, err
	}
	if !exports {
		return sdktrace.NewTracerProvider(
			sdktrace.WithResource(about),
			sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())),
		), nil
	}
	exporter, err := otlptracegrpc.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("OTLP exporter: %w", err)
	}
	// OTEL_TRACES_SAMPLER decides which traces are recorded.
	return sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithBatcher(exporter)), nil
}

// checkEndpoint reports whether an OTLP endpoint is set. The exporter would replace one that it does not
// understand by its default.
func checkEndpoint(getenv func(string) string) (set bool, err error) {
	name, endpoint := envTracesEndpoint, getenv(envTracesEndpoint)
	if endpoint == "" {
		name, endpoint = envEndpoint, getenv(envEndpoint)
	}
	if endpoint == "" {
		return false, nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false, fmt.Errorf("%s must be a URL such as http://localhost:4317", name)
	}
	if protocol := cmp.Or(getenv(envTracesProtocol), getenv(envProtocol)); protocol != "" && protocol != "grpc" {
		return false, fmt.Errorf("OTLP is supported only over grpc, not over %q (%s)", protocol, envProtocol)
	}
	return true, nil
}

// reportEvery is the minimum time between two warnings about exports.
const reportEvery = time.Minute

// reportErrors logs OpenTelemetry's own errors, at most one per [reportEvery]: an unreachable collector would
// cause one for each batch.
func reportErrors(logger *slog.Logger) {
	var mu sync.Mutex
	var last time.Time
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); now.Sub(last) >= reportEvery {
			last = now
			logger.Warn("telemetry is incomplete", slog.Any("error", err))
		}
	}))
}
