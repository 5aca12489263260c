// Package responses speaks OpenAI's Responses API: request bodies in, responses and the events of
// their streams out. On its other side are the messages of petstore.completion.v1.
//
// # Requests
//
// [Dialect.Decode] turns a body into the contract's parameters, and does no more: ranges and
// what a model can do are checked by the completion service. Items of the input become messages; several
// of them may be one message. What the service finds wrong is told in the terms of the body ([sent]).
// Tools that OpenAI hosts, and conversations, are refused by name.
//
// # Streams
//
// One event of the log is shown by no frame, by one or by several, and the frames have dense numbers of their
// own. The last one has the whole response. So a projection is fed from the first event and keeps the answer;
// one that resumes keeps back what its reader has. What it appends depends on the events
// alone.
//
// An answer has these items, each from when its first piece comes until one of another
// kind does: reasoning, or a message of text and refusal. A tool call stays open until the answer ends, because
// pieces of several calls may alternate.
//
// # What this package does not know
//
// It knows neither HTTP, but for its status numbers, nor gRPC. It reads no clock, holds no
// state between calls but a projection's, and logs nothing.
package responses
