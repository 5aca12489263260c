package wire

import (
	"reflect"

	"google.golang.org/protobuf/types/known/structpb"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// RequestFromProto returns p in the domain. nil gives an empty request, which the domain refuses.
func RequestFromProto(p *completionv1.CompletionParams) *chat.Request {
	r := &chat.Request{
		MaxCompletionTokens: number(p.GetMaxCompletionTokens, p != nil && p.MaxCompletionTokens != nil),
		MaxTokens:           number(p.GetMaxTokens, p != nil && p.MaxTokens != nil),
		N:                   number(p.GetN, p != nil && p.N != nil),
		Stop:                p.GetStop(),
		Logprobs:            p.GetLogprobs(),
		TopLogprobs:         number(p.GetTopLogprobs, p != nil && p.TopLogprobs != nil),
		ToolChoice:          toolChoiceFromProto(p.GetToolChoice()),
		ResponseFormat:      formatFromProto(p.GetResponseFormat()),
		ReasoningEffort:     fromEnum[chat.ReasoningEffort](p.GetReasoningEffort()),
		Verbosity:           fromEnum[chat.Verbosity](p.GetVerbosity()),
		Store:               p.GetStore(),
		Metadata:            p.GetMetadata(),
		OnDisconnect:        fromEnum[chat.OnDisconnect](p.GetOnDisconnect()),
		Stream:              streamOptionsFromProto(p.GetStreamOptions()),
	}
	if p == nil {
		return r
	}
	textsFromProto(r, p)
	r.More, r.FunctionCalls, r.IncludeEncryptedReasoning = p.GetMore(), p.GetFunctionCalls(), p.GetIncludeEncryptedReasoning()
	r.Truncate = p.GetTruncate()
	r.Seed, r.Temperature, r.TopP = p.Seed, p.Temperature, p.TopP
	r.FrequencyPenalty, r.PresencePenalty = p.FrequencyPenalty, p.PresencePenalty
	r.ParallelToolCalls, r.Prediction = p.ParallelToolCalls, p.Prediction
	r.Instructions, r.PreviousID, r.Background = p.Instructions, p.PreviousCompletionId, p.GetBackground()
	for _, m := range p.GetMessages() {
		r.Messages = append(r.Messages, messageFromProto(m))
	}
	for _, t := range p.GetTools() {
		r.Tools = append(r.Tools, toolFromProto(t))
	}
	for _, m := range p.GetModalities() {
		r.Modalities = append(r.Modalities, fromEnum[chat.Modality](m))
	}
	if len(p.GetLogitBias()) > 0 {
		r.LogitBias = make(map[int]float64, len(p.GetLogitBias()))
		for token, bias := range p.GetLogitBias() {
			r.LogitBias[int(token)] = bias
		}
	}
	return r
}

// A text is a plain string field of the contract, which the domain has under the same name.
type text struct{ params, request int } // its index in each struct

// texts has all of them, so that a new field on both sides needs no code here.
var texts = pairTexts() //nolint:gochecknoglobals // a table

func pairTexts() (all []text) {
	params, request := reflect.TypeFor[completionv1.CompletionParams](), reflect.TypeFor[chat.Request]()
	for i := range params.NumField() {
		field := params.Field(i)
		if !field.IsExported() || field.Type.Kind() != reflect.String {
			continue
		}
		own, ok := request.FieldByName(field.Name)
		if !ok {
			panic("wire: chat.Request has no " + field.Name) // fails every test
		}
		all = append(all, text{i, own.Index[0]})
	}
	return all
}

func textsFromProto(r *chat.Request, p *completionv1.CompletionParams) {
	to, from := reflect.ValueOf(r).Elem(), reflect.ValueOf(p).Elem()
	for _, t := range texts {
		to.Field(t.request).SetString(from.Field(t.params).String())
	}
}

func textsToProto(p *completionv1.CompletionParams, r *chat.Request) {
	to, from := reflect.ValueOf(p).Elem(), reflect.ValueOf(r).Elem()
	for _, t := range texts {
		to.Field(t.params).SetString(from.Field(t.request).String())
	}
}

// number returns a field's value, or nil if it is absent.
func number(get func() int32, present bool) *int {
	if !present {
		return nil
	}
	n := int(get())
	return &n
}

func streamOptionsFromProto(o *completionv1.StreamOptions) chat.StreamOptions {
	return chat.StreamOptions{
		IncludeUsage:       o.GetIncludeUsage(),
		IncludeObfuscation: o.GetIncludeObfuscation(),
		IncludeEvents:      o.GetIncludeEvents(),
	}
}

func messageFromProto(m *completionv1.ChatMessage) chat.Message {
	out := chat.Message{
		Role:       fromEnum[chat.Role](m.GetRole()),
		Name:       m.GetName(),
		ToolCallID: m.GetToolCallId(),
		Refusal:    m.GetRefusal(),
		Reasoning:  m.GetReasoning(),

		EncryptedReasoning: m.GetEncryptedReasoning(),

		More: m.GetMore(),
	}
	switch content := m.GetContent().(type) {
	case *completionv1.ChatMessage_Text:
		out.Parts = []chat.Part{{Kind: chat.PartText, Text: content.Text}}
	case *completionv1.ChatMessage_Parts:
		out.Parts = make([]chat.Part, 0, len(content.Parts.GetParts()))
		for _, p := range content.Parts.GetParts() {
			out.Parts = append(out.Parts, partFromProto(p))
		}
	}
	for _, c := range m.GetToolCalls() {
		out.ToolCalls = append(out.ToolCalls, chat.ToolCall{
			ID: c.GetId(), Name: c.GetFunction().GetName(), Arguments: c.GetFunction().GetArguments(),
			More: c.GetMore(),
		})
	}
	for _, p := range m.GetAnswerPieces() {
		out.Pieces = append(out.Pieces, chat.Piece{
			CompletionID: p.GetCompletionId(), Kind: fromEnum[chat.PieceKind](p.GetKind()), Index: int(p.GetIndex()),
		})
	}
	return out
}

func partFromProto(p *completionv1.ContentPart) chat.Part {
	part := partContent(p)
	part.More = p.GetMore()
	return part
}

func partContent(p *completionv1.ContentPart) chat.Part {
	switch v := p.GetPart().(type) {
	case *completionv1.ContentPart_Text:
		return chat.Part{Kind: chat.PartText, Text: v.Text}
	case *completionv1.ContentPart_Refusal:
		return chat.Part{Kind: chat.PartRefusal, Text: v.Refusal}
	case *completionv1.ContentPart_ImageUrl:
		return chat.Part{Kind: chat.PartImage, ImageURL: v.ImageUrl.GetUrl(), ImageDetail: v.ImageUrl.GetDetail()}
	case *completionv1.ContentPart_InputAudio:
		return chat.Part{Kind: chat.PartAudio, AudioData: v.InputAudio.GetData(), AudioFormat: v.InputAudio.GetFormat()}
	case *completionv1.ContentPart_File:
		return chat.Part{
			Kind: chat.PartFile, FileID: v.File.GetFileId(), FileData: v.File.GetFileData(), Filename: v.File.GetFilename(),
		}
	}
	return chat.Part{}
}

func toolFromProto(t *completionv1.Tool) chat.Tool {
	f := t.GetFunction()
	out := chat.Tool{Foreign: t.GetKind() == nil, Name: f.GetName(), Description: f.GetDescription(), More: t.GetMore()}
	if f != nil {
		out.Strict = f.Strict
	}
	if f.GetParameters() != nil {
		out.Parameters = f.GetParameters().AsMap()
	}
	return out
}

func toolChoiceFromProto(c *completionv1.ToolChoice) *chat.ToolChoice {
	switch v := c.GetChoice().(type) {
	case *completionv1.ToolChoice_Mode:
		return &chat.ToolChoice{Mode: fromEnum[chat.ToolChoiceMode](v.Mode)}
	case *completionv1.ToolChoice_FunctionName:
		return &chat.ToolChoice{Function: v.FunctionName}
	}
	return nil
}

func formatFromProto(f *completionv1.ResponseFormat) *chat.ResponseFormat {
	switch v := f.GetFormat().(type) {
	case *completionv1.ResponseFormat_Text:
		return &chat.ResponseFormat{Kind: chat.FormatText}
	case *completionv1.ResponseFormat_JsonObject:
		return &chat.ResponseFormat{Kind: chat.FormatJSONObject}
	case *completionv1.ResponseFormat_JsonSchema:
		s := v.JsonSchema
		out := &chat.ResponseFormat{Kind: chat.FormatJSONSchema, Name: s.GetName(), Description: s.GetDescription()}
		if s != nil {
			out.Strict = s.Strict
		}
		if s.GetSchema() != nil {
			out.Schema = s.GetSchema().AsMap()
		}
		return out
	}
	return nil
}

// RequestToProto is the inverse of [RequestFromProto]. It returns an error for a JSON schema that the contract
// cannot represent; a request that came through the contract has none.
func RequestToProto(r *chat.Request) (*completionv1.CompletionParams, error) {
	p := &completionv1.CompletionParams{
		MaxCompletionTokens: int32Of(r.MaxCompletionTokens),
		MaxTokens:           int32Of(r.MaxTokens),
		N:                   int32Of(r.N),
		Stop:                r.Stop,
		Seed:                r.Seed,
		Temperature:         r.Temperature,
		TopP:                r.TopP,
		FrequencyPenalty:    r.FrequencyPenalty,
		PresencePenalty:     r.PresencePenalty,
		TopLogprobs:         int32Of(r.TopLogprobs),
		ToolChoice:          toolChoiceToProto(r.ToolChoice),
		ParallelToolCalls:   r.ParallelToolCalls,
		ReasoningEffort:     toEnum[completionv1.ReasoningEffort](r.ReasoningEffort),
		Verbosity:           toEnum[completionv1.Verbosity](r.Verbosity),
		Prediction:          r.Prediction,
		Store:               r.Store,
		Metadata:            r.Metadata,
		OnDisconnect:        toEnum[completionv1.OnDisconnect](r.OnDisconnect),
		StreamOptions:       streamOptionsToProto(r.Stream),

		Instructions:         r.Instructions,
		PreviousCompletionId: r.PreviousID,
		Background:           r.Background,
		FunctionCalls:        r.FunctionCalls,

		IncludeEncryptedReasoning: r.IncludeEncryptedReasoning,
		Truncate:                  r.Truncate,
	}
	textsToProto(p, r)
	if r.More != "" {
		p.More = &r.More
	}
	if r.Logprobs {
		p.Logprobs = &r.Logprobs
	}
	for i := range r.Messages {
		p.Messages = append(p.Messages, messageToProto(&r.Messages[i]))
	}
	for _, m := range r.Modalities {
		p.Modalities = append(p.Modalities, toEnum[completionv1.Modality](m))
	}
	if len(r.LogitBias) > 0 {
		p.LogitBias = make(map[int32]float64, len(r.LogitBias))
		for token, bias := range r.LogitBias {
			p.LogitBias[int32(token)] = bias //nolint:gosec // a token id
		}
	}
	return p, addSchemas(p, r)
}

// addSchemas adds the tools and the response format, which may have JSON schemas.
func addSchemas(p *completionv1.CompletionParams, r *chat.Request) error {
	for i := range r.Tools {
		t, err := toolToProto(&r.Tools[i])
		if err != nil {
			return err
		}
		p.Tools = append(p.Tools, t)
	}
	var err error
	p.ResponseFormat, err = formatToProto(r.ResponseFormat)
	return err
}

func int32Of(n *int) *int32 {
	if n == nil {
		return nil
	}
	v := int32(*n) //nolint:gosec // validated
	return &v
}

func streamOptionsToProto(o chat.StreamOptions) *completionv1.StreamOptions {
	return &completionv1.StreamOptions{
		IncludeUsage: o.IncludeUsage, IncludeObfuscation: o.IncludeObfuscation, IncludeEvents: o.IncludeEvents,
	}
}

func toolToProto(t *chat.Tool) (*completionv1.Tool, error) {
	if t.Foreign {
		return &completionv1.Tool{More: t.More}, nil
	}
	parameters, err := schemaToProto(t.Parameters)
	return &completionv1.Tool{More: t.More, Kind: &completionv1.Tool_Function{Function: &completionv1.FunctionTool{
		Name: t.Name, Description: t.Description, Parameters: parameters, Strict: t.Strict,
	}}}, err
}

func schemaToProto(schema map[string]any) (*structpb.Struct, error) {
	if schema == nil {
		return nil, nil //nolint:nilnil // absent stays absent
	}
	return structpb.NewStruct(schema)
}

func toolChoiceToProto(c *chat.ToolChoice) *completionv1.ToolChoice {
	switch {
	case c == nil:
		return nil
	case c.Mode != "":
		return &completionv1.ToolChoice{Choice: &completionv1.ToolChoice_Mode{Mode: toEnum[completionv1.ToolChoiceMode](c.Mode)}}
	}
	return &completionv1.ToolChoice{Choice: &completionv1.ToolChoice_FunctionName{FunctionName: c.Function}}
}

func formatToProto(f *chat.ResponseFormat) (*completionv1.ResponseFormat, error) {
	if f == nil {
		return nil, nil //nolint:nilnil // absent stays absent
	}
	switch f.Kind {
	case chat.FormatText:
		return &completionv1.ResponseFormat{Format: &completionv1.ResponseFormat_Text{Text: &completionv1.TextFormat{}}}, nil
	case chat.FormatJSONObject:
		return &completionv1.ResponseFormat{Format: &completionv1.ResponseFormat_JsonObject{JsonObject: &completionv1.JsonObjectFormat{}}}, nil
	case chat.FormatJSONSchema:
	}
	schema, err := schemaToProto(f.Schema)
	return &completionv1.ResponseFormat{Format: &completionv1.ResponseFormat_JsonSchema{JsonSchema: &completionv1.JsonSchemaFormat{
		Name: f.Name, Description: f.Description, Schema: schema, Strict: f.Strict,
	}}}, err
}
