package chat

import (
	"fmt"
	"slices"
)

// FieldErrorf returns an error about one field: its message begins with the field's path.
func FieldErrorf(code Code, param, format string, args ...any) *Error {
	return &Error{Code: code, Param: param, Message: "'" + param + "' " + fmt.Sprintf(format, args...) + "."}
}

func missing(param string) *Error {
	return FieldErrorf(CodeMissingParameter, param, "is required")
}

func firstError(errs ...*Error) *Error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func integerIn(param string, v *int, low, high int) *Error {
	switch {
	case v == nil:
		return nil
	case *v < low:
		return FieldErrorf(CodeIntegerTooSmall, param, "must be at least %d", low)
	case *v > high:
		return FieldErrorf(CodeIntegerTooLarge, param, "must be at most %d", high)
	}
	return nil
}

// decimalIn checks a number's range. It refuses NaN, which a gRPC caller can send, as too small.
func decimalIn(param string, v *float64, low, high float64) *Error {
	switch {
	case v == nil:
		return nil
	case !(*v >= low):
		return FieldErrorf(CodeDecimalTooSmall, param, "must be at least %g", low)
	case *v > high:
		return FieldErrorf(CodeDecimalTooLarge, param, "must be at most %g", high)
	}
	return nil
}

func oneOf(s string, values ...string) bool {
	return slices.Contains(values, s)
}

// validName reports whether s is a function or schema name by OpenAI's rule:
// 1 to 64 of [a-zA-Z0-9_-].
func validName(s string) bool {
	if s == "" || len(s) > maxNameLength {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
