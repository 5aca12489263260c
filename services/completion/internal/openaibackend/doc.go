// Package openaibackend asks servers that speak OpenAI's chat-completion API or its Responses API: it is a
// [route.Backend]. It has the request's JSON, what becomes of a stream's chunks, servers' refusals, and
// the secrets that they are called with. What servers send in forms of their own is package accent's.
//
// Whatever a server sends that is not a whole answer by the protocol is a failure and never the
// end of an answer: it has to give each choice its finish reason, and then "[DONE]"; or, by the Responses API,
// the event that ends a response.
//
// The package knows neither queue nor breaker, and no other target.
package openaibackend
