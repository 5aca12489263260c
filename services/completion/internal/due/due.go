// Package due lists the ended completions that will be deleted later. It knows when, and by which replica, but
// not how.
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
	// A list is swept sweeps times per retention, and at least every mostSweep.
	sweeps    = 10
	mostSweep = 15 * time.Second
	// Inherited is how much later a replica handles the entries of others than its own: the others may have
	// died.
	Inherited = time.Minute
)

// A List has an entry for each ended completion, in the order of the ends. All of its fields are required.
type List struct {
	IO      *jetio.Stream
	Prefix  string // of the entries' subjects; a completion's id follows
	Replica string // the name of this replica
	Alone   bool   // all entries are this replica's
	Logger  *slog.Logger

	// Spared reports whether to leave a completion for the next sweep.
	Spared func(id string) bool
	// Delete deletes a completion, unless it should be kept, and then the entry with that sequence.
	Delete func(ctx context.Context, in jetio.Era, id, subject string, sequence uint64) error
}

// Note stores that a completion has ended.
func (l *List) Note(ctx context.Context, in jetio.Era, id string) error {
	_, err := l.IO.Append(ctx, in, l.Prefix+id, []byte(l.Replica), 0)
	if errors.Is(err, jetio.ErrFenced) || errors.Is(err, chat.ErrLost) {
		return nil // the entry exists already, or the stream has been replaced
	}
	return err
}

// Run sweeps the list until ctx ends. It calls before at each sweep for the era.
func (l *List) Run(ctx context.Context, retention time.Duration, before func() jetio.Era) {
	failing := false
	for wait.For(ctx, min(retention/sweeps, mostSweep)) == nil {
		err := l.Sweep(ctx, before(), retention, Inherited)
		if err != nil && !failing && ctx.Err() == nil {
			l.Logger.WarnContext(ctx, "cannot delete unstored completions", slog.Any("error", err))
		}
		failing = err != nil
	}
}

// Sweep deletes the completions that ended longer than retention ago. For those of other replicas, it adds
// inherited.
func (l *List) Sweep(ctx context.Context, in jetio.Era, retention, inherited time.Duration) error {
	now, err := l.IO.Clock(ctx)
	if err != nil {
		return err
	}
	var failed error // the first error, of an entry for the next sweep
	for msg, err := range l.IO.Messages(ctx, l.Prefix+"*", 1) {
		if err != nil {
			return err
		}
		overdue := now.Sub(msg.Time) - retention
		id := strings.TrimPrefix(msg.Subject, l.Prefix)
		switch ours := l.Alone || string(msg.Data) == l.Replica; {
		case overdue < 0:
			return failed // later entries are not due either
		case !ours && overdue < inherited, l.Spared(id):
			continue
		}
		err := l.Delete(ctx, in, id, msg.Subject, msg.Sequence)
		if errors.Is(err, chat.ErrLogFull) || ctx.Err() != nil {
			return err // the log is unavailable
		}
		failed = cmp.Or(failed, err)
	}
	return failed
}
