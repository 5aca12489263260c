package openai

import (
	"github.com/go-json-experiment/json/jsontext"
	"google.golang.org/protobuf/types/known/structpb"
)

// decodeSchema reads a JSON Schema: any object, as open as the standard leaves it. A
// null in it is a value like any other. Numbers become doubles, and the order of
// names is lost.
func decodeSchema(d *decoder, dst **structpb.Struct) *Error {
	if d.absent() {
		return nil
	}
	*dst = &structpb.Struct{}
	return decodeFields(d, *dst)
}

func decodeFields(d *decoder, dst *structpb.Struct) *Error {
	dst.Fields = make(map[string]*structpb.Value)
	return d.openObject(func(name []byte) *Error {
		key := string(name)
		v, err := decodeAny(d)
		dst.Fields[key] = v
		return err
	})
}

// decodeAny reads any value. How deep it goes is bounded by [maxDepth].
func decodeAny(d *decoder) (*structpb.Value, *Error) {
	switch d.text.PeekKind() {
	case jsontext.KindBeginObject:
		fields := &structpb.Struct{}
		return structpb.NewStructValue(fields), decodeFields(d, fields)
	case jsontext.KindBeginArray:
		elements := &structpb.ListValue{}
		return structpb.NewListValue(elements), list(d, &elements.Values, decodeAny)
	case jsontext.KindString:
		s, err := decodeString(d)
		return structpb.NewStringValue(s), err
	case jsontext.KindNumber:
		var f float64
		err := d.decimal(&f)
		return structpb.NewNumberValue(f), err
	case jsontext.KindTrue, jsontext.KindFalse:
		var b bool
		err := d.boolean(&b)
		return structpb.NewBoolValue(b), err
	default: // null, or no value at all
		_, err := d.token(jsontext.KindNull)
		return structpb.NewNullValue(), err
	}
}
