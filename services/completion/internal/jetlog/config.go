package jetlog

import (
	"cmp"
	"log/slog"
	"time"
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
	// URL names a NATS server, or several separated by commas, with user and password or
	// a token where need be: nats://user:password@host:4222, tls:// for TLS. Empty: a
	// server inside this process, which keeps its files under DataDir.
	URL     string
	DataDir string
	// CredsFile authenticates to an external server.
	CredsFile string
	// CAFile holds the certificates, in PEM, that an external server's is checked with;
	// empty: the system's. CertFile and KeyFile authenticate to it. Each demands TLS.
	CAFile, CertFile, KeyFile string
	// Replicas is how many servers of a cluster hold the stream; 0: 1.
	Replicas int
	// SyncAlways has the server inside this process write every record through to the
	// disk before it acknowledges it. Without it a record survives the death of the
	// process, but not that of the machine.
	SyncAlways bool
	// Retention is how long a record is kept.
	Retention time.Duration
	// MaxBytes bounds the stream. When it is full, new completions are refused.
	MaxBytes int64
	// Share is how much of MaxBytes one principal's completions may take, in percent, and a
	// reserve is kept for those who have little; 0 or 100: all. Anybody is a principal that has
	// no share, as nobody knows who it is.
	Share   int
	Anybody string
	// MaxCompletion bounds the events of one completion, in bytes as stored.
	MaxCompletion int
	// Patience is how long an append may go unacknowledged before its completion fails.
	Patience time.Duration
	// Cache bounds the completions that have ended and are kept in memory for readers.
	Cache int
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
	c.MaxBytes = cmp.Or(c.MaxBytes, DefaultMaxBytes)
	c.MaxCompletion = cmp.Or(c.MaxCompletion, DefaultMaxCompletion)
	c.Patience = cmp.Or(c.Patience, DefaultPatience)
	c.Cache = cmp.Or(c.Cache, DefaultCache)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}
