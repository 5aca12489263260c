// Package telemetrytest helps to test telemetry: it has telemetry whose log lines, metrics and spans a test can
// read, and a collector for the spans of other processes.
package telemetrytest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/pawstream/pawstream/internal/telemetry"
)

// A Recorder is telemetry that keeps everything.
type Recorder struct {
	*telemetry.Telemetry
	Spans *tracetest.SpanRecorder
	log   buffer
}

// New returns a recorder.
func New(t testing.TB) *Recorder {
	t.Helper()
	r := &Recorder{Spans: tracetest.NewSpanRecorder()}
	var err error
	r.Telemetry, err = telemetry.New(t.Context(), telemetry.Config{
		Service: "test", Log: &r.log, LogFormat: "json", LogLevel: "debug",
		Getenv: func(string) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Tracers = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r.Spans))
	return r
}

// Metrics returns the answer of the metrics handler.
func (r *Recorder) Metrics(t testing.TB) string {
	t.Helper()
	recorded := httptest.NewRecorder()
	r.Telemetry.Metrics().ServeHTTP(recorded, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if recorded.Code != http.StatusOK {
		t.Fatalf("status %d: %s", recorded.Code, recorded.Body)
	}
	return recorded.Body.String()
}

// WantMetrics fails the test unless the metrics contain each line. A line is a series and its value; its labels
// are in alphabetical order.
func (r *Recorder) WantMetrics(t testing.TB, lines ...string) {
	t.Helper()
	got := r.Metrics(t)
	for _, line := range lines {
		if !strings.Contains("\n"+got, "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	if t.Failed() {
		for line := range strings.Lines(got) {
			if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "go_") && !strings.Contains(line, "_bucket") {
				t.Log(strings.TrimSpace(line))
			}
		}
	}
}

// Lint fails the test for everything that promtool would complain about.
func (r *Recorder) Lint(t testing.TB) {
	t.Helper()
	problems, err := promlint.New(strings.NewReader(r.Metrics(t))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// Logged returns the log lines with a message.
func (r *Recorder) Logged(t testing.TB, message string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for decoder := json.NewDecoder(strings.NewReader(r.log.String())); ; {
		var line map[string]any
		switch err := decoder.Decode(&line); {
		case errors.Is(err, io.EOF):
			return found
		case err != nil:
			t.Fatal(err)
		}
		if line["msg"] == message {
			found = append(found, line)
		}
	}
}

// A buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
