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
	// ErrTooLong: the completion has reached the most that the log keeps of one.
	ErrTooLong = errors.New("chat: completion is too long for the log")
	// ErrLost: what the completion was stored in has gone, so that nobody can go on with it.
	ErrLost = errors.New("chat: completion lost with the log's storage")
	// ErrLogFull: the log has no room, or cannot be reached, for a new completion.
	ErrLogFull = errors.New("chat: log is full")
)

// ExistsError is how [Log.Create] says that the principal's idempotency key already
// names a completion.
type ExistsError struct{ Meta *Meta }

// Error implements error.
func (e *ExistsError) Error() string { return "chat: idempotency key names " + e.Meta.ID }

// ShareError is how [Log.Create] says that the principal's completions take as much of the log
// as those of one may.
type ShareError struct {
	Held, Limit int64         // in bytes
	Frees       time.Duration // until some of it is retained no longer
}

// Error implements error.
func (e *ShareError) Error() string {
	return fmt.Sprintf("chat: %d bytes of the log are the principal's, of %d", e.Held, e.Limit)
}

// shown returns what the caller is told.
func (e *ShareError) shown() *Error {
	const mib = 1 << 20
	return &Error{
		Code: CodeRateLimited, RetryAfter: max(e.Frees, time.Second), Err: e,
		Message: fmt.Sprintf("Your completions take %.1f MiB of what is kept, of %.1f MiB that one caller may have. The oldest of them are kept no longer in %s; ask again then.",
			float64(e.Held)/mib, float64(e.Limit)/mib, max(e.Frees, time.Second).Round(time.Second)),
	}
}

// A Log holds completions: for each its [Meta] and its events under dense sequence
// numbers from 0, the last of them terminal. It is safe for concurrent use.
//
// The rule that all else rests on: a reader sees an event only after the log has
// acknowledged it, and then every reader sees it, under the same number, for as
// long as the completion is retained.
type Log interface {
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
	// latest counts. A non-nil error (ctx.Err, ErrNotFound, ErrTrimmed, ErrLost) is the last
	// thing yielded. A slow reader delays nobody.
	Follow(ctx context.Context, id string, after int64, progress bool) iter.Seq2[Entry, error]

	// Watched reports whether anybody follows a completion, in this process or another,
	// or may: while the others cannot be asked, nobody knows. It takes well below a second.
	Watched(ctx context.Context, id string) bool

	// Seal ends a completion, whoever writes it, unless that has happened: ErrSealed.
	// terminal is of KindDone or KindError and holds the usage for the books.
	Seal(ctx context.Context, id string, terminal Event) error

	// SetMetadata replaces the caller's metadata, as Latest and List show: ErrNotFound, ErrTrimmed.
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

	// Seal stores what is on its way and ends the completion, as [Log.Seal].
	Seal(ctx context.Context, terminal Event) error

	// Settle tells that the end which Seal has stored is in the books: until then another
	// process sees to that, should this one die.
	Settle()
}

// An Entry is an event as a reader sees it. Sequence is -1 for progress. The
// event's strings may share memory with the log; they stay valid.
type Entry struct {
	Sequence int64
	Event    Event
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
	// IdempotencyKey is unique for the principal where it is not empty; RequestHash
	// tells whether a repeat asks for the same.
	IdempotencyKey string
	RequestHash    [32]byte
	// RequestSize is about how many bytes Request takes.
	RequestSize int
	// ObfuscationKey keys the padding of this completion's chunks; nil: none is wanted.
	ObfuscationKey []byte
	OnDisconnect   OnDisconnect
}

// withoutRequest returns m without what was asked for, which may be large.
func (m *Meta) withoutRequest() *Meta {
	short := *m
	short.Request = nil
	return &short
}
