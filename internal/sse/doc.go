// Package sse writes and reads Server-Sent Events, the text/event-stream
// format of the WHATWG HTML standard, section 9.2 "Server-sent events".
//
// # Writing
//
// Encoding is append-style and allocates nothing but the growth of the buffer:
//
//   - [AppendFrame] is an event. The id is a prefix and a sequence number, the data is
//     appended in place by the caller, on one line.
//   - [AppendComment] is the heartbeat: one line that no client sees.
//   - [AppendUnfinished] is a last line, for readers who do not know of events.
//
// A frame is appended whole or not at all, and only together with data. The
// standard lets a block set the id or the reconnection time without data, and
// browsers accept it, but widely used client libraries stop with an error
// there, on an empty data field, and on a blank line after a comment. So this
// package cannot write any of these: [ErrNoData] is returned instead.
//
// An [ID] or a [Name] that would break out of its line cannot be built, so a
// caller cannot inject a field or an event by way of one.
//
// # Reading
//
// A [Decoder] follows section 9.2.6 "Interpreting an event stream" to the
// letter, whatever the peer sends and however the bytes are cut into reads,
// within a bound on the size of an event. It accepts more than this package
// writes: events with empty data, blocks without data, any line ending.
//
// # What this package does not know
//
// It knows no transport: not HTTP, not its headers, statuses or flushing. It
// starts no goroutine, sets no deadline and does not reconnect. It does not
// know what the data means, so it does not know whether a stream that ended
// was complete.
package sse
