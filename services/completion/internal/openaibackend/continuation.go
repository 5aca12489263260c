package openaibackend

import (
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// Continuation is how a server continues an answer that it, or another server, has begun.
type Continuation string

// The kinds of continuation. All except the first send what was shown as the last message, in the
// role of the assistant. They differ in how they tell the server that this message is unfinished.
const (
	// ContinueNone: the server cannot continue, so an answer that breaks off ends with an error.
	ContinueNone Continuation = "none"
	// ContinueVLLM sets continue_final_message, and add_generation_prompt to false.
	ContinueVLLM Continuation = "vllm"
	// ContinueLlamaCPP sets nothing: llama.cpp's server continues a last message of the
	// assistant by default.
	ContinueLlamaCPP Continuation = "llamacpp"
	// ContinueMistral sets the message's prefix. The server repeats the text before it continues.
	ContinueMistral Continuation = "mistral"
	// ContinueDeepSeek sets the message's prefix, and its reasoning. The server offers this
	// below /beta.
	ContinueDeepSeek Continuation = "deepseek"
)

// Continuations returns all kinds.
func Continuations() []Continuation {
	return []Continuation{ContinueNone, ContinueVLLM, ContinueLlamaCPP, ContinueMistral, ContinueDeepSeek}
}

// can reports whether the server can continue from exactly what was shown. That must be only
// text: a tool call or a JSON schema's grammar would start over, and several choices would
// need several answers.
func (k Continuation) can(call *route.Call) bool {
	if k == ContinueNone || len(call.Shown) != 1 {
		return false
	}
	shown, format := &call.Shown[0], call.Request.ResponseFormat
	structured := format != nil && format.Kind != chat.FormatText
	return shown.Text != "" && !shown.Other && !structured && (shown.Reasoning == "" || k == ContinueDeepSeek)
}

// extend makes r ask for what follows the shown text.
func (k Continuation) extend(r *request, shown *route.Shown) {
	last := message{Role: chat.RoleAssistant, Content: shown.Text}
	switch k {
	case ContinueVLLM:
		r.ContinueFinalMessage, r.AddGenerationPrompt = true, new(false)
	case ContinueMistral:
		last.Prefix = true
	case ContinueDeepSeek:
		last.Prefix, last.Reasoning = true, shown.Reasoning
	case ContinueLlamaCPP, ContinueNone:
	}
	r.Messages = append(r.Messages, last)
}

// An echo removes the text that a server repeats before it continues.
type echo struct {
	want string // the part of the echo that has not arrived
	held string // what has arrived, but may not be an echo
}

// cut returns the new part of text. It holds text back until it is certain whether the server
// repeats.
func (e *echo) cut(text string) string {
	if e.want == "" {
		return text
	}
	e.held += text
	if strings.HasPrefix(e.held, e.want) {
		rest := e.held[len(e.want):]
		e.want, e.held = "", ""
		return rest
	}
	if strings.HasPrefix(e.want, e.held) {
		return ""
	}
	rest := e.held
	e.want, e.held = "", ""
	return rest
}

// rest returns the text that was held back when the answer ended: it was not an echo.
func (e *echo) rest() string {
	rest := e.held
	e.want, e.held = "", ""
	return rest
}
