package body

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/failure"
)

// maxPairs is how many pairs metadata may have by the contract. If there are more, they are refused before the
// rest is decoded.
const maxPairs = 16

// Metadata reads the member "metadata" of the body, an object of strings. None of them may be null: unlike a
// parameter, a pair has no default.
func (d *Decoder) Metadata(dst *map[string]string) *failure.Error {
	return d.OpenObject(func(name []byte) *failure.Error {
		if len(*dst) == maxPairs {
			return failure.Field(failure.CodeArrayAboveMaxLength, "metadata", fmt.Sprintf("may hold at most %d pairs", maxPairs))
		}
		t, err := d.Token(jsontext.KindString)
		if err != nil {
			return err
		}
		if *dst == nil {
			*dst = make(map[string]string)
		}
		(*dst)[string(name)] = t.String()
		return nil
	})
}
