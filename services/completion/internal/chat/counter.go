package chat

import (
	"context"
)

// A Counter counts tokens.
type Counter interface {
	// Prompt returns how many tokens messages take. Once they are over limit it stops and returns
	// some number above limit.
	Prompt(ctx context.Context, messages []Message, limit int) (int, error)
}
