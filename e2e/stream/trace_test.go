package stream

import (
	"encoding/hex"
	"regexp"
	"testing"

	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/telemetry/telemetrytest"
)

// TestOneTrace sends one request through two processes, which export spans.
func TestOneTrace(t *testing.T) {
	t.Parallel()
	collector := telemetrytest.Collect(t)
	s, err := rig.Programs(t).Stack(t.Context(), stack.Options{Env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.Endpoint}})
	if err != nil {
		t.Fatal(err)
	}
	const theirs = "0af7651916cd43dd8448eb211c80319c"
	id := api.Record(t, s.URL(), nil, "Traceparent: 00-"+theirs+"-b7ad6b7169203331-01").ID
	if err := s.Stop(); err != nil { // exports the last spans
		t.Fatal(err)
	}

	type name struct {
		service, span string
		kind          tracev1.Span_SpanKind
	}
	spans := make(map[name]telemetrytest.Span)
	for _, span := range collector.Spans() {
		spans[name{span.Service, span.GetName(), span.GetKind()}] = span
	}
	var trace, above []byte
	for i, n := range []name{
		{"edge", "POST /v1/chat/completions", tracev1.Span_SPAN_KIND_SERVER},
		{"edge", "petstore.completion.v1.CompletionService/StreamCompletion", tracev1.Span_SPAN_KIND_CLIENT},
		{"completion", "petstore.completion.v1.CompletionService/StreamCompletion", tracev1.Span_SPAN_KIND_SERVER},
		{"completion", "chat " + api.Model, tracev1.Span_SPAN_KIND_INTERNAL},
	} {
		span, ok := spans[n]
		if !ok {
			t.Fatalf("no span %v among %v", n, spans)
		}
		if i == 0 {
			trace = span.GetTraceId()
			if links := span.GetLinks(); len(links) != 1 || hex.EncodeToString(links[0].GetTraceId()) != theirs || hex.EncodeToString(trace) == theirs {
				t.Errorf("the caller's trace is not linked to, but %v", links)
			}
		}
		if got := hex.EncodeToString(span.GetTraceId()); got != hex.EncodeToString(trace) {
			t.Errorf("%v is of trace %s, want %x", n, got, trace)
		}
		if got := hex.EncodeToString(span.GetParentSpanId()); got != hex.EncodeToString(above) {
			t.Errorf("%v is below %s, want %x", n, got, above)
		}
		above = span.GetSpanId()
	}
	for _, line := range []struct {
		process *stack.Process
		message string
	}{{s.Edge, "request"}, {s.Completion, "usage"}} {
		want := regexp.MustCompile(`(?m)^.*msg=` + line.message + ` .*completion=` + id + ` .*trace_id=` + hex.EncodeToString(trace) + ` span_id=[0-9a-f]{16}$`)
		if !want.MatchString(line.process.Log()) {
			t.Errorf("no line like %s in\n%s", want, line.process.Log())
		}
	}
}
