package chat

import (
	"context"
	"time"
)

// An Observer is notified about the completions of this process. Its methods return at
// once, and may be called by several goroutines.
type Observer interface {
	// Generating says that this process begins to generate a completion: a new one, or one that
	// has been taken over that many times. The engine runs in the returned context.
	// stop, called once, says that the generation is over: terminal is how it ended, or nil
	// if another process continues it.
	Generating(ctx context.Context, m *Meta, takeovers int) (_ context.Context, stop func(terminal *Event))

	// Ended says that this process has stored a completion's terminal event, which
	// happens only once in all processes. firstToken and took are measured from the
	// admission; 0: not known here.
	Ended(ctx context.Context, m *Meta, terminal *Event, firstToken, took time.Duration)
}
