package chat

import (
	"cmp"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

// message reads an element of "messages". It also accepts the members of our answers, because clients append an
// answer unchanged: it drops members without meaning for a model, and hands on the others. Some servers call
// "reasoning_content" "reasoning"; if both are present, the former wins.
func (x *decoding) message(d *body.Decoder) (*completionv1.ChatMessage, *failure.Error) {
	m := &completionv1.ChatMessage{}
	var old oldMessage
	var more body.Besides
	var reasoning string
	var blocks []byte
	err := d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "role":
			return decodeRole(d, m, &old)
		case "content":
			return decodeContent(d, m, &blocks)
		case "name":
			return d.Text(&m.Name)
		case "tool_calls":
			return body.List(d, &m.ToolCalls, decodeToolCall)
		case "function_call":
			return decodeOldCall(d, &old.call)
		case "tool_call_id":
			return d.Text(&m.ToolCallId)
		case "refusal":
			return d.Text(&m.Refusal)
		case "reasoning_content":
			return decodeReasoning(d, &m.Reasoning, &more, name)
		case "reasoning":
			return decodeReasoning(d, &reasoning, &more, name)
		case "annotations", "pets", "related_questions", "parsed": // openai-python's parse() adds the last one to an answer
			return d.Skip()
		}
		return other(&more, d, "messages", name)
	})
	m.Reasoning = cmp.Or(m.Reasoning, reasoning)
	if r := m.GetRole(); m.GetReasoning() != "" && r != completionv1.Role_ROLE_ASSISTANT && r != completionv1.Role_ROLE_UNSPECIFIED {
		more.AddMissing("reasoning_content", openai.AppendString(nil, m.GetReasoning())) // unusual for the role, but never an error
		m.Reasoning = ""
	}
	if blocks != nil {
		more.AddMissing("thinking_blocks", blocks)
	}
	m.More = more.Object()
	x.legacy.add(m, old, len(x.r.Params.GetMessages()))
	if m.GetContent() == nil && saysNothing(m) {
		m.Content = &completionv1.ChatMessage_Text{}
	}
	return m, err
}

// saysNothing reports whether a message may lack content: a tool's result, or an answer that is only
// reasoning, or was cut before its text. Clients send such messages back unchanged.
func saysNothing(m *completionv1.ChatMessage) bool {
	answer := m.GetRole() == completionv1.Role_ROLE_ASSISTANT && len(m.GetToolCalls()) == 0 && m.GetRefusal() == ""
	return answer || m.GetRole() == completionv1.Role_ROLE_TOOL
}

// decodeRole reads the role. "function" is the older name of "tool".
func decodeRole(d *body.Decoder, m *completionv1.ChatMessage, old *oldMessage) *failure.Error {
	var role string
	err := d.OneOf(&role, append(protoname.All[completionv1.Role](), roleFunction)...)
	if old.result = role == roleFunction; old.result {
		role = "tool"
	}
	m.Role = protoname.Value[completionv1.Role](role)
	return err
}

// decodeReasoning reads reasoning that is a text. Other forms are for the model's server.
func decodeReasoning(d *body.Decoder, dst *string, more *body.Besides, name []byte) *failure.Error {
	if d.Kind() != jsontext.KindString {
		return more.Keep(d, name)
	}
	return d.Text(dst)
}

// decodeContent reads "content": a string or an array of parts. signed is that of [decodeParts].
func decodeContent(d *body.Decoder, m *completionv1.ChatMessage, signed *[]byte) *failure.Error {
	if d.Absent() {
		return nil
	}
	switch d.Kind() {
	case jsontext.KindString:
		text := &completionv1.ChatMessage_Text{}
		m.Content = text
		return d.Text(&text.Text)
	case jsontext.KindBeginArray:
		return decodeParts(d, m, signed)
	default:
		return d.OtherType("a string or an array of parts")
	}
}

// decodeParts reads a list of parts. Thoughts among them are the message's reasoning. If one has more than its text,
// such as a signature, signed becomes the list of thoughts: a server that signed a thought wants it back unchanged.
func decodeParts(d *body.Decoder, m *completionv1.ChatMessage, signed *[]byte) *failure.Error {
	parts, thought, whole := &completionv1.ContentParts{}, false, false
	var blocks []byte
	err := d.Array(func() *failure.Error {
		var p partMembers
		if err := p.decode(d); err != nil {
			return err
		}
		if p.isThought() {
			text, block, more := p.thought()
			thought, whole = true, whole || more
			m.Reasoning += text
			blocks = append(append(blocks, ','), block...)
			return nil
		}
		part, err := p.part(d)
		parts.Parts = append(parts.Parts, part)
		return err
	})
	if len(parts.GetParts()) > 0 || !thought {
		m.Content = &completionv1.ChatMessage_Parts{Parts: parts}
	}
	if whole && err == nil {
		*signed = append(append([]byte{'['}, blocks[1:]...), ']')
	}
	return err
}

// decodeToolCall reads an element of a message's "tool_calls". The type may be missing: clients that
// concatenate a stream's pieces lose it, and keep "index".
func decodeToolCall(d *body.Decoder) (*completionv1.ToolCall, *failure.Error) {
	const at = "messages.tool_calls"
	call := &completionv1.ToolCall{}
	var more body.Besides
	err := d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "id":
			return d.Text(&call.Id)
		case "type":
			var kind string
			return functionType(d, &kind)
		case "function":
			return decodeFunctionCall(d, call, &more)
		case "index":
			return d.Skip()
		}
		return other(&more, d, at, name)
	})
	call.More = more.Object()
	return call, err
}

func decodeFunctionCall(d *body.Decoder, call *completionv1.ToolCall, more *body.Besides) *failure.Error {
	if d.Absent() {
		return nil
	}
	function := &completionv1.FunctionCall{}
	call.Kind = &completionv1.ToolCall_Function{Function: function}
	var inner body.Besides
	err := d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "name":
			return d.Text(&function.Name)
		case "arguments":
			return d.TextOfJSON(&function.Arguments)
		case "parsed_arguments": // openai-python's parse() adds it to an answer
			return d.Skip()
		}
		return other(&inner, d, "messages.tool_calls.function", name)
	})
	more.Within("function", &inner)
	return err
}
