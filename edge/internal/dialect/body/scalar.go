package body

import (
	"errors"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/failure"
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

// Text reads a string.
func (d *Decoder) Text(dst *string) *failure.Error {
	if d.Absent() {
		return nil
	}
	t, err := d.Token(jsontext.KindString)
	if err != nil {
		return err
	}
	*dst = t.String()
	return nil
}

// String reads a string that is an element of an array.
func String(d *Decoder) (s string, err *failure.Error) {
	err = d.Text(&s)
	return s, err
}

// Boolean reads true or false.
func (d *Decoder) Boolean(dst *bool) *failure.Error {
	if d.Absent() {
		return nil
	}
	t, err := d.text.ReadToken()
	if err != nil {
		return d.syntaxError(err)
	}
	if k := t.Kind(); k != jsontext.KindTrue && k != jsontext.KindFalse {
		return d.WrongType("a boolean", k)
	}
	*dst = t.Bool()
	return nil
}

// Decimal reads a number as a double, which may lose digits but not magnitude.
func (d *Decoder) Decimal(dst *float64) *failure.Error {
	if d.Absent() {
		return nil
	}
	t, err := d.Token(jsontext.KindNumber)
	if err != nil {
		return err
	}
	f, rangeErr := t.Float()
	if rangeErr != nil {
		return d.outOfRange(f < 0, failure.CodeDecimalBelowMinValue, failure.CodeDecimalAboveMaxValue)
	}
	*dst = f
	return nil
}

// Int32 reads a whole number of 32 bits.
func (d *Decoder) Int32(dst *int32) *failure.Error {
	if d.Absent() {
		return nil
	}
	n, err := d.integer(math.MinInt32, math.MaxInt32)
	*dst = int32(n) //nolint:gosec // within these bounds
	return err
}

// Int64 reads a whole number of 64 bits.
func (d *Decoder) Int64(dst *int64) *failure.Error {
	if d.Absent() {
		return nil
	}
	n, err := d.integer(math.MinInt64, math.MaxInt64)
	*dst = n
	return err
}

// integer reads a whole number. 1.0 and 1e2 are whole numbers too, as in JSON Schema:
// some languages write all numbers that way.
func (d *Decoder) integer(low, high int64) (int64, *failure.Error) {
	t, err := d.Token(jsontext.KindNumber)
	if err != nil {
		return 0, err
	}
	n, numberErr := t.Int() // the nearest value, even with an error
	if errors.Is(numberErr, strconv.ErrSyntax) {
		f, _ := t.Float() // out of range it is infinite
		if f != math.Trunc(f) {
			return 0, d.Fault(failure.CodeInvalidType, "must be an integer, but is a number with a fraction")
		}
		if -1<<63 <= f && f < 1<<63 {
			n, numberErr = int64(f), nil
		}
	}
	if numberErr != nil || n < low || n > high {
		return 0, d.outOfRange(n < 0, failure.CodeIntegerBelowMinValue, failure.CodeIntegerAboveMaxValue)
	}
	return n, nil
}

// outOfRange refuses a number that is below or above the contract's range.
func (d *Decoder) outOfRange(below bool, tooSmall, tooLarge failure.Code) *failure.Error {
	if below {
		return d.Fault(tooSmall, "is too small a number")
	}
	return d.Fault(tooLarge, "is too large a number")
}

// TextOfJSON reads a text of JSON, such as what a function is called with, or the object or array itself, which
// histories of other APIs have in its place.
func (d *Decoder) TextOfJSON(dst *string) *failure.Error {
	if kind := d.Kind(); kind != jsontext.KindBeginObject && kind != jsontext.KindBeginArray {
		return d.Text(dst)
	}
	raw, err := d.Raw()
	if err != nil {
		return err
	}
	value := jsontext.Value(raw).Clone()
	if err := value.Compact(); err != nil {
		return d.OtherType("a string of JSON")
	}
	*dst = string(value)
	return nil
}
