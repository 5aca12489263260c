package responses

import (
	"errors"
	"slices"
	"time"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/beside"
	"github.com/pawstream/pawstream/internal/openaiapi"
	"github.com/pawstream/pawstream/internal/sse"
)

// retry is the reconnection time that the first frame sets for an EventSource.
const retry = time.Second

// errNoMetadata is returned if the metadata have no completion id.
var errNoMetadata = errors.New("responses: completion without an id")

// ErrUnknownEvent is returned for an event of a kind that this version does not know.
var ErrUnknownEvent = errors.New("responses: event of an unknown kind")

// A projection keeps the answer, and shows each of its steps.
type projection struct {
	answer
	dialect *Dialect
	reader  dialect.Reader
	padding *openai.Padding // nil without include_obfuscation
	ids     sse.ID          // the prefix of frame ids; zero: frames have no id

	mute  bool   // shows no frames
	next  uint64 // number of the next frame
	begun bool   // there has been a frame
	kept  int    // bytes of the answer that no room is reserved for yet
	place []byte // the position of the open part, as JSON for its frames

	besides beside.Members // additional members from the model's server, for the next item to end that is no call
}

// Project implements [dialect.Dialect].
func (d *Dialect) Project(r dialect.Reader) dialect.Projection {
	return &projection{dialect: d, reader: r}
}

// Needs implements [dialect.Projection]. A response needs all events from the first one on. OpenAI's clients
// expect a stream even if it is empty; an EventSource takes 204 as the end.
func (p *projection) Needs() dialect.Needs {
	return dialect.Needs{Opening: true, Stream: !p.reader.EventSource}
}

// Open implements [dialect.Projection].
func (p *projection) Open(dst []byte, meta *completionv1.CompletionMetadata) ([]byte, error) {
	if meta.GetId() == "" {
		return dst, errNoMetadata
	}
	if meta.GetParams().GetN() > 1 {
		return dst, failure.NotShown("a response", "several choices")
	}
	if p.reader.EventSource {
		ids, err := sse.NewID(openaiapi.ResponseID + key(meta.GetId()) + ".")
		if err != nil {
			return dst, err
		}
		p.ids = ids
	}
	p.head = newHead(meta)
	if meta.GetStreamOptions().GetIncludeObfuscation() {
		p.padding = openai.NewPadding(meta.GetObfuscationKey())
	}
	if p.head.background {
		dst = p.response(dst, created, statusQueued)
		dst = p.response(dst, queued, statusQueued)
	} else {
		dst = p.response(dst, created, statusInProgress)
	}
	return p.response(dst, inProgress, statusInProgress), nil
}

// Event implements [dialect.Projection].
func (p *projection) Event(dst []byte, e *completionv1.CompletionEvent) ([]byte, error) {
	switch event := e.GetEvent().(type) {
	case *completionv1.CompletionEvent_Delta:
		return p.delta(dst, event.Delta)
	case *completionv1.CompletionEvent_Finish:
		p.reason = event.Finish.GetReason()
		return p.closeAll(dst), nil
	case *completionv1.CompletionEvent_Usage:
		p.usage = event.Usage
		return dst, nil
	case *completionv1.CompletionEvent_Progress:
		return dst, nil
	case *completionv1.CompletionEvent_Error:
		p.end(e)
		dst, err := p.last(dst, failed, 2)
		if err != nil {
			return dst, err
		}
		// Many clients ignore response.failed, and would take what they have as a whole answer.
		return p.frame(dst, problem, appendProblem(failure.FromEvent(p.failed))), nil
	case *completionv1.CompletionEvent_Done:
		p.end(e)
		if p.cutShort() {
			return p.last(dst, incomplete, 1)
		}
		return p.last(dst, completed, 1)
	}
	return dst, ErrUnknownEvent
}

// last appends the terminal frame; left is the number of remaining frames, including this one. A cursor beyond
// them is invalid.
func (p *projection) last(dst []byte, e event, left uint64) ([]byte, error) {
	if after := p.reader.After; after != nil && *after >= p.next+left {
		return dst, failure.InvalidCursor()
	}
	return p.response(dst, e, p.status()), nil
}

