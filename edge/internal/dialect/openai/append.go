// Package openai has the JSON that OpenAI's dialects share: errors, log probabilities, the padding
// of chunks, and scalars. It knows no stream and no request.
package openai

import (
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/internal/oneline"
)

// AppendString appends s as a JSON string with the fewest escapes that RFC 8259, section 7 allows, without
// those for HTML. The result has no character at which a reader may end a line ([oneline.Escape]). Bytes that
// are not UTF-8 become U+FFFD. The function ignores the error for them, because protobuf accepts no such
// strings.
//
// jsontext allocates nothing here, and is no slower than a loop of our own.
func AppendString[Text ~string | ~[]byte](dst []byte, s Text) []byte {
	start := len(dst)
	dst, _ = jsontext.AppendQuote(dst, s)
	return oneline.Escape(dst, start)
}

// AppendNullable appends s as a JSON string, the empty one as null.
func AppendNullable(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return AppendString(dst, s)
}

// AppendFloat appends f as encoding/json does: as ECMAScript's Number.toString, which
// is the shortest text that reads back as f. JSON has no text for infinities and NaN;
// the caller must not have any.
func AppendFloat(dst []byte, f float64) []byte {
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

// AppendComma appends a comma unless dst has just begun an object or an array.
func AppendComma(dst []byte) []byte {
	if last := dst[len(dst)-1]; last == '{' || last == '[' {
		return dst
	}
	return append(dst, ',')
}
