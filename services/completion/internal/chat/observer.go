package chat

import (
	"context"
	"time"
)

// An Observer is told what becomes of completions in this process. Its methods return at
// once, and may be called by several goroutines.
type Observer interface {
	// Generating says that this process generates a completion from now on: a new one,
	// or one that has been taken over so many times. The engine runs in the context that
	// it returns. stop, called once, says that it does so no longer: terminal is what
	// the generation came to, nil where another process goes on.
	Generating(ctx context.Context, m *Meta, takeovers int) (_ context.Context, stop func(terminal *Event))

	// Ended says that this process has stored a completion's terminal event, which
	// happens once among all processes. firstToken and took are counted from the
	// admission; 0: not known here.
	Ended(ctx context.Context, m *Meta, terminal *Event, firstToken, took time.Duration)
}
