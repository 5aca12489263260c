package responses

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// The types of items of the input.
const (
	itemMessage   = "message"
	itemReasoning = "reasoning"
	itemCall      = "function_call"
	itemOutput    = "function_call_output"
	itemReference = "item_reference"
)

// foreign returns the types of items that belong to unsupported tools.
func foreign() []string {
	return []string{
		"file_search_call", "computer_call", "computer_call_output", "web_search_call", "image_generation_call",
		"code_interpreter_call", "local_shell_call", "local_shell_call_output", "shell_call", "shell_call_output",
		"apply_patch_call", "apply_patch_call_output", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response",
		"mcp_call", "custom_tool_call", "custom_tool_call_output", "tool_search_call", "tool_search_output", "compaction",
		"compaction_trigger", "additional_tools", "configuration_update", "program", "program_output",
	}
}

// An inputItem is an item of the input before it is interpreted. Its members may come in any order, so its type
// may come last; that of a message may be missing.
type inputItem struct {
	kind, id, callID, name, arguments string
	role                              completionv1.Role
	said                              completionv1.ChatMessage // only its content is set
	reasoning, encrypted              string
	more                              body.Besides
}

// decodeItem reads an element of "input". It accepts, and drops, the other members that items of our own
// answers have.
func decodeItem(d *body.Decoder) (*inputItem, *failure.Error) {
	i := &inputItem{}
	err := d.Object(func(name []byte) *failure.Error {
		known, err := i.member(d, string(name))
		if known || err != nil {
			return err
		}
		return i.more.Keep(d, name)
	})
	if err != nil {
		return nil, err
	}
	if i.kind == "" && i.role != 0 {
		i.kind = itemMessage
	}
	switch {
	case i.kind == "" && i.id != "" && i.said.Content == nil && i.more.Object() == "":
		i.kind = itemReference // whose type may be missing
	case i.kind == "":
		return nil, d.Missing("type")
	case slices.Contains(foreign(), i.kind):
		return nil, failure.Field(failure.CodeUnsupportedParameter, d.Path()+".type", "names '"+i.kind+"', which is not supported: tools are functions of your own here")
	case !slices.Contains([]string{itemMessage, itemReasoning, itemCall, itemOutput, itemReference}, i.kind):
		return nil, failure.Field(failure.CodeInvalidValue, d.Path()+".type", "is not a known type of item")
	}
	return i, i.check(d)
}

// check refuses an item that lacks what its type needs, unless the service would refuse it under the same name.
func (i *inputItem) check(d *body.Decoder) *failure.Error {
	switch {
	case i.kind == itemMessage && i.role == 0:
		return d.Missing("role")
	case i.kind == itemMessage && i.role == completionv1.Role_ROLE_TOOL:
		return failure.Field(failure.CodeInvalidValue, d.Path()+".role", "must be one of 'user', 'assistant', 'system', 'developer'")
	case i.kind == itemMessage && i.said.Content == nil:
		return d.Missing("content")
	case i.kind == itemOutput && i.said.Content == nil:
		return d.Missing("output")
	case (i.kind == itemOutput || i.kind == itemCall) && i.callID == "":
		return d.Missing("call_id")
	case i.kind == itemReference && i.id == "":
		return d.Missing("id")
	}
	return nil
}

// member reads a member. For one that no item has, it reads nothing and returns false.
func (i *inputItem) member(d *body.Decoder, name string) (known bool, _ *failure.Error) {
	switch name {
	case "type":
		return true, d.Text(&i.kind)
	case "id":
		return true, d.Text(&i.id)
	case "role":
		return true, body.Enum(d, &i.role)
	case "output":
		if d.Kind() == jsontext.KindBeginObject {
			text := &completionv1.ChatMessage_Text{}
			i.said.Content = text
			return true, d.TextOfJSON(&text.Text)
		}
		return true, i.readContent(d)
	case "content":
		return true, i.readContent(d)
	case "summary":
		return true, i.readContent(d)
	case "call_id":
		return true, d.Text(&i.callID)
	case "name":
		return true, d.Text(&i.name)
	case "arguments":
		return true, d.TextOfJSON(&i.arguments)
	case "encrypted_content":
		return true, d.Text(&i.encrypted)
	case "status", "phase", "caller", "namespace", "parsed_arguments", "internal_chat_message_metadata_passthrough":
		return true, d.Skip()
	}
	return false, nil
}

// readContent reads a string or an array of parts. It keeps the text of reasoning apart.
func (i *inputItem) readContent(d *body.Decoder) *failure.Error {
	if d.Absent() {
		return nil
	}
	switch d.Kind() {
	case jsontext.KindString:
		text := &completionv1.ChatMessage_Text{}
		i.said.Content = text
		return d.Text(&text.Text)
	case jsontext.KindBeginArray:
	default:
		return d.OtherType("a string or an array of parts")
	}
	var thought strings.Builder
	var parts []*completionv1.ContentPart
	err := d.Array(func() *failure.Error {
		p, err := decodePart(d)
		switch {
		case err != nil:
			return err
		case p.thought:
			thought.WriteString(p.text)
		default:
			parts = append(parts, p.part())
		}
		return nil
	})
	i.reasoning += thought.String()
	if len(parts) > 0 || i.reasoning == "" {
		i.said.Content = &completionv1.ChatMessage_Parts{Parts: &completionv1.ContentParts{Parts: parts}}
	}
	return err
}
