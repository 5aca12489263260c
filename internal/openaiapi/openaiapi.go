// Package openaiapi has the names in OpenAI's API that both its servers and its clients use. A name that only
// one package uses is in that package.
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
