package sse

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	// ErrNoData is returned for an event that cannot be written because it has
	// no data. Clients never dispatch a block without a data field, and many
	// fail on one whose data is empty.
	ErrNoData = errors.New("sse: event has no data")

	// ErrMalformed is returned for an id or a name that would not survive
	// being written on a line of its own.
	ErrMalformed = errors.New("sse: contains CR, LF, NUL or invalid UTF-8")

	// ErrTooLong is returned by a [Decoder] whose peer sent a line or an event
	// of more than MaxEventBytes.
	ErrTooLong = errors.New("sse: event too long")
)

// An Event is one message of a stream. Events are comparable with ==, and hold
// no memory of the Decoder that they came from.
type Event struct {
	// ID is what a client sends as Last-Event-ID when it reconnects. On a
	// decoded event it is the last id of the stream up to there, which may have
	// come with an earlier event.
	ID ID

	// Name is the event type. The zero Name is the standard's "message".
	Name Name

	// Retry is the reconnection time in whole milliseconds; what is below a
	// millisecond is cut off. Zero is absent. On a decoded event it is the
	// retry field of this block only; see [Decoder.Retry].
	Retry time.Duration

	// Data is the payload, without a final line ending. CR, LF and CRLF inside
	// it all reach the reader as LF. It should be UTF-8: a reader replaces what
	// is not.
	Data string
}

// An ID identifies an event for resumption. It holds no CR, LF or NUL and is
// valid UTF-8. The zero ID is absent. IDs are comparable with ==.
type ID struct{ text string }

// NewID returns s as an ID, or an error that wraps [ErrMalformed]. The empty
// string gives the zero ID.
func NewID(s string) (ID, error) {
	if !fitsLine(s) {
		return ID{}, fmt.Errorf("event id: %w", ErrMalformed)
	}

	return ID{s}, nil
}

// String returns the text of the id, "" for the zero ID.
func (id ID) String() string { return id.text }

// A Name is an event type, the value of an "event" field. It holds no CR or LF
// and is valid UTF-8. The zero Name is absent. Names are comparable with ==.
type Name struct{ text string }

// NewName returns s as a Name, or an error that wraps [ErrMalformed]. The empty
// string gives the zero Name. NUL is refused although the standard allows it in
// an event type; a [Decoder] hands on one that a peer sent.
func NewName(s string) (Name, error) {
	if !fitsLine(s) {
		return Name{}, fmt.Errorf("event name: %w", ErrMalformed)
	}

	return Name{s}, nil
}

// String returns the text of the name, "" for the zero Name.
func (n Name) String() string { return n.text }

// Must returns v, and panics if err is not nil. It is for ids and names that
// are written in the source, as in Must(NewName("progress")), never for input.
func Must[T ID | Name](v T, err error) T {
	if err != nil {
		panic(err)
	}

	return v
}

// fitsLine reports whether s comes back unchanged when it is the value of a
// field. NUL is excluded because a reader ignores an id that has one.
func fitsLine(s string) bool {
	return !strings.ContainsAny(s, "\r\n\x00") && utf8.ValidString(s)
}