// Text implements [dialect.Projection].
func (p *projection) Text(dst []byte, _ uint64, _ int32, text []byte) ([]byte, error) {
	if err := p.hold(len(text)); err != nil {
		return dst, err
	}
	return piece(p, dst, textPart, text, nil), nil
}

// delta adds a piece of the answer.
func (p *projection) delta(dst []byte, d *completionv1.Delta) ([]byte, error) {
	size := len(d.GetReasoning()) + len(d.GetEncryptedReasoning()) + len(d.GetContent()) + len(d.GetRefusal()) + len(d.GetMore())
	for _, c := range d.GetToolCalls() {
		size += len(c.GetArguments()) + len(c.GetId()) + len(c.GetFunctionName()) + len(c.GetMore())
	}
	logprobs := appendLogprobs(d.GetLogprobs())
	if err := p.hold(size + len(logprobs)); err != nil {
		return dst, err
	}
	p.besides.Add(d.GetMore())
	if text := d.GetReasoning(); text != "" {
		dst = piece(p, dst, reasoningPart, text, nil)
	}
	if encrypted := d.GetEncryptedReasoning(); encrypted != "" {
		dst = p.seal(dst, encrypted)
	}
	if text := d.GetContent(); text != "" || len(logprobs) > 0 {
		dst = piece(p, dst, textPart, text, logprobs)
	}
	if text := d.GetRefusal(); text != "" {
		dst = piece(p, dst, refusalPart, text, nil)
	}
	for _, c := range d.GetToolCalls() {
		dst = p.call(dst, c)
	}
	return dst, nil
}

// appendLogprobs returns the elements of the "logprobs" array for a piece of text, without its brackets.
func appendLogprobs(l *completionv1.Logprobs) []byte {
	if len(l.GetContent()) == 0 {
		return nil
	}
	list := openai.AppendTokens(nil, l.GetContent())
	return list[1 : len(list)-1]
}

// piece adds a piece to a part, and opens the part if necessary.
func piece[T string | []byte](p *projection, dst []byte, of *part, text T, logprobs []byte) []byte {
	if p.current == nil || p.current.open != of {
		dst = p.openPart(dst, of)
	}
	i := p.current
	quoted := take(i, text)
	if len(logprobs) > 0 {
		if len(i.logprobs) > 0 {
			i.logprobs = append(i.logprobs, ',')
		}
		i.logprobs = append(i.logprobs, logprobs...)
	}
	return p.frame(dst, of.delta, func(b []byte) []byte {
		b = append(append(b, p.place...), `,"delta":`...)
		start := len(b)
		b = append(append(append(b, '"'), quoted...), '"')
		if of == textPart {
			b = append(append(append(b, `,"logprobs":[`...), logprobs...), ']')
		}
		return p.pad(b, start)
	})
}

// openPart opens a part in the open item, or in a new one.
func (p *projection) openPart(dst []byte, of *part) []byte {
	if p.current != nil && p.current.kind == of.of {
		dst = p.closePart(dst)
	} else {
		dst = p.openItem(dst, of.of)
	}
	i := p.current
	i.open, i.count = of, i.count+1
	p.place = i.appendPlace(p.place[:0])
	return p.partFrame(dst, partAdded)
}

// openItem ends the open item, and opens another one.
func (p *projection) openItem(dst []byte, k kind) []byte {
	dst = p.closeItem(dst, p.current, statusCompleted)
	p.current = newItem(k, p.head.completion, len(p.items), len(p.items))
	return p.added(dst, p.current)
}

// seal ends an item of reasoning with the part that only the model's server can read.
func (p *projection) seal(dst []byte, encrypted string) []byte {
	if p.current == nil || p.current.kind != reasoning {
		dst = p.openItem(dst, reasoning)
	}
	p.current.encrypted = encrypted
	return p.closeItem(dst, p.current, statusCompleted)
}

// added adds an item to the output.
func (p *projection) added(dst []byte, i *item) []byte {
	p.items = append(p.items, i)
	return p.itemFrame(dst, itemAdded, i, statusInProgress)
}

