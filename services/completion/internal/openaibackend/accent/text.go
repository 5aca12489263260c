package accent

import (
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// errHalf says that a text has only a part of a character.
var errHalf = errors.New("half a character")

// A Text is a text in pieces. The end of a piece may split a character.
type Text struct {
	half []byte // the beginning of a character; a surrogate counts as one
}

// Take returns what a piece adds. A piece is a quoted JSON string. With join, the parts of a split character are
// joined; otherwise a split character is an error.
func (t *Text) Take(piece jsontext.Value, join bool) (string, error) {
	if len(t.half) == 0 {
		whole, err := jsontext.AppendUnquote(nil, piece)
		if err == nil {
			return string(whole), nil
		}
	}
	if !join {
		return "", errHalf
	}
	wide, err := unquote(append([]byte(nil), t.half...), piece)
	if err != nil {
		return "", err
	}
	var out []byte
	out, t.half, err = joinHalves(wide)
	return string(out), err
}

// Whole reports whether there is no incomplete character.
func (t *Text) Whole() bool { return len(t.half) == 0 }

// Cut returns the replacement for an incomplete character at the end of a cut text; "" for none.
func (t *Text) Cut() string {
	if t.Whole() {
		return ""
	}
	t.half = nil
	return string(utf8.RuneError)
}

// unquote appends the content of a JSON string. A surrogate without its other half becomes three bytes, like
// a character.
func unquote(dst []byte, quoted jsontext.Value) ([]byte, error) {
	if len(quoted) < len(`""`) || quoted[0] != '"' {
		return nil, errors.New("not a string")
	}
	in := quoted[1 : len(quoted)-1]
	for i := 0; i < len(in); i++ {
		if in[i] != '\\' {
			dst = append(dst, in[i])
			continue
		}
		if i++; i >= len(in) {
			return nil, errHalf
		}
		if in[i] != 'u' {
			one, err := jsontext.AppendUnquote(nil, []byte{'"', '\\', in[i], '"'})
			if err != nil {
				return nil, err
			}
			dst = append(dst, one...)
			continue
		}
		const digits = 4
		if i+digits >= len(in) {
			return nil, errHalf
		}
		unit, err := strconv.ParseUint(string(in[i+1:i+1+digits]), 16, 16)
		if err != nil {
			return nil, err
		}
		dst = appendUnit(dst, rune(unit))
		i += digits
	}
	return dst, nil
}

// appendUnit appends a unit of UTF-16.
func appendUnit(dst []byte, unit rune) []byte {
	if !utf16.IsSurrogate(unit) {
		return utf8.AppendRune(dst, unit)
	}
	return append(dst, 0xe0|byte(unit>>12), 0x80|byte(unit>>6)&0xbf, 0x80|byte(unit)&0xbf) //nolint:gosec // cut on purpose
}

// surrogate returns the surrogate that b begins with; ok is false if there is none.
func surrogate(b []byte) (unit rune, ok bool) {
	if len(b) < 3 || b[0] != 0xed || b[1] < 0xa0 {
		return 0, false
	}
	return rune(b[0]&0x0f)<<12 | rune(b[1]&0x3f)<<6 | rune(b[2]&0x3f), true
}

const firstLow = 0xdc00 // of the surrogates that end a pair

// joinHalves returns b as UTF-8, and the part of its end that may be the beginning of a character.
func joinHalves(b []byte) (out, half []byte, err error) {
	for len(b) > 0 {
		if unit, ok := surrogate(b); ok {
			low, paired := surrogate(b[3:])
			switch {
			case unit >= firstLow:
				return out, nil, errHalf
			case len(b) == 3 || !paired && mayBeSurrogate(b[3:]):
				return out, b, nil
			case !paired || low < firstLow:
				return out, nil, errHalf
			}
			out = utf8.AppendRune(out, utf16.DecodeRune(unit, low))
			b = b[6:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 {
			if !utf8.FullRune(b) {
				return out, b, nil
			}
			return out, nil, errHalf
		}
		out = append(out, b[:n]...)
		b = b[n:]
	}
	return out, nil, nil
}

// mayBeSurrogate reports whether b is the beginning of a surrogate's three bytes.
func mayBeSurrogate(b []byte) bool {
	return len(b) < 3 && (len(b) == 0 || b[0] == 0xed)
}
