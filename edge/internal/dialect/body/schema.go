package body

import (
	"github.com/go-json-experiment/json/jsontext"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/pawstream/pawstream/edge/internal/failure"
)

// Schema reads a JSON Schema: any object, as open as the standard leaves it. A
// null in it is a value like any other. Numbers become doubles, and the order of
// names is lost.
func (d *Decoder) Schema(dst **structpb.Struct) *failure.Error {
	if d.Absent() {
		return nil
	}
	*dst = &structpb.Struct{}
	return decodeFields(d, *dst)
}

func decodeFields(d *Decoder, dst *structpb.Struct) *failure.Error {
	dst.Fields = make(map[string]*structpb.Value)
	return d.OpenObject(func(name []byte) *failure.Error {
		key := string(name)
		v, err := decodeAny(d)
		dst.Fields[key] = v
		return err
	})
}

// decodeAny reads any value. [MaxDepth] bounds its depth.
func decodeAny(d *Decoder) (*structpb.Value, *failure.Error) {
	switch d.Kind() {
	case jsontext.KindBeginObject:
		fields := &structpb.Struct{}
		return structpb.NewStructValue(fields), decodeFields(d, fields)
	case jsontext.KindBeginArray:
		elements := &structpb.ListValue{}
		return structpb.NewListValue(elements), List(d, &elements.Values, decodeAny)
	case jsontext.KindString:
		s, err := String(d)
		return structpb.NewStringValue(s), err
	case jsontext.KindNumber:
		var f float64
		err := d.Decimal(&f)
		return structpb.NewNumberValue(f), err
	case jsontext.KindTrue, jsontext.KindFalse:
		var b bool
		err := d.Boolean(&b)
		return structpb.NewBoolValue(b), err
	default: // null, or no value at all
		_, err := d.Token(jsontext.KindNull)
		return structpb.NewNullValue(), err
	}
}
