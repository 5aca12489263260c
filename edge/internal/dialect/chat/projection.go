package chat

import (
	"errors"
	"time"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/sse"
)

// retry is the reconnection time that the first frame sets.
const retry = time.Second

// failed is the unfinished line after a failure. Readers of events never see it. A reader of lines that
// has mistaken the error for something else fails at it: only
// [openaiapi.Done] is a successful end.
const failed = "[ERROR]"

// errNoMetadata is returned if the metadata have no completion id.
var errNoMetadata = errors.New("chat: completion without an id")

// A projection shows each event as one frame, under the number that it has in the log.
type projection struct {
	names *Dialect
	after *uint64
	named bool
	plain bool // only data
	begun bool // there has been a frame

	encoder *ChunkEncoder
	prefix  sse.ID // of the frames' ids

	// What data appends: the event or, if that is nil, a piece of text.
	data     func([]byte) ([]byte, error)
	event    *completionv1.CompletionEvent
	sequence uint64
	choice   int32
	text     []byte
}

// Project implements [dialect.Dialect].
func (d *Dialect) Project(r dialect.Reader) dialect.Projection {
	p := &projection{names: d, after: r.After, named: r.Named && !r.Plain, plain: r.Plain}
	p.data = func(b []byte) ([]byte, error) {
		if p.event == nil {
			return p.encoder.AppendText(b, p.choice, p.text, p.sequence), nil
		}
		return p.encoder.Append(b, p.event)
	}
	return p
}

// Needs implements [dialect.Projection]. Nothing has to be folded.
func (p *projection) Needs() dialect.Needs {
	return dialect.Needs{After: p.after, Progress: p.named}
}

// Open implements [dialect.Projection].
func (p *projection) Open(dst []byte, meta *completionv1.CompletionMetadata) ([]byte, error) {
	if meta.GetId() == "" {
		return dst, errNoMetadata
	}
	var err error
	if p.prefix, err = sse.NewID(meta.GetId() + "."); err != nil {
		return dst, err
	}
	p.encoder = NewChunkEncoder(meta)
	p.named = p.named || meta.GetStreamOptions().GetIncludeEvents() && !p.plain
	return dst, nil
}

// Event implements [dialect.Projection].
func (p *projection) Event(dst []byte, e *completionv1.CompletionEvent) ([]byte, error) {
	fields := sse.Fields{IDPrefix: p.prefix, Sequence: e.GetSequence()}
	switch {
	case e.GetProgress() != nil && p.plain:
		return dst, nil
	case e.GetProgress() != nil:
		fields = sse.Fields{Name: p.names.progress}
	case e.GetError() != nil:
		fields.Name = p.name(p.names.failure)
	case e.GetDone() != nil:
		fields.Name = p.name(p.names.done)
	}
	p.event = e
	dst, err := p.frame(dst, fields)
	p.event = nil
	if err == nil && e.GetError() != nil {
		dst = p.failed(dst)
	}
	return dst, err
}

// Text implements [dialect.Projection].
func (p *projection) Text(dst []byte, sequence uint64, choice int32, text []byte) ([]byte, error) {
	p.sequence, p.choice, p.text = sequence, choice, text
	dst, err := p.frame(dst, sse.Fields{IDPrefix: p.prefix, Sequence: sequence})
	p.text = nil
	return dst, err
}

func (p *projection) frame(dst []byte, fields sse.Fields) ([]byte, error) {
	switch {
	case p.plain:
		fields = sse.Fields{}
	case !p.begun:
		fields.Retry = retry
	}
	dst, err := sse.AppendFrame(dst, fields, p.data)
	p.begun = p.begun || err == nil
	return dst, err
}

// name returns n if the client asked for event types.
func (p *projection) name(n sse.Name) sse.Name {
	if p.named {
		return n
	}
	return sse.Name{}
}

// failed appends the line after a failure. Plain streams do not need it: their clients do not mistake the error
// for a part of an event.
func (p *projection) failed(dst []byte) []byte {
	if p.plain {
		return dst
	}
	return sse.AppendUnfinished(dst, failed)
}

// Heartbeat implements [dialect.Projection]. In a plain stream, it is an empty chunk once the metadata are
// known, and nothing before.
func (p *projection) Heartbeat(dst []byte) []byte {
	switch {
	case !p.plain:
		return sse.AppendComment(dst, "hb")
	case p.encoder == nil:
		return dst
	}
	dst, _ = sse.AppendFrame(dst, sse.Fields{}, func(b []byte) ([]byte, error) { return p.encoder.appendNothing(b), nil })
	return dst
}

// Failure implements [dialect.Projection]. The frame has no id, because the log has no such
// event: a client that resumes gets the state at that time.
func (p *projection) Failure(dst []byte, e *failure.Error) []byte {
	body := func(b []byte) ([]byte, error) { return openai.AppendError(b, e), nil }
	dst, _ = sse.AppendFrame(dst, sse.Fields{Name: p.name(p.names.failure)}, body) // it has data
	return p.failed(dst)
}

// Nothing implements [dialect.Projection].
func (p *projection) Nothing(dst []byte) []byte {
	if p.plain {
		return dst
	}
	return sse.AppendComment(dst, "nothing after this event")
}
