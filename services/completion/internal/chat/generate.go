package chat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// sealPatience bounds how long the terminal event may take to be stored.
const sealPatience = 10 * time.Second

// A generation is one engine's work on one completion.
type generation struct {
	meta     *Meta
	model    *Model
	writer   Writer
	usage    *Usage // the last that the engine told
	finished int    // choices that have ended
}

// generate runs the engine, stores what it yields and seals the completion,
// whatever happens: every admitted completion gets a terminal event.
func (s *Service) generate(ctx context.Context, r *run, g *generation) {
	defer s.delist(r)
	terminal := Event{Kind: KindDone}
	if err := g.run(ctx); err != nil {
		terminal = Event{Kind: KindError, Err: s.shown(ctx, g, err)}
	}
	terminal.Usage = g.usage

	sealCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sealPatience)
	defer cancel()
	if err := g.writer.Seal(sealCtx, terminal); err != nil && !errors.Is(err, ErrSealed) {
		s.logger.ErrorContext(ctx, "cannot store the end of a completion", slog.String("completion", g.meta.ID), slog.Any("error", err))
	}
}

// run stores what the engine yields until it ends: nil when the answer is complete.
func (g *generation) run(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("engine panicked: %v\n%s", p, debug.Stack())
		}
	}()
	req := g.meta.Request
	for event, err := range g.model.Engine.Complete(ctx, req, nil) {
		if err != nil {
			return err
		}
		if err := g.store(ctx, event); err != nil {
			return err
		}
	}
	if g.finished != req.Choices() {
		return fmt.Errorf("engine ended after %d of %d choices", g.finished, req.Choices())
	}
	if req.Stream.IncludeUsage && g.usage != nil {
		return g.writer.Append(ctx, UsageEvent(*g.usage))
	}
	return nil
}

// store takes one event of the engine.
func (g *generation) store(ctx context.Context, e Event) error {
	switch e.Kind {
	case KindProgress:
		if g.meta.Request.Stream.IncludeEvents {
			g.writer.Progress(*e.Progress)
		}
		return nil
	case KindUsage:
		g.usage = e.Usage
		return nil
	case KindDelta, KindFinish:
		if e.Choice < 0 || e.Choice >= g.meta.Request.Choices() {
			return fmt.Errorf("engine yielded choice %d of %d", e.Choice, g.meta.Request.Choices())
		}
		// After a cancel nothing more is shown, even where the engine has not noticed yet.
		if err := ctx.Err(); err != nil {
			return err
		}
		if e.Kind == KindFinish {
			g.finished++
		}
		return g.writer.Append(ctx, e)
	case KindError, KindDone:
	}
	return fmt.Errorf("engine yielded an event of kind %d", e.Kind)
}

// shown returns what readers see of the reason why a generation ended early, and
// logs what they do not.
func (s *Service) shown(ctx context.Context, g *generation, err error) *Error {
	var shown *Error
	switch {
	case ctx.Err() != nil && errors.As(context.Cause(ctx), &shown):
		return shown
	case errors.Is(err, ErrTooLong):
		return errTooLong
	case errors.Is(err, ErrSealed):
		return errCancelled // ended elsewhere: the seal that follows changes nothing
	case !errors.As(s.failure(err), &shown):
		shown = Internal(err)
	}
	if shown.Err == nil {
		return shown
	}
	s.logger.ErrorContext(ctx, "generation failed", slog.String("completion", g.meta.ID),
		slog.String("model", g.meta.Model), slog.Any("error", shown.Err))
	told := *shown
	told.Err = nil // logged here, so not passed on
	return &told
}
