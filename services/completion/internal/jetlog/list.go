package jetlog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

// A listed is an entry of a principal's list.
type listed struct {
	sequence uint64
	id       string
}

// listWindow is how much of the stream is searched first for the entries before one, in messages.
const listWindow = 256

// List implements [chat.Log]. It reads entries, and heads, only as far as it has to.
func (l *Log) List(ctx context.Context, principal, after string, descending bool) iter.Seq2[chat.Head, error] {
	return func(yield func(chat.Head, error) bool) {
		entries, err := l.archive.listedFrom(ctx, principal, after, descending)
		if err != nil {
			yield(chat.Head{}, err)
			return
		}
		for entry, err := range entries {
			if err != nil {
				yield(chat.Head{}, err)
				return
			}
			head, err := l.Latest(ctx, entry.id)
			switch {
			case errors.Is(err, chat.ErrNotFound), errors.Is(err, chat.ErrTrimmed):
				continue // deleted or expired meanwhile
			case errors.Is(err, record.ErrCorrupt):
				l.cfg.Logger.ErrorContext(ctx, "a stored completion cannot be read", slog.String("completion", entry.id), slog.Any("error", err))
				continue // the others can
			}
			if !yield(head, err) || err != nil {
				return
			}
		}
	}
}

// listedFrom returns the entries of a principal's list after the one with that id.
func (a *archive) listedFrom(ctx context.Context, principal, after string, descending bool) (iter.Seq2[listed, error], error) {
	all := listSubject(principal, "*")
	subject := all // its last message is the end of the list
	switch {
	case after != "" && !validID(after):
		return nil, chat.ErrNotFound
	case after != "":
		subject = listSubject(principal, after)
	case !descending:
		return a.forwards(ctx, all, 1), nil
	}
	at, err := a.io.LastOf(ctx, subject)
	switch {
	case errors.Is(err, chat.ErrNotFound) && after == "":
		return func(func(listed, error) bool) {}, nil
	case err != nil:
		return nil, err
	case !descending:
		return a.forwards(ctx, all, at.Sequence+1), nil
	}
	before := at.Sequence
	if after == "" {
		before++
	}
	first, err := a.io.FirstOf(ctx, all)
	if err != nil {
		return nil, err
	}
	return a.backwards(ctx, all, first.Sequence, before), nil
}

// forwards yields the entries of a list from a stream sequence on.
func (a *archive) forwards(ctx context.Context, subject string, from uint64) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		for msg, err := range a.io.Messages(ctx, subject, from) {
			if err == nil && !validID(string(msg.Data)) {
				err = fmt.Errorf("list of completions: %w", record.ErrCorrupt)
			}
			if err != nil {
				yield(listed{}, err)
				return
			}
			if !yield(listed{msg.Sequence, string(msg.Data)}, nil) {
				return
			}
		}
	}
}

// backwards yields the entries of a list before a stream sequence, from the last to the first. The stream can
// only be read forwards: so it is searched one window at a time, each before the previous one, and larger if
// that one had few entries.
func (a *archive) backwards(ctx context.Context, subject string, first, before uint64) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		for window := uint64(listWindow); before > first; {
			from := first
			if before-first > window {
				from = before - window
			}
			var found []listed
			for entry, err := range a.forwards(ctx, subject, from) {
				if err != nil {
					yield(listed{}, err)
					return
				}
				if entry.sequence >= before {
					break
				}
				found = append(found, entry)
			}
			for _, entry := range slices.Backward(found) {
				if !yield(entry, nil) {
					return
				}
			}
			if len(found) < jetio.ListBatch {
				window *= 2
			}
			before = from
		}
	}
}
