// Package chat converts between the public JSON of the chat-completion API, as OpenAI's SDKs read and write
// it, and the messages of petstore.completion.v1: request bodies in, chunks, completions, lists and errors
// out.
//
// # Requests
//
// [DecodeRequest] turns a body into the contract's parameters, and does no more. The completion service
// checks, once for every caller, what a field means, which range it has and what a model can do. This
// package refuses only what the contract cannot express: text that is not JSON, a wrong type, an argument
// or a name that does not exist. It drops nothing that was asked for.
//
// # Answers
//
// A [ChunkEncoder] appends one event of a stream as the data of one SSE frame, without allocating.
// [Dialect.Project] makes frames of them. [NewCompletion] and similar functions build all other bodies. No
// JSON from this package contains a line ending.
//
// # Errors
//
// [openai.AppendError] writes a failure of package failure as OpenAI's error body.
//
// # What this package does not know
//
// It knows nothing of gRPC, and of HTTP only status numbers. It reads no clock, keeps no state between calls
// except in a projection, and logs nothing.
package chat
