package responses

import (
	"strconv"

	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/internal/sse"
)

// frame appends the next frame, unless the reader has it already. data appends what follows the type and the
// number.
func (p *projection) frame(dst []byte, e event, data func([]byte) []byte) []byte {
	number := p.next
	p.next++
	if p.mute || p.reader.After != nil && number <= *p.reader.After {
		return dst
	}
	fields := sse.Fields{Name: p.dialect.names[e], IDPrefix: p.ids, Sequence: number}
	if !p.begun && p.ids != (sse.ID{}) {
		fields.Retry = retry
	}
	p.begun = true
	dst, _ = sse.AppendFrame(dst, fields, func(b []byte) ([]byte, error) { // which has data
		b = strconv.AppendUint(append(b, p.dialect.heads[e]...), number, 10)
		return append(data(b), '}'), nil
	})
	return dst
}

// response appends a frame with the whole response.
func (p *projection) response(dst []byte, e event, status string) []byte {
	return p.frame(dst, e, func(b []byte) []byte {
		return p.appendResponse(append(b, `,"response":`...), status)
	})
}

// itemFrame appends a frame with an item.
func (p *projection) itemFrame(dst []byte, e event, i *item, status string) []byte {
	return p.frame(dst, e, func(b []byte) []byte {
		b = strconv.AppendInt(append(b, `,"output_index":`...), int64(i.index), 10)
		return i.appendItem(append(b, `,"item":`...), status)
	})
}

// partFrame appends a frame with the open part.
func (p *projection) partFrame(dst []byte, e event) []byte {
	return p.frame(dst, e, func(b []byte) []byte {
		return p.current.appendPart(append(append(b, p.place...), `,"part":`...))
	})
}

// pad fills up a frame. Its bytes from start on depend on the answer.
func (p *projection) pad(b []byte, start int) []byte {
	if p.padding == nil {
		return b
	}
	return p.padding.Append(b, p.next, len(b)-start)
}

// beside appends an uncounted frame. It has the number of the previous frame, so that a client that resumes
// after it misses nothing.
func (p *projection) beside(dst []byte, e event, data func([]byte) []byte) []byte {
	number := p.next
	if number > 0 {
		number--
	}
	dst, _ = sse.AppendFrame(dst, sse.Fields{Name: p.dialect.names[e]}, func(b []byte) ([]byte, error) { // which has data
		b = strconv.AppendUint(append(b, p.dialect.heads[e]...), number, 10)
		return append(data(b), '}'), nil
	})
	return dst
}

// Heartbeat implements [dialect.Projection]. It is an event, because clients with a watchdog behind their
// parser do not see comments. Before the first frame it is a comment, because some clients expect
// response.created first.
func (p *projection) Heartbeat(dst []byte) []byte {
	if !p.begun {
		return sse.AppendComment(dst, "hb")
	}
	return p.beside(dst, keepalive, func(b []byte) []byte { return b })
}

// Failure implements [dialect.Projection].
func (p *projection) Failure(dst []byte, e *failure.Error) []byte {
	return p.beside(dst, problem, appendProblem(e))
}

// appendProblem returns a function that appends the error's members of a frame. They are OpenAI's; some clients
// look for them within "error", as in the body of an error response.
func appendProblem(e *failure.Error) func([]byte) []byte {
	return func(b []byte) []byte {
		b = openai.AppendNullable(append(b, `,"code":`...), string(e.Code))
		b = openai.AppendString(append(b, `,"message":`...), e.Message)
		b = openai.AppendNullable(append(b, `,"param":`...), e.Param)
		return openai.AppendProblem(append(b, `,"error":`...), e)
	}
}

// Nothing implements [dialect.Projection].
func (*projection) Nothing(dst []byte) []byte {
	return sse.AppendComment(dst, "nothing after this event")
}
