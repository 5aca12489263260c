package wire

import (
	"time"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// An EventEncoder turns the entries of one stream into messages. The first message has the completion's
// metadata. It is not safe for concurrent use.
type EventEncoder struct {
	meta  *completionv1.CompletionMetadata // nil once it has been sent
	term  uint32                           // the last one sent
	event completionv1.CompletionEvent
	delta completionv1.Delta
	text  completionv1.CompletionEvent_Delta
}

// NewEventEncoder returns an encoder for a stream of the completion.
func NewEventEncoder(m *chat.Meta) *EventEncoder {
	return &EventEncoder{meta: metadataToProto(m)}
}

// Opening returns a message with only the completion's metadata, including the request's params with metadata
// as the caller's metadata. Later messages then have no metadata.
func (enc *EventEncoder) Opening(req *chat.Request, metadata map[string]string) (*completionv1.CompletionEvent, error) {
	short := *req
	short.Messages, short.Metadata = nil, metadata
	params, err := RequestToProto(&short)
	if err != nil {
		return nil, err
	}
	opening := &completionv1.CompletionEvent{Metadata: enc.meta}
	opening.Metadata.Params, enc.meta = params, nil
	return opening, nil
}

// Encode returns the message for an entry. It is valid only until the next call, which reuses its memory.
func (enc *EventEncoder) Encode(entry *chat.Entry) *completionv1.CompletionEvent {
	e := &enc.event
	e.Sequence = uint64(max(0, entry.Sequence))
	e.Metadata, enc.meta = enc.meta, nil
	e.Term = nil
	if entry.Sequence >= 0 && entry.Term != enc.term {
		enc.term = entry.Term
		e.Term = new(entry.Term)
	}
	enc.set(&entry.Event)
	e.FinalUsage = nil
	if entry.Event.Terminal() {
		e.FinalUsage = UsageToProto(entry.Event.Usage)
	}
	return e
}

// EventToProto returns e as a new message, without sequence and metadata.
func EventToProto(e *chat.Event) *completionv1.CompletionEvent {
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
			Index: int32(event.Choice), Reason: toEnum[completionv1.FinishReason](event.Reason), //nolint:gosec // below 128
		}}
	case chat.KindUsage:
		e.Event = &completionv1.CompletionEvent_Usage{Usage: UsageToProto(event.Usage)}
	case chat.KindError:
		e.Event = &completionv1.CompletionEvent_Error{Error: ErrorToProto(event.Err)}
	case chat.KindDone:
		e.Event = &completionv1.CompletionEvent_Done{Done: &completionv1.Done{}}
	case chat.KindProgress:
		e.Event = &completionv1.CompletionEvent_Progress{Progress: progressToProto(event.Progress)}
	}
}

// EventFromProto is the inverse of [EventEncoder.Encode]. For a message of an unknown kind, it returns
// an event without a kind.
func EventFromProto(p *completionv1.CompletionEvent) chat.Event {
	switch v := p.GetEvent().(type) {
	case *completionv1.CompletionEvent_Delta:
		return deltaFromProto(v.Delta)
	case *completionv1.CompletionEvent_Finish:
		return chat.Finish(int(v.Finish.GetIndex()), fromEnum[chat.FinishReason](v.Finish.GetReason()))
	case *completionv1.CompletionEvent_Usage:
		return chat.Event{Kind: chat.KindUsage, Usage: UsageFromProto(v.Usage)}
	case *completionv1.CompletionEvent_Error:
		return chat.Event{Kind: chat.KindError, Err: errorFromProto(v.Error)}
	case *completionv1.CompletionEvent_Done:
		return chat.Event{Kind: chat.KindDone}
	case *completionv1.CompletionEvent_Progress:
		return chat.Event{Kind: chat.KindProgress, Progress: progressFromProto(v.Progress)}
	}
	return chat.Event{}
}

