// Package wait waits for a time, unless a context ends first.
package wait

import (
	"context"
	"time"
)

// For returns nil after d, or ctx's error where ctx ends before that. A d that is not positive
// is no time.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
