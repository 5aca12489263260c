package dialect

import "github.com/pawstream/pawstream/edge/internal/failure"

// An Updating dialect lets clients change a completion that is stored. That is optional.
type Updating interface {
	Dialect

	// DecodeUpdate reads the body of such a request, and returns the metadata that takes the place of the old one; nil: none does.
	DecodeUpdate(body []byte) (metadata map[string]string, _ *failure.Error)
}
