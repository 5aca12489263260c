package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// sealPatience bounds how long storing the terminal event may take: longer than a log's own patience, because
// the log knows better what went wrong.
const sealPatience = 15 * time.Second

// maxToolCalls bounds the tool calls of one choice: an index comes from the model, and readers allocate for it.
const maxToolCalls = 128

// A generation is one engine's work on one completion.
type generation struct {
	meta     *chat.Meta
	share    chat.Share // of the memory
	unheld   int        // bytes of the answer that the share does not include yet
	model    *chat.Model
	asked    *chat.Request // the request as fitted to the model; nil if a dead writer began
	writer   chat.Writer
	shown    []chat.Event // what the completion's dead writer stored
	watchdog *watchdog
	usage    *chat.Usage // the last one that the engine reported
	finished []bool      // which choices have ended

	begun      time.Time
	firstToken time.Duration // since begun; 0: none yet, or by a dead writer
	takeovers  int
}

// generate runs the engine, stores what it yields, and seals the completion whatever happens: every admitted
// completion gets a terminal event.
func (s *Service) generate(ctx context.Context, r *run, g *generation) {
	defer s.delist(r)
	ctx, stop := s.observer.Generating(ctx, g.meta, g.takeovers)
	g.writer.OnEnd(func() { r.stop(errCancelled) })
	g.watchdog = watch(s.deadlines, r.stop)
	ctx = chat.WithPrincipal(ctx, g.meta.Principal)
	defer g.watchdog.end()
	terminal := chat.Event{Kind: chat.KindDone}
	if err := g.run(ctx, s); err != nil {
		if handsOver(s.cluster) && errors.Is(context.Cause(ctx), errShutdown) {
			stop(nil)
			return // the replica that takes over continues from here
		}
		terminal = chat.Event{Kind: chat.KindError, Err: s.shown(ctx, g, err)}
	}
	terminal.Usage = g.usage
	s.seal(ctx, g, terminal)
	stop(&terminal)
}

// seal stores the terminal event.
func (s *Service) seal(ctx context.Context, g *generation, terminal chat.Event) {
	sealCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sealPatience)
	defer cancel()
	switch err := g.writer.Seal(sealCtx, terminal); {
	case err == nil:
		took := max(time.Since(g.begun), 0) // begun may be by another machine's clock
		g.writer.Settle(func() { s.observer.Ended(ctx, g.meta, &terminal, g.firstToken, took) })
	case !endedElsewhere(err):
		s.logger.ErrorContext(ctx, "cannot store the end of a completion", slog.String("completion", g.meta.ID), slog.Any("error", err))
	}
}

// run stores what the engine yields until it ends: nil when the answer is complete.
func (g *generation) run(ctx context.Context, s *Service) (err error) {
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
	if g.asked == nil {
		if g.asked, err = fit(ctx, s.counter, g.model, req); err != nil {
			return err
		}
	}
	for event, err := range g.model.Engine.Complete(ctx, g.asked, resume) {
		if err != nil {
			return err
		}
		if event.Kind != chat.KindProgress { // a place in a queue is not an answer yet
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
		return errors.New("engine ended without reporting the usage")
	}
	if req.Stream.IncludeUsage && !usageShown {
		return g.writer.Append(ctx, chat.UsageEvent(*g.usage))
	}
	return nil
}

// resume returns what the engine has to continue from, and whether the usage, which comes after all that, has
// been shown too.
func (g *generation) resume() (events []chat.Event, usageShown bool, err error) {
	for i := range g.shown {
		e := &g.shown[i]
		switch e.Kind {
		case chat.KindUsage:
			usageShown = true
		case chat.KindDelta, chat.KindFinish:
			if err := g.check(e); err != nil {
				return nil, false, fmt.Errorf("taken over: %w", err)
			}
			g.finished[e.Choice] = e.Kind == chat.KindFinish
			events = append(events, *e)
		case chat.KindError, chat.KindDone, chat.KindProgress:
			return nil, false, fmt.Errorf("taken over: event %d is of kind %d", i, e.Kind)
		}
	}
	return events, usageShown, nil
}

// store stores one event of the engine.
func (g *generation) store(ctx context.Context, e chat.Event) error {
	switch e.Kind {
	case chat.KindProgress:
		if g.meta.Request.Stream.IncludeEvents {
			g.writer.Progress(*e.Progress)
		}
		return nil
	case chat.KindUsage:
		g.usage = e.Usage
		return nil
	case chat.KindDelta, chat.KindFinish:
		if err := g.check(&e); err != nil {
			return err
		}
		// After a cancel nothing more is shown, even if the engine has not noticed yet.
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := g.hold(&e); err != nil {
			return err
		}
		g.finished[e.Choice] = e.Kind == chat.KindFinish
		if g.firstToken == 0 && g.takeovers == 0 && e.Kind == chat.KindDelta && e.Delta.Role == "" {
			g.firstToken = time.Since(g.begun)
		}
		return g.writer.Append(ctx, e)
	case chat.KindError, chat.KindDone:
	}
	return fmt.Errorf("engine yielded an event of kind %d", e.Kind)
}

// check refuses events that readers could not make sense of.
func (g *generation) check(e *chat.Event) error {
	switch {
	case e.Choice < 0 || e.Choice >= len(g.finished):
		return fmt.Errorf("engine yielded choice %d of %d", e.Choice, len(g.finished))
	case g.finished[e.Choice]:
		return fmt.Errorf("engine continued after the end of choice %d", e.Choice)
	}
	for _, call := range e.Delta.ToolCalls {
		if call.Index < 0 || call.Index >= maxToolCalls {
			return fmt.Errorf("engine yielded tool call %d", call.Index)
		}
	}
	return nil
}

// endedElsewhere reports whether an error of a [chat.Writer] says that another process or call has ended or
// deleted the completion, or that it was lost: then this process does not store its end.
func endedElsewhere(err error) bool {
	return errors.Is(err, chat.ErrSealed) || errors.Is(err, chat.ErrTrimmed) || errors.Is(err, chat.ErrNotFound) || errors.Is(err, chat.ErrLost)
}

// shown returns the part of the reason for an early end that readers see, and logs the rest.
func (s *Service) shown(ctx context.Context, g *generation, err error) *chat.Error {
	var shown *chat.Error
	switch {
	case ctx.Err() != nil && errors.As(context.Cause(ctx), &shown):
		shown = withCause(shown, err)
	case errors.Is(err, chat.ErrTooLong):
		return errTooLong
	case errors.Is(err, chat.ErrCannotContinue):
		interrupted := *errInterrupted
		interrupted.Err = err
		shown = &interrupted
	case endedElsewhere(err):
		return errCancelled // the seal that follows changes nothing
	case !errors.As(s.failure(err), &shown):
		shown = chat.Internal(err)
	}
	if shown.Err == nil {
		return shown
	}
	level := slog.LevelWarn // a model server's fault, or a server that is known not to continue
	if shown.Code == chat.CodeInternal || errors.Is(shown.Err, chat.ErrLogFull) {
		level = slog.LevelError
	}
	s.logger.Log(ctx, level, "generation failed", slog.String("completion", g.meta.ID),
		slog.String("model", g.meta.Model), slog.Any("error", shown.Err))
	told := *shown
	told.Err = nil // logged here, so not passed on
	return &told
}
