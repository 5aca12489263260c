package responses

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/internal/oneline"
)

// appendRaw appends a JSON object on one line. It replaces anything else by an empty object, so that the stream
// stays readable.
func appendRaw(dst []byte, object string) []byte {
	value := jsontext.Value(object)
	if value.Kind() != jsontext.KindBeginObject || value.Compact() != nil {
		return append(dst, "{}"...)
	}
	start := len(dst)
	return oneline.Escape(append(dst, value...), start)
}
