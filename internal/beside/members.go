// Package beside adds up the pieces of additional members that model servers send, by the contract's rule. The completion
// service uses it for whole answers, and the edge for the items of responses.
package beside

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Members adds up the additional members that a model's server sent, as they arrive in the More of
// deltas. Arrays are concatenated, objects are merged member by member, and of other values
// the last one counts. Array elements that are pieces of one text become one element, because a server that wants
// them back wants them whole. The zero value has no members.
type Members struct {
	names  []string // in their order
	values map[string]*member
}

// A member is a value that may come in pieces: one of the four.
type member struct {
	object   *Members
	elements []*member
	text     *strings.Builder
	other    json.RawMessage
}

// Add adds the members of a JSON object. It ignores any other text.
func (x *Members) Add(object string) {
	if object == "" {
		return
	}
	from := json.NewDecoder(strings.NewReader(object))
	if open, err := from.Token(); err != nil || open != json.Delim('{') {
		return
	}
	for from.More() {
		name, err := from.Token()
		if err != nil {
			return
		}
		var value json.RawMessage
		if err := from.Decode(&value); err != nil {
			return
		}
		x.add(name.(string), value) // as JSON has it
	}
}

func (x *Members) add(name string, value json.RawMessage) {
	next := newMember(name, value)
	last, known := x.values[name]
	switch {
	case !known:
		if x.values == nil {
			x.values = make(map[string]*member)
		}
		x.names = append(x.names, name)
		x.values[name] = next
	case last.object != nil && next.object != nil:
		last.object.Add(string(value))
	case last.elements != nil && next.elements != nil:
		for _, e := range next.elements {
			last.append(e)
		}
	case last.text != nil && next.text != nil:
		last.text.WriteString(next.text.String())
	case !bytes.Equal(value, []byte("null")):
		x.values[name] = next
	}
}

// pieces are members whose strings are pieces of one text.
func pieces(name string) bool { return name == "text" || name == "summary" || name == "thinking" }

func newMember(name string, value json.RawMessage) *member {
	switch value[0] {
	case '{':
		object := &Members{}
		object.Add(string(value))
		return &member{object: object}
	case '[':
		var list []json.RawMessage
		_ = json.Unmarshal(value, &list) // it has been read as an array
		e := &member{elements: []*member{}}
		for _, v := range list {
			e.append(newMember("", v))
		}
		return e
	case '"':
		if pieces(name) {
			var s string
			_ = json.Unmarshal(value, &s) // it has been read as a string
			e := &member{text: &strings.Builder{}}
			e.text.WriteString(s)
			return e
		}
	}
	return &member{other: value}
}

// append adds an element to an array, or joins it to the previous element if both are pieces of one text.
func (e *member) append(next *member) {
	if n := len(e.elements); n > 0 && next.object.continues(e.elements[n-1].object) {
		last := e.elements[n-1].object
		for _, name := range next.object.names {
			last.add(name, next.object.values[name].raw())
		}
		return
	}
	e.elements = append(e.elements, next)
}

// continues reports whether an object continues the text of last: it has the same type
// and place, and last is not closed by a signature.
func (x *Members) continues(last *Members) bool {
	if x == nil || last == nil || last.said("signature") != "" {
		return false
	}
	for _, name := range []string{"type", "index"} {
		if x.said(name) != last.said(name) {
			return false
		}
	}
	if id := x.said("id"); id != "" && last.said("id") != "" && id != last.said("id") {
		return false
	}
	texts := func(o *Members) bool {
		return slices.ContainsFunc(o.names, func(name string) bool { return o.values[name].text != nil })
	}
	return texts(last) && (texts(x) || x.said("signature") != "")
}

// said returns a member that is neither text nor array nor object, or "" if there is none.
func (x *Members) said(name string) string {
	v, ok := x.values[name]
	if !ok || bytes.Equal(v.other, []byte("null")) {
		return ""
	}
	return string(v.other)
}

// String returns the members as the text of a JSON object, or "" if there are none.
func (x *Members) String() string {
	if len(x.names) == 0 {
		return ""
	}
	return string(x.raw())
}

func (x *Members) raw() json.RawMessage {
	out := []byte{'{'}
	for i, name := range x.names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, quote(name)...), ':')
		out = append(out, x.values[name].raw()...)
	}
	return append(out, '}')
}

func (e *member) raw() json.RawMessage {
	switch {
	case e.object != nil:
		return e.object.raw()
	case e.elements != nil:
		out := []byte{'['}
		for i, element := range e.elements {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, element.raw()...)
		}
		return append(out, ']')
	case e.text != nil:
		return quote(e.text.String())
	}
	return e.other
}

func quote(s string) []byte {
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	_ = to.Encode(s) // a string always has a text
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
