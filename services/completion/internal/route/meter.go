package route

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A Meter is notified about one target's attempts. Its methods return at once, and may be
// called by several goroutines.
type Meter interface {
	// Attempted says that an attempt has ended. It is called once for each.
	Attempted(a *Attempt)
	// Counted says what an answer for a public model has cost beyond what servers have reported.
	// We count these tokens ourselves, and attribute them to the target that was asked last.
	Counted(model string, usage *chat.Usage, dollars float64)
}

// An Attempt is the result of one request to a target.
type Attempt struct {
	Model           string // the public one
	Outcome         Outcome
	Retry, Fallback bool          // this target, or only others, were tried before for this answer
	Queued          time.Duration // 0: there is no queue
	FirstEvent      time.Duration // from the request to the first message; 0: there was none
	Usage           chat.Usage    // as reported
	Dollars         float64       // the cost of Usage
}

// An Outcome is how an attempt ended.
type Outcome string

// The outcomes. With the last four, the server was not asked, except for some attempts with
// OutcomeCannotContinue.
const (
	OutcomeAnswered       Outcome = "answered"
	OutcomeAbandoned      Outcome = "abandoned"   // the reader has left, or the time is up
	OutcomeUnreachable    Outcome = "unreachable" // the server accepts no connection
	OutcomeFailed         Outcome = "failed"      // the server reported a failure, or broke off
	OutcomeMalformed      Outcome = "malformed"   // the server's answer cannot be read
	OutcomeTimeout        Outcome = "timeout"
	OutcomeBusy           Outcome = "busy"
	OutcomeDenied         Outcome = "denied"  // the server rejects our key or the model
	OutcomeRefused        Outcome = "refused" // the request is at fault
	OutcomeCannotContinue Outcome = "cannot_continue"
	OutcomeResting        Outcome = "resting" // the target failed before, or asked to be left alone
	OutcomeQueueFull      Outcome = "queue_full"
	OutcomeQueueTimeout   Outcome = "queue_timeout"
)

// Outcomes returns all outcomes.
func Outcomes() []Outcome {
	return []Outcome{
		OutcomeAnswered, OutcomeAbandoned, OutcomeUnreachable, OutcomeFailed, OutcomeMalformed, OutcomeTimeout, OutcomeBusy,
		OutcomeDenied, OutcomeRefused, OutcomeCannotContinue, OutcomeResting, OutcomeQueueFull, OutcomeQueueTimeout,
	}
}

// outcome returns the outcome of an attempt that ended with err.
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

// unmetered is a Meter that does nothing.
type unmetered struct{}

// Attempted implements [Meter].
func (unmetered) Attempted(*Attempt) {}

// Counted implements [Meter].
func (unmetered) Counted(string, *chat.Usage, float64) {}

// begin begins an attempt of a target.
func (a *answer) begin(t *Target) *Attempt {
	again := slices.Contains(a.tried, t)
	note := &Attempt{Model: a.model, Retry: again, Fallback: !again && len(a.tried) > 0}
	if !again {
		a.tried = append(a.tried, t)
	}
	a.target, a.attempt = t, note
	return note
}

// meter attributes the cost that was counted here to the answer's last target.
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

// A State is the current state of a target.
type State struct {
	Active, Waiting int  // attempts in progress, and in its queue
	Resting         bool // its breaker has opened for all, and no request has succeeded since
	RestsFor        int  // callers for which its breaker is open now
}

// State returns the target's current state.
func (t *Target) State() State {
	s := State{Active: int(t.active.Load()), Waiting: t.queue.Waiting()}
	s.Resting, s.RestsFor = t.breaker.state()
	return s
}
