package chat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"
)

// sealPatience bounds how long the terminal event may take to be stored: longer than a log
// is patient itself, which knows better what went wrong.
const sealPatience = 15 * time.Second

// maxToolCalls bounds the tool calls of one choice: an index comes from the model, and
// readers make room for it.
const maxToolCalls = 128

// A generation is one engine's work on one completion.
type generation struct {
	meta     *Meta
	share    Share // of the memory
	unheld   int   // what the answer takes that the share does not hold yet
	model    *Model
	writer   Writer
	shown    []Event // what the completion's dead writer has stored
	watchdog *watchdog
	usage    *Usage // the last that the engine told
	finished []bool // which choices have ended

	begun      time.Time
	firstToken time.Duration // since begun; 0: none yet, or by a dead writer
	takeovers  int
}

// generate runs the engine, stores what it yields and seals the completion,
// whatever happens: every admitted completion gets a terminal event.
func (s *Service) generate(ctx context.Context, r *run, g *generation) {
	defer s.delist(r)
	ctx, stop := s.observer.Generating(ctx, g.meta, g.takeovers)
	g.writer.OnEnd(func() { r.stop(errCancelled) })
	g.watchdog = watch(s.deadlines, r.stop)
	ctx = WithPrincipal(ctx, g.meta.Principal)
	defer g.watchdog.end()
	terminal := Event{Kind: KindDone}
	if err := g.run(ctx); err != nil {
		if s.handover && errors.Is(context.Cause(ctx), errShutdown) {
			stop(nil)
			return // whoever takes over goes on from here
		}
		terminal = Event{Kind: KindError, Err: s.shown(ctx, g, err)}
	}
	terminal.Usage = g.usage
	s.seal(ctx, g, terminal)
	stop(&terminal)
}

// seal stores the terminal event.
func (s *Service) seal(ctx context.Context, g *generation, terminal Event) {
	sealCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sealPatience)
	defer cancel()
	switch err := g.writer.Seal(sealCtx, terminal); {
	case err == nil:
		s.observer.Ended(ctx, g.meta, &terminal, g.firstToken, time.Since(g.begun))
		g.writer.Settle()
	case !endedElsewhere(err):
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
	g.finished = make([]bool, req.Choices())
	resume, usageShown, err := g.resume()
	if err != nil {
		return err
	}
	for event, err := range g.model.Engine.Complete(ctx, req, resume) {
		if err != nil {
			return err
		}
		if event.Kind != KindProgress { // a place in a queue is no answer yet
			g.watchdog.saw()
		}
		if err := g.store(ctx, event); err != nil {
			return err
		}
	}
	if i := slices.Index(g.finished, false); i >= 0 {
		return fmt.Errorf("engine ended before choice %d of %d", i, len(g.finished))
	}
	if g.usage == nil {
		return errors.New("engine ended without telling the usage")
	}
	if req.Stream.IncludeUsage && !usageShown {
		return g.writer.Append(ctx, UsageEvent(*g.usage))
	}
	return nil
}

// resume returns what the engine has to go on from, and whether the usage, which
// follows all that, has been shown too.
func (g *generation) resume() (events []Event, usageShown bool, err error) {
	for i := range g.shown {
		e := &g.shown[i]
		switch e.Kind {
		case KindUsage:
			usageShown = true
		case KindDelta, KindFinish:
			if err := g.check(e); err != nil {
				return nil, false, fmt.Errorf("taken over: %w", err)
			}
			g.finished[e.Choice] = e.Kind == KindFinish
			events = append(events, *e)
		case KindError, KindDone, KindProgress:
			return nil, false, fmt.Errorf("taken over: event %d is of kind %d", i, e.Kind)
		}
	}
	return events, usageShown, nil
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
		if err := g.check(&e); err != nil {
			return err
		}
		// After a cancel nothing more is shown, even where the engine has not noticed yet.
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := g.hold(&e); err != nil {
			return err
		}
		g.finished[e.Choice] = e.Kind == KindFinish
		if g.firstToken == 0 && g.takeovers == 0 && e.Kind == KindDelta && e.Delta.Role == "" {
			g.firstToken = time.Since(g.begun)
		}
		return g.writer.Append(ctx, e)
	case KindError, KindDone:
	}
	return fmt.Errorf("engine yielded an event of kind %d", e.Kind)
}

// check refuses what readers could make no sense of.
func (g *generation) check(e *Event) error {
	switch {
	case e.Choice < 0 || e.Choice >= len(g.finished):
		return fmt.Errorf("engine yielded choice %d of %d", e.Choice, len(g.finished))
	case g.finished[e.Choice]:
		return fmt.Errorf("engine went on after the end of choice %d", e.Choice)
	}
	for _, call := range e.Delta.ToolCalls {
		if call.Index < 0 || call.Index >= maxToolCalls {
			return fmt.Errorf("engine yielded tool call %d", call.Index)
		}
	}
	return nil
}

// endedElsewhere reports whether an error of a [Writer] says that somebody else has
// ended the completion, or deleted it, or that it was lost: its end is not ours to store.
func endedElsewhere(err error) bool {
	return errors.Is(err, ErrSealed) || errors.Is(err, ErrTrimmed) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrLost)
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
	case errors.Is(err, ErrCannotContinue):
		interrupted := *errInterrupted
		interrupted.Err = err
		shown = &interrupted
	case endedElsewhere(err):
		return errCancelled // the seal that follows changes nothing
	case !errors.As(s.failure(err), &shown):
		shown = Internal(err)
	}
	if shown.Err == nil {
		return shown
	}
	level := slog.LevelWarn // the fault of a model's server, or one that cannot go on, as is known of it
	if shown.Code == CodeInternal || errors.Is(shown.Err, ErrLogFull) {
		level = slog.LevelError
	}
	s.logger.Log(ctx, level, "generation failed", slog.String("completion", g.meta.ID),
		slog.String("model", g.meta.Model), slog.Any("error", shown.Err))
	told := *shown
	told.Err = nil // logged here, so not passed on
	return &told
}
