package responses

import (
	"cmp"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/oneline"
	"github.com/pawstream/pawstream/internal/openaiapi"
	"github.com/pawstream/pawstream/internal/protoname"
)

// A head is what all response objects of a completion have in common: the request's parameters.
type head struct {
	completion string // its id
	model      string
	background bool
	before     []byte // up to the status
	after      []byte // what follows the error and the incomplete details
}

// headRoom is the approximate size, in bytes, of a head without tools and instructions.
const headRoom = 1024

// newHead returns the head of a completion. It keeps nothing of meta.
func newHead(meta *completionv1.CompletionMetadata) head {
	p := meta.GetParams()
	if p == nil { // an older service sends none
		p = &completionv1.CompletionParams{}
	}
	h := head{completion: meta.GetId(), model: meta.GetModel(), background: p.GetBackground()}
	b := openai.AppendString(append(make([]byte, 0, 128), `{"id":`...), openaiapi.ResponseID+key(meta.GetId()))
	b = strconv.AppendInt(append(b, `,"object":"response","created_at":`...), meta.GetCreated(), 10)
	b = append(b, `,"status":"`...)
	h.before = b

	b = strconv.AppendBool(append(make([]byte, 0, headRoom), `,"background":`...), p.GetBackground())
	b = append(b, `,"completed_at":null,"instructions":`...) // the log has no times
	b = appendOptional(b, p.Instructions)
	b = append(b, `,"max_output_tokens":`...)
	if p.MaxCompletionTokens == nil {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, int64(p.GetMaxCompletionTokens()), 10)
	}
	b = openai.AppendString(append(b, `,"max_tool_calls":null,"model":`...), meta.GetModel())
	b = strconv.AppendBool(append(b, `,"parallel_tool_calls":`...), p.ParallelToolCalls == nil || p.GetParallelToolCalls())
	b = append(b, `,"previous_response_id":`...)
	if p.PreviousCompletionId == nil {
		b = append(b, "null"...)
	} else {
		b = openai.AppendString(b, openaiapi.ResponseID+key(p.GetPreviousCompletionId()))
	}
	b = openai.AppendNullable(append(b, `,"prompt_cache_key":`...), p.GetPromptCacheKey())
	b = openai.AppendNullable(append(b, `,"reasoning":{"effort":`...), protoname.Of(p.GetReasoningEffort()))
	b = openai.AppendNullable(append(b, `,"summary":null},"safety_identifier":`...), p.GetSafetyIdentifier())
	b = openai.AppendString(append(b, `,"service_tier":`...), cmp.Or(meta.GetServiceTier(), "default"))
	b = strconv.AppendBool(append(b, `,"store":`...), p.GetStore())
	h.after = appendSampling(appendShape(b, p), p)
	return h
}

// appendShape appends the parameters for the form of the answer: text format, verbosity and tools.
func appendShape(b []byte, p *completionv1.CompletionParams) []byte {
	b = appendFormat(append(b, `,"text":{"format":`...), p.GetResponseFormat())
	verbosity := protoname.Of(p.GetVerbosity())
	if verbosity == "" {
		verbosity = "medium"
	}
	b = openai.AppendString(append(b, `,"verbosity":`...), verbosity)
	b = append(b, `},"tool_choice":`...)
	switch choice := p.GetToolChoice().GetChoice().(type) {
	case *completionv1.ToolChoice_FunctionName:
		b = append(openai.AppendString(append(b, `{"type":"function","name":`...), choice.FunctionName), '}')
	case *completionv1.ToolChoice_Mode:
		b = openai.AppendString(b, protoname.Of(choice.Mode))
	default:
		b = append(b, `"auto"`...)
	}
	b = append(b, `,"tools":[`...)
	for _, tool := range p.GetTools() {
		f := tool.GetFunction()
		if f == nil {
			b = appendRaw(openai.AppendComma(b), tool.GetMore())
			continue
		}
		b = openai.AppendString(append(openai.AppendComma(b), `{"type":"function","name":`...), f.GetName())
		b = openai.AppendNullable(append(b, `,"description":`...), f.GetDescription())
		b = append(b, `,"parameters":`...)
		if f.GetParameters() == nil {
			b = append(b, "null"...)
		} else {
			b = appendSchema(b, f.GetParameters().AsMap())
		}
		b = append(appendFlag(append(b, `,"strict":`...), f.Strict), '}')
	}
	return append(b, ']')
}

func appendFormat(b []byte, format *completionv1.ResponseFormat) []byte {
	switch f := format.GetFormat().(type) {
	case *completionv1.ResponseFormat_JsonObject:
		return append(b, `{"type":"json_object"}`...)
	case *completionv1.ResponseFormat_JsonSchema:
		s := f.JsonSchema
		b = openai.AppendString(append(b, `{"type":"json_schema","name":`...), s.GetName())
		b = openai.AppendNullable(append(b, `,"description":`...), s.GetDescription())
		b = appendSchema(append(b, `,"schema":`...), s.GetSchema().AsMap())
		return append(strconv.AppendBool(append(b, `,"strict":`...), s.GetStrict()), '}')
	}
	return append(b, `{"type":"text"}`...)
}

// appendSampling appends the sampling parameters, and the user that the response is for. Absent parameters get
// OpenAI's defaults.
func appendSampling(b []byte, p *completionv1.CompletionParams) []byte {
	temperature, topP := 1.0, 1.0
	if p.Temperature != nil {
		temperature = p.GetTemperature()
	}
	if p.TopP != nil {
		topP = p.GetTopP()
	}
	b = openai.AppendFloat(append(b, `,"temperature":`...), temperature)
	b = openai.AppendFloat(append(b, `,"top_p":`...), topP)
	b = openai.AppendFloat(append(b, `,"frequency_penalty":`...), p.GetFrequencyPenalty())
	b = openai.AppendFloat(append(b, `,"presence_penalty":`...), p.GetPresencePenalty())
	b = strconv.AppendInt(append(b, `,"top_logprobs":`...), int64(p.GetTopLogprobs()), 10)
	truncation := `,"truncation":"disabled","user":`
	if p.GetTruncate() {
		truncation = `,"truncation":"auto","user":`
	}
	b = openai.AppendNullable(append(b, truncation...), p.GetUser())
	b = append(b, `,"metadata":`...)
	if len(p.GetMetadata()) == 0 {
		return append(b, "{}"...)
	}
	return appendSchema(b, p.GetMetadata())
}

// appendSchema appends a JSON value with its names sorted.
func appendSchema(b []byte, v any) []byte {
	text, _ := json.Marshal(v, json.Deterministic(true)) // no error: it was decoded from JSON
	return oneline.Escape(append(b, text...), len(b))
}

func appendFlag(b []byte, v *bool) []byte {
	if v == nil {
		return append(b, "null"...)
	}
	return strconv.AppendBool(b, *v)
}

func appendOptional(b []byte, s *string) []byte {
	if s == nil {
		return append(b, "null"...)
	}
	return openai.AppendString(b, *s)
}
