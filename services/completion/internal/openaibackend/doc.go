// Package openaibackend is a [route.Backend] for servers with OpenAI's chat-completion API or its Responses
// API. It encodes requests, decodes streams and refusals, and keeps the servers' secrets. Package accent
// reads the forms in which servers deviate from OpenAI's.
//
// An answer that is not complete by the protocol is a failure. A complete one has a finish reason
// for each choice, and then "[DONE]" or, in the Responses API, the event that ends a
// response.
//
// The package knows neither queue nor breaker, and no other target.
package openaibackend
