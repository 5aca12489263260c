package openai

import (
	"github.com/go-json-experiment/json/jsontext"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// decodeTool reads an element of "tools".
func decodeTool(d *decoder) (*completionv1.Tool, *Error) {
	var kind string
	function := &completionv1.FunctionTool{}
	err := d.object(func(name []byte) *Error {
		switch string(name) {
		case "type":
			return d.functionType(&kind)
		case "function":
			return d.object(func(name []byte) *Error { return functionMember(d, function, name) })
		case "custom":
			return d.unsupported()
		}
		return d.unknown()
	})
	switch {
	case err != nil:
		return nil, err
	case kind == "":
		return nil, d.missing("type")
	}
	return &completionv1.Tool{Kind: &completionv1.Tool_Function{Function: function}}, nil
}

func functionMember(d *decoder, f *completionv1.FunctionTool, name []byte) *Error {
	switch string(name) {
	case "name":
		return d.string(&f.Name)
	case "description":
		return d.string(&f.Description)
	case "parameters":
		return decodeSchema(d, &f.Parameters)
	case "strict":
		return optional(d, &f.Strict, d.boolean)
	}
	return d.unknown()
}

// decodeToolChoice reads "tool_choice": a rule's name or the function to call.
func decodeToolChoice(d *decoder, dst **completionv1.ToolChoice) *Error {
	if d.absent() {
		return nil
	}
	*dst = &completionv1.ToolChoice{}
	switch d.text.PeekKind() {
	case jsontext.KindString:
		mode := &completionv1.ToolChoice_Mode{}
		(*dst).Choice = mode
		return enum(d, &mode.Mode, toolChoiceModeName, completionv1.ToolChoiceMode_TOOL_CHOICE_MODE_REQUIRED)
	case jsontext.KindBeginObject:
		function := &completionv1.ToolChoice_FunctionName{}
		(*dst).Choice = function
		return decodeNamedChoice(d, &function.FunctionName)
	default:
		return d.otherType("a string or an object")
	}
}

func decodeNamedChoice(d *decoder, dst *string) *Error {
	var kind string
	var function *string
	err := d.object(func(name []byte) *Error {
		switch string(name) {
		case "type":
			return d.functionType(&kind)
		case "function":
			return d.object(func(name []byte) *Error {
				if string(name) == "name" {
					return optional(d, &function, d.string)
				}
				return d.unknown()
			})
		case "custom", "allowed_tools":
			return d.unsupported()
		}
		return d.unknown()
	})
	switch {
	case err != nil:
		return err
	case kind == "":
		return d.missing("type")
	case function == nil:
		return d.missing("function.name")
	}
	*dst = *function
	return nil
}
