package service_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A refusal is a change to a valid request, and the expected error.
type refusal struct {
	name   string
	change func(*chat.Request)
	code   chat.Code
	param  string
}

// messages replaces the conversation.
func messages(m ...chat.Message) func(*chat.Request) {
	return func(r *chat.Request) { r.Messages = m }
}

// part returns a change to a message of a role with one part.
func part(role chat.Role, p chat.Part) func(*chat.Request) {
	return messages(chat.Message{Role: role, Parts: []chat.Part{p}})
}

func tool(name string) func(*chat.Request) {
	return func(r *chat.Request) { r.Tools = []chat.Tool{{Name: name}} }
}

func format(f chat.ResponseFormat) func(*chat.Request) {
	return func(r *chat.Request) { r.ResponseFormat = &f }
}

func metadata(m map[string]string) func(*chat.Request) {
	return func(r *chat.Request) { r.Metadata = m }
}

func pairs(n int) map[string]string {
	m := map[string]string{}
	for i := range n {
		m[fmt.Sprint(i)] = "value"
	}
	return m
}

func calls(c chat.ToolCall) func(*chat.Request) {
	return messages(chat.Message{Role: chat.RoleAssistant, ToolCalls: []chat.ToolCall{c}})
}

func messageRefusals() []refusal {
	text := []chat.Part{{Kind: chat.PartText, Text: "text"}}
	long := strings.Repeat("ä", 65)
	return []refusal{
		{"no model", func(r *chat.Request) { r.Model = "" }, chat.CodeMissingParameter, "model"},
		{"more that is no JSON", messages(chat.Message{Role: chat.RoleUser, Parts: text, More: "{"}), chat.CodeInvalidValue, "messages[0].more"},
		{"more that is no object", messages(chat.Message{Role: chat.RoleUser, Parts: text, More: "[]"}), chat.CodeInvalidValue, "messages[0].more"},
		{"more of a call", calls(chat.ToolCall{ID: "a", Name: "f", More: "7"}), chat.CodeInvalidValue, "messages[0].tool_calls[0].more"},
		{"no messages", messages(), chat.CodeEmptyArray, "messages"},
		{"too many messages", messages(make([]chat.Message, chat.MaxMessages+1)...), chat.CodeArrayTooLong, "messages"},
		{"no role", messages(user("a"), chat.Message{Parts: text}), chat.CodeMissingParameter, "messages[1].role"},
		{"an unknown role", messages(chat.Message{Role: "function", Parts: text}), chat.CodeInvalidValue, "messages[0].role"},
		{"no content", messages(chat.Message{Role: chat.RoleUser}), chat.CodeMissingParameter, "messages[0].content"},
		{"no content of the assistant", messages(chat.Message{Role: chat.RoleAssistant}), chat.CodeMissingParameter, "messages[0].content"},
		{"content without parts", messages(chat.Message{Role: chat.RoleUser, Parts: []chat.Part{}}), chat.CodeEmptyArray, "messages[0].content"},
		{"a long name", messages(chat.Message{Role: chat.RoleUser, Name: long, Parts: text}), chat.CodeStringTooLong, "messages[0].name"},
		{"tool calls of the user", messages(chat.Message{Role: chat.RoleUser, Parts: text, ToolCalls: make([]chat.ToolCall, 1)}), chat.CodeInvalidValue, "messages[0].tool_calls"},
		{"a refusal of the user", messages(chat.Message{Role: chat.RoleUser, Parts: text, Refusal: "no"}), chat.CodeInvalidValue, "messages[0].refusal"},
		{"reasoning of the user", messages(chat.Message{Role: chat.RoleUser, Parts: text, Reasoning: "why"}), chat.CodeInvalidValue, "messages[0].reasoning_content"},
		{"a tool's message without its call", messages(chat.Message{Role: chat.RoleTool, Parts: text}), chat.CodeMissingParameter, "messages[0].tool_call_id"},
		{"a call id of the user", messages(chat.Message{Role: chat.RoleUser, Parts: text, ToolCallID: "call"}), chat.CodeInvalidValue, "messages[0].tool_call_id"},
		{"a tool call without id", calls(chat.ToolCall{Name: "f"}), chat.CodeMissingParameter, "messages[0].tool_calls[0].id"},
		{"a tool call without name", calls(chat.ToolCall{ID: "call"}), chat.CodeMissingParameter, "messages[0].tool_calls[0].function.name"},
		{"a part of unknown kind", part(chat.RoleUser, chat.Part{Kind: "video"}), chat.CodeInvalidValue, "messages[0].content[0].type"},
		{"a refusal part of the user", part(chat.RoleUser, chat.Part{Kind: chat.PartRefusal}), chat.CodeInvalidValue, "messages[0].content[0].type"},
		{"an image of the system", part(chat.RoleSystem, chat.Part{Kind: chat.PartImage, ImageURL: "u"}), chat.CodeInvalidValue, "messages[0].content[0].type"},
		{"an image of the developer", part(chat.RoleDeveloper, chat.Part{Kind: chat.PartImage, ImageURL: "u"}), chat.CodeInvalidValue, "messages[0].content[0].type"},
		{"an image of a tool without URL", messages(chat.Message{Role: chat.RoleTool, ToolCallID: "c", Parts: []chat.Part{{Kind: chat.PartImage}}}), chat.CodeMissingParameter, "messages[0].content[0].image_url.url"},
		{"an image without URL", part(chat.RoleUser, chat.Part{Kind: chat.PartImage}), chat.CodeMissingParameter, "messages[0].content[0].image_url.url"},
		{"an image of unknown detail", part(chat.RoleUser, chat.Part{Kind: chat.PartImage, ImageURL: "u", ImageDetail: "huge"}), chat.CodeInvalidValue, "messages[0].content[0].image_url.detail"},
		{"audio without data", part(chat.RoleUser, chat.Part{Kind: chat.PartAudio, AudioFormat: "wav"}), chat.CodeMissingParameter, "messages[0].content[0].input_audio.data"},
		{"audio of unknown format", part(chat.RoleUser, chat.Part{Kind: chat.PartAudio, AudioData: "AA"}), chat.CodeInvalidValue, "messages[0].content[0].input_audio.format"},
		{"a file without id and data", part(chat.RoleUser, chat.Part{Kind: chat.PartFile, Filename: "f"}), chat.CodeMissingParameter, "messages[0].content[0].file.file_id"},
	}
}

