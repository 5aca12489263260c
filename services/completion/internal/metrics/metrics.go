// Package metrics measures the completion service: how many completions there are and how they end, how
// fast they are generated, what they cost, and how the log keeps up. It has an instrument or a span for
// each, and decides nothing. It knows no log.
//
// The metrics of OpenTelemetry's conventions for generative AI (gen_ai.*) are recorded here and not at the
// edge, because this service is the model server in their sense: it sees all callers, and knows when a token
// was generated. The process that stores a completion's terminal event counts it, once. The edge measures
// what callers experience over HTTP.
//
// Metrics and spans never contain message text.
package metrics

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Metrics are the metrics of one completion service. They are safe for concurrent use.
type Metrics struct {
	tracer trace.Tracer
	meter  metric.Meter
	models func() []chat.Model // ordered by id

	running, admitted, takenOver telemetry.Counter
	ended                        *telemetry.Keyed[ending, telemetry.Counter]

	duration       *telemetry.Keyed[operation, telemetry.Histogram]
	firstToken     *telemetry.Keyed[operation, telemetry.Histogram]
	perOutputToken *telemetry.Keyed[operation, telemetry.Histogram]
	input, output  *telemetry.Keyed[operation, telemetry.Histogram]

	appendTime, appendEvents telemetry.Histogram
	appendBytes              *telemetry.Tally
}

// New makes the instruments of a service that offers these models.
func New(reports *telemetry.Telemetry, models func() []chat.Model) (*Metrics, error) {
	i := telemetry.NewInstruments(reports.Meters)
	m := &Metrics{
		tracer: reports.Tracers.Tracer("github.com/pawstream/pawstream/services/completion"),
		meter:  i.Meter(),
		models: models,

		running:   i.Level("pawstream.completions.running", "{completion}", "Completions that this process generates now."),
		admitted:  i.Counter("pawstream.completions.admitted", "{completion}", "New completions."),
		takenOver: i.Counter("pawstream.completions.taken_over", "{completion}", "Completions that were taken over from a process that died or left."),
		ended: telemetry.NewKeyed(
			i.Counter("pawstream.completions.ended", "{completion}", "Completions that have ended, by outcome: one is counted by the process that stored its end."),
			ending.attributes),

		appendTime: i.Histogram("pawstream.log.append.duration", "s", "Time from handing a record to the log until it was acknowledged, retries included.",
			0.00002, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 10),
		appendEvents: i.Histogram("pawstream.log.append.events", "{event}", "Events in one record: more than one where the engine was faster than the log.",
			1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
		appendBytes: i.Tally("pawstream.log.appended", "By", "Bytes of the records that were acknowledged."),
	}
	m.makeGenAI(i)
	m.start()
	return m, i.Err()
}

// start creates each counter at 0: if a counter appeared only with its first step, a query for its growth would
// miss that step.
func (m *Metrics) start() {
	for _, c := range []telemetry.Counter{m.running, m.admitted, m.takenOver} {
		c.Add(0)
	}
	for _, model := range m.models() {
		for _, outcome := range []chat.Outcome{chat.OutcomeCompleted, chat.OutcomeFailed, chat.OutcomeCancelled} {
			m.ended.Of(ending{model.ID, outcome}).Add(0)
		}
	}
}

// An ending is the labels of ended completions.
type ending struct {
	model   string
	outcome chat.Outcome
}

func (e ending) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("model", e.model), attribute.String("outcome", string(e.outcome))}
}

// Appended records that the log has acknowledged a record: its number of events, its size in bytes, and how
// long that took.
func (m *Metrics) Appended(events, bytes int, took time.Duration) {
	m.appendTime.Record(took.Seconds())
	m.appendEvents.Record(float64(events))
	m.appendBytes.Add(bytes)
}
