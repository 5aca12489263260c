package accent

import (
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// maxWhole is the largest whole number that every number type holds exactly.
const maxWhole = 1 << 53

// whole returns a whole number; ok is false if the value is not one.
func (r *Reader) whole(v jsontext.Value) (n int64, ok bool) {
	if r.hears(LooseNumbers) {
		return Whole(v)
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	return n, err == nil
}

// Number returns the whole number that a text represents, even if it has a zero fraction.
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

// Whole is [Number] for a JSON value, which may be a string.
func Whole(v jsontext.Value) (n int64, ok bool) { return Number(plain(v)) }

// plain returns a string, or a number as it is written; "" for anything else.
func plain(v jsontext.Value) string {
	s, err := unquoted(v)
	if err != nil {
		return ""
	}
	return s
}

// unquoted is plain, but returns an error for a string that is not UTF-8.
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

// present reports whether a value exists and is not null.
func present(v jsontext.Value) bool { return len(v) > 0 && v.Kind() != jsontext.KindNull }
