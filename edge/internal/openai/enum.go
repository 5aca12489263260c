package openai

import (
	"strings"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// enum reads the name of a value. The values are 1 to last; name has their names.
func enum[T ~int32](d *decoder, dst *T, name func(T) string, last T) *Error {
	if d.absent() {
		return nil
	}
	var s string
	if err := d.string(&s); err != nil {
		return err
	}
	for v := T(1); v <= last; v++ {
		if name(v) == s {
			*dst = v
			return nil
		}
	}
	names := make([]string, 0, last)
	for v := T(1); v <= last; v++ {
		names = append(names, name(v))
	}
	return d.notOneOf(names...)
}

// oneOf reads a string that has to be one of those given, such as the "type" of what
// comes in several types.
func (d *decoder) oneOf(dst *string, values ...string) *Error {
	if d.absent() {
		return nil
	}
	var s string
	if err := d.string(&s); err != nil {
		return err
	}
	for _, v := range values {
		if v == s {
			*dst = v
			return nil
		}
	}
	return d.notOneOf(values...)
}

// functionType reads the "type" of a tool or of what is about one. OpenAI has more
// types than functions; those are known and not supported.
func (d *decoder) functionType(dst *string) *Error {
	err := d.oneOf(dst, "function", "custom", "allowed_tools")
	switch {
	case err != nil && err.Code == "invalid_value":
		return d.notOneOf("function")
	case *dst == "custom" || *dst == "allowed_tools":
		return d.fault("unsupported_parameter", "is supported for functions only")
	}
	return err
}

// notOneOf refuses the string read last.
func (d *decoder) notOneOf(values ...string) *Error {
	choice := "must be one of '"
	if len(values) == 1 {
		choice = "must be '"
	}
	return d.fault("invalid_value", choice+strings.Join(values, "', '")+"'")
}

// missing refuses an object, read to its end, without a member that decides what the
// object is. Any other missing member is the service's to refuse.
func (d *decoder) missing(member string) *Error {
	path, whole := d.fullPath()
	if whole && path != "" {
		member = path + "." + member
	}
	return fault("missing_required_parameter", member, "is required")
}

func decodeModality(d *decoder) (m completionv1.Modality, err *Error) {
	err = enum(d, &m, modalityName, completionv1.Modality_MODALITY_AUDIO)
	return m, err
}
