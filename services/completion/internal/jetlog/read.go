package jetlog

import (
	"context"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

// Bounds of what is read at once. A record may have a request of many megabytes, which takes several
// times as much until it is decoded, and nobody knows that before. Besides, a server ends a connection
// for which it has more than 64 MiB, or whatever it is told.
const (
	mostReads  = 32
	leastReads = 3
	readBytes  = 64 << 20
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

// lastRecord returns the last record of a completion, and its message without the data.
func (l *Log) lastRecord(ctx context.Context, id string) (*record.Record, *jetstream.RawStreamMsg, error) {
	return l.oneRecord(ctx, id, l.io.LastOf)
}

// oneRecord returns a record of a completion within the bound of what is read at once.
func (l *Log) oneRecord(ctx context.Context, id string, get func(context.Context, string) (*jetstream.RawStreamMsg, error)) (*record.Record, *jetstream.RawStreamMsg, error) {
	end, err := enter(ctx, l.reads.records)
	if err != nil {
		return nil, nil, err
	}
	defer end()
	return readRecord(ctx, id, get)
}

// readRecord returns a record of a completion, and its message without the data. The caller has a place among
// [reads].records, and keeps it for all the records that it reads of one completion: who waited for another place would
// keep what it has read, and so would all who wait.
func readRecord(ctx context.Context, id string, get func(context.Context, string) (*jetstream.RawStreamMsg, error)) (*record.Record, *jetstream.RawStreamMsg, error) {
	msg, err := get(ctx, eventsPrefix+id)
	if err != nil {
		return nil, nil, err
	}
	r, err := record.Decode(msg.Data)
	msg.Data = nil
	return r, msg, err
}

// records passes the records of a completion after a message of the stream to take, by the rules of
// [jetio.Stream.Data].
func (l *Log) records(ctx context.Context, id string, after uint64, take func(data []byte) error) (uint64, error) {
	end, err := enter(ctx, l.reads.batches)
	if err != nil {
		return after, err
	}
	defer end()
	return l.io.Data(ctx, eventsPrefix+id, after, take)
}
