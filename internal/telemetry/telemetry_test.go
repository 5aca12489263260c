package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"

	"go.opentelemetry.io/otel/attribute"

	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/internal/telemetry/telemetrytest"
)

func newTelemetry(t testing.TB, log *bytes.Buffer, env map[string]string) (*telemetry.Telemetry, error) {
	t.Helper()
	for name, value := range env {
		t.(*testing.T).Setenv(name, value) // the exporter reads it there
	}
	return telemetry.New(t.Context(), telemetry.Config{
		Service: "test", Log: log, LogFormat: "json", LogLevel: "info", Getenv: func(name string) string { return env[name] },
	})
}

func TestLoggerIsAnHonestHandler(t *testing.T) {
	var log bytes.Buffer
	reports, err := newTelemetry(t, &log, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = slogtest.TestHandler(reports.Logger.Handler(), func() []map[string]any {
		var lines []map[string]any
		for line := range bytes.Lines(log.Bytes()) {
			var fields map[string]any
			if err := json.Unmarshal(line, &fields); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, fields)
		}
		return lines
	})
	if err != nil {
		t.Error(err)
	}
}

// TestTraceIDs checks that trace ids are passed on even without a collector, and logged only with one.
func TestTraceIDs(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"without an endpoint": nil,
		"with one":            {"OTEL_EXPORTER_OTLP_ENDPOINT": telemetrytest.Collect(t).Endpoint},
	} {
		t.Run(name, func(t *testing.T) { testTraceIDs(t, env) })
	}
}

func testTraceIDs(t *testing.T, env map[string]string) {
	t.Helper()
	var log bytes.Buffer
	reports, err := newTelemetry(t, &log, env)
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := reports.Tracers.Tracer("test").Start(t.Context(), "work")
	exports := env != nil
	if !span.SpanContext().IsValid() || span.IsRecording() != exports {
		t.Errorf("span %+v, recording %v", span.SpanContext(), span.IsRecording())
	}
	reports.Logger.InfoContext(ctx, "with")
	reports.Logger.With(slog.Int("n", 1)).InfoContext(ctx, "with too")
	reports.Logger.InfoContext(t.Context(), "without")
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	for i, want := range []bool{exports, exports, false} {
		var fields map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &fields); err != nil {
			t.Fatal(err)
		}
		if got := fields["trace_id"] != nil && fields["trace_id"] == span.SpanContext().TraceID().String() && fields["span_id"] == span.SpanContext().SpanID().String(); got != want {
			t.Errorf("line %s: ids %v, want %v", lines[i], got, want)
		}
	}
}

func TestExport(t *testing.T) {
	collector := telemetrytest.Collect(t)
	var log bytes.Buffer
	reports, err := newTelemetry(t, &log, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": collector.Endpoint, "OTEL_SERVICE_NAME": "renamed",
	})
	if err != nil {
		t.Fatal(err)
	}
	_, span := reports.Tracers.Tracer("test").Start(t.Context(), "work")
	span.End()
	if err := reports.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	spans := collector.Spans()
	if len(spans) != 1 || spans[0].GetName() != "work" || spans[0].Service != "renamed" {
		t.Errorf("collected %v, want the span", spans)
	}
}

// TestShutdownIsBounded checks that an unreachable collector does not delay a shutdown beyond its deadline.
func TestShutdownIsBounded(t *testing.T) {
	var log bytes.Buffer
	reports, err := newTelemetry(t, &log, map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	_, span := reports.Tracers.Tracer("test").Start(t.Context(), "work")
	span.End()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := reports.Shutdown(ctx); err == nil {
		t.Error("no error though the span was lost")
	}
}

func TestBadConfiguration(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317", "OTEL_EXPORTER_OTLP_ENDPOINT must be a URL"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be a URL"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://bad host", "OTEL_EXPORTER_OTLP_ENDPOINT must be a URL"},
		{"OTEL_RESOURCE_ATTRIBUTES", "novalue", "OTEL_RESOURCE_ATTRIBUTES"},
	} {
		t.Run(test.name+"="+test.value, func(t *testing.T) {
			_, err := newTelemetry(t, new(bytes.Buffer), map[string]string{test.name: test.value})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, test.want)
			}
		})
	}
	t.Run("protocol", func(t *testing.T) {
		_, err := newTelemetry(t, new(bytes.Buffer), map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
		})
		if err == nil || !strings.Contains(err.Error(), "http/protobuf") {
			t.Errorf("error %v, want one about the protocol", err)
		}
	})
}

func TestProcessMetrics(t *testing.T) {
	r := telemetrytest.New(t)
	got := r.Metrics(t)
	for _, want := range []string{"\ngo_goroutines ", "\nprocess_resident_memory_bytes ", `service_name="test"`, `service_version="`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in the metrics", want)
		}
	}
	r.Lint(t)
}

func TestInstrumentsKeepErrors(t *testing.T) {
	r := telemetrytest.New(t)
	i := telemetry.NewInstruments(r.Meters)
	i.Counter("good", "", "A good one.")
	if i.Err() != nil {
		t.Error(i.Err())
	}
	i.Counter("", "", "One without a name.")
	if i.Err() == nil {
		t.Error("no error for an instrument without a name")
	}
}

func instruments(t testing.TB) (telemetry.Counter, telemetry.Histogram, *telemetry.Keyed[string, telemetry.Counter]) {
	t.Helper()
	r := telemetrytest.New(t)
	i := telemetry.NewInstruments(r.Meters)
	c := i.Counter("counter", "{thing}", "Things.")
	h := i.Histogram("histogram", "s", "Times.", 0.1, 1, 10)
	keyed := telemetry.NewKeyed(c, func(key string) []attribute.KeyValue { return []attribute.KeyValue{attribute.String("key", key)} })
	if err := i.Err(); err != nil {
		t.Fatal(err)
	}
	return c, h.With(attribute.String("a", "b")), keyed
}

func TestCountingAllocatesNothing(t *testing.T) {
	c, h, keyed := instruments(t)
	keyed.Of("x").Add(1)
	if n := testing.AllocsPerRun(100, func() {
		c.Add(1)
		h.Record(0.5)
		keyed.Of("x").Add(1)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestZeroInstrumentsDiscard checks that zero instruments do not panic.
func TestZeroInstrumentsDiscard(*testing.T) {
	telemetry.Counter{}.Add(1)
	telemetry.Histogram{}.Record(1)
	var keyed *telemetry.Keyed[string, telemetry.Counter]
	keyed.Of("x").Add(1)
	var tally *telemetry.Tally
	tally.Add(1)
}

func BenchmarkCount(b *testing.B) {
	c, h, keyed := instruments(b)
	for _, bench := range []struct {
		name string
		do   func()
	}{
		{"counter", func() { c.Add(1) }},
		{"histogram", func() { h.Record(0.5) }},
		{"keyed counter", func() { keyed.Of("x").Add(1) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bench.do()
			}
		})
	}
}
