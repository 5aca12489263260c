package chat

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// FromStart is the cursor of a reader that has seen nothing.
const FromStart int64 = -1

// Errors of a [Log].
var (
	// ErrNotFound: the log holds no such completion and does not remember one.
	ErrNotFound = errors.New("chat: no such completion in the log")
	// ErrTrimmed: the completion, or the part of it asked for, is retained no longer.
	ErrTrimmed = errors.New("chat: completion trimmed from the log")
	// ErrSealed: the completion already has its terminal event.
	ErrSealed = errors.New("chat: completion is sealed")
	// ErrTooLong: the completion has reached the maximum size that the log keeps.
	ErrTooLong = errors.New("chat: completion is too long for the log")
	// ErrLost: the storage of the completion is gone, so nobody can continue it.
	ErrLost = errors.New("chat: completion lost with the log's storage")
	// ErrLogFull: the log has no room, or cannot be reached, for a new completion.
	ErrLogFull = errors.New("chat: log is full")
)

// ExistsError is how [Store.Create] says that the principal's idempotency key already
// names a completion.
type ExistsError struct{ Meta *Meta }

// Error implements error.
func (e *ExistsError) Error() string { return "chat: idempotency key names " + e.Meta.ID }

// ShareError is how [Store.Create] and [Library.SetMetadata] say that the principal's completions take
// as much of the log as those of one may.
type ShareError struct {
	Held, Limit int64         // in bytes
	Frees       time.Duration // until some of it is retained no longer
}

// Error implements error.
func (e *ShareError) Error() string {
	return fmt.Sprintf("chat: %d bytes of the log are the principal's, of %d", e.Held, e.Limit)
}

// A Log holds completions: for each its [Meta] and its events under dense sequence
// numbers from 0, the last of them terminal. It is safe for concurrent use.
//
// The rule that all else rests on: a reader sees an event only after the log has
// acknowledged it, and then every reader sees it, under the same number, for as
// long as the completion is retained.
//
// What a process needs of the others that serve the same log is a [Cluster].
type Log interface {
	Store
	Library
}

// A Store takes completions while they are generated and read. It is one of the roles of a [Log].
type Store interface {
	// Create admits a completion: ErrLogFull, [*ShareError], or [*ExistsError] where the principal's
	// idempotency key is taken. m is the log's from here on.
	Create(ctx context.Context, m *Meta) (Writer, error)

	// Lookup returns the meta of the completion that the principal's idempotency key
	// names: ErrNotFound.
	Lookup(ctx context.Context, principal, key string) (*Meta, error)

	// Head returns how far a completion is: ErrNotFound, ErrTrimmed. With ErrTrimmed
	// the head's Meta holds at least the ID and the Principal.
	Head(ctx context.Context, id string) (Head, error)

	// Latest is Head as the log's storage has it. Head may not know yet of an event that a
	// reader elsewhere has seen, nor of metadata that was replaced.
	Latest(ctx context.Context, id string) (Head, error)

	// Follow yields the events after a sequence number, waits for more while the
	// completion runs, and ends after the terminal event. Live progress comes in
	// between where asked for; what a reader is too slow for is skipped, as only the
	// latest counts. A non-nil error (ctx.Err, ErrNotFound, ErrTrimmed, or ErrLost, also where the
	// completion ends before what the reader has seen) is the last
	// thing yielded. A slow reader delays nobody.
	Follow(ctx context.Context, id string, after int64, progress bool) iter.Seq2[Entry, error]

	// Seal ends a completion, even if another process writes it: ErrSealed if it has ended before.
	// terminal is of KindDone or KindError and holds the usage for the books. The caller has to
	// settle what it has ended.
	Seal(ctx context.Context, id string, terminal Event) (Settle, error)
}

// A Library keeps completions for those who own them. It is one of the roles of a [Log].
type Library interface {
	// SetMetadata replaces the caller's metadata, as Latest and List show: ErrNotFound, ErrTrimmed,
	// [*ShareError].
	SetMetadata(ctx context.Context, id string, metadata map[string]string) error

	// Delete forgets a completion for good: ErrNotFound. Its readers end with ErrTrimmed.
	Delete(ctx context.Context, id string) error

	// List yields the principal's stored completions, oldest or newest first: those behind
	// the one that after names, where it names one. ErrNotFound: it is not among them. What
	// is not ranged over is not looked at.
	List(ctx context.Context, principal, after string, descending bool) iter.Seq2[Head, error]
}

// A Writer adds events to one completion. It is used by one goroutine at a time.
type Writer interface {
	// OnEnd has f called, on a goroutine of its own, when somebody else ends the
	// completion, deletes it or takes it over. It comes before the first Append.
	OnEnd(f func())

	// Append adds an event under the next sequence number. It may return before the
	// event is durable, and blocks while too much is on its way; an event that could
	// not be stored fails the next call. ErrSealed: somebody ended the completion;
	// ErrTrimmed or ErrNotFound: somebody deleted it; ErrLost.
	Append(ctx context.Context, e Event) error

	// Progress shows live progress to the readers there are. It never blocks.
	Progress(p Progress)

	// Seal stores what is on its way and ends the completion, as [Store.Seal].
	Seal(ctx context.Context, terminal Event) error

	// Settle is to be called once Seal has returned nil, by the rules of [Settle].
	Settle(book func())
}

// A Settle has book called, which enters an end into the books, unless another process has done
// so: one that took this one for dead. Until it has returned, another process sees to the entry,
// should this one die. It is called once, and may take seconds where the log is away.
type Settle func(book func())

// An Entry is an event as a reader sees it. Sequence is -1 for progress. The
// event's strings may share memory with the log; they stay valid.
type Entry struct {
	Sequence int64
	// Term tells who has written the event, and in which epoch: in one completion, entries of the same
	// sequence and term are the same, also where a log was put back. 0: not known, or progress.
	Term  uint32
	Event Event
}

// A Head is how far a completion is.
type Head struct {
	Meta *Meta
	// Last is the sequence number of the last event, -1 where there is none.
	Last int64
	// Terminal is the last event of a completion that has ended, else nil.
	Terminal *Event
}

// Meta is what holds for a completion as a whole. But for Metadata, which the log
// replaces whole, it does not change after Create.
type Meta struct {
	ID          string
	Principal   string
	Created     time.Time
	Model       string
	Fingerprint string
	ServiceTier string
	Request     *Request
	Metadata    map[string]string
	// IdempotencyKey is unique for the principal where it is not empty; RequestHash, the
	// [Request.Digest], tells with Model whether a repeat asks for the same.
	IdempotencyKey string
	RequestHash    [32]byte
	// LegacyHash is the [Request.LegacyHash], where a version without digests has admitted the completion.
	LegacyHash [32]byte
	// RequestSize is about how many bytes Request takes.
	RequestSize int
	// ObfuscationKey keys the padding of this completion's chunks; nil: none is wanted.
	ObfuscationKey []byte
	OnDisconnect   OnDisconnect
}

// WithoutRequest returns m without what was asked for, which may be large.
func (m *Meta) WithoutRequest() *Meta {
	short := *m
	short.Request = nil
	return &short
}
