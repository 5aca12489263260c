package telemetry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/attribute"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/resource"
)

// newMeters returns a provider whose instruments, and the process's own metrics, the
// registry gathers.
func newMeters(about *resource.Resource, registry *prometheus.Registry) (*sdkmetric.MeterProvider, error) {
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	exporter, err := otelprom.New(
		otelprom.WithRegisterer(registry),
		otelprom.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithSuffixes),
		otelprom.WithoutScopeInfo(),
	)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return sdkmetric.NewMeterProvider(
		sdkmetric.WithResource(about),
		sdkmetric.WithReader(exporter),
		// The text format has no exemplars, and collecting them costs time.
		sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter),
	), nil
}

// Instruments makes instruments. It collects the errors, so that a table of instruments stays readable; call
// [Instruments.Err] after the last one. Units are those of UCUM: "s", "By", "{stream}". It is not safe for
// concurrent use.
type Instruments struct {
	meter metric.Meter
	errs  []error
}

// NewInstruments returns a factory of instruments.
func NewInstruments(meters metric.MeterProvider) *Instruments {
	return &Instruments{meter: meters.Meter(scope)}
}

// Err returns the errors so far.
func (i *Instruments) Err() error { return errors.Join(i.errs...) }

// Meter returns the underlying meter, for other kinds of instruments.
func (i *Instruments) Meter() metric.Meter { return i.meter }

// Counter makes an instrument for a value that only grows.
func (i *Instruments) Counter(name, unit, help string) Counter {
	c, err := i.meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(help))
	i.errs = append(i.errs, err)
	return Counter{adder: c}
}

// Amount makes an instrument for a value that only grows, and need not be an integer.
func (i *Instruments) Amount(name, unit, help string) Amount {
	c, err := i.meter.Float64Counter(name, metric.WithUnit(unit), metric.WithDescription(help))
	i.errs = append(i.errs, err)
	return Amount{instrument: c}
}

// Gauge makes an instrument for a value that a callback reads at each collection. Register the callback at
// [Instruments.Meter].
func (i *Instruments) Gauge(name, unit, help string) metric.Int64ObservableGauge {
	g, err := i.meter.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(help))
	i.errs = append(i.errs, err)
	return g
}

// Tally makes an instrument for a value that only grows, and often. It is read at each collection.
func (i *Instruments) Tally(name, unit, help string) *Tally {
	t := new(Tally)
	_, err := i.meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(help),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(t.count.Load())
			return nil
		}))
	i.errs = append(i.errs, err)
	return t
}

// Level makes an instrument for a value that goes up and down.
func (i *Instruments) Level(name, unit, help string) Counter {
	c, err := i.meter.Int64UpDownCounter(name, metric.WithUnit(unit), metric.WithDescription(help))
	i.errs = append(i.errs, err)
	return Counter{adder: c}
}

// Histogram makes an instrument for a distribution, with the upper bounds of its buckets in increasing order.
func (i *Instruments) Histogram(name, unit, help string, bounds ...float64) Histogram {
	h, err := i.meter.Float64Histogram(name, metric.WithUnit(unit), metric.WithDescription(help),
		metric.WithExplicitBucketBoundaries(bounds...))
	i.errs = append(i.errs, err)
	return Histogram{instrument: h}
}

// adder is what metric.Int64Counter and metric.Int64UpDownCounter have in common.
type adder interface {
	Add(ctx context.Context, n int64, options ...metric.AddOption)
}

// A Counter counts under one set of attributes. The zero value discards. Counting
// allocates nothing.
type Counter struct {
	adder   adder
	options []metric.AddOption
}

// With returns a counter of the same instrument with these attributes and no others.
func (c Counter) With(attrs ...attribute.KeyValue) Counter {
	c.options = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attrs...))}
	return c
}

// Add adds n. It needs no context, because that would only serve exemplars, which are off.
//
//nolint:contextcheck,nolintlint // see above; it silences findings in the callers
func (c Counter) Add(n int64) {
	if c.adder != nil {
		c.adder.Add(context.Background(), n, c.options...)
	}
}

// An Amount sums under one set of attributes. The zero value discards.
type Amount struct {
	instrument metric.Float64Counter
	options    []metric.AddOption
}

// With returns an amount of the same instrument with these attributes and no others.
func (a Amount) With(attrs ...attribute.KeyValue) Amount {
	a.options = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attrs...))}
	return a
}

// Add adds more. Like [Counter.Add], it needs no context.
//
//nolint:contextcheck,nolintlint // see there
func (a Amount) Add(more float64) {
	if a.instrument != nil {
		a.instrument.Add(context.Background(), more, a.options...)
	}
}

// A Tally is a counter at the cost of an atomic addition. The nil value discards.
type Tally struct{ count atomic.Int64 }

// Add adds n.
func (t *Tally) Add(n int) {
	if t != nil {
		t.count.Add(int64(n))
	}
}

// A Histogram records values under one set of attributes. The zero value discards.
// Recording allocates nothing.
type Histogram struct {
	instrument metric.Float64Histogram
	options    []metric.RecordOption
}

// With returns a histogram of the same instrument with these attributes and no others.
func (h Histogram) With(attrs ...attribute.KeyValue) Histogram {
	h.options = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attrs...))}
	return h
}

// Record adds a value. Like [Counter.Add], it needs no context.
//
//nolint:contextcheck,nolintlint // see there
func (h Histogram) Record(value float64) {
	if h.instrument != nil {
		h.instrument.Record(context.Background(), value, h.options...)
	}
}

// Other is the value of an attribute for unforeseen cases.
const Other = "_OTHER"

// Keyed makes one counter, amount or histogram of a family for each key, and keeps it. Keys have to be few:
// clients must not choose any part of them. The nil value discards. It is safe for concurrent use.
type Keyed[K comparable, I interface {
	With(attrs ...attribute.KeyValue) I
}] struct {
	family I
	attrs  func(K) []attribute.KeyValue

	mu    sync.RWMutex
	known map[K]I
}

// NewKeyed returns the family of an instrument: attrs returns the attributes of a key.
func NewKeyed[K comparable, I interface {
	With(attrs ...attribute.KeyValue) I
}](instrument I, attrs func(K) []attribute.KeyValue) *Keyed[K, I] {
	return &Keyed[K, I]{family: instrument, attrs: attrs, known: make(map[K]I)}
}

// Of returns the instrument of a key. It allocates only for a new one.
func (k *Keyed[K, I]) Of(key K) I {
	if k == nil {
		var discards I
		return discards
	}
	k.mu.RLock()
	one, ok := k.known[key]
	k.mu.RUnlock()
	if ok {
		return one
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	one = k.family.With(k.attrs(key)...)
	k.known[key] = one
	return one
}
