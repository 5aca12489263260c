package upstream

import (
	"context"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
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
func (k Continuation) can(a *answer) bool {
	if k == ContinueNone || k == "" || len(a.choices) != 1 {
		return false
	}
	c := &a.choices[0]
	structured := a.req.ResponseFormat != nil && a.req.ResponseFormat.Kind != chat.FormatText
	return c.text.Len() > 0 && !c.other && !structured && (c.reasoning.Len() == 0 || k == ContinueDeepSeek)
}

// extend has r ask for what follows the text that was shown. done says that the request's
// limit leaves nothing to ask for.
func (k Continuation) extend(ctx context.Context, r *request, a *answer, counter tokencount.Counter) (done bool) {
	c := &a.choices[0]
	last := message{Role: chat.RoleAssistant, Content: c.text.String()}
	switch k {
	case ContinueVLLM:
		r.ContinueFinalMessage, r.AddGenerationPrompt = true, new(false)
	case ContinueMistral:
		last.Prefix = true
	case ContinueDeepSeek:
		last.Prefix, last.Reasoning = true, c.reasoning.String()
	case ContinueLlamaCPP, ContinueNone:
	}
	r.Messages = append(r.Messages, last)
	if limit, limited := a.req.TokenLimit(); limited {
		left := limit - int(textTokens(ctx, counter, c.text.String())+textTokens(ctx, counter, c.reasoning.String()))
		if left <= 0 {
			return true
		}
		if r.MaxCompletionTokens != nil {
			r.MaxCompletionTokens = &left
		}
		if r.MaxTokens != nil {
			r.MaxTokens = &left
		}
	}
	return false
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
