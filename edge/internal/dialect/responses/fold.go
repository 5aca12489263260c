package responses

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A Fold combines the events of a completion into the current response: the one that the last frame of a stream
// of these events contains. It is not safe for concurrent use.
type Fold struct{ p projection }

var _ dialect.Folding = (*Dialect)(nil)

// Fold implements [dialect.Folding].
func (d *Dialect) Fold(hold func(bytes int) *failure.Error) dialect.Fold {
	f := &Fold{p: projection{dialect: d, mute: true}}
	f.p.reader.Hold = hold
	return f
}

// Open takes the completion's metadata. It must precede the first event.
func (f *Fold) Open(meta *completionv1.CompletionMetadata) error {
	_, err := f.p.Open(nil, meta)
	return err
}

// Event adds an event.
func (f *Fold) Event(e *completionv1.CompletionEvent) error {
	_, err := f.p.Event(nil, e)
	return err
}

// Text adds an event that consists only of text.
func (f *Fold) Text(text []byte) error {
	_, err := f.p.Text(nil, 0, 0, text)
	return err
}

// ID returns the completion's id.
func (f *Fold) ID() string { return f.p.head.completion }

// Model returns the model that answers.
func (f *Fold) Model() string { return f.p.head.model }

// Failed returns why the completion failed or was cancelled, or nil if neither happened.
func (f *Fold) Failed() *completionv1.Error { return f.p.failed }

// Response returns the JSON of the response.
func (f *Fold) Response() jsontext.Value {
	status := f.p.status()
	if f.p.head.background && status == statusInProgress && len(f.p.items) == 0 {
		status = statusQueued
	}
	return f.p.appendResponse(nil, status)
}
