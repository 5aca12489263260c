package jetlog

import (
	"context"

	"github.com/nats-io/nats.go"

	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/natsserver"
)

// Bounds of concurrent reads. A record may have a request of many megabytes, which needs several times as much
// memory until it is decoded, and nobody knows beforehand. Besides, a server ends a connection when more than
// 64 MiB (or its configured limit) is pending for it.
const (
	mostReads  = 32
	leastReads = 3
	readBytes  = 64 << 20
	// mostUntaken is how many bytes the embedded server may have pending for a connection: more than all
	// concurrent reads together.
	mostUntaken = 4 * leastReads * natsserver.MaxPayload
)

// readsAtOnce is how many completions are read at once, and how many single records besides, from a server that
// accepts records of that many bytes.
func readsAtOnce(maxRecord int64) int {
	return int(min(max(readBytes/max(maxRecord, 1), leastReads), mostReads))
}

// reads bounds concurrent reads.
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
