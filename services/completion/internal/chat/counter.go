package chat

import (
	"context"
)

// A Counter counts tokens.
type Counter interface {
	// Prompt returns how many tokens messages take. Once the count exceeds limit, it stops and returns
	// a number above limit.
	Prompt(ctx context.Context, messages []Message, limit int) (int, error)
}
