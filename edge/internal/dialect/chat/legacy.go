package chat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/openaiapi"
)

// roleFunction is the older name of the role of a tool.
const roleFunction = "function"

// legacy is the part of a request that uses OpenAI's API from before tools. It is translated, so that engines
// need not know that API.
type legacy struct {
	functions []*completionv1.Tool
	choice    *completionv1.ToolChoice
	// last is the call that the next result of the same function answers.
	last struct{ id, name string }
}

// An oldMessage is the part of a message that uses that API.
type oldMessage struct {
	call   *completionv1.ToolCall // "function_call"
	result bool                   // its role is "function"
}

// add translates the old members of the message at an index. Calls had no id, so add derives one from the
// index, which stays the same while the conversation grows.
func (l *legacy) add(m *completionv1.ChatMessage, old oldMessage, index int) {
	if old.call != nil && len(m.GetToolCalls()) == 0 { // some servers answer with both
		old.call.Id = fmt.Sprintf("call_%d", index)
		l.last.id, l.last.name = old.call.GetId(), old.call.GetFunction().GetName()
		m.ToolCalls = append(m.ToolCalls, old.call)
	}
	if !old.result {
		return
	}
	m.ToolCallId = openaiapi.CallID + m.GetName()
	if l.last.name == m.GetName() && l.last.id != "" {
		m.ToolCallId = l.last.id
	}
	m.Name = ""
	if m.GetContent() == nil { // which may be null in that API
		m.Content = &completionv1.ChatMessage_Text{}
	}
}

// decodeOldCall reads the "function_call" of a message.
func decodeOldCall(d *body.Decoder, dst **completionv1.ToolCall) *failure.Error {
	if d.Absent() {
		return nil
	}
	call := &completionv1.ToolCall{}
	var more body.Besides
	err := decodeFunctionCall(d, call, &more)
	call.More = more.Object()
	*dst = call
	return err
}

// decodeFunction reads an element of "functions".
func decodeFunction(d *body.Decoder) (*completionv1.Tool, *failure.Error) {
	function := &completionv1.FunctionTool{}
	var more, inner body.Besides
	err := d.Object(func(name []byte) *failure.Error { return functionMember(d, function, &inner, name) })
	more.Within("function", &inner)
	return &completionv1.Tool{Kind: &completionv1.Tool_Function{Function: function}, More: more.Object()}, err
}

// decodeFunctionChoice reads "function_call": a rule's name, or the function to call.
func decodeFunctionChoice(d *body.Decoder, dst **completionv1.ToolChoice) *failure.Error {
	if d.Absent() {
		return nil
	}
	switch d.Kind() {
	case jsontext.KindString:
		var rule string
		if err := d.OneOf(&rule, "none", "auto"); err != nil {
			return err
		}
		mode := completionv1.ToolChoiceMode_TOOL_CHOICE_MODE_AUTO
		if rule == "none" {
			mode = completionv1.ToolChoiceMode_TOOL_CHOICE_MODE_NONE
		}
		*dst = &completionv1.ToolChoice{Choice: &completionv1.ToolChoice_Mode{Mode: mode}}
		return nil
	case jsontext.KindBeginObject:
		named := &completionv1.ToolChoice_FunctionName{}
		*dst = &completionv1.ToolChoice{Choice: named}
		return d.Object(func(name []byte) *failure.Error {
			if string(name) != "name" {
				return d.Unknown()
			}
			return d.Text(&named.FunctionName)
		})
	default:
		return d.OtherType("a string or an object")
	}
}

