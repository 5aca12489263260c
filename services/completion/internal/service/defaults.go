package service

import (
	"context"
	"iter"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// alone is the [chat.Cluster] of a process that has its log to itself.
type alone struct{}

func (alone) Orphans(context.Context) iter.Seq[*chat.Orphan] { return func(func(*chat.Orphan) bool) {} }
func (alone) Watched(context.Context, string) bool           { return false }
func (alone) Asked(context.Context, chat.Asking) string      { return "" }
func (alone) TellAsked(func(chat.Asking) string)             {}

// boundless is the memory of a service without a limit.
type boundless struct{}

func (boundless) Share(string) chat.Share { return boundless{} }
func (boundless) Grow(int) error          { return nil }
func (boundless) Force(int)               {}
func (boundless) Release()                {}

// nobody is the Observer of a service without one.
type nobody struct{}

// Generating implements [chat.Observer].
func (nobody) Generating(ctx context.Context, _ *chat.Meta, _ int) (context.Context, func(*chat.Event)) {
	return ctx, func(*chat.Event) {}
}

// Ended implements [chat.Observer].
func (nobody) Ended(context.Context, *chat.Meta, *chat.Event, time.Duration, time.Duration) {}
