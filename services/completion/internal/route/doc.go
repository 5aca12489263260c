// Package route chooses who answers a request: which target is asked, how often, and what
// becomes of an answer that breaks off.
//
// A [Route] is what a public model stands for: targets in the order in which they are tried. A
// [Target] is one model of one server, with a queue before it and a breaker that leaves it alone
// while it fails. An attempt is one try of a target to give an answer, or what is left of one. A
// [Backend] makes it: it speaks the server's protocol.
//
// The package knows no protocol: neither HTTP nor JSON nor keys. Nor does it know files or the log.
package route
