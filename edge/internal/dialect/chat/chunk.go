package chat

import (
	"errors"
	"math"
	"strconv"

	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/openaiapi"
	"github.com/pawstream/pawstream/internal/protoname"
)

// ErrUnknownEvent is returned for an event of a kind that this version does not know.
var ErrUnknownEvent = errors.New("chat: event of an unknown kind")

// A ChunkEncoder writes the events of one completion as OpenAI's stream does. Equal
// metadata and an equal event give equal bytes, in every process, for ever. It is not
// safe for concurrent use.
type ChunkEncoder struct {
	id        string
	prefix    []byte          // what all chunks have in common, up to the choices
	usage     bool            // whether a chunk without usage has "usage": null
	besides   bool            // whether to show pets and related questions
	functions bool            // whether to show a tool call as a function_call
	padding   *openai.Padding // nil without include_obfuscation
}

// NewChunkEncoder returns an encoder for the completion that meta describes. It keeps no reference to meta.
func NewChunkEncoder(meta *completionv1.CompletionMetadata) *ChunkEncoder {
	b := append([]byte(nil), `{"id":`...)
	b = openai.AppendString(b, meta.GetId())
	b = append(b, `,"object":"chat.completion.chunk","created":`...)
	b = strconv.AppendInt(b, meta.GetCreated(), 10)
	b = append(b, `,"model":`...)
	b = openai.AppendString(b, meta.GetModel())
	if tier := meta.GetServiceTier(); tier != "" {
		b = openai.AppendString(append(b, `,"service_tier":`...), tier)
	}
	if fingerprint := meta.GetSystemFingerprint(); fingerprint != "" {
		b = openai.AppendString(append(b, `,"system_fingerprint":`...), fingerprint)
	}
	b = append(b, `,"choices":[`...)
	c := &ChunkEncoder{
		id: meta.GetId(), prefix: b,
		usage: meta.GetStreamOptions().GetIncludeUsage(), besides: meta.GetStreamOptions().GetIncludeEvents(),
		functions: meta.GetFunctionCalls(),
	}
	if meta.GetStreamOptions().GetIncludeObfuscation() {
		c.padding = openai.NewPadding(meta.GetObfuscationKey())
	}
	return c
}

// Append appends the data of e's frame to dst and returns the extended buffer: a chunk, the error body,
// [openaiapi.Done], or a progress object. The data contains no line ending. It allocates nothing for text once
// dst is large enough.
//
// For an unknown event, it returns dst unchanged, and [ErrUnknownEvent].
func (c *ChunkEncoder) Append(dst []byte, e *completionv1.CompletionEvent) ([]byte, error) {
	switch event := e.GetEvent().(type) {
	case *completionv1.CompletionEvent_Delta:
		return c.appendDeltaChunk(dst, event.Delta, e.GetSequence()), nil
	case *completionv1.CompletionEvent_Finish:
		return c.appendFinishChunk(dst, event.Finish), nil
	case *completionv1.CompletionEvent_Usage:
		dst = append(append(dst, c.prefix...), `],"usage":`...)
		return append(appendUsage(dst, event.Usage), '}'), nil
	case *completionv1.CompletionEvent_Error:
		return openai.AppendError(dst, failure.FromEvent(event.Error)), nil
	case *completionv1.CompletionEvent_Done:
		return append(dst, openaiapi.Done...), nil
	case *completionv1.CompletionEvent_Progress:
		return c.appendProgress(dst, event.Progress), nil
	}
	return dst, ErrUnknownEvent
}

// AppendText is [ChunkEncoder.Append] for an event that consists only of a piece of one choice's text. It gives
// the same bytes, and needs no CompletionEvent. The text must not be empty.
func (c *ChunkEncoder) AppendText(dst []byte, index int32, text []byte, sequence uint64) []byte {
	dst = append(dst, c.prefix...)
	start := len(dst)
	dst = append(dst, `{"index":`...)
	dst = strconv.AppendInt(dst, int64(index), 10)
	dst = append(dst, `,"delta":{"content":`...)
	dst = openai.AppendString(dst, text)
	dst = append(dst, `},"logprobs":null`...)
	return c.appendUnfinished(dst, start, sequence)
}

func (c *ChunkEncoder) appendDeltaChunk(dst []byte, d *completionv1.Delta, sequence uint64) []byte {
	dst = append(dst, c.prefix...)
	start := len(dst)
	dst = append(dst, `{"index":`...)
	dst = strconv.AppendInt(dst, int64(d.GetIndex()), 10)
	dst = append(dst, `,"delta":`...)
	dst = c.appendDelta(dst, d)
	dst = append(dst, `,"logprobs":`...)
	dst = appendLogprobs(dst, d.GetLogprobs())
	return c.appendUnfinished(dst, start, sequence)
}

// appendUnfinished ends a chunk whose choice continues. The bytes from start on depend on the answer.
func (c *ChunkEncoder) appendUnfinished(dst []byte, start int, sequence uint64) []byte {
	dst = append(dst, `,"finish_reason":null}`...)
	dst = c.appendEnd(dst)
	if c.padding != nil {
		dst = c.padding.Append(dst, sequence, len(dst)-start)
	}
	return append(dst, '}')
}

func (c *ChunkEncoder) appendFinishChunk(dst []byte, f *completionv1.Finish) []byte {
	dst = append(dst, c.prefix...)
	dst = append(dst, `{"index":`...)
	dst = strconv.AppendInt(dst, int64(f.GetIndex()), 10)
	dst = append(dst, `,"delta":{},"logprobs":null,"finish_reason":`...)
	dst = openai.AppendNullable(dst, finishReason(f.GetReason(), c.functions))
	dst = append(dst, '}')
	return append(c.appendEnd(dst), '}')
}

// appendNothing appends the data of a frame that adds nothing to the answer.
func (c *ChunkEncoder) appendNothing(dst []byte) []byte {
	dst = append(append(dst, c.prefix...), `{"index":0,"delta":{"content":""},"logprobs":null,"finish_reason":null}`...)
	return append(c.appendEnd(dst), '}')
}

// appendEnd ends the choices. With include_usage every chunk has a usage, which is null except in the last;
// without it, no chunk has one.
func (c *ChunkEncoder) appendEnd(dst []byte) []byte {
	dst = append(dst, ']')
	if c.usage {
		dst = append(dst, `,"usage":null`...)
	}
	return dst
}

// appendProgress appends a progress object, which is our own extension.
func (c *ChunkEncoder) appendProgress(dst []byte, p *completionv1.Progress) []byte {
	dst = append(dst, `{"object":"chat.completion.progress","id":`...)
	dst = openai.AppendString(dst, c.id)
	if stage := protoname.Of(p.GetStage()); stage != "" {
		dst = openai.AppendString(append(dst, `,"stage":`...), stage)
	}
	if f := p.GetFraction(); p.Fraction != nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		dst = openai.AppendFloat(append(dst, `,"fraction":`...), f)
	}
	if p.QueuePosition != nil {
		dst = strconv.AppendInt(append(dst, `,"queue_position":`...), int64(p.GetQueuePosition()), 10)
	}
	return append(dst, '}')
}
