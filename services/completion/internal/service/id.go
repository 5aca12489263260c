package service

import (
	"crypto/rand"

	"github.com/pawstream/pawstream/internal/openaiapi"
)

// newID returns an id that has never been used and cannot be guessed: it keeps the events of different
// completions apart.
func newID() string { return openaiapi.CompletionID + rand.Text() }