func (enc *EventEncoder) setDelta(e *chat.Event) {
	d := &enc.delta
	d.Index = int32(e.Choice) //nolint:gosec // below 128
	d.Role = toEnum[completionv1.Role](e.Delta.Role)
	d.Content, d.Refusal, d.Reasoning = e.Delta.Content, e.Delta.Refusal, e.Delta.Reasoning
	d.ToolCalls, d.Logprobs = nil, logprobsToProto(e.Delta.Logprobs)
	d.More, d.NoContent, d.EncryptedReasoning = e.Delta.More, e.Delta.NoContent, e.Delta.EncryptedReasoning
	for _, c := range e.Delta.ToolCalls {
		d.ToolCalls = append(d.ToolCalls, &completionv1.ToolCallDelta{
			Index: int32(c.Index), Id: c.ID, FunctionName: c.Name, Arguments: c.Arguments, //nolint:gosec // small
			More: c.More,
		})
	}
	d.Pets, d.RelatedQuestions = petsToProto(e.Delta.Pets), e.Delta.RelatedQuestions
	enc.text.Delta = d
	enc.event.Event = &enc.text
}

func petsToProto(list []chat.Pet) []*completionv1.Pet {
	if len(list) == 0 {
		return nil
	}
	out := make([]*completionv1.Pet, len(list))
	for i := range list {
		p := &list[i]
		out[i] = &completionv1.Pet{
			Id: p.ID, Name: p.Name, Species: p.Species, Breed: p.Breed, Sex: p.Sex,
			AgeMonths: int32(p.AgeMonths), FeeUsd: int32(p.FeeUSD), Coat: p.Coat, Portrait: p.Portrait, Reasons: p.Reasons, //nolint:gosec // small
		}
	}
	return out
}

func metadataToProto(m *chat.Meta) *completionv1.CompletionMetadata {
	return &completionv1.CompletionMetadata{
		Id:                m.ID,
		Created:           m.Created.Unix(),
		Model:             m.Model,
		SystemFingerprint: m.Fingerprint,
		ServiceTier:       m.ServiceTier,
		ObfuscationKey:    m.ObfuscationKey,
		FunctionCalls:     m.Request.FunctionCalls,
		StreamOptions: &completionv1.StreamOptions{
			IncludeUsage:       m.Request.Stream.IncludeUsage,
			IncludeObfuscation: m.Request.Stream.IncludeObfuscation,
			IncludeEvents:      m.Request.Stream.IncludeEvents,
		},
	}
}

func progressToProto(p *chat.Progress) *completionv1.Progress {
	out := &completionv1.Progress{Stage: toEnum[completionv1.Progress_Stage](p.Stage), Fraction: p.Fraction}
	if p.QueuePosition != nil {
		position := int32(*p.QueuePosition) //nolint:gosec // bounded by the queue
		out.QueuePosition = &position
	}
	return out
}

// UsageToProto returns u in the contract; nil stays nil.
func UsageToProto(u *chat.Usage) *completionv1.Usage {
	if u == nil {
		return nil
	}
	var cost *float64
	if u.CostUSD > 0 {
		cost = &u.CostUSD
	}
	return &completionv1.Usage{
		CostUsd:          cost,
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

func logprobsToProto(l *chat.Logprobs) *completionv1.Logprobs {
	if l == nil {
		return nil
	}
	return &completionv1.Logprobs{Content: tokenLogprobsToProto(l.Content), Refusal: tokenLogprobsToProto(l.Refusal)}
}

func tokenLogprobsToProto(tokens []chat.TokenLogprob) []*completionv1.TokenLogprob {
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

// ErrorToProto returns e as the data of an error event, without its cause.
func ErrorToProto(e *chat.Error) *completionv1.Error {
	if e == nil {
		return nil
	}
	out := &completionv1.Error{
		Code: int32(Code(Reason(e.Code))), Reason: string(e.Code), Message: e.Message, Param: e.Param, //nolint:gosec // 1 to 16
	}
	if e.RetryAfter > 0 {
		ms := int64(e.RetryAfter / time.Millisecond)
		out.RetryAfterMs = &ms
	}
	return out
}