// translate turns functions into tools, and removes the tools that are not allowed.
func (x *decoding) translate() *failure.Error {
	p, l := x.r.Params, &x.legacy
	switch {
	case len(l.functions) > 0 && len(p.GetTools()) > 0:
		return failure.Field(failure.CodeInvalidValue, "functions", "may not be given beside 'tools', which is their newer name")
	case l.choice != nil && p.GetToolChoice() != nil:
		return failure.Field(failure.CodeInvalidValue, "function_call", "may not be given beside 'tool_choice', which is its newer name")
	}
	if len(l.functions) > 0 {
		p.Tools, p.FunctionCalls = l.functions, true
		p.ParallelToolCalls = new(false) // an answer has one function_call at most
	}
	if l.choice != nil {
		p.ToolChoice = l.choice
	}
	if x.allowed != nil {
		p.Tools = slices.DeleteFunc(p.GetTools(), func(t *completionv1.Tool) bool {
			return !slices.Contains(x.allowed.names, t.GetFunction().GetName())
		})
	}
	if x.sequential && p.ParallelToolCalls == nil {
		p.ParallelToolCalls = new(false)
	}
	if len(p.GetTools()) == 0 {
		p.ParallelToolCalls = nil // clients send it even without tools
	}
	return nil
}

// olderTerms reports failures in terms of functions, which the request uses.
type olderTerms struct {
	dialect           *Dialect
	functions, choice bool // which of the two the request has
}

// inTermsOf returns how to report failures of a request; nil means as the dialect does.
func (d *Dialect) inTermsOf(l *legacy) dialect.Failures {
	if len(l.functions) == 0 && l.choice == nil {
		return nil
	}
	return &olderTerms{d, len(l.functions) > 0, l.choice != nil}
}

// Failure implements [dialect.Failures].
func (o *olderTerms) Failure(e *failure.Error) (status int, body []byte) {
	told := *e
	switch {
	case o.choice && e.Param == "tool_choice":
		told.Param = "function_call"
	case o.functions && e.Param == "tools":
		told.Param = "functions"
	case o.functions && strings.HasPrefix(e.Param, "tools["):
		told.Param = strings.Replace(strings.Replace(e.Param, "tools", "functions", 1), "].function", "]", 1)
	default:
		return o.dialect.Failure(e)
	}
	told.Message = strings.ReplaceAll(e.Message, "'"+e.Param+"'", "'"+told.Param+"'")
	return o.dialect.Failure(&told)
}

// allowedTools are the tools of a request that the model may call. Leaving out the others has the same effect,
// except on a cache of prompts.
type allowedTools struct {
	mode  string
	names []string
	given bool
}

// allowedMember reads a member of "allowed_tools".
func (x *decoding) allowedMember(allowed *allowedTools, name []byte) *failure.Error {
	d := x.d
	switch string(name) {
	case "mode":
		return d.OneOf(&allowed.mode, "auto", "required")
	case "tools":
		allowed.given = d.Kind() == jsontext.KindBeginArray
		return body.List(d, &allowed.names, decodeAllowedTool)
	}
	return x.strange(&body.Besides{}, name)
}

// decodeAllowedTool reads the name of an allowed tool, which is within "function", or beside the type.
func decodeAllowedTool(d *body.Decoder) (function string, err *failure.Error) {
	var kind string
	err = d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "type":
			return functionType(d, &kind)
		case "name":
			return d.Text(&function)
		case "function":
			return d.Object(func(name []byte) *failure.Error {
				if string(name) == "name" {
					return d.Text(&function)
				}
				return d.Skip()
			})
		}
		return d.Skip()
	})
	return function, err
}

// allow restricts a request to the allowed tools.
func (x *decoding) allow(dst *completionv1.ToolChoice, allowed *allowedTools) *failure.Error {
	switch {
	case !allowed.given:
		return x.d.Missing(kindAllowed + ".tools")
	case allowed.mode == "":
		return x.d.Missing(kindAllowed + ".mode")
	}
	mode := completionv1.ToolChoiceMode_TOOL_CHOICE_MODE_AUTO
	if allowed.mode == "required" {
		mode = completionv1.ToolChoiceMode_TOOL_CHOICE_MODE_REQUIRED
	}
	dst.Choice = &completionv1.ToolChoice_Mode{Mode: mode}
	x.allowed = allowed
	return nil
}
