package responses

import "github.com/pawstream/pawstream/internal/openaiapi"

// An event is a type of the events of a stream, in the order in which a plain answer has them.
type event int

const (
	created event = iota
	queued
	inProgress
	itemAdded
	partAdded
	textDelta
	textDone
	refusalDelta
	refusalDone
	reasoningDelta
	reasoningDone
	argumentsDelta
	argumentsDone
	partDone
	itemDone
	completed
	incomplete
	failed
	problem   // a failure: a repeated one, or one that is not in the log
	keepalive // a heartbeat
	events    // the number of types
)

// String returns the type as it is on the wire.
func (e event) String() string {
	return [...]string{
		created: "response.created", queued: "response.queued", inProgress: "response.in_progress",
		itemAdded: openaiapi.ItemAdded, partAdded: "response.content_part.added",
		textDelta: openaiapi.TextDelta, textDone: "response.output_text.done",
		refusalDelta: openaiapi.RefusalDelta, refusalDone: "response.refusal.done",
		reasoningDelta: "response.reasoning_text.delta", reasoningDone: "response.reasoning_text.done",
		argumentsDelta: "response.function_call_arguments.delta", argumentsDone: "response.function_call_arguments.done",
		partDone: "response.content_part.done", itemDone: openaiapi.ItemDone,
		completed: openaiapi.Completed, incomplete: openaiapi.Incomplete, failed: openaiapi.Failed,
		problem: "error", keepalive: "keepalive",
	}[e]
}
