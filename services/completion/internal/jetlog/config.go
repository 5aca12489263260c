package jetlog

import (
	"crypto/tls"
	"log/slog"
	"time"
)

// Defaults of [Config].
const (
	DefaultRetention     = time.Hour
	DefaultMaxBytes      = 4 << 30
	DefaultMaxCompletion = 4 << 20
	DefaultPatience      = 10 * time.Second
	DefaultCache         = 64 << 20
)

// Config says where completions are kept and for how long.
type Config struct {
	// URL names a NATS server, or several separated by commas. Empty: a server inside
	// this process, which keeps its files under DataDir.
	URL     string
	DataDir string
	// CredsFile authenticates to an external server; TLS secures the connection.
	CredsFile string
	TLS       *tls.Config
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
	// MaxCompletion bounds the events of one completion, in bytes.
	MaxCompletion int
	// Patience is how long an append may go unacknowledged before its completion fails.
	Patience time.Duration
	// Cache bounds the completions that have ended and are kept in memory for readers.
	Cache int
	// Logger takes what goes wrong without a caller to tell; nil: discarded.
	Logger *slog.Logger
}

func (c *Config) setDefaults() {
	c.Replicas = max(c.Replicas, 1)
	if c.Retention == 0 {
		c.Retention = DefaultRetention
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	if c.MaxCompletion == 0 {
		c.MaxCompletion = DefaultMaxCompletion
	}
	if c.Patience == 0 {
		c.Patience = DefaultPatience
	}
	if c.Cache == 0 {
		c.Cache = DefaultCache
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}
