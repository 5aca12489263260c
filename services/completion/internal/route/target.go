package route

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/pawstream/pawstream/internal/turns"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// TargetConfig is the configuration of a [Target]. Backend or Engine is required.
type TargetConfig struct {
	// Name is the operator's name for the target, in metrics, traces and the log.
	Name    string
	Meter   Meter // nil: no metrics
	Backend Backend
	// Engine answers if there is no Backend. It runs in this process, so it has neither queue
	// nor breaker.
	Engine chat.Engine
	// Model is the target's own name for the model. Requests to Engine use it.
	Model string
	// Capabilities are what the target supports. Requests that need more skip the target.
	Capabilities chat.Capabilities
	Price        Price
	// MaxConcurrent limits how many answers the target gives at once, MaxQueue how many requests wait for
	// that. Zero means no limit for the former, and no queue for the latter.
	MaxConcurrent, MaxQueue int
}

// A Price is the price of a million tokens, in US dollars; zero: not known.
type Price struct{ Input, Output float64 }

// of returns what a usage costs.
func (p Price) of(u *chat.Usage) float64 {
	return (float64(u.PromptTokens)*p.Input + float64(u.CompletionTokens)*p.Output) / 1e6
}

// A Target is one model of one server, or of an engine inside this process. Routes may share it,
// and it is safe for concurrent use.
type Target struct {
	cfg     TargetConfig
	breaker breaker
	queue   *turns.Queue
	active  atomic.Int64 // attempts in progress
}

// NewTarget returns a target.
func NewTarget(cfg TargetConfig) *Target {
	if cfg.Meter == nil {
		cfg.Meter = unmetered{}
	}
	return &Target{cfg: cfg, queue: turns.New(turns.Config{Limit: cfg.MaxConcurrent, Room: cfg.MaxQueue})}
}

// check refuses what the target cannot do.
func (t *Target) check(ctx context.Context, req *chat.Request) error {
	if err := t.cfg.Capabilities.Check(req); err != nil {
		return err
	}
	if t.cfg.Engine != nil {
		return t.cfg.Engine.Check(ctx, t.request(req))
	}
	return nil
}

// request returns the request to the target's engine.
func (t *Target) request(req *chat.Request) *chat.Request {
	if t.cfg.Model == "" || t.cfg.Model == req.Model {
		return req
	}
	own := *req
	own.Model = t.cfg.Model
	return &own
}

// attempt asks the target for the answer, or for the rest of it. It returns nil when the answer is complete.
// patience returns how long the caller may wait from now on, in the queue and then for the first event; 0: no
// limit. Errors other than a *Failure or chat.ErrCannotContinue end the route's
// attempts.
func (t *Target) attempt(ctx context.Context, a *answer, patience func() time.Duration) error {
	note := a.begin(t)
	chat.NoteTarget(ctx, t.cfg.Name)
	err := t.try(ctx, a, patience)
	note.Outcome, note.Dollars = outcome(ctx, err), t.cfg.Price.of(&note.Usage)
	t.cfg.Meter.Attempted(note)
	return err
}

// try makes the attempt; attempt records its result.
func (t *Target) try(ctx context.Context, a *answer, patience func() time.Duration) error {
	if t.cfg.Engine != nil {
		return t.run(ctx, a)
	}
	call := a.call()
	if call.Continues() && !t.cfg.Backend.CanContinue(call) {
		return chat.ErrCannotContinue
	}
	principal := chat.PrincipalOf(ctx)
	if refused := t.breaker.refusal(principal); refused != nil {
		return refused
	}
	release, err := t.acquire(ctx, a, patience())
	if err != nil {
		return err
	}
	defer release()
	done, refused := t.breaker.allow(principal)
	if refused != nil {
		return refused
	}
	found, why := inconclusive, (*Failure)(nil) // this also covers a panic
	defer func() { done(found, why) }()
	if err := a.progress(chat.Progress{Stage: chat.StageWaiting}); err != nil {
		return err
	}
	call.Patience = patience()
	err = t.ask(ctx, a, call)
	found, why = t.verdict(ctx, a, err)
	return err
}

