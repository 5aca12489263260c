package wire

import (
	"time"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// An EventEncoder turns the entries of one stream into messages. The first message
// that it returns carries the completion's metadata.
type EventEncoder struct {
	meta  *completionv1.CompletionMetadata // nil once it has been sent
	event completionv1.CompletionEvent
	delta completionv1.Delta
	text  completionv1.CompletionEvent_Delta
}

// NewEventEncoder returns an encoder for a stream of the completion.
func NewEventEncoder(m *chat.Meta) *EventEncoder {
	return &EventEncoder{meta: metadata(m)}
}

// Encode returns the message for an entry. It is valid until the next call: its
// memory is used again.
func (enc *EventEncoder) Encode(entry *chat.Entry) *completionv1.CompletionEvent {
	e := &enc.event
	e.Sequence = uint64(max(0, entry.Sequence))
	e.Metadata, enc.meta = enc.meta, nil
	enc.set(&entry.Event)
	return e
}

// ProtoEvent returns e as a message of its own, without sequence and metadata.
func ProtoEvent(e *chat.Event) *completionv1.CompletionEvent {
	enc := &EventEncoder{}
	enc.set(e)
	return &enc.event
}

func (enc *EventEncoder) set(event *chat.Event) {
	e := &enc.event
	switch event.Kind {
	case chat.KindDelta:
		enc.setDelta(event)
	case chat.KindFinish:
		e.Event = &completionv1.CompletionEvent_Finish{Finish: &completionv1.Finish{
			Index: int32(event.Choice), Reason: toProto(finishReasons(), event.Reason), //nolint:gosec // below 128
		}}
	case chat.KindUsage:
		e.Event = &completionv1.CompletionEvent_Usage{Usage: ProtoUsage(event.Usage)}
	case chat.KindError:
		e.Event = &completionv1.CompletionEvent_Error{Error: Error(event.Err)}
	case chat.KindDone:
		e.Event = &completionv1.CompletionEvent_Done{Done: &completionv1.Done{}}
	case chat.KindProgress:
		e.Event = &completionv1.CompletionEvent_Progress{Progress: progress(event.Progress)}
	}
}

func (enc *EventEncoder) setDelta(e *chat.Event) {
	d := &enc.delta
	d.Index = int32(e.Choice) //nolint:gosec // below 128
	d.Role = toProto(roles(), e.Delta.Role)
	d.Content, d.Refusal, d.Reasoning = e.Delta.Content, e.Delta.Refusal, e.Delta.Reasoning
	d.ToolCalls, d.Logprobs = nil, logprobs(e.Delta.Logprobs)
	for _, c := range e.Delta.ToolCalls {
		d.ToolCalls = append(d.ToolCalls, &completionv1.ToolCallDelta{
			Index: int32(c.Index), Id: c.ID, FunctionName: c.Name, Arguments: c.Arguments, //nolint:gosec // small
		})
	}
	d.Pets = pets(e.Delta.Pets)
	enc.text.Delta = d
	enc.event.Event = &enc.text
}

func pets(list []chat.Pet) []*completionv1.Pet {
	if len(list) == 0 {
		return nil
	}
	out := make([]*completionv1.Pet, len(list))
	for i := range list {
		p := &list[i]
		out[i] = &completionv1.Pet{
			Id: p.ID, Name: p.Name, Species: p.Species, Breed: p.Breed, Sex: p.Sex,
			AgeMonths: int32(p.AgeMonths), FeeUsd: int32(p.FeeUSD), Coat: p.Coat, Portrait: p.Portrait, //nolint:gosec // small
		}
	}
	return out
}

func metadata(m *chat.Meta) *completionv1.CompletionMetadata {
	return &completionv1.CompletionMetadata{
		Id:                m.ID,
		Created:           m.Created.Unix(),
		Model:             m.Model,
		SystemFingerprint: m.Fingerprint,
		ServiceTier:       m.ServiceTier,
		ObfuscationKey:    m.ObfuscationKey,
		StreamOptions: &completionv1.StreamOptions{
			IncludeUsage:       m.Request.Stream.IncludeUsage,
			IncludeObfuscation: m.Request.Stream.IncludeObfuscation,
			IncludeEvents:      m.Request.Stream.IncludeEvents,
		},
	}
}

func progress(p *chat.Progress) *completionv1.Progress {
	out := &completionv1.Progress{Stage: toProto(stages(), p.Stage), Fraction: p.Fraction}
	if p.QueuePosition != nil {
		position := int32(*p.QueuePosition) //nolint:gosec // bounded by the queue
		out.QueuePosition = &position
	}
	return out
}

// ProtoUsage returns u in the contract; nil stays nil.
func ProtoUsage(u *chat.Usage) *completionv1.Usage {
	if u == nil {
		return nil
	}
	return &completionv1.Usage{
		PromptTokens:     u.PromptTokens,
		CompletionTokens: u.CompletionTokens,
		TotalTokens:      u.PromptTokens + u.CompletionTokens,
		PromptTokensDetails: &completionv1.PromptTokensDetails{
			CachedTokens: u.CachedTokens, AudioTokens: u.PromptAudioTokens,
		},
		CompletionTokensDetails: &completionv1.CompletionTokensDetails{
			ReasoningTokens:          u.ReasoningTokens,
			AudioTokens:              u.CompletionAudioTokens,
			AcceptedPredictionTokens: u.AcceptedPredictionTokens,
			RejectedPredictionTokens: u.RejectedPredictionTokens,
		},
		Estimated: u.Estimated,
	}
}

func logprobs(l *chat.Logprobs) *completionv1.Logprobs {
	if l == nil {
		return nil
	}
	return &completionv1.Logprobs{Content: tokenLogprobs(l.Content), Refusal: tokenLogprobs(l.Refusal)}
}

func tokenLogprobs(tokens []chat.TokenLogprob) []*completionv1.TokenLogprob {
	out := make([]*completionv1.TokenLogprob, len(tokens))
	for i, t := range tokens {
		out[i] = &completionv1.TokenLogprob{Token: t.Token, Logprob: t.Logprob, Bytes: t.Bytes}
		for _, top := range t.Top {
			out[i].TopLogprobs = append(out[i].TopLogprobs, &completionv1.TopLogprob{
				Token: top.Token, Logprob: top.Logprob, Bytes: top.Bytes,
			})
		}
	}
	return out
}

// Error returns e as the data of an error event, without its cause.
func Error(e *chat.Error) *completionv1.Error {
	if e == nil {
		return nil
	}
	out := &completionv1.Error{
		Code: int32(Code(e.Code)), Reason: string(e.Code), Message: e.Message, Param: e.Param, //nolint:gosec // 1 to 16
	}
	if e.RetryAfter > 0 {
		ms := int64(e.RetryAfter / time.Millisecond)
		out.RetryAfterMs = &ms
	}
	return out
}
