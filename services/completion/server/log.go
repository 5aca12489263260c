package server

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pawstream/pawstream/internal/callers"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetlog"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/metrics"
	"github.com/pawstream/pawstream/services/completion/internal/shares"
)

// A completionLog is a log as a server runs it.
type completionLog interface {
	chat.Log
	// Health returns why the log takes no completions now, nil if it does, and what is closed
	// when that has changed.
	Health() (changed <-chan struct{}, trouble error)
	Close()
}

func openLog(ctx context.Context, o *Options, memory chat.Memory, counts *metrics.Metrics, logger *slog.Logger) (completionLog, error) {
	if o.Log == "memory" {
		return inMemory{memlog.New(memlog.Config{Retention: o.LogRetention, ResumeRetention: o.ResumeRetention, MaxBytes: int(o.LogMaxBytes), MaxCompletion: o.MaxAnswer})}, nil
	}
	log, err := jetlog.Open(ctx, jetlog.Config{
		NATS:            o.NATS,
		DataDir:         o.DataDir,
		Replicas:        o.NatsReplicas,
		SyncAlways:      o.LogSync,
		Witness:         o.LogWitness,
		Retention:       o.LogRetention,
		ResumeRetention: o.ResumeRetention,
		MaxBytes:        o.LogMaxBytes,
		Share:           shares.Share{Percent: o.LogShare, Anybody: callers.Anonymous},
		MaxCompletion:   o.MaxAnswer,
		Memory:          memory,
		Observer:        counts,
		Logger:          logger,
	})
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	if err := counts.WatchLog(func() metrics.LogStats { return logStats(log.Stats()) }); err != nil {
		log.Close()
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return log, nil
}

// A log that outlives its process is one that others serve too, or the same program started again.
var _ chat.Cluster = (*jetlog.Log)(nil)

// clusterOf returns the cluster that serves a log; nil: there is none, and what this process leaves unfinished
// nobody takes up.
func clusterOf(log completionLog) chat.Cluster {
	cluster, _ := log.(chat.Cluster)
	return cluster
}

// logStats returns what the metrics tell of a log.
func logStats(s jetlog.Stats) metrics.LogStats {
	return metrics.LogStats{
		AmbiguousAcks: s.AmbiguousAcks, Resolved: s.Resolved, Fenced: s.Fenced, Full: s.Full, Failed: s.Failed,
		BlockedAppends: s.BlockedAppends, InFlight: s.InFlight, Live: s.Live, Waiting: s.Waiting, Kept: s.Kept, KeptBytes: s.KeptBytes,
	}
}

// inMemory is a log that nobody shares, and that nothing befalls.
type inMemory struct{ *memlog.Log }

// Health implements completionLog.
func (inMemory) Health() (changed <-chan struct{}, trouble error) { return nil, nil }
