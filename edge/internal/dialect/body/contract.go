package body

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/pawstream/pawstream/edge/internal/failure"
)

// PlainText reads a member that the contract has as plain text, under the same name, into params.
func (d *Decoder) PlainText(params protoreflect.Message, name []byte) *failure.Error {
	field := plainText(params, name)
	if field == nil {
		return d.Unknown()
	}
	text := params.Get(field).String()
	err := d.Text(&text)
	params.Set(field, protoreflect.ValueOfString(text))
	return err
}

// HasPlainText reports whether the contract has a member as plain text, so that PlainText reads it.
func HasPlainText(params protoreflect.Message, name []byte) bool {
	return plainText(params, name) != nil
}

func plainText(params protoreflect.Message, name []byte) protoreflect.FieldDescriptor {
	field := params.Descriptor().Fields().ByName(protoreflect.Name(name))
	if field == nil || field.Kind() != protoreflect.StringKind || field.IsList() || field.HasPresence() {
		return nil
	}
	return field
}
