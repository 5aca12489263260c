package chat

// An Outcome is what became of a completion, in a word.
type Outcome string

// The outcomes.
const (
	OutcomeCompleted Outcome = "completed"
	OutcomeFailed    Outcome = "failed"
	OutcomeCancelled Outcome = "cancelled"
)

// Outcome returns what a terminal event says of its completion.
func (e *Event) Outcome() Outcome {
	switch {
	case e.Err == nil:
		return OutcomeCompleted
	case e.Err.Code == CodeCompletionCancelled:
		return OutcomeCancelled
	}
	return OutcomeFailed
}
