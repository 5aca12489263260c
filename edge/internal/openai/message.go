package openai

import (
	"github.com/go-json-experiment/json/jsontext"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// decodeMessage reads an element of "messages". Besides what OpenAI takes, it takes
// back what an answer had, because clients append the answer as it is: annotations and
// the like say nothing to a model and are dropped. "reasoning" is what some servers
// call "reasoning_content"; the latter wins.
func decodeMessage(d *decoder) (*completionv1.ChatMessage, *Error) {
	m := &completionv1.ChatMessage{}
	var reasoning string
	err := d.object(func(name []byte) *Error {
		switch string(name) {
		case "role":
			return enum(d, &m.Role, roleName, completionv1.Role_ROLE_TOOL)
		case "content":
			return decodeContent(d, m)
		case "name":
			return d.string(&m.Name)
		case "tool_calls":
			return list(d, &m.ToolCalls, decodeToolCall)
		case "tool_call_id":
			return d.string(&m.ToolCallId)
		case "refusal":
			return d.string(&m.Refusal)
		case "reasoning_content":
			return d.string(&m.Reasoning)
		case "reasoning":
			return d.string(&reasoning)
		case "annotations", "pets":
			return d.array(d.skip)
		case "parsed": // openai-python's parse() adds it to an answer
			return d.skip()
		case "audio", "function_call":
			return d.unsupported()
		}
		return d.unknown()
	})
	if m.Reasoning == "" {
		m.Reasoning = reasoning
	}
	return m, err
}

// decodeContent reads "content": a string or an array of parts.
func decodeContent(d *decoder, m *completionv1.ChatMessage) *Error {
	if d.absent() {
		return nil
	}
	switch d.text.PeekKind() {
	case jsontext.KindString:
		text := &completionv1.ChatMessage_Text{}
		m.Content = text
		return d.string(&text.Text)
	case jsontext.KindBeginArray:
		parts := &completionv1.ContentParts{}
		m.Content = &completionv1.ChatMessage_Parts{Parts: parts}
		return list(d, &parts.Parts, decodePart)
	default:
		return d.otherType("a string or an array of parts")
	}
}

// decodeToolCall reads an element of a message's "tool_calls". The type may be
// missing: clients that add a stream's pieces up lose it, and keep its "index".
func decodeToolCall(d *decoder) (*completionv1.ToolCall, *Error) {
	call := &completionv1.ToolCall{}
	err := d.object(func(name []byte) *Error {
		switch string(name) {
		case "id":
			return d.string(&call.Id)
		case "type":
			var kind string
			return d.functionType(&kind)
		case "function":
			return decodeFunctionCall(d, call)
		case "index":
			var index int64
			return d.int64(&index)
		case "custom":
			return d.unsupported()
		}
		return d.unknown()
	})
	return call, err
}

func decodeFunctionCall(d *decoder, call *completionv1.ToolCall) *Error {
	if d.absent() {
		return nil
	}
	function := &completionv1.FunctionCall{}
	call.Kind = &completionv1.ToolCall_Function{Function: function}
	return d.object(func(name []byte) *Error {
		switch string(name) {
		case "name":
			return d.string(&function.Name)
		case "arguments":
			return d.string(&function.Arguments)
		case "parsed_arguments": // openai-python's parse() adds it to an answer
			return d.skip()
		}
		return d.unknown()
	})
}
