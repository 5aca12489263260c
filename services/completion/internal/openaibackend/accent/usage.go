package accent

import (
	"math"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

type (
	looseUsage struct {
		Prompt            jsontext.Value `json:"prompt_tokens"`
		Completion        jsontext.Value `json:"completion_tokens"`
		PromptDetails     jsontext.Value `json:"prompt_tokens_details"`
		CompletionDetails jsontext.Value `json:"completion_tokens_details"`
		CacheHit          jsontext.Value `json:"prompt_cache_hit_tokens"` // DeepSeek
		Cached            jsontext.Value `json:"cached_tokens"`           // Moonshot
	}
	looseDetails struct {
		Cached    jsontext.Value `json:"cached_tokens"`
		Audio     jsontext.Value `json:"audio_tokens"`
		Reasoning jsontext.Value `json:"reasoning_tokens"`
		Accepted  jsontext.Value `json:"accepted_prediction_tokens"`
		Rejected  jsontext.Value `json:"rejected_prediction_tokens"`
	}
)

// ResponseUsage returns the usage of a response of the Responses API, marked as an estimate if it has no readable usage.
func ResponseUsage(v jsontext.Value) *chat.Usage {
	var u struct {
		Input   jsontext.Value `json:"input_tokens"`
		Output  jsontext.Value `json:"output_tokens"`
		Inputs  jsontext.Value `json:"input_tokens_details"`
		Outputs jsontext.Value `json:"output_tokens_details"`
	}
	if v.Kind() != jsontext.KindBeginObject || unmarshal(v, &u) != nil {
		return &chat.Usage{Estimated: true}
	}
	prompt, ok := Whole(u.Input)
	completion, ok2 := Whole(u.Output)
	if !ok && !ok2 || prompt < 0 || completion < 0 {
		return &chat.Usage{Estimated: true}
	}
	return &chat.Usage{
		PromptTokens: prompt, CompletionTokens: completion,
		CachedTokens: counted(details(u.Inputs).Cached), ReasoningTokens: counted(details(u.Outputs).Reasoning),
	}
}

// usage returns the usage in a chunk, or nil if it has no readable usage.
func (r *Reader) usage(c *looseChunk) *chat.Usage {
	from := c.Usage
	if !present(from) && present(c.Groq) && r.hears(UsageElsewhere) {
		var groq struct {
			Usage jsontext.Value `json:"usage"`
		}
		if unmarshal(c.Groq, &groq) == nil {
			from = groq.Usage
		}
	}
	if from.Kind() != jsontext.KindBeginObject {
		return nil
	}
	var u looseUsage
	if unmarshal(from, &u) != nil {
		return nil
	}
	prompt, ok := r.whole(u.Prompt)
	completion, ok2 := r.whole(u.Completion)
	if !ok && !ok2 || prompt < 0 || completion < 0 {
		return nil
	}
	in, out := details(u.PromptDetails), details(u.CompletionDetails)
	return &chat.Usage{
		PromptTokens:             prompt,
		CompletionTokens:         completion,
		CachedTokens:             max(r.count(in.Cached), r.count(u.CacheHit), r.count(u.Cached)),
		PromptAudioTokens:        r.count(in.Audio),
		ReasoningTokens:          r.count(out.Reasoning),
		CompletionAudioTokens:    r.count(out.Audio),
		AcceptedPredictionTokens: r.count(out.Accepted),
		RejectedPredictionTokens: r.count(out.Rejected),
	}
}

func details(v jsontext.Value) (d looseDetails) {
	if v.Kind() == jsontext.KindBeginObject {
		_ = unmarshal(v, &d) // unreadable values count as absent
	}
	return d
}

// counted is [Reader.count] without accents.
func counted(v jsontext.Value) int64 {
	n, _ := Whole(v)
	return max(n, 0)
}

func (r *Reader) count(v jsontext.Value) int64 {
	n, _ := r.whole(v)
	return max(n, 0)
}

type (
	looseLogprobs struct {
		Content []looseToken `json:"content"`
		Refusal []looseToken `json:"refusal"`
	}
	looseToken struct {
		Token   string           `json:"token"`
		Logprob float64          `json:"logprob"`
		Bytes   []jsontext.Value `json:"bytes"`
		Top     []looseToken     `json:"top_logprobs"`
	}
)

// logprobs returns log probabilities in OpenAI's form; nil for none, and for other forms.
func logprobs(v jsontext.Value) *chat.Logprobs {
	if v.Kind() != jsontext.KindBeginObject {
		return nil
	}
	var l looseLogprobs
	if unmarshal(v, &l) != nil || len(l.Content)+len(l.Refusal) == 0 {
		return nil
	}
	return &chat.Logprobs{Content: tokens(l.Content), Refusal: tokens(l.Refusal)}
}

// Tokens returns a list of log probabilities in OpenAI's form; nil for none, and for other forms.
func Tokens(list jsontext.Value) []chat.TokenLogprob {
	if list.Kind() != jsontext.KindBeginArray {
		return nil
	}
	var all []looseToken
	if unmarshal(list, &all) != nil {
		return nil
	}
	return tokens(all)
}

func tokens(list []looseToken) []chat.TokenLogprob {
	var out []chat.TokenLogprob
	for i := range list {
		t := &list[i]
		one := chat.TokenLogprob{Token: t.Token, Logprob: t.Logprob, Bytes: asBytes(t.Bytes)}
		for _, top := range t.Top {
			one.Top = append(one.Top, chat.TopLogprob{Token: top.Token, Logprob: top.Logprob, Bytes: asBytes(top.Bytes)})
		}
		out = append(out, one)
	}
	return out
}

// asBytes returns the bytes of a token, or nil if the list does not hold bytes.
func asBytes(list []jsontext.Value) []byte {
	if list == nil {
		return nil
	}
	out := make([]byte, len(list))
	for i, v := range list {
		b, ok := Whole(v)
		if !ok || b < 0 || b > math.MaxUint8 {
			return nil
		}
		out[i] = byte(b)
	}
	return out
}
