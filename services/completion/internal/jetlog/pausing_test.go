package jetlog

import (
	"context"
	"time"

	"github.com/pawstream/pawstream/internal/wait"
)

// pause waits, and reports false if ctx ends first.
func pause(ctx context.Context, d time.Duration) bool { return wait.For(ctx, d) == nil }
