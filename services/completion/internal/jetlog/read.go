package jetlog

import (
	"context"

	"github.com/nats-io/nats.go"

	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/natsserver"
)

// Bounds of what is read at once. A record may have a request of many megabytes, which takes several
// times as much until it is decoded, and nobody knows that before. Besides, a server ends a connection
// for which it has more than 64 MiB, or whatever it is told.
const (
	mostReads  = 32
	leastReads = 3
	readBytes  = 64 << 20
	// mostUntaken is what a server of our own may have for a connection that has not taken it yet: more than what is
	// read at once comes to.
	mostUntaken = 4 * leastReads * natsserver.MaxPayload
)

// readsAtOnce is how many completions are read at once, and as many of their records beside, from a
// server that takes records of so many bytes.
func readsAtOnce(maxRecord int64) int {
	return int(min(max(readBytes/max(maxRecord, 1), leastReads), mostReads))
}

// reads bounds what is read.
type reads struct{ batches, records chan struct{} }

func newReads(conn *nats.Conn) *reads {
	n := readsAtOnce(conn.MaxPayload())
	return &reads{batches: make(chan struct{}, n), records: make(chan struct{}, n)}
}

// enter waits for a place, and returns what gives it back.
func enter(ctx context.Context, places chan struct{}) (end func(), err error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, jetio.Failure(ctx.Err())
	}
}
