package body

import (
	"strings"

	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/internal/protoname"
)

// Enum reads the name of a value.
func Enum[T protoname.Enum](d *Decoder, dst *T) *failure.Error {
	if d.Absent() {
		return nil
	}
	var s string
	if err := d.Text(&s); err != nil {
		return err
	}
	v := protoname.Value[T](s)
	if v == 0 {
		return d.NotOneOf(protoname.All[T]()...)
	}
	*dst = v
	return nil
}

// OneOf reads a string that must be one of the given ones, such as the "type" of an object
// with several types.
func (d *Decoder) OneOf(dst *string, values ...string) *failure.Error {
	if d.Absent() {
		return nil
	}
	var s string
	if err := d.Text(&s); err != nil {
		return err
	}
	for _, v := range values {
		if v == s {
			*dst = v
			return nil
		}
	}
	return d.NotOneOf(values...)
}

// NotOneOf refuses the string read last.
func (d *Decoder) NotOneOf(values ...string) *failure.Error {
	choice := "must be one of '"
	if len(values) == 1 {
		choice = "must be '"
	}
	return d.Fault(failure.CodeInvalidValue, choice+strings.Join(values, "', '")+"'")
}

// Missing refuses an object, read to its end, without a member that decides what the
// Object is. Any other missing member is the service's to refuse.
func (d *Decoder) Missing(member string) *failure.Error {
	path, whole := d.fullPath()
	if whole && path != "" {
		member = path + "." + member
	}
	return failure.Field(failure.CodeMissingParameter, member, "is required")
}

// OpenObject reads an object whose names are the caller's own.
func (d *Decoder) OpenObject(member func(name []byte) *failure.Error) *failure.Error {
	return d.Object(func(name []byte) *failure.Error {
		if err := d.item(); err != nil {
			return err
		}
		return member(name)
	})
}

// OtherType refuses the value that is next, or the text if there is no value.
func (d *Decoder) OtherType(want string) *failure.Error {
	t, err := d.text.ReadToken()
	if err != nil {
		return d.syntaxError(err)
	}
	return d.WrongType(want, t.Kind())
}

// Misplaced refuses a member, of an object read to its end, that belongs to another
// type than the object is of.
func (d *Decoder) Misplaced(member string) *failure.Error {
	if path := d.Path(); path != "" {
		member = path + "." + member
	}
	return failure.Field(failure.CodeUnknownParameter, member, "does not belong to this type")
}
