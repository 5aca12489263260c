// Package openaiapi has the words of OpenAI's API that several packages need: those that serve it, and those
// that are its clients. Words of a single package are in that package.
package openaiapi

// Paths of the APIs.
const (
	ChatCompletions = "/v1/chat/completions"
	Responses       = "/v1/responses"
)

// Prefixes of ids.
const (
	CompletionID = "chatcmpl-"
	ResponseID   = "resp_"
	CallID       = "call_"
)

// Done is the data of the event that ends a stream of chat completions.
const Done = "[DONE]"

// Events of a stream of the Responses API.
const (
	ItemAdded    = "response.output_item.added"
	ItemDone     = "response.output_item.done"
	TextDelta    = "response.output_text.delta"
	RefusalDelta = "response.refusal.delta"
	Completed    = "response.completed"
	Incomplete   = "response.incomplete"
	Failed       = "response.failed"
)
