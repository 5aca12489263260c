// Package dialect defines what a public protocol of the edge consists of: how it decodes a request, and how
// it shows the events of a completion, failures and answers. Each dialect is a folder beside this file.
//
// All dialects show one log. A stream of any of them is a pure projection of the events in the log, so any
// edge can begin it again anywhere.
//
// # What the interfaces allow
//
// The chat completions of package chat have one frame for each event, under the numbers of the log. Other
// protocols, such as OpenAI's responses, need more:
//
//   - Several frames for an event, or none: [Projection.Event] appends as many as there are.
//   - Numbers of its own: [Reader.After] is the dialect's number, and [Projection.Needs] says after which
//     event of the log the projection starts. A projection that folds asks for the first event, and holds
//     back what its reader has.
//   - The whole response in the last frame: a projection receives all events in order, and keeps what it
//     needs of them.
//   - No "id:" on a POST: the projection writes the whole frame, including the blank line.
//   - A heartbeat with data: [Projection.Heartbeat] writes it, even before the first event.
//   - A frame at admission: [Projection.Open] may append one, and is called then if [Needs.Opening] is set.
package dialect

import (
	"strconv"

	"google.golang.org/protobuf/proto"

	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A Dialect is one public protocol. It is safe for concurrent use.
type Dialect interface {
	Failures

	// Decode reads the body of a request that creates a completion. It asks hold for room,
	// in bytes, for the decoded form of the body in addition to its text. If hold returns an
	// error, Decode ends with it. A nil hold has room for all.
	Decode(body []byte, hold func(bytes int) *failure.Error) (*Request, *failure.Error)

	// Project returns the projection for one response.
	Project(Reader) Projection

	// ParseEventID reads what a client sends as Last-Event-ID: ok is false if this
	// dialect never wrote it.
	ParseEventID(text string) (at Cursor, ok bool)

	// View returns the public form of a unary answer of the completion service, which JSON is
	// made of: ok is false if the dialect has none.
	View(proto.Message) (view any, ok bool)

	// PublicID returns the dialect's id of a completion.
	PublicID(completion string) string

	// CompletionID is the inverse of PublicID; ok is false if the text is not an id of this dialect.
	CompletionID(public string) (completion string, ok bool)
}

// Failures is how a dialect shows a failure in place of a stream or a view.
type Failures interface {
	// Failure returns the HTTP status and the JSON body.
	Failure(*failure.Error) (status int, body []byte)
}

// A Request is what a client asks for.
type Request struct {
	// Params is what to complete.
	Params *completionv1.CompletionParams
	// Stream is whether to answer with events.
	Stream bool
	// IDs is whether the stream has more than data ([Reader.Plain]); nil: the body does not say.
	IDs *bool
	// Failures shows failures of this request in the terms of its body; nil: in the dialect's terms.
	Failures Failures
}

// Unknown says what to do with members of a request that no API of OpenAI has. It does not apply to
// members within messages and tools: these are passed on.
type Unknown string

// The treatments of unknown members.
const (
	RefuseUnknown  Unknown = "refuse"
	IgnoreUnknown  Unknown = "ignore"
	ForwardUnknown Unknown = "forward" // to the model's server, unless that is strict
)

// A Cursor is a place in a completion's stream: after the event with that number or, if
// After is nil, its start. The numbers are the dialect's.
type Cursor struct {
	ID    string
	After *uint64
}

// A Reader says what one client wants to see of a completion.
type Reader struct {
	// After is the number of the last event that the client has; nil: it has none.
	After *uint64
	// Named is whether the client asks for event names, and for events that are not part of the answer.
	Named bool
	// Plain is whether the client wants data alone: no ids, no types, no comments. It may be one
	// that takes a stream apart by hand, and cannot go on after a lost connection.
	Plain bool
	// EventSource is whether the client may be one, which tells the last id that it has seen.
	EventSource bool
	// Hold makes room, in bytes, for what a projection keeps of the events; nil: there is some.
	Hold func(bytes int) *failure.Error
}

// Needs are the events that a projection needs.
type Needs struct {
	// After is the sequence of the log's event that comes before the first one; nil: none does.
	After *uint64
	// Progress is whether events of progress are wanted, which the log does not hold.
	Progress bool
	// Stream is whether a client that has all events gets an empty stream instead of a 204.
	Stream bool
	// Opening is whether to call Open with the request as soon as the completion is admitted.
	Opening bool
}

// A Projection turns the events of one completion into the frames of one response, which
// are blocks of text/event-stream. Its output depends only on the events: the same
// events give the same bytes at every edge, no matter how often the stream was restarted.
//
// It is fed the events in order, without a gap and none twice, and shows nothing after the
// terminal one. Each method returns dst, extended by nothing, by one frame or by several; on
// an error, which may be a [*failure.Error] for the client, it returns dst as it was. A projection is
// not safe for concurrent use.
type Projection interface {
	Needs() Needs

	// Open takes what is known of the completion, once, before the first event.
	Open(dst []byte, meta *completionv1.CompletionMetadata) ([]byte, error)

	// Event appends the frames of an event. It keeps nothing of the event.
	Event(dst []byte, e *completionv1.CompletionEvent) ([]byte, error)

	// Text is Event for an event that consists only of a piece of one choice's text. It
	// keeps nothing of the text, and must not allocate.
	Text(dst []byte, sequence uint64, choice int32, text []byte) ([]byte, error)

	// Heartbeat appends a sign that a silent stream is alive.
	Heartbeat(dst []byte) []byte

	// Failure appends the frame of a failure that is not in the log. It must not affect the
	// cursor of a client that resumes.
	Failure(dst []byte, e *failure.Error) []byte

	// Nothing appends the content of a stream that has no events after its reader's cursor.
	Nothing(dst []byte) []byte
}

// ParseSequence reads a sequence number. It accepts only the form in which we write it.
func ParseSequence(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 63)
	return n, err == nil && strconv.FormatUint(n, 10) == text
}
