package body

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/internal/spelling"
)

// Besides collects the members of an object that the contract has no field for.
type Besides struct{ text []byte } // with the opening brace; nil: there are none

// Keep reads a member of any kind. It drops a null member: null means absent, and not every server accepts
// null.
func (b *Besides) Keep(d *Decoder, name []byte) *failure.Error {
	if d.Absent() {
		return nil
	}
	own := string(name)
	value, err := d.Raw()
	if err != nil {
		return err
	}
	b.Add(own, value)
	return nil
}

// Within adds the additional members of an object within the object.
func (b *Besides) Within(name string, inner *Besides) {
	if inner.text != nil {
		b.Add(name, append(inner.text, '}'))
	}
}

// Add adds a member, whose value is JSON.
func (b *Besides) Add(name string, value []byte) {
	if b.text == nil {
		b.text = []byte{'{'}
	}
	b.text = append(openai.AppendString(openai.AppendComma(b.text), name), ':')
	b.text = append(b.text, value...)
}

// AddMissing is Add for a member that counts only if there is none with its name.
func (b *Besides) AddMissing(name string, value []byte) {
	var all map[string]jsontext.Value
	if json.Unmarshal([]byte(b.Object()), &all) == nil && all[name] != nil {
		return
	}
	b.Add(name, value)
}

// Object returns the collected members as the text of a JSON object, or "" if there are none. The same
// members give the same text, regardless of their order and white space: the text decides
// whether a request repeats an earlier one.
func (b *Besides) Object() string {
	if b.text == nil {
		return ""
	}
	return Canonical(append(b.text, '}'))
}

// Canonical returns a valid JSON value in one form, regardless of the order of its members and its white
// space. Numbers stay as they are: a double cannot hold all of them.
func Canonical(value []byte) string {
	text, err := jsontext.AppendFormat(nil, value, jsontext.ReorderRawObjects(true), jsontext.CanonicalizeRawInts(false),
		jsontext.CanonicalizeRawFloats(false), jsontext.SpaceAfterColon(false), jsontext.SpaceAfterComma(false), jsontext.Multiline(false))
	if err != nil {
		return ""
	}
	return string(text)
}

// Members are the names that an API has at the top of a request, for messages about others.
type Members struct {
	API  string // in the plural, such as "responses"
	Have []string
	// Elsewhere has the members of another API, and what this one has instead.
	Elsewhere map[string]string
}

// hint says what the author of an unknown name may have meant; empty: nobody knows.
func (m *Members) hint(name string) string {
	if instead := m.Elsewhere[name]; instead != "" {
		return " (" + m.API + " have '" + instead + "' instead)"
	}
	if meant := spelling.Meant(name, m.Have); meant != "" {
		return " (did you mean '" + meant + "'?)"
	}
	return ""
}

// OtherThan is [Decoder.Other] at the top of a request with these members: the message suggests the one that may
// be meant.
func (d *Decoder) OtherThan(members *Members, unknown dialect.Unknown, more *Besides, name []byte) *failure.Error {
	fault := d.Other(unknown, more, name)
	if fault == nil || fault.Code != failure.CodeUnknownParameter {
		return fault // most unknown members are passed on, or ignored
	}
	fault.Message = strings.Replace(fault.Message, notKnown, notKnown+members.hint(string(name)), 1)
	return fault
}

// notKnown is the message about unknown members.
const notKnown = "is not a known parameter"

// Other reads a member that no API of OpenAI has into more, which collects those of its object.
func (d *Decoder) Other(unknown dialect.Unknown, more *Besides, name []byte) *failure.Error {
	switch unknown {
	case dialect.IgnoreUnknown:
		return d.Skip()
	case dialect.ForwardUnknown:
		return more.Keep(d, name)
	case dialect.RefuseUnknown:
	}
	return d.Fault(failure.CodeUnknownParameter, notKnown+"; a server that is started with --unknown-parameters=ignore, or forward, takes it")
}
