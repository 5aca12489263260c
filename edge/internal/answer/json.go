package answer

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/internal/oneline"
)

// AppendJSON appends v as JSON to dst, without white space, and returns the extended
// buffer. It is one line to any reader ([oneline.Escape]). Unlike encoding/json it leaves <, > and & alone, and the order of map keys
// is theirs. On an error, which needs a v that no dialect builds, dst is
// returned as it was.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return dst, err
	}
	return oneline.Escape(append(dst, text...), len(dst)), nil
}
