// Package jetio speaks JetStream's protocol for a log: appends with a fence, acknowledgements that
// may be late or lost, reads that the stream's leader answers, and batches. It knows NATS and bytes,
// and no completions.
//
// An append names the last message of its subject that the writer knows. If somebody else has written
// since, JetStream refuses: [ErrFenced]. An append that is not answered in time is sent again, ever more
// rarely, and at once when the connection has come back; an answer to any sending counts. Where the second
// is refused, the stream's leader tells whether the first was stored: nobody hopes that a duplicate is
// noticed.
package jetio
