// Package jetio speaks JetStream's protocol for a log: appends with a fence, acknowledgements that may be
// late or lost, reads from the stream's leader, and batches. It knows NATS and bytes, but no completions.
//
// An append names the last message of its subject that the writer knows. If another writer has appended since,
// JetStream refuses it with [ErrFenced]. An append without a timely acknowledgement is sent again, at growing
// intervals, and at once after a reconnect. An acknowledgement of any sending counts. If a repeated sending is
// refused, the stream's leader tells whether the first was stored. So nothing depends on JetStream's detection
// of duplicates.
package jetio
