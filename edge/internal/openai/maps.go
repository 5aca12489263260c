package openai

import (
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// openObject reads an object whose names are the caller's own.
func (d *decoder) openObject(member func(name []byte) *Error) *Error {
	return d.object(func(name []byte) *Error {
		if err := d.item(); err != nil {
			return err
		}
		return member(name)
	})
}

// metadata reads "metadata", an object of strings. None of them may be null: unlike a
// parameter, a pair has no default.
func (d *decoder) metadata(dst *map[string]string) *Error {
	return d.openObject(func(name []byte) *Error {
		if len(*dst) == maxPairs {
			return fault("array_above_max_length", "metadata", fmt.Sprintf("may hold at most %d pairs", maxPairs))
		}
		t, err := d.token(jsontext.KindString)
		if err != nil {
			return err
		}
		if *dst == nil {
			*dst = make(map[string]string)
		}
		(*dst)[string(name)] = t.String()
		return nil
	})
}

// decodeLogitBias reads "logit_bias", whose names are token ids.
func decodeLogitBias(d *decoder, dst *map[int32]float64) *Error {
	return d.openObject(func(name []byte) *Error {
		id, parseErr := strconv.ParseInt(string(name), 10, 32)
		if parseErr != nil || strconv.FormatInt(id, 10) != string(name) {
			return fault("invalid_value", "logit_bias", "must have token ids as its names")
		}
		if d.text.PeekKind() == jsontext.KindNull {
			return d.wrongType(kindName(jsontext.KindNumber), jsontext.KindNull)
		}
		var bias float64
		if err := d.decimal(&bias); err != nil {
			return err
		}
		if *dst == nil {
			*dst = make(map[int32]float64)
		}
		(*dst)[int32(id)] = bias
		return nil
	})
}

// decodeStop reads "stop": a string or an array of strings.
func decodeStop(d *decoder, dst *[]string) *Error {
	if d.absent() {
		return nil
	}
	switch d.text.PeekKind() {
	case jsontext.KindString:
		*dst = make([]string, 1)
		return d.string(&(*dst)[0])
	case jsontext.KindBeginArray:
		return list(d, dst, decodeString)
	default:
		return d.otherType("a string or an array of strings")
	}
}

func decodeString(d *decoder) (s string, err *Error) {
	err = d.string(&s)
	return s, err
}

// otherType refuses the value that is next, or the text if there is no value.
func (d *decoder) otherType(want string) *Error {
	t, err := d.text.ReadToken()
	if err != nil {
		return d.syntaxError(err)
	}
	return d.wrongType(want, t.Kind())
}
