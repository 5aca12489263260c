// Package chat speaks the public JSON of the chat-completion API as OpenAI's SDKs
// read and write it: request bodies in, chunks, completions, lists and errors out.
// On its other side are the messages of petstore.completion.v1.
//
// # Requests
//
// [DecodeRequest] turns a body into the contract's parameters. It decodes and does no
// more: what a field means, which range it has and what a model can do is checked by
// the completion service, once, for every caller. Refused here is only what the
// contract cannot express: text that is not JSON, a wrong type, an argument or a name
// that does not exist. Nothing that was asked for is dropped.
//
// # Answers
//
// A [ChunkEncoder] appends one event of a stream as the data of one SSE frame; it
// allocates nothing. [Dialect.Project] makes frames of them. [NewCompletion] and its like
// build the bodies of everything else. No JSON that leaves this package holds a line ending.
//
// # Errors
//
// [openai.AppendError] writes a failure of package failure as OpenAI's error body.
//
// # What this package does not know
//
// It knows neither HTTP, but for its status numbers, nor gRPC. It reads no clock, holds no
// state between calls but a projection's, and logs nothing.
package chat
