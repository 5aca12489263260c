package dialect

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A Folding dialect has answers without a stream that are the sum of its events, and lists the input in items of
// its own. This is optional: the answers of other dialects are views of the completion service's answers.
type Folding interface {
	Dialect

	// Fold returns a fold that has taken nothing. It asks hold for room, in bytes; nil: there is some.
	Fold(hold func(bytes int) *failure.Error) Fold

	// InputList returns the public form of a page of what a completion was asked; messages are all of it.
	InputList(messages []*completionv1.StoredMessage, p Page) (view any, _ *failure.Error)
}

// A Fold adds up the events of a completion to the current state of the answer. It is not safe for concurrent use.
type Fold interface {
	// Open takes what is known of the completion, before the first event.
	Open(meta *completionv1.CompletionMetadata) error
	// Event takes an event.
	Event(e *completionv1.CompletionEvent) error
	// Text takes an event that is text and nothing else.
	Text(text []byte) error

	// ID returns the completion's id.
	ID() string
	// Model returns the model that answers.
	Model() string
	// Failed returns why the completion failed or was cancelled; nil: it did not.
	Failed() *completionv1.Error
	// Response returns the JSON of the answer.
	Response() jsontext.Value
}

// A Page selects a part of a list.
type Page struct {
	After     string // id of the last item of the page before; empty: the first page
	Limit     int    // 0: the dialect's default
	Ascending bool   // oldest first
}
