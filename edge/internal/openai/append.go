package openai

import (
	"math"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// AppendJSON appends v as JSON to dst, without white space, and returns the extended
// buffer. Unlike encoding/json it leaves <, > and & alone, and the order of map keys
// is theirs. On an error, which needs a v that this package did not build, dst is
// returned as it was.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return dst, err
	}
	return append(dst, text...), nil
}

// appendString appends s as a JSON string with the fewest escapes that RFC 8259,
// section 7 allows, which also means none for HTML. The result holds no control
// character, so no line ending. Bytes that are not UTF-8 become U+FFFD; the error that
// tells of them is of no use here, as protobuf lets no such string in.
//
// jsontext does it without an allocation and no slower than a loop of our own would.
func appendString(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s)
	return dst
}

// appendNullable appends s as a JSON string, the empty one as null.
func appendNullable(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return appendString(dst, s)
}

// appendFloat appends f as encoding/json does: as ECMAScript's Number.toString, which
// is the shortest text that reads back as f. JSON has no text for infinities and NaN;
// the caller must not have any.
func appendFloat(dst []byte, f float64) []byte {
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if n := len(dst); format == 'e' && n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-09 is e-9
		dst = dst[:n-1]
	}
	return dst
}
