package chat

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

// decodeTool reads an element of "tools". A tool that is neither a function nor one of OpenAI's is kept as its text: the model's
// server may know it.
func decodeTool(d *body.Decoder) (*completionv1.Tool, *failure.Error) {
	from := d.Offset()
	var kind string
	var more, inner body.Besides
	var strict *bool // beside the type
	function, nested, named := &completionv1.FunctionTool{}, false, false
	err := d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "type":
			return toolType(d, &kind)
		case "name", "description", "parameters": // as the Responses API has it
			named = named || string(name) == "name"
			return functionMember(d, function, &more, name)
		case "strict":
			return body.Optional(d, &strict, d.Boolean)
		case "function":
			nested = true
			return d.Object(func(name []byte) *failure.Error { return functionMember(d, function, &inner, name) })
		}
		return other(&more, d, "tools", name)
	})
	switch {
	case err != nil:
		return nil, err
	case kind == "" && (nested || named): // a function: tools used to be nothing else
	case kind != kindFunction:
		tool := body.Canonical(d.Since(from))
		if tool == "{}" {
			return nil, d.Missing("type")
		}
		return &completionv1.Tool{More: tool}, nil
	}
	switch {
	case strict != nil && nested:
		more.Add("strict", strconv.AppendBool(nil, *strict))
	case strict != nil:
		function.Strict = strict
	}
	more.Within("function", &inner)
	return &completionv1.Tool{Kind: &completionv1.Tool_Function{Function: function}, More: more.Object()}, nil
}

func functionMember(d *body.Decoder, f *completionv1.FunctionTool, more *body.Besides, name []byte) *failure.Error {
	switch string(name) {
	case "name":
		return d.Text(&f.Name)
	case "description":
		return d.Text(&f.Description)
	case "parameters":
		return d.Schema(&f.Parameters)
	case "strict":
		return body.Optional(d, &f.Strict, d.Boolean)
	}
	return other(more, d, "tools.function", name)
}

// toolChoice reads "tool_choice": a rule's name, the function to call, or the tools that the model may call.
func (x *decoding) toolChoice() *failure.Error {
	d, dst := x.d, &x.r.Params.ToolChoice
	if d.Absent() {
		return nil
	}
	*dst = &completionv1.ToolChoice{}
	switch d.Kind() {
	case jsontext.KindString:
		mode := &completionv1.ToolChoice_Mode{}
		(*dst).Choice = mode
		return body.Enum(d, &mode.Mode)
	case jsontext.KindBeginObject:
		return x.namedChoice(*dst)
	default:
		return d.OtherType("a string or an object")
	}
}

func (x *decoding) namedChoice(dst *completionv1.ToolChoice) *failure.Error {
	d := x.d
	var kind string
	var function *string
	var allowed allowedTools
	var sequential bool
	err := d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "type":
			return choiceType(d, &kind)
		case "name": // as the Responses API has it
			return body.Optional(d, &function, d.Text)
		case "function":
			return d.Object(func(name []byte) *failure.Error {
				if string(name) == "name" {
					return body.Optional(d, &function, d.Text)
				}
				return x.strange(&body.Besides{}, name)
			})
		case "disable_parallel_tool_use": // as Anthropic has it
			return d.Boolean(&sequential)
		case "allowed_tools":
			return d.Object(func(name []byte) *failure.Error { return x.allowedMember(&allowed, name) })
		case "mode", "tools": // as the Responses API has it
			return x.allowedMember(&allowed, name)
		case "custom":
			return d.Unsupported()
		}
		return x.strange(&body.Besides{}, name)
	})
	x.sequential = sequential
	switch {
	case err != nil:
		return err
	case kind == "":
		return d.Missing("type")
	case kind == kindAllowed:
		return x.allow(dst, &allowed)
	case kind == kindAny:
		dst.Choice = &completionv1.ToolChoice_Mode{Mode: completionv1.ToolChoiceMode_TOOL_CHOICE_MODE_REQUIRED}
		return nil
	case kind != kindFunction && kind != kindTool:
		dst.Choice = &completionv1.ToolChoice_Mode{Mode: protoname.Value[completionv1.ToolChoiceMode](kind)}
		return nil
	case function == nil:
		return d.Missing("function.name")
	}
	dst.Choice = &completionv1.ToolChoice_FunctionName{FunctionName: *function}
	return nil
}

// The types of a choice that is an object.
const (
	kindFunction = "function"
	kindAllowed  = "allowed_tools"
	kindCustom   = "custom"

	// Anthropic's names for "required" and "function".
	kindAny  = "any"
	kindTool = "tool"
)

// choiceType reads the "type" of a choice. Some clients put a rule's name there.
func choiceType(d *body.Decoder, dst *string) *failure.Error {
	err := d.OneOf(dst, append(protoname.All[completionv1.ToolChoiceMode](), kindFunction, kindAllowed, kindCustom, kindAny, kindTool)...)
	switch {
	case err != nil && err.Code == failure.CodeInvalidValue:
		return d.NotOneOf(kindFunction, kindAllowed)
	case *dst == kindCustom:
		return d.Fault(failure.CodeUnsupportedParameter, "is supported for functions only")
	}
	return err
}

// toolType reads the "type" of a tool. OpenAI's tools other than functions are not supported: our answers have no
// place for their results.
func toolType(d *body.Decoder, dst *string) *failure.Error {
	err := d.Text(dst)
	if err == nil && *dst == kindCustom {
		return d.Fault(failure.CodeUnsupportedParameter, "is supported for functions only")
	}
	return err
}

// functionType reads the "type" of a tool, or of an object about one. OpenAI's types other
// than functions are known, but not supported.
func functionType(d *body.Decoder, dst *string) *failure.Error {
	err := d.OneOf(dst, kindFunction, kindCustom)
	switch {
	case err != nil && err.Code == failure.CodeInvalidValue:
		return d.NotOneOf(kindFunction)
	case *dst == kindCustom:
		return d.Fault(failure.CodeUnsupportedParameter, "is supported for functions only")
	}
	return err
}
