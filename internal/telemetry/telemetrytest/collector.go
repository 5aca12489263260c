package telemetrytest

import (
	"bytes"
	"context"
	"net"
	"sync"
	"testing"

	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// A Collector receives spans through OTLP over gRPC, as OpenTelemetry's collector does. It is for the spans of
// other processes.
type Collector struct {
	collectorv1.UnimplementedTraceServiceServer
	// Endpoint is a value of OTEL_EXPORTER_OTLP_ENDPOINT.
	Endpoint string

	mu    sync.Mutex
	spans []Span
	raw   bytes.Buffer
}

// A Span is a collected span, with the service.name of its process.
type Span struct {
	*tracev1.Span
	Service string
}

// Collect returns a collector that runs until the test ends.
func Collect(t testing.TB) *Collector {
	t.Helper()
	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &Collector{Endpoint: "http://" + listener.Addr().String()}
	server := grpc.NewServer()
	collectorv1.RegisterTraceServiceServer(server, c)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return c
}

// Export implements OTLP's TraceService.
func (c *Collector) Export(_ context.Context, req *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	raw, err := proto.Marshal(req)
	if err != nil {
		return nil, err
	}
	c.raw.Write(raw)
	for _, from := range req.GetResourceSpans() {
		var service string
		for _, attr := range from.GetResource().GetAttributes() {
			if attr.GetKey() == "service.name" {
				service = attr.GetValue().GetStringValue()
			}
		}
		for _, scope := range from.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				c.spans = append(c.spans, Span{Span: span, Service: service})
			}
		}
	}
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

// Spans returns the spans collected so far. Processes send their spans every few seconds and when they end.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Span(nil), c.spans...)
}

// Raw returns everything collected so far as encoded protobuf, in which every text appears unchanged.
func (c *Collector) Raw() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raw.String()
}
