package openai

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep arrays and objects may be nested. The API itself needs 6
// levels, the rest is for JSON schemas.
const maxDepth = 64

// maxItems is how many elements all arrays of a body may have, together with the
// members of its open objects. An item of two bytes becomes a message of some hundred, so
// that the size of a body alone bounds nothing.
const maxItems = 1 << 16

// What room is made for: so many items at a time, and what one takes beside its text, in
// bytes, as it is here and as it goes to the completion service.
const (
	heldItems = 64
	itemCost  = 512
)

// Bounds of lists that are the contract's. Whoever names more is told here, before anything
// is made of the rest.
const (
	maxMessages = 2048
	maxTools    = 128
	maxPairs    = 16
)

// A decoder reads one body, token by token, straight into the contract's messages:
// only so can an error name the path of what it is about. The text is I-JSON (RFC
// 7493): UTF-8, no lone surrogates, no name twice in an object.
//
// Its methods read one value each. A null that stands for an absent member leaves the
// destination alone.
type decoder struct {
	text  *jsontext.Decoder
	body  []byte
	items int // see maxItems
	// hold makes room for items; nil: there is some.
	hold func(bytes int) *Error
}

func newDecoder(body []byte) *decoder {
	return &decoder{text: jsontext.NewDecoder(bytes.NewBuffer(body)), body: body}
}

// root reads the whole body, which is one object and nothing after it.
func (d *decoder) root(member func(name []byte) *Error) *Error {
	if err := d.object(member); err != nil {
		return err
	}
	if rest := bytes.TrimLeft(d.text.UnreadBuffer(), " \t\r\n"); len(rest) > 0 {
		return d.invalidJSON("has more after its end", int64(len(d.body)-len(rest)))
	}
	return nil
}

// object reads an object and calls member for each of its members, to read the value.
// The name is valid until then.
func (d *decoder) object(member func(name []byte) *Error) *Error {
	if d.absent() {
		return nil
	}
	if err := d.begin(jsontext.KindBeginObject); err != nil {
		return err
	}
	for d.text.PeekKind() != jsontext.KindEndObject {
		name, err := d.name()
		if err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
	}
	return d.end()
}

// array reads an array and calls element for each of its elements, to read it.
func (d *decoder) array(element func() *Error) *Error {
	if d.absent() {
		return nil
	}
	if err := d.begin(jsontext.KindBeginArray); err != nil {
		return err
	}
	for d.text.PeekKind() != jsontext.KindEndArray {
		if err := d.item(); err != nil {
			return err
		}
		if err := element(); err != nil {
			return err
		}
	}
	return d.end()
}

// item counts an element of an array or a member of an open object.
func (d *decoder) item() *Error {
	if d.items++; d.items > maxItems {
		return tooManyItems()
	}
	if d.hold != nil && d.items%heldItems == 0 {
		return d.hold(heldItems * itemCost)
	}
	return nil
}

// list reads an array whose elements read reads. An empty array leaves dst empty.
func list[T any](d *decoder, dst *[]T, read func(*decoder) (T, *Error)) *Error {
	return d.array(func() *Error {
		v, err := read(d)
		*dst = append(*dst, v)
		return err
	})
}

// listOf is list for a list that is a member of the body, and may have that many elements.
func listOf[T any](d *decoder, dst *[]T, name string, most int, read func(*decoder) (T, *Error)) *Error {
	return list(d, dst, func(d *decoder) (v T, _ *Error) {
		if len(*dst) == most {
			return v, fault("array_above_max_length", name, fmt.Sprintf("may hold at most %d %s", most, name))
		}
		return read(d)
	})
}

// optional reads a value whose absence the contract tells from its zero.
func optional[T any](d *decoder, dst **T, read func(*T) *Error) *Error {
	if d.absent() {
		return nil
	}
	*dst = new(T)
	return read(*dst)
}

// absent reads a null that stands for an absent member. An element of an array cannot
// be absent, so a null there is left for its reader to refuse.
func (d *decoder) absent() bool {
	if d.text.PeekKind() != jsontext.KindNull {
		return false
	}
	if kind, _ := d.text.StackIndex(d.text.StackDepth()); kind != jsontext.KindBeginObject {
		return false
	}
	_, err := d.text.ReadToken()
	return err == nil
}

// begin reads the first token of an object or an array.
func (d *decoder) begin(want jsontext.Kind) *Error {
	if _, err := d.token(want); err != nil {
		return err
	}
	if d.text.StackDepth() > maxDepth {
		return d.invalidJSON("is nested too deeply", d.text.InputOffset()-1)
	}
	return nil
}

// end reads the last token of an object or an array.
func (d *decoder) end() *Error {
	if _, err := d.text.ReadToken(); err != nil {
		return d.syntaxError(err)
	}
	return nil
}

// token reads a token of the kind that is wanted.
func (d *decoder) token(want jsontext.Kind) (jsontext.Token, *Error) {
	t, err := d.text.ReadToken()
	if err != nil {
		return t, d.syntaxError(err)
	}
	if t.Kind() != want {
		return t, d.wrongType(kindName(want), t.Kind())
	}
	return t, nil
}

// name reads the name of a member. It is a part of the body unless it has escapes, so
// that the names of the API cost no allocation.
func (d *decoder) name() ([]byte, *Error) {
	quoted, err := d.text.ReadValue()
	if err != nil {
		return nil, d.syntaxError(err)
	}
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], nil
	}
	plain, _ := jsontext.AppendUnquote(nil, quoted) // has just been found valid
	return plain, nil
}

// skip reads a value of any kind and forgets it.
func (d *decoder) skip() *Error {
	for depth := d.text.StackDepth(); ; {
		_, err := d.text.ReadToken()
		switch {
		case err != nil:
			return d.syntaxError(err)
		case d.text.StackDepth() > maxDepth:
			return d.invalidJSON("is nested too deeply", d.text.InputOffset()-1)
		case d.text.StackDepth() == depth:
			return nil
		}
	}
}

// unsupported reads a member that OpenAI's API has and nothing here can do: it may be
// null and nothing else.
func (d *decoder) unsupported() *Error {
	if d.absent() {
		return nil
	}
	return d.fault("unsupported_parameter", "is not supported")
}

// unknown refuses the member whose name has just been read.
func (d *decoder) unknown() *Error {
	return d.fault("unknown_parameter", "is not a known parameter")
}

func (d *decoder) wrongType(want string, is jsontext.Kind) *Error {
	return d.fault("invalid_type", "must be "+want+", but is "+kindName(is))
}

// fault returns a 400 about what has been read last. The rest continues a sentence.
func (d *decoder) fault(code, rest string) *Error {
	path, whole := d.fullPath()
	if !whole {
		rest = "has a member that " + rest
	}
	return fault(code, path, rest)
}

// path returns where the value read last stands, in OpenAI's spelling, such as
// "messages[0].role". It ends before the first name that is not plain.
func (d *decoder) path() string {
	path, _ := d.fullPath()
	return path
}

func (d *decoder) fullPath() (path string, whole bool) {
	return d.render(d.text.StackPointer())
}
