package upstream

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A chunk is one piece of a streamed answer, as OpenAI sends it, and with what others add
// to it. Unknown fields are let pass; a known one of a wrong type is not.
type chunk struct {
	Choices []chunkChoice  `json:"choices"`
	Usage   *chunkUsage    `json:"usage"`
	Error   jsontext.Value `json:"error"`
}

type chunkChoice struct {
	Index        int            `json:"index"`
	Delta        chunkDelta     `json:"delta"`
	FinishReason string         `json:"finish_reason"`
	Logprobs     *chunkLogprobs `json:"logprobs"`
	Error        jsontext.Value `json:"error"` // OpenRouter
}

type chunkDelta struct {
	Role    string `json:"role"`
	Content string `json:"content"`
	Refusal string `json:"refusal"`
	// DeepSeek, vLLM before 0.12, llama.cpp; then vLLM, OpenRouter, Ollama. A server that
	// sends both says the same twice.
	ReasoningContent string          `json:"reasoning_content"`
	Reasoning        string          `json:"reasoning"`
	ToolCalls        []chunkToolCall `json:"tool_calls"`
}

type chunkToolCall struct {
	Index    *int   `json:"index"`
	ID       string `json:"id"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

type chunkLogprobs struct {
	Content []tokenLogprob `json:"content"`
	Refusal []tokenLogprob `json:"refusal"`
}

type tokenLogprob struct {
	Token   string         `json:"token"`
	Logprob float64        `json:"logprob"`
	Bytes   []int          `json:"bytes"`
	Top     []tokenLogprob `json:"top_logprobs"`
}

type chunkUsage struct {
	PromptTokens     int64 `json:"prompt_tokens"`
	CompletionTokens int64 `json:"completion_tokens"`
	PromptDetails    struct {
		Cached int64 `json:"cached_tokens"`
		Audio  int64 `json:"audio_tokens"`
	} `json:"prompt_tokens_details"`
	CompletionDetails struct {
		Reasoning int64 `json:"reasoning_tokens"`
		Audio     int64 `json:"audio_tokens"`
		Accepted  int64 `json:"accepted_prediction_tokens"`
		Rejected  int64 `json:"rejected_prediction_tokens"`
	} `json:"completion_tokens_details"`
	CacheHit int64 `json:"prompt_cache_hit_tokens"` // DeepSeek
}

// decodeChunk reads a chunk. What is not the JSON of one, down to its UTF-8, is an error.
func decodeChunk(data []byte, c *chunk) error {
	*c = chunk{Choices: c.Choices[:0]}
	if err := json.Unmarshal(data, c); err != nil {
		var where *json.SemanticError
		if errors.As(err, &where) { // its text may hold the value
			return fmt.Errorf("malformed chunk at %q", where.JSONPointer)
		}
		return errors.New("malformed chunk: not JSON")
	}
	return nil
}

// present reports whether a value is there and is not null.
func present(v jsontext.Value) bool {
	return len(v) > 0 && !bytes.Equal(v, []byte("null"))
}

func (u *chunkUsage) usage() chat.Usage {
	return chat.Usage{
		PromptTokens:             u.PromptTokens,
		CompletionTokens:         u.CompletionTokens,
		CachedTokens:             max(u.PromptDetails.Cached, u.CacheHit),
		PromptAudioTokens:        u.PromptDetails.Audio,
		ReasoningTokens:          u.CompletionDetails.Reasoning,
		CompletionAudioTokens:    u.CompletionDetails.Audio,
		AcceptedPredictionTokens: u.CompletionDetails.Accepted,
		RejectedPredictionTokens: u.CompletionDetails.Rejected,
	}
}

func (l *chunkLogprobs) logprobs() *chat.Logprobs {
	if l == nil || len(l.Content)+len(l.Refusal) == 0 {
		return nil
	}
	return &chat.Logprobs{Content: logprobs(l.Content), Refusal: logprobs(l.Refusal)}
}

func logprobs(list []tokenLogprob) []chat.TokenLogprob {
	out := make([]chat.TokenLogprob, len(list))
	for i := range list {
		t := &list[i]
		out[i] = chat.TokenLogprob{Token: t.Token, Logprob: t.Logprob, Bytes: asBytes(t.Bytes)}
		for _, top := range t.Top {
			out[i].Top = append(out[i].Top, chat.TopLogprob{Token: top.Token, Logprob: top.Logprob, Bytes: asBytes(top.Bytes)})
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func asBytes(list []int) []byte {
	if list == nil {
		return nil
	}
	out := make([]byte, len(list))
	for i, b := range list {
		out[i] = byte(b & 0xff)
	}
	return out
}

// finishReason reads why a choice ended. Reasons that say the server broke off, and those
// that nobody has told us of, are not the end of an answer.
func finishReason(s string) (chat.FinishReason, bool) {
	switch s {
	case "stop", "eos_token", "stop_sequence":
		return chat.FinishStop, true
	case "length", "model_length":
		return chat.FinishLength, true
	case "tool_calls", "function_call":
		return chat.FinishToolCalls, true
	case "content_filter":
		return chat.FinishContentFilter, true
	}
	return "", false
}
