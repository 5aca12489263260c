package wire

import (
	"time"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Event is the inverse of [EventEncoder.Encode]. A message of a kind that is not known
// gives an event of none.
func Event(p *completionv1.CompletionEvent) chat.Event {
	switch v := p.GetEvent().(type) {
	case *completionv1.CompletionEvent_Delta:
		return domainDelta(v.Delta)
	case *completionv1.CompletionEvent_Finish:
		return chat.Finish(int(v.Finish.GetIndex()), toDomain(finishReasons(), v.Finish.GetReason()))
	case *completionv1.CompletionEvent_Usage:
		return chat.Event{Kind: chat.KindUsage, Usage: Usage(v.Usage)}
	case *completionv1.CompletionEvent_Error:
		return chat.Event{Kind: chat.KindError, Err: domainError(v.Error)}
	case *completionv1.CompletionEvent_Done:
		return chat.Event{Kind: chat.KindDone}
	case *completionv1.CompletionEvent_Progress:
		return chat.Event{Kind: chat.KindProgress, Progress: domainProgress(v.Progress)}
	}
	return chat.Event{}
}

func domainDelta(d *completionv1.Delta) chat.Event {
	e := chat.Event{Kind: chat.KindDelta, Choice: int(d.GetIndex()), Delta: chat.Delta{
		Role:      toDomain(roles(), d.GetRole()),
		Content:   d.GetContent(),
		Refusal:   d.GetRefusal(),
		Reasoning: d.GetReasoning(),
	}}
	for _, c := range d.GetToolCalls() {
		e.Delta.ToolCalls = append(e.Delta.ToolCalls, chat.ToolCallDelta{
			Index: int(c.GetIndex()), ID: c.GetId(), Name: c.GetFunctionName(), Arguments: c.GetArguments(),
		})
	}
	if l := d.GetLogprobs(); l != nil {
		e.Delta.Logprobs = &chat.Logprobs{Content: domainLogprobs(l.GetContent()), Refusal: domainLogprobs(l.GetRefusal())}
	}
	for _, p := range d.GetPets() {
		e.Delta.Pets = append(e.Delta.Pets, chat.Pet{
			ID: p.GetId(), Name: p.GetName(), Species: p.GetSpecies(), Breed: p.GetBreed(), Sex: p.GetSex(),
			AgeMonths: int(p.GetAgeMonths()), FeeUSD: int(p.GetFeeUsd()), Coat: p.GetCoat(), Portrait: p.GetPortrait(),
		})
	}
	return e
}

func domainLogprobs(tokens []*completionv1.TokenLogprob) []chat.TokenLogprob {
	var out []chat.TokenLogprob
	for _, t := range tokens {
		one := chat.TokenLogprob{Token: t.GetToken(), Logprob: t.GetLogprob(), Bytes: t.Bytes}
		for _, top := range t.GetTopLogprobs() {
			one.Top = append(one.Top, chat.TopLogprob{Token: top.GetToken(), Logprob: top.GetLogprob(), Bytes: top.Bytes})
		}
		out = append(out, one)
	}
	return out
}

// Usage returns u in the domain; nil stays nil.
func Usage(u *completionv1.Usage) *chat.Usage {
	if u == nil {
		return nil
	}
	prompt, completion := u.GetPromptTokensDetails(), u.GetCompletionTokensDetails()
	return &chat.Usage{
		PromptTokens:             u.GetPromptTokens(),
		CompletionTokens:         u.GetCompletionTokens(),
		CachedTokens:             prompt.GetCachedTokens(),
		PromptAudioTokens:        prompt.GetAudioTokens(),
		ReasoningTokens:          completion.GetReasoningTokens(),
		CompletionAudioTokens:    completion.GetAudioTokens(),
		AcceptedPredictionTokens: completion.GetAcceptedPredictionTokens(),
		RejectedPredictionTokens: completion.GetRejectedPredictionTokens(),
		Estimated:                u.GetEstimated(),
	}
}

func domainError(e *completionv1.Error) *chat.Error {
	return &chat.Error{
		Code:       chat.Code(e.GetReason()),
		Message:    e.GetMessage(),
		Param:      e.GetParam(),
		RetryAfter: time.Duration(e.GetRetryAfterMs()) * time.Millisecond,
	}
}

func domainProgress(p *completionv1.Progress) *chat.Progress {
	out := &chat.Progress{Stage: toDomain(stages(), p.GetStage()), Fraction: p.Fraction}
	if p.QueuePosition != nil {
		position := int(p.GetQueuePosition())
		out.QueuePosition = &position
	}
	return out
}
