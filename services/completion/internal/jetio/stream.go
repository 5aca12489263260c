package jetio

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// An Era is the time during which a stream is the same one. It ends when the stream turns out to be another
// one: lost and recreated, or restored from a backup. Sequences known in one era mean nothing in the next, so
// appends do not use them.
type Era uint64

// A Gate lets appends pass while the stream is known to be that of their era.
type Gate interface {
	// Pass waits until appends of an era may be sent: [chat.ErrLost] once that era is over.
	Pass(ctx context.Context, in Era, deadline time.Time) error
	// Is reports whether that era still lasts.
	Is(in Era) bool
}

// Config is the configuration of a [Stream]. All fields except Election are required.
type Config struct {
	Conn      *nats.Conn
	JetStream jetstream.JetStream // over the connection
	Link      *Link               // of the connection
	Name      string
	Gate      Gate
	// Patience is how long a patient append, and a read, may take; Admission how long any other append.
	Patience, Admission time.Duration
	// Election is how long the stream may have no leader while its servers elect one. Then a former leader may
	// also believe that it still leads; 0: the stream has one server, which is never out of date.
	Election time.Duration
	// Saw is called with each message that is known to be stored.
	Saw func(in Era, sequence uint64, subject string, data []byte)
	// Doubt is called if an acknowledgement shows that the stream is another one.
	Doubt func()
}

// A Stream appends to a stream of JetStream and reads from it. It is safe for concurrent use.
type Stream struct {
	cfg     Config
	acks    acks
	replies *replies // to batched reads
	counts  counters
}

// New returns a stream, which need not exist yet.
func New(cfg Config) (*Stream, error) {
	batches, err := newReplies(cfg.Conn)
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	answers, err := newReplies(cfg.Conn)
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	s := &Stream{cfg: cfg, replies: batches}
	s.acks.conn, s.acks.link, s.acks.replies, s.acks.name = cfg.Conn, cfg.Link, answers, cfg.Name
	return s, nil
}

// Last returns the highest sequence that is known to be stored.
func (s *Stream) Last() uint64 { return s.acks.last.Load() }

// Stored records that a sequence is known to be stored.
func (s *Stream) Stored(sequence uint64) { Raise(&s.acks.last, sequence) }

// Begin records the last sequence of another stream, which has replaced the previous one.
func (s *Stream) Begin(last uint64) { s.acks.last.Store(last) }

// A Mark is a point in the order of a stream's appends; zero: none.
type Mark uint64

// Mark returns the current mark.
func (s *Stream) Mark() Mark { return Mark(s.acks.sendings.Load() + 1) }

// TakenSince reports whether a message that was sent after a mark has been stored. In a cluster this needs a
// majority of the stream's servers: so by then its leader was a server that knew everything stored at the mark.
// A server that was cut off may believe that it leads, but cannot store anything.
func (s *Stream) TakenSince(m Mark) bool { return m > 0 && s.acks.taken.Load() >= uint64(m) }

// Silent returns for how long nothing has been acknowledged.
func (s *Stream) Silent() time.Duration { return s.acks.at.Ago() }

// Stats are counts of messages since the stream was created, except InFlight, which is current.
type Stats struct {
	Ambiguous int64 // not answered in time
	Resolved  int64 // of these, found stored
	Fenced    int64 // refused because another writer had appended
	Full      int64 // refused because the stream or its disk is full
	Failed    int64 // given up
	InFlight  int   // sent and not acknowledged yet
}

type counters struct{ ambiguous, resolved, fenced, full, failed atomic.Int64 }

// Stats returns what the stream has done so far.
func (s *Stream) Stats() Stats {
	c := &s.counts
	return Stats{
		Ambiguous: c.ambiguous.Load(), Resolved: c.resolved.Load(), Fenced: c.fenced.Load(),
		Full: c.full.Load(), Failed: c.failed.Load(), InFlight: s.acks.replies.count(),
	}
}

// Failure returns the error that the log cannot be reached, unless the caller has left.
func Failure(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", chat.ErrLogFull, err)
}
