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

// A completionLog is a log with its lifecycle.
type completionLog interface {
	chat.Log
	// Health returns why the log accepts no completions now, or nil if it does, and a channel that is closed
	// when that changes.
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

// A log that outlives its process is a cluster: other processes serve it too, or the same program after a
// restart.
var _ chat.Cluster = (*jetlog.Log)(nil)

// clusterOf returns the cluster that serves a log, or nil. Without one, no process continues the unfinished
// completions.
func clusterOf(log completionLog) chat.Cluster {
	cluster, _ := log.(chat.Cluster)
	return cluster
}

// logStats converts a log's counts for the metrics.
func logStats(s jetlog.Stats) metrics.LogStats {
	return metrics.LogStats{
		AmbiguousAcks: s.AmbiguousAcks, Resolved: s.Resolved, Fenced: s.Fenced, Full: s.Full, Failed: s.Failed,
		BlockedAppends: s.BlockedAppends, InFlight: s.InFlight, Live: s.Live, Waiting: s.Waiting, Kept: s.Kept, KeptBytes: s.KeptBytes,
	}
}

// inMemory is a log that is not shared, and always healthy.
type inMemory struct{ *memlog.Log }

// Health implements completionLog.
func (inMemory) Health() (changed <-chan struct{}, trouble error) { return nil, nil }
