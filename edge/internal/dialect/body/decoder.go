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
// members of its open objects. An item of two bytes becomes a message of some hundred bytes, so
// the size of a body alone is no bound on memory.
const maxItems = 1 << 16

// The room that is reserved: for that many items at a time, and the size of one without its text, in
// bytes, both here and on its way to the completion service.
const (
	heldItems = 64
	itemCost  = 512
)

// A Decoder reads one body, token by token, directly into the contract's messages, so that
// an error can name the path of the value at fault. The text must be I-JSON (RFC
// 7493): UTF-8, no lone surrogates, no repeated name in an object. [Mended] turns other JSON into that.
//
// Its methods read one value each. A null that stands for an absent member leaves the
// destination alone.
type Decoder struct {
	tokens
	items int // see maxItems
	// hold makes room for items; nil: there is some.
	hold func(bytes int) *failure.Error
}

// New returns a decoder for a body. It asks hold for room, in bytes, for the decoded form of the
// body in addition to its text. If hold returns an error, decoding ends with it. A nil hold has room for all.
//
// The decoder ignores a byte order mark before the text, as RFC 8259, section 8.1, allows: some editors and languages
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

// Optional reads a value for which the contract distinguishes absent from zero.
func Optional[T any](d *Decoder, dst **T, read func(*T) *failure.Error) *failure.Error {
	if d.Absent() {
		return nil
	}
	*dst = new(T)
	return read(*dst)
}

// Absent reads a null that stands for an absent member. An element of an array cannot
// be absent, so its reader has to refuse a null.
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

// Offset returns the decoder's position, for [Decoder.Since].
func (d *Decoder) Offset() int64 { return d.text.InputOffset() }

// Since returns the text of the value that was read after an offset.
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

// Unsupported reads a member that the dialect has but we do not support: it may only be
// null.
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
