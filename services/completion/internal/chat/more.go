package chat

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// MoreOnly returns r with only the named additional members, at each place that may have some.
func (r *Request) MoreOnly(names []string) *Request {
	plain := *r
	plain.More = only(r.More, names)
	plain.Messages = slices.Clone(r.Messages)
	for i := range plain.Messages {
		m := &plain.Messages[i]
		m.More = only(m.More, names)
		m.Parts = slices.Clone(m.Parts)
		for j := range m.Parts {
			m.Parts[j].More = only(m.Parts[j].More, names)
		}
		m.ToolCalls = slices.Clone(m.ToolCalls)
		for j := range m.ToolCalls {
			m.ToolCalls[j].More = only(m.ToolCalls[j].More, names)
		}
	}
	plain.Tools = slices.Clone(r.Tools)
	for i := range plain.Tools {
		if t := &plain.Tools[i]; !t.Foreign { // a foreign tool is nothing but More, and must not be dropped silently
			t.More = only(t.More, names)
		}
	}
	return &plain
}

// only returns the text of a JSON object with only the named members, or "" if it has none of them.
func only(more string, names []string) string {
	var members map[string]json.RawMessage
	if more == "" || json.Unmarshal([]byte(more), &members) != nil {
		return ""
	}
	maps.DeleteFunc(members, func(name string, _ json.RawMessage) bool { return !slices.Contains(names, name) })
	if len(members) == 0 {
		return ""
	}
	text, err := json.Marshal(members)
	if err != nil {
		return ""
	}
	return string(text)
}

// checkMore checks the additional members of a request, its tools and its parts.
func (r *Request) checkMore() *Error {
	const rest = "must be the text of a JSON object"
	if !isObject(r.More) {
		return FieldErrorf(CodeInvalidValue, "more", rest)
	}
	for i := range r.Tools {
		if !isObject(r.Tools[i].More) {
			return FieldErrorf(CodeInvalidValue, fmt.Sprintf("tools[%d].more", i), rest)
		}
	}
	for i := range r.Messages {
		for j := range r.Messages[i].Parts {
			if !isObject(r.Messages[i].Parts[j].More) {
				return FieldErrorf(CodeInvalidValue, fmt.Sprintf("messages[%d].content[%d].more", i, j), rest)
			}
		}
	}
	return nil
}
