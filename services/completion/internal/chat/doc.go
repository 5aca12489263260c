// Package chat is the domain of the completion service: what a completion is, what
// may be asked of one, and the rules that hold for it whoever asks and whatever
// process runs it.
//
// A [Service] admits a [Request], has an [Engine] answer it and writes the answer's
// events to a [Log]. Readers never see the engine: they follow the log. So every
// reader of a completion sees the same events under the same sequence numbers, and
// an event is visible only once the log holds it.
//
// The package knows neither gRPC nor HTTP nor any store, and imports only the
// standard library.
package chat
