// Package responses converts between OpenAI's Responses API and the messages of petstore.completion.v1:
// request bodies in, responses and the events of their streams out.
//
// # Requests
//
// [Dialect.Decode] turns a body into the contract's parameters, and does no more: the completion service
// checks ranges and what a model can do. Items of the input become messages, and several items may be one
// message. Errors of the service are reported in terms of the body ([sent]). Tools that OpenAI hosts, and
// conversations, are refused by name.
//
// # Streams
//
// An event of the log is shown as no frame, one or several. Frames have dense numbers of their own, and the
// last one contains the whole response. So a projection starts from the first event and keeps the answer.
// One that resumes holds back what its reader has. Its output depends on the events alone.
//
// An answer's items last from their first piece until a piece of another kind comes: reasoning, or a message
// of text and refusal. A tool call stays open until the answer ends, because pieces of several calls may
// alternate.
//
// # What this package does not know
//
// It knows nothing of gRPC, and of HTTP only status numbers. It reads no clock, keeps no state between calls
// except in a projection, and logs nothing.
package responses
