package metrics

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// Upstreams counts the outcomes of attempts, by the operator's names for models and targets. It is safe for
// concurrent use.
type Upstreams struct {
	attempts           *telemetry.Keyed[attempt, telemetry.Counter]
	retries, fallbacks *telemetry.Keyed[pair, telemetry.Counter]
	input, output      *telemetry.Keyed[pair, telemetry.Counter]
	cost               *telemetry.Keyed[pair, telemetry.Amount]
	firstEvent         *telemetry.Keyed[pair, telemetry.Histogram]
	queued             *telemetry.Keyed[string, telemetry.Histogram]
	unknown            *telemetry.Keyed[string, telemetry.Counter]

	offered atomic.Pointer[[]Offered]
}

// Offered is a target that is in use now.
type Offered struct {
	Target string
	Models []string           // the public models that it answers for
	State  func() route.State // nil: it has no state
}

// A pair is a public model and a target that answers for it.
type pair struct{ model, target string }

func (p pair) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("model", p.model), attribute.String("target", p.target)}
}

// An attempt is the labels of attempts.
type attempt struct {
	pair
	outcome route.Outcome
}

func (a attempt) attributes() []attribute.KeyValue {
	return append(a.pair.attributes(), attribute.String("outcome", string(a.outcome)))
}

func ofTarget(name string) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("target", name)}
}

// typed adds a token's type to a pair's attributes.
func typed(is string) func(pair) []attribute.KeyValue {
	return func(p pair) []attribute.KeyValue { return append(p.attributes(), attribute.String("type", is)) }
}

// NewUpstreams makes the instruments.
func NewUpstreams(reports *telemetry.Telemetry) (*Upstreams, error) {
	i := telemetry.NewInstruments(reports.Meters)
	tokens := i.Counter("pawstream.upstream.tokens", "{token}", "Input and output tokens of targets, as reported by their servers or counted here.")
	u := &Upstreams{
		attempts: telemetry.NewKeyed(
			i.Counter("pawstream.upstream.attempts", "{attempt}", "Attempts of a target to give an answer or the rest of one, by outcome."),
			attempt.attributes),
		retries: telemetry.NewKeyed(
			i.Counter("pawstream.upstream.retries", "{attempt}", "Attempts of a target that had already been tried for the same answer."),
			pair.attributes),
		fallbacks: telemetry.NewKeyed(
			i.Counter("pawstream.upstream.fallbacks", "{attempt}", "First attempts of a target after another one was tried for the same answer."),
			pair.attributes),
		input:  telemetry.NewKeyed(tokens, typed("input")),
		output: telemetry.NewKeyed(tokens, typed("output")),
		cost: telemetry.NewKeyed(
			i.Amount("pawstream.upstream.cost.usd", "{USD}", "What these tokens cost by the models file's prices, in US dollars."),
			pair.attributes),
		firstEvent: telemetry.NewKeyed(
			i.Histogram("pawstream.upstream.first_event.duration", "s", "Time from asking a target until its first message.",
				0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
			pair.attributes),
		queued: telemetry.NewKeyed(
			i.Histogram("pawstream.upstream.queue.duration", "s", "Time in the queue of a target with max_concurrent, whether it ended in asking it or not.",
				0.001, 0.01, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
			ofTarget),
		unknown: telemetry.NewKeyed(
			i.Counter("pawstream.upstream.unknown_finish_reasons", "{answer}",
				"Answers of targets with a finish reason that is not known, and was taken for a stop."),
			ofTarget),
	}
	if err := i.Err(); err != nil {
		return nil, err
	}
	return u, u.watch(i)
}

// watch reads the targets' states at each collection of metrics.
func (u *Upstreams) watch(i *telemetry.Instruments) error {
	active := i.Gauge("pawstream.upstream.active", "{attempt}", "Attempts that are using a target now.")
	waiting := i.Gauge("pawstream.upstream.waiting", "{attempt}", "Attempts that wait in a target's queue now.")
	resting := i.Gauge("pawstream.upstream.resting", "{target}", "1 while a target is left alone because it failed or asked for that, until an attempt finds it well.")
	callers := i.Gauge("pawstream.upstream.resting.callers", "{caller}", "Callers for whom a target is left alone now, because it failed them or asked for that.")
	if err := i.Err(); err != nil {
		return err
	}
	_, err := i.Meter().RegisterCallback(func(_ context.Context, o metric.Observer) error {
		list := u.offered.Load()
		if list == nil {
			return nil
		}
		for _, one := range *list {
			if one.State == nil {
				continue
			}
			now, of := one.State(), metric.WithAttributes(ofTarget(one.Target)...)
			o.ObserveInt64(active, int64(now.Active), of)
			o.ObserveInt64(waiting, int64(now.Waiting), of)
			o.ObserveInt64(resting, number(now.Resting), of)
			o.ObserveInt64(callers, int64(now.RestsFor), of)
		}
		return nil
	}, active, waiting, resting, callers)
	return err
}

func number(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// Offer sets the current targets. It creates all of their counters at 0.
func (u *Upstreams) Offer(list []Offered) {
	for _, one := range list {
		u.unknown.Of(one.Target).Add(0)
		for _, model := range one.Models {
			p := pair{model, one.Target}
			for _, outcome := range route.Outcomes() {
				u.attempts.Of(attempt{p, outcome}).Add(0)
			}
			for _, family := range []*telemetry.Keyed[pair, telemetry.Counter]{u.retries, u.fallbacks, u.input, u.output} {
				family.Of(p).Add(0)
			}
			u.cost.Of(p).Add(0)
		}
	}
	u.offered.Store(&list)
}

// UnknownFinish counts an answer of a target with an unknown finish reason.
func (u *Upstreams) UnknownFinish(target string) { u.unknown.Of(target).Add(1) }

// Meter returns the meter for a target's attempts.
func (u *Upstreams) Meter(target string) route.Meter { return &upstream{u, target} }

// An upstream counts one target's attempts.
type upstream struct {
	*Upstreams
	name string
}

// Attempted implements [route.Meter].
func (u *upstream) Attempted(a *route.Attempt) {
	p := pair{a.Model, u.name}
	u.attempts.Of(attempt{p, a.Outcome}).Add(1)
	if a.Retry {
		u.retries.Of(p).Add(1)
	}
	if a.Fallback {
		u.fallbacks.Of(p).Add(1)
	}
	if a.Queued > 0 {
		u.queued.Of(u.name).Record(a.Queued.Seconds())
	}
	if a.FirstEvent > 0 {
		u.firstEvent.Of(p).Record(a.FirstEvent.Seconds())
	}
	u.Counted(a.Model, &a.Usage, a.Dollars)
}

// Counted implements [route.Meter].
func (u *upstream) Counted(model string, usage *chat.Usage, dollars float64) {
	p := pair{model, u.name}
	u.input.Of(p).Add(usage.PromptTokens)
	u.output.Of(p).Add(usage.CompletionTokens)
	u.cost.Of(p).Add(dollars)
}
