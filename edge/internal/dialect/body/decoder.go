// Package body reads the JSON bodies of requests for all dialects. It reports which field is wrong, and
// limits how much memory a body may take.
//
// It knows no field, and no contract but that of failures.
package body

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/failure"
)

// MaxDepth is how deep arrays and objects may be nested. The API itself needs 6
// levels, the rest is for JSON schemas, of which each level takes two.
const MaxDepth = 128

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

// A Decoder reads one body, token by token, straight into the contract's messages:
// only so can an error name the path of what it is about. The text is I-JSON (RFC
// 7493): UTF-8, no lone surrogates, no name twice in an object. [Mended] makes that of what else is JSON.
//
// Its methods read one value each. A null that stands for an absent member leaves the
// destination alone.
type Decoder struct {
	tokens
	items int // see maxItems
	// hold makes room for items; nil: there is some.
	hold func(bytes int) *failure.Error
}

// New returns a decoder for a body. It asks hold for room, in bytes, for the many things that a
// body may hold beside its text, and ends with hold's error. A nil hold has room for all.
//
// A byte order mark before the text is passed over, as RFC 8259, section 8.1, allows: some editors and languages
// write one.
func New(body []byte, hold func(bytes int) *failure.Error) *Decoder {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	return &Decoder{tokens: tokens{text: jsontext.NewDecoder(bytes.NewBuffer(body)), body: body}, hold: hold}
}

// Root reads the whole body, which is one object and nothing after it.
func (d *Decoder) Root(member func(name []byte) *failure.Error) *failure.Error {
	if err := d.Object(member); err != nil {
		return err
	}
	if rest := bytes.TrimLeft(d.text.UnreadBuffer(), " \t\r\n"); len(rest) > 0 {
		return d.invalidJSON("has more after its end", int64(len(d.body)-len(rest)))
	}
	return nil
}

// Object reads an object and calls member for each of its members, to read the value.
// The name is valid until then.
func (d *Decoder) Object(member func(name []byte) *failure.Error) *failure.Error {
	if d.Absent() {
		return nil
	}
	if err := d.begin(jsontext.KindBeginObject); err != nil {
		return err
	}
	for d.Kind() != jsontext.KindEndObject {
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

// Array reads an array and calls element for each of its elements, to read it.
func (d *Decoder) Array(element func() *failure.Error) *failure.Error {
	if d.Absent() {
		return nil
	}
	if err := d.begin(jsontext.KindBeginArray); err != nil {
		return err
	}
	for d.Kind() != jsontext.KindEndArray {
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
func (d *Decoder) item() *failure.Error {
	if d.items++; d.items > maxItems {
		return failure.TooManyItems(maxItems)
	}
	if d.hold != nil && d.items%heldItems == 0 {
		return d.hold(heldItems * itemCost)
	}
	return nil
}

// List reads an array whose elements read reads. An empty array leaves dst empty.
func List[T any](d *Decoder, dst *[]T, read func(*Decoder) (T, *failure.Error)) *failure.Error {
	return d.Array(func() *failure.Error {
		v, err := read(d)
		*dst = append(*dst, v)
		return err
	})
}

// ListOf is [List] for a list that is a member of the body, and may have that many elements.
func ListOf[T any](d *Decoder, dst *[]T, name string, most int, read func(*Decoder) (T, *failure.Error)) *failure.Error {
	return List(d, dst, func(d *Decoder) (v T, _ *failure.Error) {
		if len(*dst) == most {
			return v, failure.Field(failure.CodeArrayAboveMaxLength, name, fmt.Sprintf("may hold at most %d %s", most, name))
		}
		return read(d)
	})
}

// Optional reads a value whose absence the contract tells from its zero.
func Optional[T any](d *Decoder, dst **T, read func(*T) *failure.Error) *failure.Error {
	if d.Absent() {
		return nil
	}
	*dst = new(T)
	return read(*dst)
}

// Absent reads a null that stands for an absent member. An element of an array cannot
// be absent, so a null there is left for its reader to refuse.
func (d *Decoder) Absent() bool {
	if d.Kind() != jsontext.KindNull {
		return false
	}
	if kind, _ := d.text.StackIndex(d.text.StackDepth()); kind != jsontext.KindBeginObject {
		return false
	}
	_, err := d.text.ReadToken()
	return err == nil
}

// Offset returns where the decoder stands, for [Decoder.Since].
func (d *Decoder) Offset() int64 { return d.text.InputOffset() }

// Since returns the text of the value that began behind an offset and has been read.
func (d *Decoder) Since(offset int64) []byte {
	return bytes.TrimLeft(d.body[offset:d.text.InputOffset()], ":, \t\r\n")
}

// Raw reads a value of any kind and returns its text, which is a part of the body.
func (d *Decoder) Raw() ([]byte, *failure.Error) {
	from := d.Offset()
	if err := d.Skip(); err != nil {
		return nil, err
	}
	return d.Since(from), nil
}

// Unsupported reads a member that the dialect has and nothing here can do: it may be
// null and nothing else.
func (d *Decoder) Unsupported() *failure.Error {
	if d.Absent() {
		return nil
	}
	return d.Fault(failure.CodeUnsupportedParameter, "is not supported")
}

// Unknown refuses the member whose name has just been read.
func (d *Decoder) Unknown() *failure.Error {
	return d.Fault(failure.CodeUnknownParameter, notKnown)
}
