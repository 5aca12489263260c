// Package due lists the completions that have ended and will be deleted later. It knows when, and which
// replica will do it, but not how a completion is deleted.
package due

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
)

const (
	// A list is looked at sweeps times in a retention, and at least every mostSweep.
	sweeps    = 10
	mostSweep = 15 * time.Second
	// Inherited is how much later than its own entries a replica takes those of others: they may have died.
	Inherited = time.Minute
)

// A List has an entry for each completion, in the order of the ends. All of its fields are required.
type List struct {
	IO      *jetio.Stream
	Prefix  string // of the entries' subjects, which the ids follow
	Replica string // whose entries are the own ones
	Alone   bool   // all entries are
	Logger  *slog.Logger

	// Spared reports whether a completion is to wait for the next sweep.
	Spared func(id string) bool
	// Delete deletes a completion, or lets it be, and then the entry of that sequence.
	Delete func(ctx context.Context, in jetio.Era, id, subject string, sequence uint64) error
}

// Note stores that a completion has ended.
func (l *List) Note(ctx context.Context, in jetio.Era, id string) error {
	_, err := l.IO.Append(ctx, in, l.Prefix+id, []byte(l.Replica), 0)
	if errors.Is(err, jetio.ErrFenced) || errors.Is(err, chat.ErrLost) {
		return nil // it says so already, or the stream is another one
	}
	return err
}

// Run sweeps the list until ctx ends. before is called each time, and returns the era.
func (l *List) Run(ctx context.Context, retention time.Duration, before func() jetio.Era) {
	failing := false
	for wait.For(ctx, min(retention/sweeps, mostSweep)) == nil {
		err := l.Sweep(ctx, before(), retention, Inherited)
		if err != nil && !failing && ctx.Err() == nil {
			l.Logger.WarnContext(ctx, "cannot delete completions that are not to be stored", slog.Any("error", err))
		}
		failing = err != nil
	}
}

// Sweep deletes the completions that have ended before a retention, those of others if that is so much longer ago.
func (l *List) Sweep(ctx context.Context, in jetio.Era, retention, inherited time.Duration) error {
	now, err := l.IO.Clock(ctx)
	if err != nil {
		return err
	}
	var failed error // of entries that are left to the next sweep
	for msg, err := range l.IO.Messages(ctx, l.Prefix+"*", 1) {
		if err != nil {
			return err
		}
		overdue := now.Sub(msg.Time) - retention
		id := strings.TrimPrefix(msg.Subject, l.Prefix)
		switch ours := l.Alone || string(msg.Data) == l.Replica; {
		case overdue < 0:
			return failed // nor are those behind it
		case !ours && overdue < inherited, l.Spared(id):
			continue
		}
		err := l.Delete(ctx, in, id, msg.Subject, msg.Sequence)
		if errors.Is(err, chat.ErrLogFull) || ctx.Err() != nil {
			return err // the log is away
		}
		failed = cmp.Or(failed, err)
	}
	return failed
}
