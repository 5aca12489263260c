package chat

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

const idPrefix = "chatcmpl-"

// newID returns an id that has never been used and cannot be guessed: it is what
// keeps one completion's events from being taken for another's.
func newID() string { return idPrefix + rand.Text() }

// hashRequest identifies what a request asks for, so that a repeated idempotency
// key can be told from a reused one. It also tells about how large the request is.
func hashRequest(r *Request) (hash [32]byte, size int, err error) {
	same := *r
	same.Stream.IncludeEvents = false // a header may ask for it as well, and it changes no answer
	text, err := json.Marshal(&same)
	if err != nil {
		return hash, 0, fmt.Errorf("hash request: %w", err)
	}
	return sha256.Sum256(text), len(text), nil
}
