package chat_test

import (
	"bytes"
	"encoding/json"
	"math"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// The types of this file let encoding/json write chunks: they are the oracle for our encoder.

type oracleChunk struct {
	ID          string          `json:"id"`
	Object      string          `json:"object"`
	Created     int64           `json:"created"`
	Model       string          `json:"model"`
	Tier        string          `json:"service_tier,omitempty"`
	Fingerprint string          `json:"system_fingerprint,omitempty"`
	Choices     []oracleChoice  `json:"choices"`
	Usage       json.RawMessage `json:"usage,omitempty"`
	Obfuscation string          `json:"obfuscation,omitempty"`
}

type oracleChoice struct {
	Index        int32           `json:"index"`
	Delta        oracleDelta     `json:"delta"`
	Logprobs     *oracleLogprobs `json:"logprobs"`
	FinishReason *string         `json:"finish_reason"`
}

// An oracleDelta has any values, so that a member can be absent, null or empty.
type oracleDelta struct {
	Role      any              `json:"role,omitempty"`
	Content   any              `json:"content,omitempty"`
	Refusal   any              `json:"refusal,omitempty"`
	Reasoning string           `json:"reasoning_content,omitempty"`
	ToolCalls []oracleToolCall `json:"tool_calls,omitempty"`
	Pets      []oraclePet      `json:"pets,omitempty"`
	Related   []string         `json:"related_questions,omitempty"`
}

type oraclePet struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Species   string   `json:"species"`
	Breed     string   `json:"breed"`
	Sex       string   `json:"sex"`
	AgeMonths int32    `json:"age_months"`
	FeeUSD    int32    `json:"fee_usd"`
	Coat      []string `json:"coat"`
	Portrait  string   `json:"portrait"`
	Reasons   []string `json:"reasons"`
}

type oracleToolCall struct {
	Index    int32          `json:"index"`
	ID       *string        `json:"id,omitempty"`
	Type     string         `json:"type,omitempty"`
	Function oracleFunction `json:"function"`
}

type oracleFunction struct {
	Name      *string `json:"name,omitempty"`
	Arguments string  `json:"arguments"`
}

type oracleLogprobs struct {
	Content []oracleToken `json:"content"`
	Refusal []oracleToken `json:"refusal"`
}

type oracleToken struct {
	oracleTop
	Top []oracleTop `json:"top_logprobs"`
}

type oracleTop struct {
	Token   string  `json:"token"`
	Logprob float64 `json:"logprob"`
	Bytes   []int   `json:"bytes"`
}

// oracle returns encoding/json's chunk for a delta, with the given padding.
func oracle(meta *completionv1.CompletionMetadata, d *completionv1.Delta, padding string) ([]byte, error) {
	chunk := oracleChunk{
		ID: meta.GetId(), Object: "chat.completion.chunk", Created: meta.GetCreated(), Model: meta.GetModel(),
		Tier: meta.GetServiceTier(), Fingerprint: meta.GetSystemFingerprint(), Obfuscation: padding,
		Choices: []oracleChoice{{Index: d.GetIndex(), Delta: oracleDeltaOf(d, meta.GetStreamOptions().GetIncludeEvents()), Logprobs: oracleLogprobsOf(d.GetLogprobs())}},
	}
	if meta.GetStreamOptions().GetIncludeUsage() {
		chunk.Usage = json.RawMessage("null")
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(chunk)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func oracleDeltaOf(d *completionv1.Delta, events bool) oracleDelta {
	out := oracleDelta{Reasoning: d.GetReasoning()}
	null := json.RawMessage("null")
	first := d.GetRole() == completionv1.Role_ROLE_ASSISTANT
	if first {
		out.Role, out.Content, out.Refusal = "assistant", "", null
		if len(d.GetToolCalls()) > 0 {
			out.Content = null
		}
	}
	if d.GetContent() != "" {
		out.Content = d.GetContent()
	}
	if d.GetRefusal() != "" {
		out.Refusal = d.GetRefusal()
	}
	for _, c := range d.GetToolCalls() {
		call := oracleToolCall{Index: c.GetIndex(), Function: oracleFunction{Arguments: c.GetArguments()}}
		if c.GetId() != "" || c.GetFunctionName() != "" {
			call.ID, call.Type, call.Function.Name = new(c.GetId()), "function", new(c.GetFunctionName())
		}
		out.ToolCalls = append(out.ToolCalls, call)
	}
	if events {
		out.Related = d.GetRelatedQuestions()
	}
	for _, p := range d.GetPets() {
		if events {
			out.Pets = append(out.Pets, oraclePet{
				p.GetId(), p.GetName(), p.GetSpecies(), p.GetBreed(), p.GetSex(), p.GetAgeMonths(), p.GetFeeUsd(),
				append([]string{}, p.GetCoat()...), p.GetPortrait(), append([]string{}, p.GetReasons()...),
			})
		}
	}
	return out
}

func oracleLogprobsOf(l *completionv1.Logprobs) *oracleLogprobs {
	if l == nil {
		return nil
	}
	return &oracleLogprobs{Content: oracleTokens(l.GetContent()), Refusal: oracleTokens(l.GetRefusal())}
}

func oracleTokens(tokens []*completionv1.TokenLogprob) (out []oracleToken) {
	for _, t := range tokens {
		token := oracleToken{oracleTopOf(t.GetToken(), t.GetLogprob(), t.GetBytes()), []oracleTop{}}
		for _, top := range t.GetTopLogprobs() {
			token.Top = append(token.Top, oracleTopOf(top.GetToken(), top.GetLogprob(), top.GetBytes()))
		}
		out = append(out, token)
	}
	return out
}

func oracleTopOf(token string, logprob float64, raw []byte) oracleTop {
	out := oracleTop{Token: token, Logprob: logprob}
	if math.IsNaN(logprob) || math.IsInf(logprob, 0) {
		out.Logprob = -9999
	}
	if raw != nil {
		out.Bytes = []int{}
	}
	for _, b := range raw {
		out.Bytes = append(out.Bytes, int(b))
	}
	return out
}
