package chat

// An Outcome is how a completion ended, in one word.
type Outcome string

// The outcomes.
const (
	OutcomeCompleted Outcome = "completed"
	OutcomeFailed    Outcome = "failed"
	OutcomeCancelled Outcome = "cancelled"
)

// Outcome returns the outcome of the completion that e ends.
func (e *Event) Outcome() Outcome {
	switch {
	case e.Err == nil:
		return OutcomeCompleted
	case e.Err.Code == CodeCompletionCancelled:
		return OutcomeCancelled
	}
	return OutcomeFailed
}