// closePart ends the open part.
func (p *projection) closePart(dst []byte) []byte {
	i := p.current
	if i == nil || i.open == nil {
		return dst
	}
	dst = p.frame(dst, i.open.done, func(b []byte) []byte {
		b = append(append(append(append(b, p.place...), `,"`...), i.open.text...), `":`...)
		b = i.appendText(b)
		if i.open == textPart {
			b = append(append(append(b, `,"logprobs":[`...), i.logprobs...), ']')
		}
		return b
	})
	dst = p.partFrame(dst, partDone)
	if i.parts == nil {
		i.parts = make([]byte, 0, len(i.text)+len(i.logprobs)+partRoom)
	} else {
		i.parts = append(i.parts, ',')
	}
	i.parts = i.appendPart(i.parts)
	i.open, i.text, i.logprobs = nil, nil, nil
	return dst
}

// call adds a piece of a tool call.
func (p *projection) call(dst []byte, d *completionv1.ToolCallDelta) []byte {
	i := p.callOf(d.GetIndex())
	if i == nil {
		if p.current == nil {
			dst = p.carry(dst)
		}
		dst = p.closeItem(dst, p.current, statusCompleted)
		p.current = nil
		i = newItem(call, p.head.completion, len(p.items), int(d.GetIndex()))
		i.number, i.callID, i.name = d.GetIndex(), d.GetId(), d.GetFunctionName()
		if i.callID == "" {
			i.callID = i.id
		}
		dst = p.added(dst, i)
	}
	i.besides.Add(d.GetMore())
	if d.GetArguments() == "" {
		return dst
	}
	quoted := take(i, d.GetArguments())
	return p.frame(dst, argumentsDelta, func(b []byte) []byte {
		b = i.appendPlace(b)
		start := len(b)
		b = append(append(append(b, `,"delta":"`...), quoted...), '"')
		return p.pad(b, start)
	})
}

// carry opens an item of reasoning for additional members from the model's server, if there are any and no
// other item can carry them. A client that sends the items back then sends the members too.
func (p *projection) carry(dst []byte) []byte {
	if p.besides.String() == "" {
		return dst
	}
	return p.openItem(dst, reasoning)
}

// callOf returns the call with the model's index, or nil if there is none yet.
func (p *projection) callOf(number int32) *item {
	for _, i := range p.items {
		if i.kind == call && i.number == number {
			return i
		}
	}
	return nil
}

// closeAll ends all open items, because the answer ends.
func (p *projection) closeAll(dst []byte) []byte {
	p.current = nil
	if !slices.ContainsFunc(p.items, func(i *item) bool { return i.kind != call && i.done == nil }) {
		dst = p.carry(dst)
	}
	for _, i := range p.items {
		dst = p.closeItem(dst, i, p.itemStatus())
	}
	p.current = nil
	return dst
}

// closeItem ends an item that has not ended yet.
func (p *projection) closeItem(dst []byte, i *item, status string) []byte {
	if i == nil || i.done != nil {
		return dst
	}
	if i.kind == call {
		dst = p.frame(dst, argumentsDone, func(b []byte) []byte {
			b = openai.AppendString(append(i.appendPlace(b), `,"name":`...), i.name)
			return i.appendText(append(b, `,"arguments":`...))
		})
	} else {
		p.current = i
		dst = p.closePart(dst)
		p.current = nil
		i.besides, p.besides = p.besides, beside.Members{}
	}
	i.done = i.appendItem(make([]byte, 0, len(i.parts)+len(i.text)+len(i.encrypted)+itemRoom), status)
	i.parts, i.text, i.encrypted, i.besides = nil, nil, "", beside.Members{}
	return p.itemFrame(dst, itemDone, i, status)
}

// The approximate sizes of parts and items without their texts, in bytes.
const (
	partRoom = 128
	itemRoom = 256
)

// hold reserves room for the growth of the answer.
func (p *projection) hold(bytes int) error {
	p.kept += holdCost * bytes
	if p.kept < holdStep || p.reader.Hold == nil {
		return nil
	}
	kept := p.kept
	p.kept = 0
	if err := p.reader.Hold(kept); err != nil {
		return err
	}
	return nil
}

const (
	// holdCost is the memory for a byte of the answer: the kept copy with room to grow, and the last frames,
	// each of which contains the whole answer.
	holdCost = 8
	// holdStep is how many bytes an answer may grow by before it reserves more room. Every stream has that
	// many.
	holdStep = 64 << 10
)