func numberRefusals() []refusal {
	var refusals []refusal
	integer := func(param string, low, high int, set func(*chat.Request, *int)) {
		refusals = append(refusals,
			refusal{param + " too small", func(r *chat.Request) { set(r, new(low-1)) }, chat.CodeIntegerTooSmall, param},
			refusal{param + " too large", func(r *chat.Request) { set(r, new(high+1)) }, chat.CodeIntegerTooLarge, param})
	}
	decimal := func(param string, low, high float64, set func(*chat.Request, *float64)) {
		refusals = append(refusals,
			refusal{param + " too small", func(r *chat.Request) { set(r, new(low-0.001)) }, chat.CodeDecimalTooSmall, param},
			refusal{param + " too large", func(r *chat.Request) { set(r, new(high+0.001)) }, chat.CodeDecimalTooLarge, param},
			refusal{param + " infinite", func(r *chat.Request) { set(r, new(math.Inf(1))) }, chat.CodeDecimalTooLarge, param},
			refusal{param + " not a number", func(r *chat.Request) { set(r, new(math.NaN())) }, chat.CodeDecimalTooSmall, param})
	}
	integer("max_completion_tokens", 1, math.MaxInt32, func(r *chat.Request, v *int) { r.MaxCompletionTokens = v })
	integer("max_tokens", 1, math.MaxInt32, func(r *chat.Request, v *int) { r.MaxTokens = v })
	integer("n", 1, 128, func(r *chat.Request, v *int) { r.N = v })
	integer("top_logprobs", 0, 20, func(r *chat.Request, v *int) { r.Logprobs, r.TopLogprobs = true, v })
	decimal("temperature", 0, 2, func(r *chat.Request, v *float64) { r.Temperature = v })
	decimal("top_p", 0, 1, func(r *chat.Request, v *float64) { r.TopP = v })
	decimal("frequency_penalty", -2, 2, func(r *chat.Request, v *float64) { r.FrequencyPenalty = v })
	decimal("presence_penalty", -2, 2, func(r *chat.Request, v *float64) { r.PresencePenalty = v })
	decimal("logit_bias", -100, 100, func(r *chat.Request, v *float64) { r.LogitBias = map[int]float64{1: 0, 2: *v} })
	return refusals
}

