package wire

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// DigestVersion is the version of [Digest]. If its result changes for any params, increase the version: the log
// then recomputes digests of earlier versions. Version 1 had the same results, but in another place of the log.
const DigestVersion = 2

// Digest identifies a request, without its model, which the domain compares by id. Requests that ask for the
// same have the same digest, regardless of the service's version of the contract: absent values and defaults do
// not count, and known and unknown fields count alike.
//
// One kind of field is an exception: a message with a map or a oneof, whose encoding has no fixed order.
// Services must know such a field before edges send it.
func Digest(p *completionv1.CompletionParams) ([sha256.Size]byte, error) {
	return digest(p)
}

func digest(params proto.Message) (sum [sha256.Size]byte, err error) {
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(params)
	if err != nil {
		return sum, fmt.Errorf("digest of a request: %w", err)
	}
	fields, _, err := canonicalFields(data, params.ProtoReflect().Descriptor())
	hash := sha256.New()
	for _, f := range fields {
		_, _ = hash.Write(f.data) // it never fails
	}
	return [sha256.Size]byte(hash.Sum(nil)), err
}

// A field is one value of a message's field on the wire, with its tag.
type field struct {
	number protowire.Number
	data   []byte
}

// canonical returns a message of the contract with the fields of [canonicalFields]. It returns data itself if
// nothing changes.
func canonical(data []byte, kind protoreflect.MessageDescriptor) ([]byte, error) {
	fields, changed, err := canonicalFields(data, kind)
	if err != nil || !changed {
		return data, err
	}
	var out []byte
	for _, f := range fields {
		out = append(out, f.data...)
	}
	return out, nil
}

// canonicalFields returns the known and unknown fields of a message of the contract in the order of their
// numbers, without those that do not count. It does not change messages of other packages. changed says whether
// the result differs from data.
func canonicalFields(data []byte, kind protoreflect.MessageDescriptor) (fields []field, changed bool, err error) {
	for len(data) > 0 {
		number, wireType, n := protowire.ConsumeField(data)
		if n < 0 {
			return nil, false, fmt.Errorf("digest of a request: %w", protowire.ParseError(n))
		}
		whole := data[:n]
		data = data[n:]
		known := kind.Fields().ByNumber(number)
		if known != nil && wireType == protowire.BytesType && within(known, kind) {
			given := content(whole)
			inner, err := canonical(given, known.Message())
			if err != nil {
				return nil, false, err
			}
			if len(inner) == 0 && !known.IsList() && known.ContainingOneof() == nil {
				changed = true
				continue // the domain does not distinguish such a message from none
			}
			if !same(inner, given) {
				changed = true
				whole = protowire.AppendBytes(protowire.AppendTag(nil, number, wireType), inner)
			}
		}
		f := usual(kind.FullName(), field{number, whole})
		changed = changed || !same(f.data, whole)
		if f.data != nil {
			fields = append(fields, f)
		}
	}
	byNumber := func(a, b field) int { return cmp.Compare(a.number, b.number) }
	if !slices.IsSortedFunc(fields, byNumber) {
		changed = true
		slices.SortStableFunc(fields, byNumber)
	}
	return fields, changed, nil
}

// same reports whether a and b are the same piece of memory.
func same(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// within reports whether a field is a message of the same package as kind.
func within(field protoreflect.FieldDescriptor, kind protoreflect.MessageDescriptor) bool {
	message := field.Message()
	return message != nil && !field.IsMap() && message.ParentFile().Package() == kind.ParentFile().Package()
}

// content returns the content of a length-delimited field.
func content(field []byte) []byte {
	_, _, n := protowire.ConsumeTag(field)
	inner, _ := protowire.ConsumeBytes(field[n:])
	return inner
}

// only returns the content of a message's field with that number, if the message has no other field.
func only(message []byte, number protowire.Number) (_ []byte, ok bool) {
	got, wireType, n := protowire.ConsumeField(message)
	if n <= 0 || n != len(message) || got != number || wireType != protowire.BytesType {
		return nil, false
	}
	return content(message), true
}

// usual returns the canonical form of a field, without data if the field does not count.
func usual(message protoreflect.FullName, f field) field {
	const (
		model, logprobs, more = 1, 13, 34 // of CompletionParams
		includeEvents         = 3         // of StreamOptions
		text, parts           = 2, 3      // of ChatMessage
		part, partText        = 1, 1      // of ContentParts and of ContentPart
	)
	switch message {
	case "petstore.completion.v1.CompletionParams":
		if f.number == model || (f.number == logprobs || f.number == more) && f.data[len(f.data)-1] == 0 {
			return field{}
		}
	case "petstore.completion.v1.StreamOptions":
		if f.number == includeEvents { // a header may ask for it too, and it changes no answer
			return field{}
		}
	case "petstore.completion.v1.ChatMessage":
		if f.number != parts {
			break
		}
		list := content(f.data)
		if len(list) == 0 {
			return field{}
		}
		// Content of a single text part equals that text.
		one, alone := only(list, part)
		if said, isText := only(one, partText); alone && isText {
			return field{text, protowire.AppendBytes(protowire.AppendTag(nil, text, protowire.BytesType), said)}
		}
	}
	return f
}
