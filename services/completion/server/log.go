package server

import (
	"context"
	"fmt"
	"iter"
	"log/slog"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetlog"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/metrics"
	"github.com/pawstream/pawstream/services/completion/internal/rpc"
)

// A completionLog is a log as a server runs it.
type completionLog interface {
	chat.Log
	// Orphans yields the completions that this process has taken over, until ctx ends.
	Orphans(ctx context.Context) iter.Seq[*chat.Orphan]
	// Health returns why the log takes no completions now, nil if it does, and what is closed
	// when that has changed.
	Health() (changed <-chan struct{}, trouble error)
	Close()
}

func openLog(ctx context.Context, o *Options, counts *metrics.Metrics, logger *slog.Logger) (completionLog, error) {
	if o.Log == "memory" {
		return inMemory{memlog.New(memlog.Config{Retention: o.LogRetention, MaxBytes: int(o.LogMaxBytes), MaxCompletion: o.MaxAnswer})}, nil
	}
	log, err := jetlog.Open(ctx, jetlog.Config{
		URL:           o.NatsURL,
		CredsFile:     o.NatsCreds,
		CAFile:        o.NatsCA,
		CertFile:      o.NatsCert,
		KeyFile:       o.NatsKey,
		DataDir:       o.DataDir,
		Replicas:      o.NatsReplicas,
		SyncAlways:    o.LogSync,
		Retention:     o.LogRetention,
		MaxBytes:      o.LogMaxBytes,
		Share:         o.LogShare,
		Anybody:       rpc.Anonymous,
		MaxCompletion: o.MaxAnswer,
		Observer:      counts,
		Logger:        logger,
	})
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	if err := counts.WatchLog(log.Stats); err != nil {
		log.Close()
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return log, nil
}

// inMemory is a log that nobody shares, so nobody leaves orphans to it, and that nothing befalls.
type inMemory struct{ *memlog.Log }

// Orphans implements completionLog.
func (inMemory) Orphans(context.Context) iter.Seq[*chat.Orphan] {
	return func(func(*chat.Orphan) bool) {}
}

// Health implements completionLog.
func (inMemory) Health() (changed <-chan struct{}, trouble error) { return nil, nil }
