package route

import (
	"context"
	"errors"
	"time"

	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

const (
	// maxPasses bounds how often all targets are tried for one event; in the first pass each
	// of them may be tried twice.
	maxPasses = 2
	retryWait = 200 * time.Millisecond
)

// A search is for a target that gives an answer, or what is left of one.
type search struct {
	route    *Route
	answer   *answer
	deadline time.Time
	passes   int
	cause    *Failure // of the targets that could have continued
	last     *Failure // of any
}

// pass tries all targets: nil when the answer is whole, else the failure that leaves most
// hope.
func (s *search) pass(ctx context.Context) error {
	s.passes++
	var best *Failure
	cannot := chat.ErrCannotContinue // also if taken over by a process whose targets can do less
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

// hopeful returns that of two failures after which asking again is worth more; a may be nil.
func hopeful(a, b *Failure) *Failure {
	if a != nil && (a.Retry && !b.Retry || a.Retry == b.Retry && a.RetryAfter < b.RetryAfter) {
		return a
	}
	return b
}

// attempt tries target i. Targets stand in the order in which their operator prefers them: so
// that what passes in a moment does not cost the caller the better one, a target is tried twice
// before the next one, unless that would keep the caller waiting.
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

// left returns what target i has of the time until the deadline, which it shares with those after it.
func (s *search) left(i int) time.Duration {
	return time.Until(s.deadline) / time.Duration(len(s.route.cfg.Targets)-i)
}

// patience returns how long target i may be silent so that those after it are tried before the
// deadline; 0, for the last one: as long as it likes.
func (s *search) patience(i int) time.Duration {
	if i == len(s.route.cfg.Targets)-1 {
		return 0
	}
	return max(s.left(i), time.Millisecond)
}

// pause waits before the next pass. It returns the error to end with where there is none.
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

// final returns what the caller is shown of a failure.
func (s *search) final(f *Failure) error {
	shown := *f.Shown
	if shown.Code == chat.CodeUpstreamError && s.answer.touched() {
		shown.Message, shown.RetryAfter = because(brokenMessage, f.why), retryHint // it could be answered once
	}
	return &shown
}
