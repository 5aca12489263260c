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
	// NATS is the server. Without a URL, a server inside this process keeps its files under DataDir.
	NATS    natsconn.Server
	DataDir string
	// Replicas is how many servers of a cluster hold the stream; 0: 1.
	Replicas int
	// SyncAlways makes the server inside this process sync every record to disk before it acknowledges it.
	// Without it a record survives a crash of the process, but not of the machine.
	SyncAlways bool
	// Witness is a file that records what this process knows to be stored. After a restart, the process uses it
	// to notice that the log was restored from a backup meanwhile. The file belongs to one process, and to no
	// backup of the log; empty: there is none.
	Witness string
	// Retention is how long a record is kept.
	Retention time.Duration
	// ResumeRetention is how long a completion that is not to be stored is kept after its end; 0, or more than
	// Retention: as long as every record.
	ResumeRetention time.Duration
	// MaxBytes bounds the stream. When it is full, new completions are refused.
	MaxBytes int64
	// Share is how much of MaxBytes one principal's completions may take. A reserve is kept for those who have little.
	Share shares.Share
	// MaxCompletion bounds the events of one completion, in bytes as stored.
	MaxCompletion int
	// Patience is how long an append may go unacknowledged before its completion fails, and in a cluster the time of two
	// elections longer.
	Patience time.Duration
	// Cache bounds the completions that have ended and are kept in memory for readers.
	Cache int
	// Memory bounds what only readers keep in this process: completions that another process writes, and ended
	// ones that do not fit into the cache; nil: no bound.
	Memory chat.Memory
	// Observer observes the records that were acknowledged; nil: none.
	Observer Observer
	// Logger gets the errors that have no caller to return to; nil: discarded.
	Logger *slog.Logger
}

// An Observer observes each record of events that was acknowledged: how many events it holds, its size in
// bytes, and how long the append took.
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
