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

// DigestVersion says how [Digest] makes a digest. A change of what it returns, for any params,
// is a new version: the log then makes the digests of the versions before anew. Version 1 returned the same,
// which stood elsewhere in the log.
const DigestVersion = 2

// Digest tells requests apart, but for their model, which the domain compares by id. Requests that
// ask for the same have one digest, whichever version of the contract a service knows: what is
// absent or at its default counts for nothing, and a field counts alike whether it is known
// here or not.
//
// One kind of field is an exception: a message with a map or a oneof, whose encoding is not
// settled. Services have to know it before edges send it.
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
		_, _ = hash.Write(f.data) // which never fails
	}
	return [sha256.Size]byte(hash.Sum(nil)), err
}

// A field is one value of a message's field on the wire, with its tag.
type field struct {
	number protowire.Number
	data   []byte
}

// canonical returns a message of the contract with its fields as [canonicalFields] has them. It
// is data itself where that is the same.
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

// canonicalFields returns the fields of a message of the contract in the order of their numbers, known
// or not, and without those that say nothing. Messages of other packages stay as they are.
// changed says whether they are other than in data.
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
				continue // the domain has no other for such a message and none
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

// within reports whether a field is a message of the package that the one it belongs to is of.
func within(field protoreflect.FieldDescriptor, kind protoreflect.MessageDescriptor) bool {
	message := field.Message()
	return message != nil && !field.IsMap() && message.ParentFile().Package() == kind.ParentFile().Package()
}

// content returns the content of a field that is no number.
func content(field []byte) []byte {
	_, _, n := protowire.ConsumeTag(field)
	inner, _ := protowire.ConsumeBytes(field[n:])
	return inner
}

// only returns the content of a message's field of that number, where the message has no other.
func only(message []byte, number protowire.Number) (_ []byte, ok bool) {
	got, wireType, n := protowire.ConsumeField(message)
	if n <= 0 || n != len(message) || got != number || wireType != protowire.BytesType {
		return nil, false
	}
	return content(message), true
}

// usual returns a field of a message as it is usually said, without data where it says nothing.
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
		if f.number == includeEvents { // a header may ask for it as well, and it changes no answer
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
		// Content of one part that is text is that text.
		one, alone := only(list, part)
		if said, isText := only(one, partText); alone && isText {
			return field{text, protowire.AppendBytes(protowire.AppendTag(nil, text, protowire.BytesType), said)}
		}
	}
	return f
}
