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
	// ErrNotFound: the log neither holds nor remembers such a completion.
	ErrNotFound = errors.New("chat: no such completion in the log")
	// ErrTrimmed: the completion, or the requested part of it, is no longer retained.
	ErrTrimmed = errors.New("chat: completion trimmed from the log")
	// ErrSealed: the completion already has its terminal event.
	ErrSealed = errors.New("chat: completion is sealed")
	// ErrTooLong: the completion has reached the log's maximum size.
	ErrTooLong = errors.New("chat: completion is too long for the log")
	// ErrLost: the storage of the completion is gone, so it cannot be continued.
	ErrLost = errors.New("chat: completion lost with the log's storage")
	// ErrLogFull: the log has no room for a new completion, or cannot be reached.
	ErrLogFull = errors.New("chat: log is full")
)

// ExistsError is the error of [Store.Create] if the principal's idempotency key already
// names a completion.
type ExistsError struct{ Meta *Meta }

// Error implements error.
func (e *ExistsError) Error() string { return "chat: idempotency key names " + e.Meta.ID }

// ShareError is the error of [Store.Create] and [Library.SetMetadata] if the principal's completions have
// used up its share of the log.
type ShareError struct {
	Held, Limit int64         // in bytes
	Frees       time.Duration // until the log deletes some of it
}

// Error implements error.
func (e *ShareError) Error() string {
	return fmt.Sprintf("chat: %d bytes of the log are the principal's, of %d", e.Held, e.Limit)
}

// A Log stores completions. Each has a [Meta], and events under dense sequence
// numbers from 0; the last event is terminal. A Log is safe for concurrent use.
//
// Everything else depends on one rule: a reader sees an event only after the log has
// acknowledged it. From then on, every reader sees it under the same number, as
// long as the completion is retained.
//
// A [Cluster] connects the processes that serve the same log.
type Log interface {
	Store
	Library
}

// A Store stores completions while they are generated and read. It is one of the roles of a [Log].
type Store interface {
	// Create admits a completion. Errors: ErrLogFull, [*ShareError], or [*ExistsError] if the
	// principal's idempotency key is taken. The log owns m from then on.
	Create(ctx context.Context, m *Meta) (Writer, error)

	// Lookup returns the meta of the completion that the principal's idempotency key
	// names, or ErrNotFound.
	Lookup(ctx context.Context, principal, key string) (*Meta, error)

	// Head returns how far a completion has come. Errors: ErrNotFound, ErrTrimmed. With ErrTrimmed,
	// the head's Meta holds at least the ID and the Principal.
	Head(ctx context.Context, id string) (Head, error)

	// Latest is Head, read from the log's storage. Head may lag behind: it may lack an event that
	// a reader elsewhere has already seen, or have metadata that was replaced.
	Latest(ctx context.Context, id string) (Head, error)

	// Follow yields the events after a sequence number, waits for more while the
	// completion runs, and ends after the terminal event. If progress is set, it also yields
	// live progress; a slow reader gets only the latest. A non-nil error is yielded last:
	// ctx.Err, ErrNotFound, ErrTrimmed, or ErrLost, also if the completion ends before the
	// last event that the reader has seen. A slow reader does not delay others.
	Follow(ctx context.Context, id string, after int64, progress bool) iter.Seq2[Entry, error]

	// Seal ends a completion, even if another process writes it. It returns ErrSealed if the
	// completion has already ended. terminal is of KindDone or KindError, and holds the usage for the
	// books. The caller must call the returned Settle.
	Seal(ctx context.Context, id string, terminal Event) (Settle, error)
}

// A Library gives principals access to their stored completions. It is one of the roles of a [Log].
type Library interface {
	// SetMetadata replaces the metadata of a completion, which Latest and List return. Errors: ErrNotFound,
	// ErrTrimmed, [*ShareError].
	SetMetadata(ctx context.Context, id string, metadata map[string]string) error

	// Delete removes a completion for good, or returns ErrNotFound. Its readers end with ErrTrimmed.
	Delete(ctx context.Context, id string) error

	// List yields the principal's stored completions, oldest or newest first. If after is not empty,
	// it starts behind that completion; ErrNotFound: that completion is not among them. The caller
	// may stop ranging early: List reads only what it yields.
	List(ctx context.Context, principal, after string, descending bool) iter.Seq2[Head, error]
}

// A Writer adds events to one completion. Only one goroutine at a time may use it.
type Writer interface {
	// OnEnd registers f, to be called on a goroutine of its own when another caller or process ends,
	// deletes or takes over the completion. OnEnd must be called before the first Append.
	OnEnd(f func())

	// Append adds an event under the next sequence number. It may return before the
	// event is durable, and blocks while too many appends are unacknowledged. If an event could
	// not be stored, the next call fails. ErrSealed: another caller or process ended the completion;
	// ErrTrimmed or ErrNotFound: it was deleted; ErrLost.
	Append(ctx context.Context, e Event) error

	// Progress shows live progress to the current readers. It never blocks.
	Progress(p Progress)

	// Seal stores the pending events and ends the completion, like [Store.Seal].
	Seal(ctx context.Context, terminal Event) error

	// Settle must be called once Seal has returned nil, by the rules of [Settle].
	Settle(book func())
}

// A Settle calls book, which enters an end into the books, unless another process that took this
// one for dead has already done so. If this process dies before Settle returns, another process
// makes the entry. It must be called once, and may take seconds if the log cannot be reached.
type Settle func(book func())

// An Entry is an event as a reader sees it. Sequence is -1 for progress. The
// event's strings may share memory with the log; they stay valid.
type Entry struct {
	Sequence int64
	// Term identifies the writer and the epoch that stored the event. Within a completion, entries with the
	// same sequence and term are equal, even if a log was restored. 0: not known, or progress.
	Term  uint32
	Event Event
}

// A Head is how far a completion has come.
type Head struct {
	Meta *Meta
	// Last is the sequence number of the last event, or -1 if there is none.
	Last int64
	// Terminal is the last event of a completion that has ended, else nil.
	Terminal *Event
}

// Meta is what applies to a whole completion. It does not change after Create, except for
// Metadata, which the log replaces as a whole.
type Meta struct {
	ID          string
	Principal   string
	Created     time.Time
	Model       string
	Fingerprint string
	ServiceTier string
	Request     *Request
	Metadata    map[string]string
	// IdempotencyKey is unique for the principal unless empty. RequestHash, the [Request.Digest],
	// and Model tell whether a repeated request asks for the same.
	IdempotencyKey string
	RequestHash    [32]byte
	// LegacyHash is the [Request.LegacyHash], if a version without digests admitted the completion.
	LegacyHash [32]byte
	// RequestSize is about how many bytes Request takes.
	RequestSize int
	// ObfuscationKey keys the padding of this completion's chunks; nil: no padding.
	ObfuscationKey []byte
	OnDisconnect   OnDisconnect
}

// WithoutRequest returns m without its request, which may be large.
func (m *Meta) WithoutRequest() *Meta {
	short := *m
	short.Request = nil
	return &short
}
