package metrics_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pawstream/pawstream/edge/internal/metrics"
	"github.com/pawstream/pawstream/internal/telemetry/telemetrytest"
)

func newMetrics(t testing.TB) (*telemetrytest.Recorder, *metrics.Metrics) {
	t.Helper()
	r := telemetrytest.New(t)
	m, err := metrics.New(r.Meters)
	if err != nil {
		t.Fatal(err)
	}
	return r, m
}

// use calls every method once or more.
func use(m *metrics.Metrics) {
	m.StreamOpened()
	m.StreamOpened()
	m.StreamOpened()
	m.Wrote(0, 10) // headers
	m.Wrote(1, 100)
	m.Wrote(5, 500)
	m.Heartbeat()
	m.Reopened(metrics.ReopenedElsewhere)
	m.StreamEnded(false, "done", 30*time.Millisecond)
	m.StreamEnded(true, "slow", 0)
	m.Refused("rate")
	m.Refused("rate")
	m.Refused("unauthenticated")
}

func TestMetrics(t *testing.T) {
	r, m := newMetrics(t)
	use(m)
	r.WantMetrics(t,
		`pawstream_edge_streams_open 1`,
		`pawstream_edge_streams_ended_total{outcome="done",request="create"} 1`,
		`pawstream_edge_streams_ended_total{outcome="slow",request="resume"} 1`,
		`pawstream_edge_stream_first_event_duration_seconds_count{request="create"} 1`,
		`pawstream_edge_events_total 6`,
		`pawstream_edge_writes_total 2`,
		`pawstream_edge_sent_bytes_total 610`,
		`pawstream_edge_heartbeats_total 1`,
		`pawstream_edge_stream_reopens_total{outcome="resumed"} 1`,
		`pawstream_edge_requests_refused_total{reason="rate"} 2`,
		`pawstream_edge_requests_refused_total{reason="unauthenticated"} 1`,
	)
}

// TestCountersExistFromTheStart checks that counters exist at 0, so that a query for their growth sees the
// first step.
func TestCountersExistFromTheStart(t *testing.T) {
	r, _ := newMetrics(t)
	r.WantMetrics(t,
		`pawstream_edge_streams_open 0`,
		`pawstream_edge_streams_ended_total{outcome="done",request="create"} 0`,
		`pawstream_edge_streams_ended_total{outcome="slow",request="resume"} 0`,
		`pawstream_edge_stream_reopens_total{outcome="failed"} 0`,
		`pawstream_edge_stream_reopens_total{outcome="lost"} 0`,
		`pawstream_edge_stream_reopens_total{outcome="resumed"} 0`,
		`pawstream_edge_requests_refused_total{reason="full"} 0`,
	)
}

// TestLint checks all metrics of an edge against promtool's rules.
func TestLint(t *testing.T) {
	r, m := newMetrics(t)
	use(m)
	handler, err := r.HTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }), func(*http.Request) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	r.Lint(t)
}

func TestZeroDiscards(*testing.T) { use(new(metrics.Metrics)) }

func TestCountingAllocatesNothing(t *testing.T) {
	_, m := newMetrics(t)
	use(m)
	if n := testing.AllocsPerRun(100, func() { use(m) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkWrote measures one write of a stream.
func BenchmarkWrote(b *testing.B) {
	_, m := newMetrics(b)
	b.ReportAllocs()
	for b.Loop() {
		m.Wrote(1, 200)
	}
}

// BenchmarkWroteParallel does so with a stream on each processor.
func BenchmarkWroteParallel(b *testing.B) {
	_, m := newMetrics(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Wrote(1, 200)
		}
	})
}
