package metrics_test

import (
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	otelcodes "go.opentelemetry.io/otel/codes"

	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/internal/telemetry/telemetrytest"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/metrics"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

const secret = "my dog has eaten chocolate"

func newMetrics(t testing.TB) (*telemetrytest.Recorder, *metrics.Metrics) {
	t.Helper()
	r := telemetrytest.New(t)
	m, err := metrics.New(r.Telemetry, func() []chat.Model { return []chat.Model{{ID: "pet-advisor-1", OwnedBy: "petstore"}} })
	if err != nil {
		t.Fatal(err)
	}
	return r, m
}

func meta(model string) *chat.Meta {
	return &chat.Meta{ID: "chatcmpl-1", Principal: "alice", Model: model, Metadata: map[string]string{"note": secret}, Request: &chat.Request{
		Model: model, User: secret, Messages: []chat.Message{{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: secret}}}},
	}}
}

func done() *chat.Event {
	return &chat.Event{Kind: chat.KindDone, Usage: &chat.Usage{PromptTokens: 20, CachedTokens: 4, CompletionTokens: 101, ReasoningTokens: 1}}
}

func failed(code chat.Code, usage *chat.Usage) *chat.Event {
	return &chat.Event{Kind: chat.KindError, Err: &chat.Error{Code: code, Message: secret}, Usage: usage}
}

// use runs three completions, and ends two of them.
func use(t testing.TB, m *metrics.Metrics) {
	t.Helper()
	ctx, stop := m.Generating(t.Context(), meta("pet-advisor-1"), 0)
	m.Appended(3, 600, 40*time.Microsecond)
	m.Appended(1, 200, 2*time.Millisecond)
	m.Ended(ctx, meta("pet-advisor-1"), done(), 100*time.Millisecond, 2100*time.Millisecond)
	stop(done())

	ctx, stop = m.Generating(t.Context(), meta("pet-advisor-1"), 2)
	m.Ended(ctx, meta("pet-advisor-1"), failed(chat.CodeUpstreamError, &chat.Usage{PromptTokens: 20, CompletionTokens: 5}), 0, time.Second)
	stop(failed(chat.CodeUpstreamError, nil))

	_, _ = m.Generating(t.Context(), meta("retired"), 0)
}

func TestMetrics(t *testing.T) {
	r, m := newMetrics(t)
	use(t, m)
	m.Ended(t.Context(), meta("retired"), failed(chat.CodeCompletionCancelled, nil), 0, 0)
	const chatAttrs = `gen_ai_operation_name="chat",gen_ai_provider_name="petstore",gen_ai_request_model="pet-advisor-1"`
	r.WantMetrics(t,
		`pawstream_completions_running 1`,
		`pawstream_completions_admitted_total 2`,
		`pawstream_completions_taken_over_total 1`,
		`pawstream_completions_ended_total{model="pet-advisor-1",outcome="completed"} 1`,
		`pawstream_completions_ended_total{model="pet-advisor-1",outcome="failed"} 1`,
		`pawstream_completions_ended_total{model="_OTHER",outcome="cancelled"} 1`,
		`gen_ai_server_request_duration_seconds_sum{`+chatAttrs+`} 2.1`,
		`gen_ai_server_request_duration_seconds_sum{error_type="UPSTREAM_ERROR",`+chatAttrs+`} 1`,
		`gen_ai_server_time_to_first_token_seconds_sum{`+chatAttrs+`} 0.1`,
		`gen_ai_server_time_to_first_token_seconds_count{`+chatAttrs+`} 1`,
		`gen_ai_server_time_per_output_token_seconds_sum{`+chatAttrs+`} 0.02`,
		`gen_ai_server_time_per_output_token_seconds_count{`+chatAttrs+`} 1`,
		`gen_ai_client_token_usage_sum{`+chatAttrs+`,gen_ai_token_type="input"} 40`,
		`gen_ai_client_token_usage_sum{`+chatAttrs+`,gen_ai_token_type="output"} 106`,
		`pawstream_log_append_duration_seconds_count 2`,
		`pawstream_log_append_events_sum 4`,
		`pawstream_log_appended_bytes_total 800`,
	)
	if strings.Contains(r.Metrics(t), secret) {
		t.Error("the metrics tell what was said")
	}
}

// TestCountersExistFromTheStart checks that counters exist at 0, so that a query for their growth sees the
// first step.
func TestCountersExistFromTheStart(t *testing.T) {
	r, _ := newMetrics(t)
	r.WantMetrics(t,
		`pawstream_completions_running 0`,
		`pawstream_completions_admitted_total 0`,
		`pawstream_completions_taken_over_total 0`,
		`pawstream_completions_ended_total{model="pet-advisor-1",outcome="completed"} 0`,
		`pawstream_completions_ended_total{model="pet-advisor-1",outcome="failed"} 0`,
		`pawstream_completions_ended_total{model="pet-advisor-1",outcome="cancelled"} 0`,
	)
}

