package responses

import (
	"cmp"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

// hosted returns the types of tools that OpenAI runs itself, or that clients run by special rules.
func hosted() []string {
	return []string{
		"web_search", "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11", "file_search",
		"computer", "computer_use", "computer_use_preview", "code_interpreter", "image_generation", "mcp", "local_shell", "shell", "apply_patch",
		"custom", "namespace", "tool_search", "programmatic_tool_calling",
	}
}

// refuseHosted refuses a tool that is not a function, and names its type.
func refuseHosted(d *body.Decoder, kind string) *failure.Error {
	if kind == "" {
		return d.Missing("type")
	}
	param := "type"
	if path := d.Path(); path != "" {
		param = path + ".type"
	}
	if !slices.Contains(hosted(), kind) {
		return failure.Field(failure.CodeInvalidValue, param, "must be 'function'")
	}
	return failure.Field(failure.CodeUnsupportedParameter, param, "names '"+kind+"', which is not supported: tools are functions of your own here")
}

// decodeTool reads an element of "tools". The type may come last, so it reads a tool to its end before it
// refuses the type.
func decodeTool(d *body.Decoder) (*completionv1.Tool, *failure.Error) {
	var kind string
	var unknown *failure.Error
	var more body.Besides
	from := d.Offset()
	f := &completionv1.FunctionTool{}
	err := d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "type":
			return d.Text(&kind)
		case "name":
			return d.Text(&f.Name)
		case "strict":
			return body.Optional(d, &f.Strict, d.Boolean)
		case "allowed_callers", "async", "defer_loading", "output_schema":
			return d.Skip() // hints to OpenAI
		}
		if kind == "" || kind == "function" {
			switch string(name) {
			case "description":
				return d.Text(&f.Description)
			case "parameters":
				return d.Schema(&f.Parameters)
			}
		}
		if unknown == nil && string(name) == "function" {
			unknown = d.Fault(failure.CodeUnknownParameter, "belongs to chat completions: here, a function's members are next to its type")
		}
		return more.Keep(d, name)
	})
	switch {
	case err != nil:
		return nil, err
	case kind != "function" && (kind == "" && f.GetName() == "" || slices.Contains(hosted(), kind)):
		return nil, refuseHosted(d, kind)
	case kind != "function" && kind != "":
		return &completionv1.Tool{More: body.Canonical(d.Since(from))}, nil // the model's server may know it
	case unknown != nil:
		return nil, unknown
	}
	return &completionv1.Tool{Kind: &completionv1.Tool_Function{Function: f}, More: more.Object()}, nil
}

// toolChoice reads "tool_choice": a rule's name, the function to call, or the tools that the model may call.
func (r *request) toolChoice(d *body.Decoder) *failure.Error {
	dst := &r.Params.ToolChoice
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
		return r.namedChoice(d, *dst)
	default:
		return d.OtherType("a string or an object")
	}
}

// namedChoice reads a choice that is an object. Leaving out tools that are not allowed has the same effect,
// except on a cache of prompts.
func (r *request) namedChoice(d *body.Decoder, dst *completionv1.ToolChoice) *failure.Error {
	var kind, mode string
	var function *string
	allowed := []string{}
	listed := false
	err := d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "type":
			return d.Text(&kind)
		case "name":
			return body.Optional(d, &function, d.Text)
		case "mode":
			return d.Text(&mode)
		case "tools":
			listed = d.Kind() == jsontext.KindBeginArray
			return body.List(d, &allowed, decodeAllowed)
		}
		return d.Skip() // of other types
	})
	switch {
	case err != nil:
		return err
	case kind == "allowed_tools" && !listed:
		return d.Missing("tools")
	case kind == "allowed_tools":
		rule := &completionv1.ToolChoice_Mode{Mode: protoname.Value[completionv1.ToolChoiceMode](cmp.Or(mode, "auto"))}
		if rule.Mode == completionv1.ToolChoiceMode_TOOL_CHOICE_MODE_UNSPECIFIED {
			return failure.Field(failure.CodeInvalidValue, "tool_choice.mode", "must be one of 'none', 'auto', 'required'")
		}
		dst.Choice, r.allowed = rule, allowed
		return nil
	case kind == "none" || kind == "auto" || kind == "required": // where some clients put a rule's name
		dst.Choice = &completionv1.ToolChoice_Mode{Mode: protoname.Value[completionv1.ToolChoiceMode](kind)}
		return nil
	case kind != "function":
		return refuseHosted(d, kind)
	case function == nil:
		return d.Missing("name")
	}
	dst.Choice = &completionv1.ToolChoice_FunctionName{FunctionName: *function}
	return nil
}

// decodeAllowed reads the name of a function that the model may call. It ignores the types: "tools" refuses
// other types.
func decodeAllowed(d *body.Decoder) (function string, err *failure.Error) {
	err = d.Object(func(name []byte) *failure.Error {
		if string(name) == "name" {
			return d.Text(&function)
		}
		return d.Skip()
	})
	return function, err
}
