// Package upstream puts servers that speak OpenAI's chat-completion API behind
// [chat.Engine]: which of them is asked, how often, and what becomes of an answer that
// breaks off.
//
// A [Route] is what a public model stands for: targets in the order in which they are
// tried. A [Target] is one model of one server. Whatever a server sends that is not a
// whole answer by the protocol is a failure and never the end of an answer: it has to
// give each choice its finish reason, and then "[DONE]".
//
// The package knows neither files nor the log.
package upstream
