package chat

import (
	"context"
	"crypto/sha256"
	"iter"
)

// An Orphan is a completion whose writer has died. The process that receives it is now its only writer.
type Orphan struct {
	Meta *Meta
	// Ended is the terminal event of a completion whose writer died after sealing it, but before
	// its end was in the books. Then only Settle is left to do, and the fields below are not set.
	Ended  *Event
	Settle Settle
	// Lost says that the log was restored from a backup, so readers may have seen more than is
	// stored. Such a completion cannot be continued.
	Lost bool
	// Shown are the events that readers may have seen, from the first one on. None is terminal.
	Shown  []Event
	Writer Writer
	// Takeovers is how often the completion has been taken over since its last progress,
	// including this time.
	Takeovers int
}

// A Cluster connects the processes that serve the same log: several replicas, or one program
// that is restarted. A log that ends with its process has no cluster. A Cluster is safe for
// concurrent use.
type Cluster interface {
	// Orphans takes over the completions whose writers have died, and yields them, until ctx ends. One
	// goroutine ranges over it, once. From then on, this process tells the others that it is alive.
	Orphans(ctx context.Context) iter.Seq[*Orphan]

	// Watched reports whether a completion has a reader, in this process or another, or may have one.
	// It also returns true while the other processes cannot be asked, and before Orphans is ranged
	// over. It takes well under a second.
	Watched(ctx context.Context, id string) bool

	// Asked returns the latest completion that another process has for an asking; empty: no process
	// reported one in time.
	Asked(ctx context.Context, asking Asking) (id string)
	// TellAsked makes f answer the other processes' calls of Asked. Several goroutines call f.
	TellAsked(f func(Asking) (id string))
}

// An Asking identifies one caller's request: it is a hash of the caller, the request and the
// model.
type Asking [sha256.Size]byte
