package chat

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
)

// decodeLogitBias reads "logit_bias", an object from token ids to biases.
func decodeLogitBias(d *body.Decoder, dst *map[int32]float64) *failure.Error {
	return d.OpenObject(func(name []byte) *failure.Error {
		id, parseErr := strconv.ParseInt(string(name), 10, 32)
		if parseErr != nil || strconv.FormatInt(id, 10) != string(name) {
			return failure.Field(failure.CodeInvalidValue, "logit_bias", "must have token ids as its names")
		}
		if d.Kind() == jsontext.KindNull {
			return d.WrongType("a number", jsontext.KindNull)
		}
		var bias float64
		if err := d.Decimal(&bias); err != nil {
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
func decodeStop(d *body.Decoder, dst *[]string) *failure.Error {
	if d.Absent() {
		return nil
	}
	switch d.Kind() {
	case jsontext.KindString:
		*dst = make([]string, 1)
		return d.Text(&(*dst)[0])
	case jsontext.KindBeginArray:
		return body.List(d, dst, body.String)
	default:
		return d.OtherType("a string or an array of strings")
	}
}
