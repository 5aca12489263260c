package wire

import (
	"time"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

func deltaFromProto(d *completionv1.Delta) chat.Event {
	e := chat.Event{Kind: chat.KindDelta, Choice: int(d.GetIndex()), Delta: chat.Delta{
		Role:      fromEnum[chat.Role](d.GetRole()),
		Content:   d.GetContent(),
		Refusal:   d.GetRefusal(),
		Reasoning: d.GetReasoning(),
		More:      d.GetMore(),
		NoContent: d.GetNoContent(),

		EncryptedReasoning: d.GetEncryptedReasoning(), RelatedQuestions: d.GetRelatedQuestions(),
	}}
	for _, c := range d.GetToolCalls() {
		e.Delta.ToolCalls = append(e.Delta.ToolCalls, chat.ToolCallDelta{
			Index: int(c.GetIndex()), ID: c.GetId(), Name: c.GetFunctionName(), Arguments: c.GetArguments(),
			More: c.GetMore(),
		})
	}
	if l := d.GetLogprobs(); l != nil {
		e.Delta.Logprobs = &chat.Logprobs{Content: logprobsFromProto(l.GetContent()), Refusal: logprobsFromProto(l.GetRefusal())}
	}
	for _, p := range d.GetPets() {
		e.Delta.Pets = append(e.Delta.Pets, chat.Pet{
			ID: p.GetId(), Name: p.GetName(), Species: p.GetSpecies(), Breed: p.GetBreed(), Sex: p.GetSex(),
			AgeMonths: int(p.GetAgeMonths()), FeeUSD: int(p.GetFeeUsd()), Coat: p.GetCoat(), Portrait: p.GetPortrait(), Reasons: p.GetReasons(),
		})
	}
	return e
}

func logprobsFromProto(tokens []*completionv1.TokenLogprob) []chat.TokenLogprob {
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

// UsageFromProto returns u in the domain; nil stays nil.
func UsageFromProto(u *completionv1.Usage) *chat.Usage {
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
		CostUSD:                  u.GetCostUsd(),
		Estimated:                u.GetEstimated(),
	}
}

func errorFromProto(e *completionv1.Error) *chat.Error {
	return &chat.Error{
		Code:       chat.Code(e.GetReason()),
		Message:    e.GetMessage(),
		Param:      e.GetParam(),
		RetryAfter: time.Duration(e.GetRetryAfterMs()) * time.Millisecond,
	}
}

func progressFromProto(p *completionv1.Progress) *chat.Progress {
	out := &chat.Progress{Stage: fromEnum[chat.Stage](p.GetStage()), Fraction: p.Fraction}
	if p.QueuePosition != nil {
		position := int(p.GetQueuePosition())
		out.QueuePosition = &position
	}
	return out
}
