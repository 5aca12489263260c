package route

import (
	"context"
	"errors"
	"time"

	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

const (
	// maxPasses bounds how often all targets are tried for one event. In the first pass, each
	// may be tried twice.
	maxPasses = 2
	retryWait = 200 * time.Millisecond
)

// A search looks for a target that gives an answer, or the rest of one.
type search struct {
	route    *Route
	answer   *answer
	deadline time.Time
	passes   int
	cause    *Failure // of the targets that could have continued
	last     *Failure // of any
}

// pass tries all targets. It returns nil when the answer is complete, otherwise the most hopeful
// failure.
func (s *search) pass(ctx context.Context) error {
	s.passes++
	var best *Failure
	cannot := chat.ErrCannotContinue // also after a takeover by a process whose targets can do less
	for i, t := range s.route.cfg.Targets {
		if best != nil && time.Now().After(s.deadline) {
			break
		}
		if t.check(ctx, s.answer.req) != nil {
			continue
		}
		err := s.attempt(ctx, i)
		if err == nil || ctx.Err() != nil {
			return err
		}
		var f *Failure
		if errors.As(err, &f) {
			s.last = f
		}
		switch {
		case errors.Is(err, chat.ErrCannotContinue):
			cannot = err
			continue
		case !errors.As(err, &f), !f.Failover:
			return err
		}
		if s.cause == nil || f.Shown.Code != chat.CodeOverloaded || !s.answer.touched() {
			s.cause = f
		}
		best = hopeful(best, f)
	}
	if best == nil {
		return cannot
	}
	return best
}

// hopeful returns the failure after which a retry is more likely to succeed; a may be nil.
func hopeful(a, b *Failure) *Failure {
	if a != nil && (a.Retry && !b.Retry || a.Retry == b.Retry && a.RetryAfter < b.RetryAfter) {
		return a
	}
	return b
}

// attempt tries target i. The operator has listed the targets by preference. A target is tried twice
// before the next one, so that a momentary failure does not cost the caller the better target,
// unless the retry would keep the caller waiting.
func (s *search) attempt(ctx context.Context, i int) error {
	t := s.route.cfg.Targets[i]
	patience := func() time.Duration { return s.patience(i) }
	err := t.attempt(ctx, s.answer, patience)
	var f *Failure
	if s.passes > 1 || s.answer.touched() || !errors.As(err, &f) || !f.passing() || s.left(i) <= retryWait {
		return err
	}
	s.last = f
	if err := wait.For(ctx, retryWait); err != nil {
		return err
	}
	return t.attempt(ctx, s.answer, patience)
}

// left returns target i's share of the time until the deadline. The targets after it have equal shares.
func (s *search) left(i int) time.Duration {
	return time.Until(s.deadline) / time.Duration(len(s.route.cfg.Targets)-i)
}

// patience returns how long target i may be silent, so that the targets after it are tried before the
// deadline; 0, for the last one: no limit.
func (s *search) patience(i int) time.Duration {
	if i == len(s.route.cfg.Targets)-1 {
		return 0
	}
	return max(s.left(i), time.Millisecond)
}

// pause waits before the next pass. If there is no next pass, it returns the final error.
func (s *search) pause(ctx context.Context, err error) error {
	var f *Failure
	if errors.Is(err, chat.ErrCannotContinue) {
		if s.cause == nil {
			return err
		}
		return s.final(s.cause)
	}
	if !errors.As(err, &f) {
		return err
	}
	if !f.Failover || !f.Retry || s.passes >= maxPasses {
		return s.final(f)
	}
	d := max(f.RetryAfter, retryWait)
	if time.Now().Add(d).After(s.deadline) {
		return s.final(f)
	}
	return wait.For(ctx, d)
}

// interrupted returns the error of a search whose context has ended, with the problem until then, which the
// error of a deadline may mention.
func (s *search) interrupted(ctx context.Context) error {
	if s.last == nil {
		return ctx.Err()
	}
	return errors.Join(ctx.Err(), s.last.Shown)
}

// final returns the error that the caller sees for a failure.
func (s *search) final(f *Failure) error {
	shown := *f.Shown
	if shown.Code == chat.CodeUpstreamError && s.answer.touched() {
		shown.Message, shown.RetryAfter = because(brokenMessage, f.why), retryHint // the request was accepted before
	}
	return &shown
}
