// Package openai speaks the public JSON of the chat-completion API as OpenAI's SDKs
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
// allocates nothing. [NewCompletion] and its like build the bodies of everything
// else, for [AppendJSON]. No JSON that leaves this package holds a line ending.
//
// # Errors
//
// Every failure becomes an [Error], and only here: [FromStatus] and [FromEvent] share
// the one table from the service's reasons to OpenAI's errors. A failure that is our
// own fault keeps its text to itself.
//
// # What this package does not know
//
// It does not know HTTP but for its status numbers, nor gRPC but for its statuses,
// nor SSE. It reads no clock, holds no state between calls, and logs nothing.
package openai
