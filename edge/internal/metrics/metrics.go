// Package metrics counts the edge's streams, their content, and refused requests. The metric
// http.server.request.duration, which [telemetry.Telemetry.HTTP] records, counts requests by route and status.
//
// The completion service has the metrics of OpenTelemetry's conventions for generative AI: it is their model
// server, serves other callers too, and knows when a token was generated and what a completion cost. The edge
// only records when the first event reached the client's connection.
package metrics

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pawstream/pawstream/internal/telemetry"
)

// Metrics are the metrics of one edge. The zero value discards. They are safe for concurrent use.
type Metrics struct {
	open       telemetry.Counter
	ended      *telemetry.Keyed[ending, telemetry.Counter]
	firstEvent *telemetry.Keyed[bool, telemetry.Histogram]

	events, writes, bytes, heartbeats *telemetry.Tally

	reopens, refused *telemetry.Keyed[string, telemetry.Counter]
}

// New makes the instruments.
func New(meters metric.MeterProvider) (*Metrics, error) {
	i := telemetry.NewInstruments(meters)
	m := &Metrics{
		open: i.Level("pawstream.edge.streams.open", "{stream}", "Streams that are open now."),
		ended: telemetry.NewKeyed(
			i.Counter("pawstream.edge.streams.ended", "{stream}", "Streams that have ended, by the request that began them and by outcome."),
			ending.attributes),
		firstEvent: telemetry.NewKeyed(
			i.Histogram("pawstream.edge.stream.first_event.duration", "s", "Time from a request to the first event of its stream.",
				0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
			func(resumed bool) []attribute.KeyValue { return []attribute.KeyValue{kind(resumed)} }),
		events:     i.Tally("pawstream.edge.events", "{event}", "Events that were sent to clients."),
		writes:     i.Tally("pawstream.edge.writes", "{write}", "Writes to clients that carried events: events for each are the coalescing ratio."),
		bytes:      i.Tally("pawstream.edge.sent", "By", "Bytes of streams that were sent to clients."),
		heartbeats: i.Tally("pawstream.edge.heartbeats", "{heartbeat}", "Heartbeats that were sent to clients of silent streams."),
		reopens: telemetry.NewKeyed(
			i.Counter("pawstream.edge.stream.reopens", "{reopen}", "Streams that lost their replica, by whether they went on with another one."),
			outcome),
		refused: telemetry.NewKeyed(
			i.Counter("pawstream.edge.requests.refused", "{request}", "Requests that were turned away, by reason."),
			func(reason string) []attribute.KeyValue {
				return []attribute.KeyValue{attribute.String("reason", reason)}
			}),
	}
	m.start()
	return m, i.Err()
}

// start makes counters exist at 0. Otherwise a query for the growth of a counter would miss its first step.
func (m *Metrics) start() {
	m.open.Add(0)
	for _, outcome := range []string{"done", "error", "cancelled", "disconnected", "handed_over", "slow"} { // of package relay
		for _, resumed := range []bool{false, true} {
			m.ended.Of(ending{resumed, outcome}).Add(0)
		}
	}
	for _, outcome := range []string{ReopenedElsewhere, ReopenLost, ReopenFailed} {
		m.reopens.Of(outcome).Add(0)
	}
	for _, reason := range []string{"rate", "streams", "full", "memory", "unauthenticated", "forbidden", "draining"} {
		m.refused.Of(reason).Add(0)
	}
}

// An ending is the labels of the counter of ended streams.
type ending struct {
	resumed bool
	outcome string
}

func (e ending) attributes() []attribute.KeyValue { return append(outcome(e.outcome), kind(e.resumed)) }

func outcome(o string) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("outcome", o)}
}

// kind is the label for the request that began a stream.
func kind(resumed bool) attribute.KeyValue {
	if resumed {
		return attribute.String("request", "resume")
	}
	return attribute.String("request", "create")
}

// StreamOpened counts an open stream, until [Metrics.StreamEnded].
func (m *Metrics) StreamOpened() { m.open.Add(1) }

// StreamEnded counts the end of a stream. resumed says whether it continued an existing completion, and outcome
// is one of a few words. firstEvent is the time from the request to the first event, or 0 if there was none.
func (m *Metrics) StreamEnded(resumed bool, outcome string, firstEvent time.Duration) {
	m.open.Add(-1)
	m.ended.Of(ending{resumed, outcome}).Add(1)
	if firstEvent > 0 {
		m.firstEvent.Of(resumed).Record(firstEvent.Seconds())
	}
}

// Wrote counts one write to a client, with its events and bytes. A write without events has headers or a
// heartbeat; only its bytes count.
func (m *Metrics) Wrote(events, bytes int) {
	if events > 0 {
		m.events.Add(events)
		m.writes.Add(1)
	}
	m.bytes.Add(bytes)
}

// Heartbeat counts a heartbeat.
func (m *Metrics) Heartbeat() { m.heartbeats.Add(1) }

// Outcomes of [Metrics.Reopened].
const (
	// ReopenedElsewhere: the stream continues.
	ReopenedElsewhere = "resumed"
	// ReopenLost: the completion was lost with the replica.
	ReopenLost = "lost"
	// ReopenFailed: the edge could not reach a replica in time, or the service refused.
	ReopenFailed = "failed"
)

// Reopened counts the outcome for a stream that lost its replica.
func (m *Metrics) Reopened(outcome string) { m.reopens.Of(outcome).Add(1) }

// Refused counts a refused request; reason is one of a few words.
func (m *Metrics) Refused(reason string) { m.refused.Of(reason).Add(1) }
