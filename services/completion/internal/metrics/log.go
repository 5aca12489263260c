package metrics

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"
)

// LogStats are the counts that a shared log keeps itself: since it was opened, except the last five, which are
// current values.
type LogStats struct {
	AmbiguousAcks  int64 // messages whose acknowledgement did not arrive in time
	Resolved       int64 // of these, those that turned out to be stored
	Fenced         int64 // appends refused because another writer had appended
	Full           int64 // attempts to append refused for lack of room
	Failed         int64 // appends given up
	BlockedAppends int64 // events that had to wait because too many of their completion's events were waiting
	InFlight       int   // messages sent and not acknowledged yet
	Live           int   // completions in memory that this process writes
	Waiting        int   // of these, those with events that wait for the log
	Kept           int   // completions in memory that have ended
	KeptBytes      int   // of these
}

// WatchLog reads the log's own counts at each collection of metrics. stats must be safe for concurrent use.
func (m *Metrics) WatchLog(stats func() LogStats) error {
	var watched []metric.Observable
	var reads []func(metric.Observer, *LogStats)
	var errs []error
	count := func(name, unit, help string, read func(*LogStats) int64) {
		c, err := m.meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(help))
		errs, watched = append(errs, err), append(watched, c)
		reads = append(reads, func(o metric.Observer, s *LogStats) { o.ObserveInt64(c, read(s)) })
	}
	gauge := func(name, unit, help string, read func(*LogStats) int) {
		g, err := m.meter.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(help))
		errs, watched = append(errs, err), append(watched, g)
		reads = append(reads, func(o metric.Observer, s *LogStats) { o.ObserveInt64(g, int64(read(s))) })
	}

	count("pawstream.log.acks.ambiguous", "{ack}", "Appends whose acknowledgement did not come, so that it had to be found out what became of them.",
		func(s *LogStats) int64 { return s.AmbiguousAcks })
	count("pawstream.log.acks.resolved", "{ack}", "Appends without an acknowledgement that were found stored.",
		func(s *LogStats) int64 { return s.Resolved })
	count("pawstream.log.appends.fenced", "{append}", "Appends that were refused because somebody else had written.",
		func(s *LogStats) int64 { return s.Fenced })
	count("pawstream.log.appends.full", "{append}", "Tries to append that were refused for lack of room.",
		func(s *LogStats) int64 { return s.Full })
	count("pawstream.log.appends.failed", "{append}", "Appends that were given up.",
		func(s *LogStats) int64 { return s.Failed })
	count("pawstream.log.blocked", "{event}", "Events whose engine had to wait because too much of their completion waited for the log.",
		func(s *LogStats) int64 { return s.BlockedAppends })
	gauge("pawstream.log.in_flight", "{message}", "Messages that were sent to the log and not acknowledged yet.",
		func(s *LogStats) int { return s.InFlight })
	gauge("pawstream.log.completions.live", "{completion}", "Completions in memory that are written here.",
		func(s *LogStats) int { return s.Live })
	gauge("pawstream.log.completions.waiting", "{completion}", "Completions with events that wait for the log.",
		func(s *LogStats) int { return s.Waiting })
	gauge("pawstream.log.completions.kept", "{completion}", "Completions that have ended and are kept in memory for readers.",
		func(s *LogStats) int { return s.Kept })
	gauge("pawstream.log.completions.kept.size", "By", "Bytes of the completions that have ended and are kept in memory.",
		func(s *LogStats) int { return s.KeptBytes })

	if err := errors.Join(errs...); err != nil {
		return err
	}
	_, err := m.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		now := stats()
		for _, read := range reads {
			read(o, &now)
		}
		return nil
	}, watched...)
	return err
}
