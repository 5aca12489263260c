// Package wait waits for a duration, unless a context ends first.
package wait

import (
	"context"
	"time"
)

// For returns nil after d, or ctx's error if ctx ends first. It does not wait if d is not positive.
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
