package body

import (
	"bytes"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/failure"
)

// Mended decodes a body. JSON by RFC 8259 that is not I-JSON is decoded as most languages read it: half of a
// surrogate pair, which clients that cut a text may send, becomes U+FFFD, and of two members with one name the last one
// counts. Errors that cannot be mended refer to the original text, and need no room.
//
// The mended text uses the room that a body has for the call to the completion service, which begins when both texts are no longer needed.
func Mended[T any](text []byte, hold func(bytes int) *failure.Error, decode func(text []byte) (T, *failure.Error)) (T, *failure.Error) {
	v, err := decode(text)
	if err == nil || err.Code != failure.CodeInvalidJSON || !utf8.Valid(text) {
		return v, err
	}
	members, ok := mendable(text)
	if !ok {
		return v, err
	}
	if hold != nil {
		if full := hold(memberCost * members); full != nil {
			return v, full
		}
	}
	mended, wrong := appendMended(make([]byte, 0, len(text)), liberalDecoder(text))
	if wrong != nil {
		return v, err
	}
	return decode(mended)
}

// memberCost is how many bytes a member of an object takes while the object is mended, in addition to its text.
const memberCost = 256

// mendable reports whether a text is JSON by RFC 8259 and not too deep, and the maximum number of members that its open
// objects have together.
func mendable(text []byte) (members int, ok bool) {
	from, open := liberalDecoder(text), 0
	for {
		if from.PeekKind() == jsontext.KindEndObject {
			_, n := from.StackIndex(from.StackDepth()) // names and values
			open -= int(n / 2)
		}
		if _, err := from.ReadToken(); err != nil || from.StackDepth() > MaxDepth {
			return 0, false
		}
		if from.StackDepth() == 0 {
			return members, len(bytes.TrimLeft(from.UnreadBuffer(), " \t\r\n")) == 0
		}
		if kind, n := from.StackIndex(from.StackDepth()); kind == jsontext.KindBeginObject && n%2 == 1 {
			open++
			members = max(members, open)
		}
	}
}

func liberalDecoder(text []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(bytes.TrimPrefix(text, []byte("\ufeff"))), liberal)
}

// liberal reads all that RFC 8259 calls JSON.
var liberal = json.JoinOptions(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)) //nolint:gochecknoglobals // options

// appendMended appends the next value as I-JSON.
func appendMended(dst []byte, from *jsontext.Decoder) ([]byte, error) {
	switch from.PeekKind() {
	case jsontext.KindBeginObject:
		return appendObject(dst, from)
	case jsontext.KindBeginArray:
		return appendArray(dst, from)
	default:
		token, err := from.ReadToken()
		if err != nil {
			return dst, err
		}
		if token.Kind() == jsontext.KindString {
			return jsontext.AppendQuote(dst, token.String())
		}
		return append(dst, token.String()...), nil
	}
}

func appendArray(dst []byte, from *jsontext.Decoder) ([]byte, error) {
	if _, err := from.ReadToken(); err != nil {
		return dst, err
	}
	dst = append(dst, '[')
	for n := 0; from.PeekKind() != jsontext.KindEndArray; n++ {
		if n > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendMended(dst, from); err != nil {
			return dst, err
		}
	}
	_, err := from.ReadToken()
	return append(dst, ']'), err
}

// A member is the position of an appended member.
type member struct {
	name     string
	from, to int
}

// appendObject appends an object. Of members with the same name, it keeps the last one, at its position.
func appendObject(dst []byte, from *jsontext.Decoder) ([]byte, error) {
	if _, err := from.ReadToken(); err != nil {
		return dst, err
	}
	var members []member
	last := make(map[string]int) // index of the last one of a name
	begin := len(dst) + 1
	dst = append(dst, '{')
	for from.PeekKind() != jsontext.KindEndObject {
		token, err := from.ReadToken()
		if err != nil {
			return dst, err
		}
		if len(members) > 0 {
			dst = append(dst, ',')
		}
		m := member{name: token.String(), from: len(dst)}
		last[m.name] = len(members)
		if dst, err = jsontext.AppendQuote(dst, m.name); err != nil {
			return dst, err
		}
		if dst, err = appendMended(append(dst, ':'), from); err != nil {
			return dst, err
		}
		m.to = len(dst)
		members = append(members, m)
	}
	if _, err := from.ReadToken(); err != nil {
		return dst, err
	}
	if len(last) < len(members) {
		dst = keepLast(dst, begin, members, last)
	}
	return append(dst, '}'), nil
}

// keepLast moves the last members of each name to the beginning of the members.
func keepLast(dst []byte, begin int, members []member, last map[string]int) []byte {
	to := begin
	for i, m := range members {
		if last[m.name] != i {
			continue
		}
		if to > begin {
			dst[to] = ','
			to++
		}
		to += copy(dst[to:], dst[m.from:m.to])
	}
	return dst[:to]
}
