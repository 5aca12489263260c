// Package jetlog keeps completions in NATS JetStream: durable, shared by replicas, and
// safe against a replica that does not know that it has been replaced.
//
// # Layout
//
// One stream holds everything. Each completion has a subject, whose messages are the
// records of package record: its meta, then its events. A name (idempotency key), an
// entry in its principal's list, and replaced metadata have subjects of their own, so
// that nobody but its writer adds to the subject of a running completion. So has the end of one that is
// not to be stored, until it is deleted.
//
// # Rules
//
//   - Log before send: an event is shown to readers, local ones too, only after
//     JetStream has acknowledged the record that holds it.
//   - One append in flight for each completion. What arrives meanwhile rides in the
//     next record, so batches grow with load by themselves.
//   - Fence: every append names the last message of its subject that the writer knows.
//     If somebody else has written since, JetStream refuses, and the writer stops.
//   - An append whose acknowledgement is lost happens once: package jetio sees to that.
//
// # Reading
//
// Readers of a completion share one tape, which its writer feeds or, in other
// replicas and after a restart, a mirror that follows the stream. A mirror checks that
// each record follows the one before. Where one does not, or cannot be read, readers
// end with an error that wraps record.ErrCorrupt: a completion is better ended than
// shown wrongly.
//
// # The stream itself
//
// A keeper stores a record of its own once a second, so the log knows whether it is well, which
// Health tells. Where the stream turns out to be another one than that which was opened, lost
// or put back from a backup, an era ends: everything that was written or followed in it ends with
// [chat.ErrLost], and nothing that was learned in it is written, or deleted by, in the next. The
// new stream is opened with all the checks of the start.
//
// # What is not promised
//
// A replica that stands still while a backup is put back, and whose connection survives that,
// may append one record to a completion that was taken over meanwhile, if its numbers happen to be
// the same: the completion cannot be read then, and says so. Without [Config].SyncAlways, and in an external server without its like, the loss of
// power may lose what was acknowledged last. Files that were damaged cost records, which is
// logged when the server inside this process starts. Anybody who may publish in the account of an
// external server may forge records: it has to be ours alone.
package jetlog
