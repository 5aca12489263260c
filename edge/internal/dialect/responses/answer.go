package responses

import (
	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// The statuses of responses and of items.
const (
	statusQueued     = "queued"
	statusInProgress = "in_progress"
	statusCompleted  = "completed"
	statusIncomplete = "incomplete"
	statusFailed     = "failed"
	statusCancelled  = "cancelled"
)

// An answer is the content of a response so far.
type answer struct {
	head    head
	items   []*item
	current *item // the open item, unless it is a call; nil: none is open
	reason  completionv1.FinishReason
	usage   *completionv1.Usage
	failed  *completionv1.Error
	ended   bool
}

// end applies the terminal event.
func (a *answer) end(e *completionv1.CompletionEvent) {
	a.ended, a.failed = true, e.GetError()
	if e.GetFinalUsage() != nil {
		a.usage = e.GetFinalUsage()
	}
}

// cutShort reports whether the answer ended before the model was done.
func (a *answer) cutShort() bool { return a.incompleteReason() != "" }

// incompleteReason returns why the answer ended before the model was done, or "" if it did not.
func (a *answer) incompleteReason() string {
	switch a.reason {
	case completionv1.FinishReason_FINISH_REASON_LENGTH:
		return "max_output_tokens"
	case completionv1.FinishReason_FINISH_REASON_CONTENT_FILTER:
		return "content_filter"
	case completionv1.FinishReason_FINISH_REASON_UNSPECIFIED, completionv1.FinishReason_FINISH_REASON_STOP,
		completionv1.FinishReason_FINISH_REASON_TOOL_CALLS:
	}
	return ""
}

// status returns the status of the response at this point.
func (a *answer) status() string {
	switch {
	case !a.ended:
		return statusInProgress
	case failure.Cancelled(a.failed):
		return statusCancelled
	case a.failed != nil:
		return statusFailed
	case a.cutShort():
		return statusIncomplete
	}
	return statusCompleted
}

// itemStatus returns the status of an item that is open, or ends, at this point.
func (a *answer) itemStatus() string {
	switch {
	case a.failed != nil || a.cutShort():
		return statusIncomplete
	case a.reason == completionv1.FinishReason_FINISH_REASON_UNSPECIFIED:
		return statusInProgress
	}
	return statusCompleted
}

// appendResponse appends the response as JSON with the given status.
func (a *answer) appendResponse(dst []byte, status string) []byte {
	dst = append(append(append(dst, a.head.before...), status...), `","error":`...)
	if a.failed == nil {
		dst = append(dst, "null"...)
	} else {
		e := failure.FromEvent(a.failed)
		dst = openai.AppendString(append(dst, `{"code":`...), string(e.Code))
		dst = append(openai.AppendString(append(dst, `,"message":`...), e.Message), '}')
	}
	dst = append(dst, `,"incomplete_details":`...)
	if a.ended && a.failed == nil && a.cutShort() {
		dst = append(openai.AppendString(append(dst, `{"reason":`...), a.incompleteReason()), '}')
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, a.head.after...)
	dst = append(dst, `,"output":[`...)
	for n, i := range a.items {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = i.appendItem(dst, a.itemStatus())
	}
	dst = append(dst, `],"usage":`...)
	return append(appendUsage(dst, a.usage), '}')
}
