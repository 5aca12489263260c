package openaibackend

import (
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// Continuation is how a server goes on with an answer that it, or another one, has begun.
type Continuation string

// The kinds of continuation. All but the first send what was shown as the last message, of
// the assistant; they differ in how the server is told that this message is not over.
const (
	// ContinueNone: the server cannot, so an answer that breaks off ends with an error.
	ContinueNone Continuation = "none"
	// ContinueVLLM sets continue_final_message, and add_generation_prompt to false.
	ContinueVLLM Continuation = "vllm"
	// ContinueLlamaCPP sets nothing: llama.cpp's server goes on with a last message of the
	// assistant by itself.
	ContinueLlamaCPP Continuation = "llamacpp"
	// ContinueMistral sets the message's prefix. The server repeats it before it goes on.
	ContinueMistral Continuation = "mistral"
	// ContinueDeepSeek sets the message's prefix, with its reasoning beside it. It is
	// offered below /beta.
	ContinueDeepSeek Continuation = "deepseek"
)

// Continuations returns all kinds.
func Continuations() []Continuation {
	return []Continuation{ContinueNone, ContinueVLLM, ContinueLlamaCPP, ContinueMistral, ContinueDeepSeek}
}

// can reports whether the answer can be gone on with from exactly what was shown: text
// alone. A tool call or a JSON schema's grammar would begin anew, several choices would
// need several answers.
func (k Continuation) can(call *route.Call) bool {
	if k == ContinueNone || len(call.Shown) != 1 {
		return false
	}
	shown, format := &call.Shown[0], call.Request.ResponseFormat
	structured := format != nil && format.Kind != chat.FormatText
	return shown.Text != "" && !shown.Other && !structured && (shown.Reasoning == "" || k == ContinueDeepSeek)
}

// extend has r ask for what follows the text that was shown.
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

// An echo takes what a server repeats of the text that it was to go on with.
type echo struct {
	want string // what is still to come of it
	held string // what has come, and may not be an echo
}

// cut returns what of text is new. Until it is certain whether the server repeats, it
// holds the text.
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

// rest returns what was held when the answer ended: it was no echo.
func (e *echo) rest() string {
	rest := e.held
	e.want, e.held = "", ""
	return rest
}
