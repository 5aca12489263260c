// Package route chooses which target answers a request, how often to try it, and what to do
// with an answer that breaks off.
//
// A [Route] stands behind a public model: it has targets, in the order in which they are tried. A
// [Target] is one model of one server, with a queue in front of it, and a breaker that stops requests
// while it fails. An attempt is one request to a target for an answer, or for the rest of one. A
// [Backend] makes the attempt: it speaks the server's protocol.
//
// The package knows no protocol: neither HTTP nor JSON nor keys. Nor does it know files or the log.
package route
