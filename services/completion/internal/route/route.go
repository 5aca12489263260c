package route

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// Config is the configuration of a [Route]. Targets and Counter are required.
type Config struct {
	Model   string    // the public model that the route answers as; for metrics
	Targets []*Target // in the order in which they are tried
	Counter tokencount.Counter
	// FirstEvent bounds how long targets are tried in turn; 0: a minute. A target
	// without a bound of its own leaves a share of that time to each target after it.
	FirstEvent time.Duration
}

// A Route answers for a model with the first of its targets that can. It is a
// [chat.Engine], and safe for concurrent use.
//
// As long as nothing of the answer has been shown, a failing target is tried again, and then the
// next one. When all have failed, they are all tried once more, until the deadline of
// the first event. Once something has been shown, the answer continues only if a target can
// continue from exactly that.
type Route struct{ cfg Config }

var _ chat.Engine = (*Route)(nil)

// New returns a route.
func New(cfg Config) *Route {
	if cfg.FirstEvent == 0 {
		cfg.FirstEvent = time.Minute
	}
	return &Route{cfg}
}

// Check implements [chat.Engine]. It refuses what no target can do. What a server refuses becomes
// known only when it is asked.
func (r *Route) Check(ctx context.Context, req *chat.Request) error {
	var first error
	for _, t := range r.cfg.Targets {
		err := t.check(ctx, req)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// Complete implements [chat.Engine].
func (r *Route) Complete(ctx context.Context, req *chat.Request, resume []chat.Event) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		a := newAnswer(req, resume, r.cfg.Counter, yield)
		a.model = r.cfg.Model
		err := r.run(ctx, a)
		if errors.Is(err, errGone) {
			return
		}
		if err == nil || !a.fresh || ctx.Err() != nil {
			usage := a.cost(ctx)
			a.price(&usage)
			a.trace(ctx, &usage)
			a.meter(&usage)
			if !yield(chat.UsageEvent(usage), nil) {
				return
			}
		}
		if err != nil {
			yield(chat.Event{}, err)
		}
	}
}

// run generates the answer. It returns nil when the answer is complete.
func (r *Route) run(ctx context.Context, a *answer) error {
	s := search{route: r, answer: a, deadline: time.Now().Add(r.cfg.FirstEvent)}
	for !a.complete() {
		before := a.size()
		err := s.pass(ctx)
		switch {
		case err == nil || ctx.Err() != nil || errors.Is(err, errGone):
			if ctx.Err() != nil {
				err = s.interrupted(ctx)
			}
			return err
		case a.size() > before: // the answer made progress, and may again
			s.passes = 0
			s.deadline = time.Now().Add(r.cfg.FirstEvent)
		}
		if err := s.pause(ctx, err); err != nil {
			if ctx.Err() != nil {
				err = s.interrupted(ctx)
			}
			return err
		}
	}
	return nil
}
