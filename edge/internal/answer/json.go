package answer

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/internal/oneline"
)

// AppendJSON appends v as JSON to dst, without white space, and returns the extended buffer. The JSON is one
// line to any reader ([oneline.Escape]). Map keys are sorted. Unlike encoding/json, it does not escape <, > and
// &. On an error, it returns dst unchanged; no view of a dialect causes one.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return dst, err
	}
	return oneline.Escape(append(dst, text...), len(dst)), nil
}
