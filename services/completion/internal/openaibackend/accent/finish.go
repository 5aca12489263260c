package accent

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// An ending is what a finish reason means for its choice.
type ending int

const (
	open    ending = iota // it goes on
	ended                 // for a reason that is known
	unknown               // for another one
	gaveUp                // the server could not answer
)

// finishes are the servers' names of finish reasons, in lower case.
var finishes = []struct { //nolint:gochecknoglobals // a table
	reason chat.FinishReason
	names  []string
}{
	{chat.FinishStop, []string{
		"stop", "eos", "eos_token", "end", "end_turn", "stop_sequence", "stop_token", "stop_str", "complete", "completed",
		"done", "finish", "finished", "normal", "success", "eot", "eot_id", "end_of_text", "end_of_turn", "natural",
	}},
	{chat.FinishLength, []string{
		"length", "max_tokens", "model_length", "max_length", "max_new_tokens", "max_output_tokens", "max_completion_tokens",
		"token_limit", "limit", "incomplete", "context_length", "context_window", "model_context_window_exceeded",
	}},
	{chat.FinishToolCalls, []string{"tool_calls", "tool_call", "tool_use", "function_call", "function_calls", "tool"}},
	{chat.FinishContentFilter, []string{
		"content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content", "spii", "refusal",
		"sensitive", "guardrail_intervened", "image_safety", "language",
	}},
}

// plainFinishes are OpenAI's own.
var plainFinishes = []string{"stop", "length", "tool_calls", "function_call", "content_filter"} //nolint:gochecknoglobals // a table

// notYet are the reasons of chunks that do not end their choice.
var notYet = []string{"", "null", "none", "unspecified", "in_progress", "continue"} //nolint:gochecknoglobals // a table

// faults are parts of reasons that mean that the server has given up.
var faults = []string{ //nolint:gochecknoglobals // a table
	"error", "fail", "abort", "cancel", "timeout", "timed_out", "insufficient", "malformed", "unexpected", "overload", "interrupt",
}

var underscored = strings.NewReplacer("-", "_", " ", "_", ".", "_") //nolint:gochecknoglobals // does not change

// finish reads why a choice ended.
func (r *Reader) finish(name string) (chat.FinishReason, ending) {
	if !r.hears(FinishNames) {
		switch {
		case name == "":
			return "", open
		case !slices.Contains(plainFinishes, name):
			return "", unknown
		}
	}
	name = underscored.Replace(strings.ToLower(strings.TrimSpace(name)))
	name = strings.TrimPrefix(name, "finish_reason_")
	if slices.Contains(notYet, name) {
		return "", open
	}
	for _, f := range finishes {
		if slices.Contains(f.names, name) {
			return f.reason, ended
		}
	}
	for _, part := range faults {
		if strings.Contains(name, part) {
			return "", gaveUp
		}
	}
	if strings.HasPrefix(name, string(chat.FinishContentFilter)) {
		return chat.FinishContentFilter, ended
	}
	if strings.Contains(name, "length") || strings.Contains(name, "max") && strings.Contains(name, "token") {
		return chat.FinishLength, ended
	}
	return "", unknown
}
