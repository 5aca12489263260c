package jetlog

import (
	"context"
	"time"

	"github.com/pawstream/pawstream/internal/wait"
)

// pause reports whether so much time has passed before ctx ended.
func pause(ctx context.Context, d time.Duration) bool { return wait.For(ctx, d) == nil }
