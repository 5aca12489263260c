package chat

import (
	"context"
	"crypto/sha256"
	"iter"
)

// An Orphan is a completion whose writer has died. Its holder is its only writer now.
type Orphan struct {
	Meta *Meta
	// Ended is the terminal event of a completion whose writer died before its end was
	// in the books. Then Settle is all that is left to do, and what follows is not set.
	Ended  *Event
	Settle Settle
	// Lost says that readers may have seen more than is stored, because that was put back from
	// a backup: nobody can go on from there.
	Lost bool
	// Shown is what readers may have seen, from the first event on; none is terminal.
	Shown  []Event
	Writer Writer
	// Takeovers is how often the completion has changed hands since it last got further,
	// this time included.
	Takeovers int
}

// A Cluster is what the processes that serve the same log do for each other: replicas at the same
// time, or one program that is started again. A log that ends with its process has none. It is safe
// for concurrent use.
type Cluster interface {
	// Orphans takes over the completions whose writers have died, and yields them, until ctx ends. One
	// goroutine ranges over it, once: from then on the other processes hear that this one lives.
	Orphans(ctx context.Context) iter.Seq[*Orphan]

	// Watched reports whether anybody follows a completion, in this process or another,
	// or may: while the others cannot be asked, nobody knows, nor before Orphans is ranged over. It takes
	// well below a second.
	Watched(ctx context.Context, id string) bool

	// Asked returns the last completion that another process knows by an asking; empty: none says so
	// soon.
	Asked(ctx context.Context, asking Asking) (id string)
	// TellAsked has f answer what the others ask. f is called by several goroutines.
	TellAsked(f func(Asking) (id string))
}

// An Asking is what tells one caller's request from all others: a hash of who asks, for what, of
// which model.
type Asking [sha256.Size]byte
