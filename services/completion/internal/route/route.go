package route

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// Config is what a [Route] is made of. Targets and Counter are required.
type Config struct {
	Model   string    // the public model that the route answers as; for those who count
	Targets []*Target // in the order in which they are tried
	Counter tokencount.Counter
	// FirstEvent bounds how long targets are tried one after the other; 0: a minute. A target
	// without a bound of its own leaves those after it their shares of that.
	FirstEvent time.Duration
}

// A Route gives a model's answers by the first of its targets that can. It is a
// [chat.Engine] and may be used by several goroutines at once.
//
// As long as nothing of the answer was shown, a target that fails is tried again, then the
// next one is, and when all have failed they are tried once more, until the deadline of
// the first event. Afterwards an answer goes on only where a target can continue from
// exactly what was shown.
type Route struct{ cfg Config }

var _ chat.Engine = (*Route)(nil)

// New returns a route.
func New(cfg Config) *Route {
	if cfg.FirstEvent == 0 {
		cfg.FirstEvent = time.Minute
	}
	return &Route{cfg}
}

// Check implements [chat.Engine]: it refuses what no target can do. What a server refuses shows
// only when it is asked.
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

// run gives the answer: nil when it is whole.
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
		case a.size() > before: // it got further, and may again
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