func TestRefusals(t *testing.T) {
	r := telemetrytest.New(t)
	refusals, err := metrics.NewRefusals(r.Telemetry)
	if err != nil {
		t.Fatal(err)
	}
	for _, why := range chat.Refusals() { // from the start
		r.WantMetrics(t, `pawstream_completion_requests_refused_total{reason="`+string(why)+`"} 0`)
	}
	refusals.Refused(chat.RefusedRunning)
	r.WantMetrics(t,
		`pawstream_completion_requests_refused_total{reason="running"} 1`,
		`pawstream_completion_requests_refused_total{reason="memory"} 0`,
	)
	r.Lint(t)
}

func TestWatchLog(t *testing.T) {
	r, m := newMetrics(t)
	var stats metrics.LogStats
	if err := m.WatchLog(func() metrics.LogStats { return stats }); err != nil {
		t.Fatal(err)
	}
	stats = metrics.LogStats{
		AmbiguousAcks: 1, Resolved: 2, Fenced: 3, Full: 4, Failed: 5, BlockedAppends: 6, InFlight: 7, Live: 8, Waiting: 9, Kept: 10, KeptBytes: 11,
	}
	r.WantMetrics(t,
		`pawstream_log_acks_ambiguous_total 1`,
		`pawstream_log_acks_resolved_total 2`,
		`pawstream_log_appends_fenced_total 3`,
		`pawstream_log_appends_full_total 4`,
		`pawstream_log_appends_failed_total 5`,
		`pawstream_log_blocked_total 6`,
		`pawstream_log_in_flight 7`,
		`pawstream_log_completions_live 8`,
		`pawstream_log_completions_waiting 9`,
		`pawstream_log_completions_kept 10`,
		`pawstream_log_completions_kept_size_bytes 11`,
	)
}

func TestUpstreams(t *testing.T) {
	r := telemetrytest.New(t)
	u, err := metrics.NewUpstreams(r.Telemetry)
	if err != nil {
		t.Fatal(err)
	}
	state := route.State{}
	u.Offer([]metrics.Offered{
		{Target: "llama@gpu:8000", Models: []string{"house", "small"}, State: func() route.State { return state }},
		{Target: "backup", Models: []string{"house"}},
	})
	for _, outcome := range route.Outcomes() { // from the start
		r.WantMetrics(t, `pawstream_upstream_attempts_total{model="small",outcome="`+string(outcome)+`",target="llama@gpu:8000"} 0`)
	}
	r.WantMetrics(t,
		`pawstream_upstream_retries_total{model="house",target="backup"} 0`,
		`pawstream_upstream_fallbacks_total{model="house",target="backup"} 0`,
		`pawstream_upstream_tokens_total{model="house",target="backup",type="input"} 0`,
		`pawstream_upstream_tokens_total{model="house",target="backup",type="output"} 0`,
		`pawstream_upstream_cost_usd_total{model="house",target="backup"} 0`,
		`pawstream_upstream_unknown_finish_reasons_total{target="backup"} 0`,
		`pawstream_upstream_resting{target="llama@gpu:8000"} 0`,
	)

	meter := u.Meter("llama@gpu:8000")
	meter.Attempted(&route.Attempt{Model: "house", Outcome: route.OutcomeBusy, Queued: time.Second})
	meter.Attempted(&route.Attempt{
		Model: "house", Outcome: route.OutcomeAnswered, Retry: true, Queued: 2 * time.Second, FirstEvent: 250 * time.Millisecond,
		Usage: chat.Usage{PromptTokens: 20, CompletionTokens: 3}, Dollars: 0.5,
	})
	meter.Counted("house", &chat.Usage{PromptTokens: 1, CompletionTokens: 1}, 0.25)
	u.Meter("backup").Attempted(&route.Attempt{Model: "house", Outcome: route.OutcomeAnswered, Fallback: true})
	u.UnknownFinish("backup")
	state = route.State{Active: 4, Waiting: 3, Resting: true, RestsFor: 2}
	r.WantMetrics(t,
		`pawstream_upstream_attempts_total{model="house",outcome="busy",target="llama@gpu:8000"} 1`,
		`pawstream_upstream_attempts_total{model="house",outcome="answered",target="llama@gpu:8000"} 1`,
		`pawstream_upstream_attempts_total{model="house",outcome="answered",target="backup"} 1`,
		`pawstream_upstream_retries_total{model="house",target="llama@gpu:8000"} 1`,
		`pawstream_upstream_fallbacks_total{model="house",target="backup"} 1`,
		`pawstream_upstream_queue_duration_seconds_sum{target="llama@gpu:8000"} 3`,
		`pawstream_upstream_queue_duration_seconds_count{target="llama@gpu:8000"} 2`,
		`pawstream_upstream_first_event_duration_seconds_sum{model="house",target="llama@gpu:8000"} 0.25`,
		`pawstream_upstream_first_event_duration_seconds_count{model="house",target="llama@gpu:8000"} 1`,
		`pawstream_upstream_tokens_total{model="house",target="llama@gpu:8000",type="input"} 21`,
		`pawstream_upstream_tokens_total{model="house",target="llama@gpu:8000",type="output"} 4`,
		`pawstream_upstream_cost_usd_total{model="house",target="llama@gpu:8000"} 0.75`,
		`pawstream_upstream_active{target="llama@gpu:8000"} 4`,
		`pawstream_upstream_waiting{target="llama@gpu:8000"} 3`,
		`pawstream_upstream_resting{target="llama@gpu:8000"} 1`,
		`pawstream_upstream_resting_callers{target="llama@gpu:8000"} 2`,
		`pawstream_upstream_unknown_finish_reasons_total{target="backup"} 1`,
	)
	r.Lint(t)

	u.Offer([]metrics.Offered{{Target: "backup", Models: []string{"house"}}})
	if strings.Contains(r.Metrics(t), `pawstream_upstream_resting{target="llama@gpu:8000"}`) {
		t.Error("a target that is no more has a state")
	}
}

