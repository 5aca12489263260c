package route

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A Meter is told what becomes of one target's attempts. Its methods return at once, and may be
// called by several goroutines.
type Meter interface {
	// Attempted says that an attempt has ended. It is called once for each.
	Attempted(a *Attempt)
	// Counted says what an answer for a public model has cost beside what servers have reported.
	// It is counted here, and put down to the target that was asked last.
	Counted(model string, usage *chat.Usage, dollars float64)
}

// An Attempt is what came of one try of a target.
type Attempt struct {
	Model           string // the public one
	Outcome         Outcome
	Retry, Fallback bool          // the target was tried before for this answer; only others were
	Queued          time.Duration // 0: there is no queue
	FirstEvent      time.Duration // from asking until the first message; 0: there was none
	Usage           chat.Usage    // as reported
	Dollars         float64       // what that costs
}

// An Outcome is what an attempt came to.
type Outcome string

// The outcomes. In an attempt that comes to one of the last four the server was not asked, but for
// some of OutcomeCannotContinue.
const (
	OutcomeAnswered       Outcome = "answered"
	OutcomeAbandoned      Outcome = "abandoned"   // nobody wants the answer any more, or its time is up
	OutcomeUnreachable    Outcome = "unreachable" // it takes no connection
	OutcomeFailed         Outcome = "failed"      // it said so, or broke off
	OutcomeMalformed      Outcome = "malformed"   // it answered in a form that cannot be read
	OutcomeTimeout        Outcome = "timeout"
	OutcomeBusy           Outcome = "busy"
	OutcomeDenied         Outcome = "denied"  // it does not know our key or the model
	OutcomeRefused        Outcome = "refused" // the request is at fault
	OutcomeCannotContinue Outcome = "cannot_continue"
	OutcomeResting        Outcome = "resting" // it failed before, or asked to be left alone
	OutcomeQueueFull      Outcome = "queue_full"
	OutcomeQueueTimeout   Outcome = "queue_timeout"
)

// Outcomes returns all there are.
func Outcomes() []Outcome {
	return []Outcome{
		OutcomeAnswered, OutcomeAbandoned, OutcomeUnreachable, OutcomeFailed, OutcomeMalformed, OutcomeTimeout, OutcomeBusy,
		OutcomeDenied, OutcomeRefused, OutcomeCannotContinue, OutcomeResting, OutcomeQueueFull, OutcomeQueueTimeout,
	}
}

// outcome returns what an attempt that ended with err came to.
func outcome(ctx context.Context, err error) Outcome {
	var f *Failure
	switch {
	case err == nil:
		return OutcomeAnswered
	case ctx.Err() != nil || errors.Is(err, errGone):
		return OutcomeAbandoned
	case errors.Is(err, chat.ErrCannotContinue):
		return OutcomeCannotContinue
	case errors.As(err, &f):
		return f.outcome
	}
	return OutcomeFailed
}

// unmetered is the Meter of a target that has none.
type unmetered struct{}

// Attempted implements [Meter].
func (unmetered) Attempted(*Attempt) {}

// Counted implements [Meter].
func (unmetered) Counted(string, *chat.Usage, float64) {}

// begin notes that a target is tried.
func (a *answer) begin(t *Target) *Attempt {
	again := slices.Contains(a.tried, t)
	note := &Attempt{Model: a.model, Retry: again, Fallback: !again && len(a.tried) > 0}
	if !again {
		a.tried = append(a.tried, t)
	}
	a.target, a.attempt = t, note
	return note
}

// meter puts what has been counted here of an answer's cost down to its last target.
func (a *answer) meter(cost *chat.Usage) {
	if a.target == nil || !cost.Estimated {
		return
	}
	rest := chat.Usage{
		PromptTokens:     max(cost.PromptTokens-a.usage.PromptTokens, 0),
		CompletionTokens: max(cost.CompletionTokens-a.usage.CompletionTokens, 0),
	}
	a.target.cfg.Meter.Counted(a.model, &rest, a.target.cfg.Price.of(&rest))
}

// A State is what a target does now.
type State struct {
	Active, Waiting int  // attempts that are asking it, and that wait in its queue
	Resting         bool // it is left alone, or has been and nobody has found it well since
	RestsFor        int  // callers that leave it alone now
}

// State returns what the target does now.
func (t *Target) State() State {
	s := State{Active: int(t.active.Load()), Waiting: t.queue.Waiting()}
	s.Resting, s.RestsFor = t.breaker.state()
	return s
}
