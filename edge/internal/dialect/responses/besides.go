package responses

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/internal/oneline"
)

// appendRaw appends an object that is JSON already, on one line. What is none is an empty one: the stream is to stay
// readable.
func appendRaw(dst []byte, object string) []byte {
	value := jsontext.Value(object)
	if value.Kind() != jsontext.KindBeginObject || value.Compact() != nil {
		return append(dst, "{}"...)
	}
	start := len(dst)
	return oneline.Escape(append(dst, value...), start)
}