// TestLint checks all metrics of a completion service against promtool's rules.
func TestLint(t *testing.T) {
	r, m := newMetrics(t)
	if err := m.WatchLog(func() metrics.LogStats { return metrics.LogStats{} }); err != nil {
		t.Fatal(err)
	}
	use(t, m)
	r.Lint(t)
}

func TestSpan(t *testing.T) {
	for _, test := range []struct {
		name     string
		terminal *chat.Event
		status   otelcodes.Code
		want     map[string]any
	}{
		{"completed", done(), otelcodes.Unset, map[string]any{"gen_ai.usage.input_tokens": int64(20), "gen_ai.usage.output_tokens": int64(101)}},
		{"failed", failed(chat.CodeUpstreamError, nil), otelcodes.Error, map[string]any{"error.type": "UPSTREAM_ERROR"}},
		{"handed over", nil, otelcodes.Unset, map[string]any{"pawstream.handed_over": true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, m := newMetrics(t)
			_, stop := m.Generating(t.Context(), meta("pet-advisor-1"), 1)
			stop(test.terminal)
			spans := r.Spans.Ended()
			if len(spans) != 1 || spans[0].Name() != "chat pet-advisor-1" || spans[0].Status().Code != test.status {
				t.Fatalf("spans %v, want one of status %v", spans, test.status)
			}
			want := map[string]any{
				"gen_ai.operation.name": "chat", "gen_ai.provider.name": "petstore", "gen_ai.request.model": "pet-advisor-1",
				"gen_ai.response.id": "chatcmpl-1", "pawstream.takeovers": int64(1),
			}
			maps.Copy(want, test.want)
			got := map[string]any{}
			for attr := range slices.Values(spans[0].Attributes()) {
				got[string(attr.Key)] = attr.Value.AsInterface()
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAppendedAllocatesNothing(t *testing.T) {
	_, m := newMetrics(t)
	if n := testing.AllocsPerRun(100, func() { m.Appended(3, 600, time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppended(b *testing.B) {
	_, m := newMetrics(b)
	b.ReportAllocs()
	for b.Loop() {
		m.Appended(3, 600, 40*time.Microsecond)
	}
}

// BenchmarkCompletion measures one completion without its events and without a collector of traces.
func BenchmarkCompletion(b *testing.B) {
	reports, err := telemetry.New(b.Context(), telemetry.Config{
		Log: io.Discard, LogFormat: "json", LogLevel: "info", Getenv: func(string) string { return "" },
	})
	if err != nil {
		b.Fatal(err)
	}
	m, err := metrics.New(reports, func() []chat.Model { return []chat.Model{{ID: "pet-advisor-1", OwnedBy: "petstore"}} })
	if err != nil {
		b.Fatal(err)
	}
	of, end := meta("pet-advisor-1"), done()
	b.ReportAllocs()
	for b.Loop() {
		ctx, stop := m.Generating(b.Context(), of, 0)
		m.Ended(ctx, of, end, 100*time.Millisecond, time.Second)
		stop(end)
	}
}
