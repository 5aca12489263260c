// Package service is what the completion service does: it admits requests, generates their answers, continues
// those of processes that have died, and lets readers follow them.
//
// A [Service] admits a [chat.Request], has a [chat.Engine] answer it and writes the answer's
// events to a [chat.Log]. Readers never see the engine: they follow the log. So every
// reader of a completion sees the same events under the same sequence numbers, and
// an event is visible only once the log holds it.
//
// The package knows neither gRPC nor HTTP nor any store. Besides the domain it imports only the standard
// library, and strings that the edge uses too.
package service