// acquire waits in the target's queue, for at most patience; 0: no limit.
func (t *Target) acquire(ctx context.Context, a *answer, patience time.Duration) (release func(), err error) {
	within := ctx
	if patience > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	begun := time.Now()
	release, err = t.queue.Acquire(within, chat.PrincipalOf(ctx), func(position int) error {
		return a.progress(chat.Progress{Stage: chat.StageQueued, QueuePosition: &position})
	})
	if t.cfg.MaxConcurrent > 0 {
		a.attempt.Queued = time.Since(begun)
	}
	switch {
	case errors.Is(err, turns.ErrFull):
		f := Busy(err, 0).Because(err.Error())
		f.Retry, f.outcome = false, OutcomeQueueFull
		return nil, f
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		f := Busy(errNotAdmitted, 0).Because(errNotAdmitted.Error())
		f.Slow, f.outcome = true, OutcomeQueueTimeout
		return nil, f
	}
	return release, err
}

// errNotAdmitted says that the wait in the queue was too long.
var errNotAdmitted = errors.New("not admitted by the queue in time")

var errUnfinished = errors.New("it ended before the answer did")

// ask asks the backend for the answer, or for the rest of it.
func (t *Target) ask(ctx context.Context, a *answer, call *Call) error {
	continues := call.Continues()
	if continues {
		a.partial = true
		req, left := a.rest(ctx)
		if !left {
			return a.show(chat.Finish(0, chat.FinishLength))
		}
		call.Request = req
	}
	defer t.busy()()
	begun := time.Now()
	for events, err := range t.cfg.Backend.Complete(ctx, call) {
		if err != nil && continues {
			err = cannotContinue(err)
		}
		if err != nil {
			return err
		}
		a.attempt.heard(begun)
		for i := range events {
			if err := a.apply(&events[i]); err != nil {
				return err
			}
		}
	}
	if !a.complete() {
		return Broken(errUnfinished).Because(errUnfinished.Error())
	}
	return nil
}

// busy counts an attempt as in progress until done is called.
func (t *Target) busy() (done func()) {
	t.active.Add(1)
	return func() { t.active.Add(-1) }
}

// heard records when the first message of an attempt arrived; begun is when the attempt began.
func (a *Attempt) heard(begun time.Time) {
	if a.FirstEvent == 0 {
		a.FirstEvent = time.Since(begun)
	}
}

// cannotContinue returns the error of a continuation. If the server rejects the request, which was
// accepted before, it rejects our way of continuing.
func cannotContinue(err error) error {
	var f *Failure
	if errors.As(err, &f) && f.callers() {
		return fmt.Errorf("%w: %w", chat.ErrCannotContinue, f.Shown.Err)
	}
	return err
}

// verdict returns what an attempt says about the server. A request counts only once against it,
// no matter how often it tries.
func (t *Target) verdict(ctx context.Context, a *answer, err error) (verdict, *Failure) {
	var f *Failure
	switch {
	case err == nil:
		return healthy, nil
	case ctx.Err() != nil || !errors.As(err, &f):
		return inconclusive, nil //nolint:nilerr // it says nothing of the server
	}
	t.breaker.leave(chat.PrincipalOf(ctx), f.RetryAfter)
	switch {
	case f.Reported, f.Form, !f.Failover: // the server is healthy enough to answer
		return healthy, nil
	case a.blamed[t]:
		return inconclusive, nil
	}
	if a.blamed == nil {
		a.blamed = make(map[*Target]bool)
	}
	a.blamed[t] = true
	return failing, f
}

// run asks the target's engine for the answer.
func (t *Target) run(ctx context.Context, a *answer) error {
	resume := a.resume
	if !a.fresh {
		if a.touched() { // another target's answer, which the engine does not know
			return chat.ErrCannotContinue
		}
		resume = nil
		for i := range a.choices {
			if a.choices[i].opened {
				resume = append(resume, chat.Opening(i))
			}
		}
	}
	defer t.busy()()
	begun := time.Now()
	for e, err := range t.cfg.Engine.Complete(ctx, t.request(a.req), resume) {
		if err != nil {
			return err
		}
		a.attempt.heard(begun)
		if e.Kind == chat.KindUsage { // it covers the whole answer, even a resumed one
			a.usage, a.reported, a.attempt.Usage = *e.Usage, true, *e.Usage
			continue
		}
		if err := a.apply(&e); err != nil {
			return err
		}
	}
	return nil
}
