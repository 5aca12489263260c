package openai

import (
	"errors"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// kindName names a kind of value, for a sentence.
func kindName(k jsontext.Kind) string {
	switch k {
	case jsontext.KindNull:
		return "null"
	case jsontext.KindFalse, jsontext.KindTrue:
		return "a boolean"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "an array"
	default: // no value begins so
		return "nothing"
	}
}

func (d *decoder) string(dst *string) *Error {
	if d.absent() {
		return nil
	}
	t, err := d.token(jsontext.KindString)
	if err != nil {
		return err
	}
	*dst = t.String()
	return nil
}

func (d *decoder) boolean(dst *bool) *Error {
	if d.absent() {
		return nil
	}
	t, err := d.text.ReadToken()
	if err != nil {
		return d.syntaxError(err)
	}
	if k := t.Kind(); k != jsontext.KindTrue && k != jsontext.KindFalse {
		return d.wrongType("a boolean", k)
	}
	*dst = t.Bool()
	return nil
}

// decimal reads a number as a double, which may lose digits but not magnitude.
func (d *decoder) decimal(dst *float64) *Error {
	if d.absent() {
		return nil
	}
	t, err := d.token(jsontext.KindNumber)
	if err != nil {
		return err
	}
	f, rangeErr := t.Float()
	if rangeErr != nil {
		return d.outOfRange("decimal", f < 0)
	}
	*dst = f
	return nil
}

func (d *decoder) int32(dst *int32) *Error {
	if d.absent() {
		return nil
	}
	n, err := d.integer(math.MinInt32, math.MaxInt32)
	*dst = int32(n) //nolint:gosec // within these bounds
	return err
}

func (d *decoder) int64(dst *int64) *Error {
	if d.absent() {
		return nil
	}
	n, err := d.integer(math.MinInt64, math.MaxInt64)
	*dst = n
	return err
}

// integer reads a whole number. 1.0 and 1e2 are such numbers too, as in JSON Schema:
// some languages write all their numbers so.
func (d *decoder) integer(low, high int64) (int64, *Error) {
	t, err := d.token(jsontext.KindNumber)
	if err != nil {
		return 0, err
	}
	n, numberErr := t.Int() // the nearest there is, whatever the error
	if errors.Is(numberErr, strconv.ErrSyntax) {
		f, _ := t.Float() // out of range it is infinite
		if f != math.Trunc(f) {
			return 0, d.fault("invalid_type", "must be an integer, but is a number with a fraction")
		}
		if -1<<63 <= f && f < 1<<63 {
			n, numberErr = int64(f), nil
		}
	}
	if numberErr != nil || n < low || n > high {
		return 0, d.outOfRange("integer", n < 0)
	}
	return n, nil
}

// outOfRange refuses a number that the contract has no room for.
func (d *decoder) outOfRange(kind string, below bool) *Error {
	if below {
		return d.fault(kind+"_below_min_value", "is too small a number")
	}
	return d.fault(kind+"_above_max_value", "is too large a number")
}