func otherRefusals() []refusal {
	choice := func(c chat.ToolChoice) func(*chat.Request) {
		return func(r *chat.Request) { r.ToolChoice = &c }
	}
	long := strings.Repeat("ä", 513)
	return []refusal{
		{"two limits that differ", func(r *chat.Request) { r.MaxTokens, r.MaxCompletionTokens = new(1), new(2) }, chat.CodeInvalidValue, "max_tokens"},
		{"five stops", func(r *chat.Request) { r.Stop = strings.Split("abcde", "") }, chat.CodeArrayTooLong, "stop"},
		{"an empty stop", func(r *chat.Request) { r.Stop = []string{"a", ""} }, chat.CodeEmptyString, "stop[1]"},
		{"more that is no object", func(r *chat.Request) { r.More = "[]" }, chat.CodeInvalidValue, "more"},
		{"more of a tool that is no JSON", func(r *chat.Request) { r.Tools = []chat.Tool{{Name: "f", More: "{"}} }, chat.CodeInvalidValue, "tools[0].more"},
		{"more of a part that is no object", func(r *chat.Request) { r.Messages[0].Parts[0].More = "1" }, chat.CodeInvalidValue, "messages[0].content[0].more"},
		{"top_logprobs without logprobs", func(r *chat.Request) { r.TopLogprobs = new(1) }, chat.CodeInvalidValue, "top_logprobs"},
		{"too many tools", func(r *chat.Request) { r.Tools = make([]chat.Tool, 129) }, chat.CodeArrayTooLong, "tools"},
		{"a tool without name", tool(""), chat.CodeInvalidValue, "tools[0].function.name"},
		{"a tool with a long name", tool(strings.Repeat("a", 65)), chat.CodeInvalidValue, "tools[0].function.name"},
		{"a tool with an odd name", tool("find pets"), chat.CodeInvalidValue, "tools[0].function.name"},
		{"parallel calls without tools", func(r *chat.Request) { r.ParallelToolCalls = new(true) }, chat.CodeInvalidValue, "parallel_tool_calls"},
		{"a required call without tools", choice(chat.ToolChoice{Mode: chat.ToolChoiceRequired}), chat.CodeInvalidValue, "tool_choice"},
		{"an unknown tool choice", choice(chat.ToolChoice{Mode: "any"}), chat.CodeInvalidValue, "tool_choice"},
		{"the choice of an unknown tool", choice(chat.ToolChoice{Function: "g"}), chat.CodeInvalidValue, "tool_choice"},
		{"the choice of no tool", choice(chat.ToolChoice{}), chat.CodeInvalidValue, "tool_choice"},
		{"an unknown format", format(chat.ResponseFormat{Kind: "xml"}), chat.CodeInvalidValue, "response_format.type"},
		{"a schema without name", format(chat.ResponseFormat{Kind: chat.FormatJSONSchema}), chat.CodeInvalidValue, "response_format.json_schema.name"},
		{"an unknown modality", func(r *chat.Request) { r.Modalities = []chat.Modality{chat.ModalityText, "video"} }, chat.CodeInvalidValue, "modalities"},
		{"a long user", func(r *chat.Request) { r.User = long }, chat.CodeStringTooLong, "user"},
		{"a long safety identifier", func(r *chat.Request) { r.SafetyIdentifier = long }, chat.CodeStringTooLong, "safety_identifier"},
		{"a long cache key", func(r *chat.Request) { r.PromptCacheKey = long }, chat.CodeStringTooLong, "prompt_cache_key"},
		{"an unknown policy", policy("ignore"), chat.CodeInvalidValue, "on_disconnect"},
		{"an unknown service tier", func(r *chat.Request) { r.ServiceTier = "gold" }, chat.CodeInvalidValue, "service_tier"},
		{"too many pairs of metadata", metadata(pairs(17)), chat.CodeArrayTooLong, "metadata"},
		{"a long key of metadata", metadata(map[string]string{strings.Repeat("ä", 65): ""}), chat.CodeStringTooLong, "metadata"},
		{"a long value of metadata", metadata(map[string]string{"key": long}), chat.CodeStringTooLong, "metadata"},
	}
}

func TestWhatNoModelMayBeAskedIsRefusedWithTheFieldAtFault(t *testing.T) {
	for _, table := range [][]refusal{messageRefusals(), numberRefusals(), otherRefusals()} {
		for _, test := range table {
			t.Run(test.name, func(t *testing.T) {
				err := ask(test.change).Validate()
				if err == nil {
					t.Fatal("it was not refused")
				}
				if err.Code != test.code || err.Param != test.param {
					t.Errorf("error %s about %q, want %s about %q", err.Code, err.Param, test.code, test.param)
				}
				if !strings.HasPrefix(err.Message, "'"+test.param+"' ") || !strings.HasSuffix(err.Message, ".") {
					t.Errorf("message %q, want a sentence about %q", err.Message, test.param)
				}
			})
		}
	}
}
