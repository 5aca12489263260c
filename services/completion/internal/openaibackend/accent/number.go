package accent

import (
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// maxWhole is the largest number that every kind of number holds exactly.
const maxWhole = 1 << 53

// whole returns a whole number. ok is false where the value is none.
func (r *Reader) whole(v jsontext.Value) (n int64, ok bool) {
	if r.hears(LooseNumbers) {
		return Whole(v)
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	return n, err == nil
}

// Number returns the whole number that a text is, be it written with a fraction of nothing.
func Number(digits string) (n int64, ok bool) {
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > maxWhole {
		return 0, false
	}
	return int64(f), true
}

// Whole is [Number] for a value of JSON, which may be a text.
func Whole(v jsontext.Value) (n int64, ok bool) { return Number(plain(v)) }

// plain returns a string, or a number as it is written; "" for anything else.
func plain(v jsontext.Value) string {
	s, err := unquoted(v)
	if err != nil {
		return ""
	}
	return s
}

// unquoted is plain for what is not to be taken for nothing where it is a string that is not UTF-8: an error.
func unquoted(v jsontext.Value) (string, error) {
	switch v.Kind() {
	case jsontext.KindString:
		s, err := jsontext.AppendUnquote(nil, v)
		return string(s), err
	case jsontext.KindNumber:
		return string(v), nil
	default:
		return "", nil
	}
}

// present reports whether a value is there and is not null.
func present(v jsontext.Value) bool { return len(v) > 0 && v.Kind() != jsontext.KindNull }
