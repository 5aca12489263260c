package upstream

import (
	"context"
	"errors"
	"iter"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// A Place is one of a route's targets: a server's, or an engine inside this process.
type Place struct {
	Target *Target
	// Engine answers where Target is nil. It is asked by Name, not by the route's own.
	Engine chat.Engine
	Name   string
	// Capabilities are what it can do. A request that needs more goes past it.
	Capabilities chat.Capabilities
	Price        Price
}

// A Price is what a million tokens cost, in US dollars; zero: not known.
type Price struct{ Input, Output float64 }

// of returns what a usage costs.
func (p Price) of(u *chat.Usage) float64 {
	return (float64(u.PromptTokens)*p.Input + float64(u.CompletionTokens)*p.Output) / 1e6
}

// RouteConfig is what a [Route] is made of. Places and Counter are required.
type RouteConfig struct {
	Places  []Place
	Counter tokencount.Counter
	// FirstEvent bounds how long places are tried one after the other; 0: a minute. A place
	// without a bound of its own leaves those after it their shares of that.
	FirstEvent time.Duration
}

// A Route gives a model's answers by the first of its places that can. It is a
// [chat.Engine] and may be used by several goroutines at once.
//
// As long as nothing of the answer was shown, a place that fails is tried again, then the
// next one is, and when all have failed they are tried once more, until the deadline of
// the first event. Afterwards an answer goes on only where a place can continue from
// exactly what was shown.
type Route struct{ cfg RouteConfig }

var _ chat.Engine = (*Route)(nil)

// NewRoute returns a route.
func NewRoute(cfg RouteConfig) *Route {
	if cfg.FirstEvent == 0 {
		cfg.FirstEvent = time.Minute
	}
	return &Route{cfg}
}

const (
	// maxPasses bounds how often all places are tried for one event; in the first pass each
	// of them may be tried twice.
	maxPasses = 2
	firstWait = 200 * time.Millisecond
)

// Check implements [chat.Engine]: it refuses what no place can do. What a server would
// refuse it tells when it is asked.
func (r *Route) Check(ctx context.Context, req *chat.Request) error {
	var first error
	for i := range r.cfg.Places {
		err := r.cfg.Places[i].check(ctx, req)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

func (p *Place) check(ctx context.Context, req *chat.Request) error {
	if err := p.Capabilities.Check(req); err != nil {
		return err
	}
	if p.Target == nil {
		return p.Engine.Check(ctx, p.request(req))
	}
	return nil
}

// request returns the request as the place's engine is asked.
func (p *Place) request(req *chat.Request) *chat.Request {
	if p.Name == "" || p.Name == req.Model {
		return req
	}
	own := *req
	own.Model = p.Name
	return &own
}

// Complete implements [chat.Engine].
func (r *Route) Complete(ctx context.Context, req *chat.Request, resume []chat.Event) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		a := newAnswer(req, resume, yield)
		err := r.run(ctx, a)
		if errors.Is(err, errGone) {
			return
		}
		if err == nil || !a.fresh || ctx.Err() != nil {
			usage := a.cost(ctx, r.cfg.Counter)
			a.trace(ctx, &usage)
			if !yield(chat.UsageEvent(usage), nil) {
				return
			}
		}
		if err != nil {
			yield(chat.Event{}, err)
		}
	}
}

// run gives the answer: nil when it is whole.
func (r *Route) run(ctx context.Context, a *answer) error {
	t := trial{route: r, answer: a, deadline: time.Now().Add(r.cfg.FirstEvent)}
	for !a.complete() {
		before := a.size()
		err := t.pass(ctx)
		switch {
		case err == nil || ctx.Err() != nil || errors.Is(err, errGone):
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return err
		case a.size() > before: // it got further, and may again
			t.passes = 0
			t.deadline = time.Now().Add(r.cfg.FirstEvent)
		}
		if err := t.pause(ctx, err); err != nil {
			return err
		}
	}
	return nil
}

// A trial is the search for a place that gives an answer, or what is left of one.
type trial struct {
	route    *Route
	answer   *answer
	deadline time.Time
	passes   int
	cause    *failure // of the places that could have continued
}

// pass tries all places: nil when the answer is whole, else the failure that leaves most
// hope.
func (t *trial) pass(ctx context.Context) error {
	t.passes++
	var best *failure
	cannot := chat.ErrCannotContinue // also if taken over by a process whose places can do less
	for i := range t.route.cfg.Places {
		if best != nil && time.Now().After(t.deadline) {
			break
		}
		if t.route.cfg.Places[i].check(ctx, t.answer.req) != nil {
			continue
		}
		err := t.turn(ctx, i)
		if err == nil || ctx.Err() != nil {
			return err
		}
		var f *failure
		switch {
		case errors.Is(err, chat.ErrCannotContinue):
			cannot = err
			continue
		case !errors.As(err, &f), !f.next:
			return err
		}
		if t.cause == nil || f.shown.Code != chat.CodeOverloaded || !t.answer.touched() {
			t.cause = f
		}
		best = hopeful(best, f)
	}
	if best == nil {
		return cannot
	}
	return best
}

// hopeful returns that of two failures after which asking again is worth more; a may be nil.
func hopeful(a, b *failure) *failure {
	if a != nil && (a.again && !b.again || a.again == b.again && a.after < b.after) {
		return a
	}
	return b
}

// turn tries place i. Places stand in the order in which their operator likes them: so that
// what passes in a moment does not cost the caller the better one, a place is tried twice
// before the next one has its turn, unless that would keep the caller waiting.
func (t *trial) turn(ctx context.Context, i int) error {
	p := &t.route.cfg.Places[i]
	share := func() time.Duration { return t.share(i) }
	err := p.try(ctx, t.answer, share)
	var f *failure
	if t.passes > 1 || t.answer.touched() || !errors.As(err, &f) || !f.soon() || t.left(i) <= firstWait {
		return err
	}
	if err := wait(ctx, firstWait); err != nil {
		return err
	}
	return p.try(ctx, t.answer, share)
}

// left returns place i's part of the time until the deadline.
func (t *trial) left(i int) time.Duration {
	return time.Until(t.deadline) / time.Duration(len(t.route.cfg.Places)-i)
}

// share returns how long place i may be silent so that those after it have their turn
// before the deadline; 0, for the last one: as long as it likes.
func (t *trial) share(i int) time.Duration {
	if i == len(t.route.cfg.Places)-1 {
		return 0
	}
	return max(t.left(i), time.Millisecond)
}

// pause waits before the next pass. It returns the error to end with where there is none.
func (t *trial) pause(ctx context.Context, err error) error {
	var f *failure
	if errors.Is(err, chat.ErrCannotContinue) {
		if t.cause == nil {
			return err
		}
		return t.final(t.cause)
	}
	if !errors.As(err, &f) {
		return err
	}
	if !f.next || !f.again || t.passes >= maxPasses {
		return t.final(f)
	}
	d := max(f.after, firstWait)
	if time.Now().Add(d).After(t.deadline) {
		return t.final(f)
	}
	return wait(ctx, d)
}

// wait returns after d, or with ctx's error.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// final returns what the caller is shown of a failure.
func (t *trial) final(f *failure) error {
	shown := *f.shown
	if shown.Code == chat.CodeUpstreamError && t.answer.touched() {
		shown.Message, shown.RetryAfter = brokenMessage, retryHint // it could be answered once
	}
	return &shown
}

// try has a place give the answer. share tells how long it may keep the caller waiting from
// now on, in its queue and then for its first event; 0: no bound. For the first event a
// target's own bound counts instead.
func (p *Place) try(ctx context.Context, a *answer, share func() time.Duration) error {
	a.place = p
	if p.Target == nil {
		return p.ask(ctx, a)
	}
	t := p.Target
	if a.touched() && !t.cfg.Continuation.can(a) {
		return chat.ErrCannotContinue
	}
	principal := chat.PrincipalOf(ctx)
	if refused := t.health.resting(principal); refused != nil {
		return refused
	}
	leave, err := t.enter(ctx, a, share())
	if err != nil {
		return err
	}
	defer leave()
	done, refused := t.health.allow(principal)
	if refused != nil {
		return refused
	}
	found, why := unknown, (*failure)(nil) // also if a panic passes by
	defer func() { done(found, why) }()
	if err := a.progress(chat.Progress{Stage: chat.StageWaiting}); err != nil {
		return err
	}
	err = t.attempt(ctx, a, share())
	found, why = t.judge(ctx, a, err)
	return err
}

// enter waits for a place among those that the target answers, for as long as patience; 0:
// no bound.
func (t *Target) enter(ctx context.Context, a *answer, patience time.Duration) (leave func(), err error) {
	within := ctx
	if patience > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	leave, err = t.queue.enter(within, chat.PrincipalOf(ctx), func(place int) error {
		return a.progress(chat.Progress{Stage: chat.StageQueued, QueuePosition: &place})
	})
	switch {
	case errors.Is(err, errFull):
		f := busy(err, 0)
		f.again = false
		return nil, f
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		f := busy(errors.New("no turn in the queue in time"), 0)
		f.slow = true
		return nil, f
	}
	return leave, err
}

// judge returns what an attempt says about the server. A request says once that it is ill,
// however often it tries.
func (t *Target) judge(ctx context.Context, a *answer, err error) (verdict, *failure) {
	var f *failure
	switch {
	case err == nil:
		return well, nil
	case ctx.Err() != nil || !errors.As(err, &f):
		return unknown, nil //nolint:nilerr // it says nothing of the server
	}
	t.health.rest(chat.PrincipalOf(ctx), f.after)
	switch {
	case f.told, !f.next: // it is well enough to say what is wrong
		return well, nil
	case a.blamed[t]:
		return unknown, nil
	}
	if a.blamed == nil {
		a.blamed = make(map[*Target]bool)
	}
	a.blamed[t] = true
	return ill, f
}

// ask has an engine inside the process give the answer.
func (p *Place) ask(ctx context.Context, a *answer) error {
	resume := a.resume
	if !a.fresh {
		if a.touched() { // by another place, of which the engine knows nothing
			return chat.ErrCannotContinue
		}
		resume = nil
		for i := range a.choices {
			if a.choices[i].opened {
				resume = append(resume, chat.Opening(i))
			}
		}
	}
	for e, err := range p.Engine.Complete(ctx, p.request(a.req), resume) {
		if err != nil {
			return err
		}
		switch e.Kind {
		case chat.KindUsage:
			a.usage, a.told = *e.Usage, true
		case chat.KindProgress:
			if err := a.progress(*e.Progress); err != nil {
				return err
			}
		default:
			if err := a.show(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// trace tells the completion's span who answered, and for how much.
func (a *answer) trace(ctx context.Context, usage *chat.Usage) {
	span := trace.SpanFromContext(ctx)
	if a.place == nil || !span.IsRecording() {
		return
	}
	if a.place.Target != nil {
		span.SetAttributes(attribute.String("gen_ai.response.model", a.place.Target.cfg.Model))
	}
	if a.place.Price != (Price{}) {
		span.SetAttributes(attribute.Float64("pawstream.cost_usd", a.place.Price.of(usage)))
	}
}
