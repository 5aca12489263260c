package service

import (
	"crypto/rand"

	"github.com/pawstream/pawstream/internal/openaiapi"
)

// newID returns an id that has never been used and cannot be guessed: it is what
// keeps one completion's events from being taken for another's.
func newID() string { return openaiapi.CompletionID + rand.Text() }
