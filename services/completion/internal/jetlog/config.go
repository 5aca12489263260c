package jetlog

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/pawstream/pawstream/internal/natsconn"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/shares"
)

// Defaults of [Config].
const (
	DefaultRetention     = time.Hour
	DefaultMaxBytes      = 4 << 30
	DefaultMaxCompletion = 8 << 20
	DefaultPatience      = 10 * time.Second
	DefaultCache         = 64 << 20
)

// Config says where completions are kept and for how long.
type Config struct {
	// NATS is the server. Without a URL it is one inside this process, which keeps its files
	// under DataDir.
	NATS    natsconn.Server
	DataDir string
	// Replicas is how many servers of a cluster hold the stream; 0: 1.
	Replicas int
	// SyncAlways has the server inside this process write every record through to the
	// disk before it acknowledges it. Without it a record survives the death of the
	// process, but not that of the machine.
	SyncAlways bool
	// Witness is a file that tells the next life of this process what the last one knew to be
	// stored: so that notices a log which was put back from a backup meanwhile. It belongs to one
	// process, and to no backup of the log; empty: there is none.
	Witness string
	// Retention is how long a record is kept.
	Retention time.Duration
	// ResumeRetention is how long a completion that is not to be stored is kept after its end; 0, or more
	// than Retention: as long as any record.
	ResumeRetention time.Duration
	// MaxBytes bounds the stream. When it is full, new completions are refused.
	MaxBytes int64
	// Share is how much of MaxBytes one principal's completions may take. A reserve is kept for those who have little.
	Share shares.Share
	// MaxCompletion bounds the events of one completion, in bytes as stored.
	MaxCompletion int
	// Patience is how long an append may go unacknowledged before its completion fails.
	Patience time.Duration
	// Cache bounds the completions that have ended and are kept in memory for readers.
	Cache int
	// Memory bounds what readers alone keep in this process: completions that are written in
	// another, and those that have ended and have no room in the cache; nil: nothing does.
	Memory chat.Memory
	// Observer is told of the records that were acknowledged; nil: nobody is.
	Observer Observer
	// Logger takes what goes wrong without a caller to tell; nil: discarded.
	Logger *slog.Logger
}

// An Observer is told of each record of events that was acknowledged: how many events it
// held, how many bytes it takes, and how long the append took.
type Observer interface {
	Appended(events, bytes int, took time.Duration)
}

func (c *Config) setDefaults() {
	c.Replicas = max(c.Replicas, 1)
	c.Retention = cmp.Or(c.Retention, DefaultRetention)
	c.ResumeRetention = min(cmp.Or(c.ResumeRetention, c.Retention), c.Retention)
	c.MaxBytes = cmp.Or(c.MaxBytes, DefaultMaxBytes)
	c.MaxCompletion = cmp.Or(c.MaxCompletion, DefaultMaxCompletion)
	c.Patience = cmp.Or(c.Patience, DefaultPatience)
	c.Cache = cmp.Or(c.Cache, DefaultCache)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}
