package chat

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Our own bounds of a [Request]. The ranges in [Request.Validate] are OpenAI's.
const (
	MaxMessages         = 2048
	maxChoices          = 128
	MaxStops            = 4
	maxStopLength       = 1024
	MaxTools            = 128
	maxTopLogprobs      = 20
	MaxMetadataPairs    = 16
	maxMetadataKey      = 64
	maxMetadataValue    = 512
	maxNameLength       = 64
	maxIdentifierLength = 512
)

// Validate checks the rules that apply to a request for any model. The error
// names the first field at fault.
func (r *Request) Validate() *Error {
	checks := []func() *Error{
		r.checkModel, r.checkMessages, r.checkLimits, r.checkSampling, r.checkLogprobs,
		r.checkTools, r.checkFormat, r.checkIdentifiers, r.checkPolicies, r.checkMore,
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return CheckMetadata(r.Metadata)
}

func (r *Request) checkModel() *Error {
	if r.Model == "" {
		return missing("model")
	}
	return nil
}

func (r *Request) checkMessages() *Error {
	switch n := len(r.Messages); {
	case n == 0:
		return FieldErrorf(CodeEmptyArray, "messages", "must hold at least one message")
	case n > MaxMessages:
		return FieldErrorf(CodeArrayTooLong, "messages", "may hold at most %d messages", MaxMessages)
	}
	for i := range r.Messages {
		if err := r.Messages[i].validate(fmt.Sprintf("messages[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

func (m *Message) validate(path string) *Error {
	switch m.Role {
	case RoleSystem, RoleDeveloper, RoleUser, RoleAssistant, RoleTool:
	case "":
		return missing(path + ".role")
	default:
		return FieldErrorf(CodeInvalidValue, path+".role", "is not one of 'system', 'developer', 'user', 'assistant' and 'tool'")
	}
	if err := m.checkRoleFields(path); err != nil {
		return err
	}
	if utf8.RuneCountInString(m.Name) > maxNameLength {
		return FieldErrorf(CodeStringTooLong, path+".name", "may have at most %d characters", maxNameLength)
	}
	for i, p := range m.Parts {
		if err := p.validate(m.Role, fmt.Sprintf("%s.content[%d]", path, i)); err != nil {
			return err
		}
	}
	if !isObject(m.More) {
		return FieldErrorf(CodeInvalidValue, path+".more", "must be the text of a JSON object")
	}
	for i, c := range m.ToolCalls {
		if !isObject(c.More) {
			return FieldErrorf(CodeInvalidValue, fmt.Sprintf("%s.tool_calls[%d].more", path, i), "must be the text of a JSON object")
		}
		if c.ID == "" {
			return missing(fmt.Sprintf("%s.tool_calls[%d].id", path, i))
		}
		if c.Name == "" {
			return missing(fmt.Sprintf("%s.tool_calls[%d].function.name", path, i))
		}
	}
	return nil
}

// isObject reports whether more is the text of a JSON object, or empty.
func isObject(more string) bool {
	return more == "" || more[0] == '{' && json.Valid([]byte(more))
}

// checkRoleFields checks which fields a role must have and may not have.
func (m *Message) checkRoleFields(path string) *Error {
	if m.Role != RoleAssistant {
		switch {
		case len(m.ToolCalls) > 0:
			return FieldErrorf(CodeInvalidValue, path+".tool_calls", "belongs to messages of the assistant only")
		case m.Refusal != "":
			return FieldErrorf(CodeInvalidValue, path+".refusal", "belongs to messages of the assistant only")
		case m.Reasoning != "":
			return FieldErrorf(CodeInvalidValue, path+".reasoning_content", "belongs to messages of the assistant only")
		case len(m.EncryptedReasoning) > 0:
			return FieldErrorf(CodeInvalidValue, path+".encrypted_reasoning", "belongs to messages of the assistant only")
		case len(m.Pieces) > 0:
			return FieldErrorf(CodeInvalidValue, path+".answer_pieces", "belongs to messages of the assistant only")
		}
	}
	switch {
	case m.Role == RoleTool && m.ToolCallID == "":
		return missing(path + ".tool_call_id")
	case m.Role != RoleTool && m.ToolCallID != "":
		return FieldErrorf(CodeInvalidValue, path+".tool_call_id", "belongs to messages of role 'tool' only")
	case m.Parts == nil && (m.Role != RoleAssistant || len(m.ToolCalls) == 0 && m.Refusal == "" && len(m.Pieces) == 0):
		return missing(path + ".content")
	case m.Parts != nil && len(m.Parts) == 0:
		return FieldErrorf(CodeEmptyArray, path+".content", "must hold at least one part")
	}
	return nil
}

func (p *Part) validate(role Role, path string) *Error {
	switch p.Kind {
	case PartText:
		return nil
	case PartRefusal:
		if role != RoleAssistant {
			return FieldErrorf(CodeInvalidValue, path+".type", "'refusal' belongs to messages of the assistant only")
		}
		return nil
	case PartImage, PartAudio, PartFile:
		if role == RoleSystem || role == RoleDeveloper { // tools and models show images too, and servers accept them
			return FieldErrorf(CodeInvalidValue, path+".type", "must be 'text' in a message of this role")
		}
		return p.validateMedia(path)
	default:
		return FieldErrorf(CodeInvalidValue, path+".type", "is not one of 'text', 'refusal', 'image_url', 'input_audio' and 'file'")
	}
}

func (p *Part) validateMedia(path string) *Error {
	switch p.Kind {
	case PartImage:
		if p.ImageURL == "" {
			return missing(path + ".image_url.url")
		}
		if !oneOf(p.ImageDetail, "", "auto", "low", "high", "original") {
			return FieldErrorf(CodeInvalidValue, path+".image_url.detail", "is not one of 'auto', 'low', 'high' and 'original'")
		}
	case PartAudio:
		if p.AudioData == "" {
			return missing(path + ".input_audio.data")
		}
		if !oneOf(p.AudioFormat, "wav", "mp3") {
			return FieldErrorf(CodeInvalidValue, path+".input_audio.format", "is not one of 'wav' and 'mp3'")
		}
	case PartFile:
		if p.FileID == "" && p.FileData == "" {
			return missing(path + ".file.file_id")
		}
	case PartText, PartRefusal:
	}
	return nil
}

func (r *Request) checkLimits() *Error {
	if r.MaxTokens != nil && r.MaxCompletionTokens != nil && *r.MaxTokens != *r.MaxCompletionTokens {
		return FieldErrorf(CodeInvalidValue, "max_tokens", "and 'max_completion_tokens' are both given and differ")
	}
	err := firstError(
		integerIn("max_completion_tokens", r.MaxCompletionTokens, 1, 1<<31-1),
		integerIn("max_tokens", r.MaxTokens, 1, 1<<31-1),
		integerIn("n", r.N, 1, maxChoices),
	)
	if err != nil {
		return err
	}
	if len(r.Stop) > MaxStops {
		return FieldErrorf(CodeArrayTooLong, "stop", "may hold at most %d texts", MaxStops)
	}
	for i, s := range r.Stop {
		switch {
		case s == "":
			return FieldErrorf(CodeEmptyString, fmt.Sprintf("stop[%d]", i), "must not be empty")
		case len(s) > maxStopLength:
			return FieldErrorf(CodeStringTooLong, fmt.Sprintf("stop[%d]", i), "may have at most %d bytes", maxStopLength)
		}
	}
	return nil
}

func (r *Request) checkSampling() *Error {
	err := firstError(
		decimalIn("temperature", r.Temperature, 0, 2),
		decimalIn("top_p", r.TopP, 0, 1),
		decimalIn("frequency_penalty", r.FrequencyPenalty, -2, 2),
		decimalIn("presence_penalty", r.PresencePenalty, -2, 2),
	)
	if err != nil {
		return err
	}
	for _, bias := range r.LogitBias {
		if err := decimalIn("logit_bias", &bias, -100, 100); err != nil {
			return err
		}
	}
	return nil
}

func (r *Request) checkLogprobs() *Error {
	if err := integerIn("top_logprobs", r.TopLogprobs, 0, maxTopLogprobs); err != nil {
		return err
	}
	if r.TopLogprobs != nil && *r.TopLogprobs > 0 && !r.Logprobs {
		return FieldErrorf(CodeInvalidValue, "top_logprobs", "needs 'logprobs' to be true")
	}
	return nil
}

func (r *Request) checkTools() *Error {
	if len(r.Tools) > MaxTools {
		return FieldErrorf(CodeArrayTooLong, "tools", "may hold at most %d tools", MaxTools)
	}
	known := make(map[string]bool, len(r.Tools))
	for i, t := range r.Tools {
		if t.Foreign && t.More != "" {
			continue
		}
		if !validName(t.Name) {
			return FieldErrorf(CodeInvalidValue, fmt.Sprintf("tools[%d].function.name", i), "must be 1 to 64 letters, digits, '_' and '-'")
		}
		known[t.Name] = true
	}
	if r.ParallelToolCalls != nil && len(r.Tools) == 0 {
		return FieldErrorf(CodeInvalidValue, "parallel_tool_calls", "needs 'tools'")
	}
	switch c := r.ToolChoice; {
	case c == nil, c.Mode == ToolChoiceNone, c.Mode == ToolChoiceAuto:
		return nil
	case c.Mode == ToolChoiceRequired:
		if len(r.Tools) == 0 {
			return FieldErrorf(CodeInvalidValue, "tool_choice", "needs 'tools'")
		}
		return nil
	case c.Mode != "":
		return FieldErrorf(CodeInvalidValue, "tool_choice", "is not one of 'none', 'auto', 'required' and a function")
	case !known[c.Function]:
		return FieldErrorf(CodeInvalidValue, "tool_choice", "names a function that is not among 'tools'")
	}
	return nil
}

func (r *Request) checkFormat() *Error {
	for _, m := range r.Modalities {
		if m != ModalityText && m != ModalityAudio {
			return FieldErrorf(CodeInvalidValue, "modalities", "may hold 'text' and 'audio' only")
		}
	}
	f := r.ResponseFormat
	if f == nil || f.Kind == FormatText || f.Kind == FormatJSONObject {
		return nil
	}
	if f.Kind != FormatJSONSchema {
		return FieldErrorf(CodeInvalidValue, "response_format.type", "is not one of 'text', 'json_object' and 'json_schema'")
	}
	if !validName(f.Name) {
		return FieldErrorf(CodeInvalidValue, "response_format.json_schema.name", "must be 1 to 64 letters, digits, '_' and '-'")
	}
	return nil
}

func (r *Request) checkIdentifiers() *Error {
	for _, field := range []struct{ name, value string }{
		{"user", r.User}, {"safety_identifier", r.SafetyIdentifier}, {"prompt_cache_key", r.PromptCacheKey},
	} {
		if utf8.RuneCountInString(field.value) > maxIdentifierLength {
			return FieldErrorf(CodeStringTooLong, field.name, "may have at most %d characters", maxIdentifierLength)
		}
	}
	return nil
}

func (r *Request) checkPolicies() *Error {
	switch r.OnDisconnect {
	case OnDisconnectDefault, OnDisconnectCancel, OnDisconnectGrace, OnDisconnectContinue:
	default:
		return FieldErrorf(CodeInvalidValue, "on_disconnect", "is not one of 'cancel', 'grace' and 'continue'")
	}
	if !oneOf(r.ServiceTier, "", "auto", "default", "flex", "scale", "priority", "fast") {
		return FieldErrorf(CodeInvalidValue, "service_tier", "is not one of 'auto', 'default', 'flex', 'scale', 'priority' and 'fast'")
	}
	return nil
}

// CheckMetadata checks the metadata that a caller gives a completion.
func CheckMetadata(metadata map[string]string) *Error {
	if len(metadata) > MaxMetadataPairs {
		return FieldErrorf(CodeArrayTooLong, "metadata", "may hold at most %d pairs", MaxMetadataPairs)
	}
	for key, value := range metadata {
		if utf8.RuneCountInString(key) > maxMetadataKey {
			return FieldErrorf(CodeStringTooLong, "metadata", "may have keys of at most %d characters", maxMetadataKey)
		}
		if utf8.RuneCountInString(value) > maxMetadataValue {
			return FieldErrorf(CodeStringTooLong, "metadata", "may have values of at most %d characters", maxMetadataValue)
		}
	}
	return nil
}
