// Package jetlog keeps completions in NATS JetStream. The log is durable, replicas share it, and a
// replica that does not know that it was replaced cannot harm it.
//
// # Layout
//
// One stream holds everything. Each completion has a subject, whose messages are the records of
// package record: its meta, then its events. Names (idempotency keys), entries in principals' lists,
// and replaced metadata have subjects of their own, so that only its writer adds to the subject of a
// running completion. So has the end of a completion that is not to be stored, until that is deleted.
//
// # Rules
//
//   - Log before send: readers, including local ones, see an event only after JetStream has
//     acknowledged its record.
//   - One append in flight per completion. Events that arrive meanwhile go into the next record, so
//     batches grow with the load.
//   - Fence: every append names the last message of its subject that the writer knows. If somebody
//     else has written since, JetStream refuses the append, and the writer stops.
//   - An append whose acknowledgement is lost happens once: package jetio ensures that.
//
// # Reading
//
// Readers of a completion share one tape. Its writer feeds it or, in other replicas and after a
// restart, a mirror that follows the stream. A mirror checks that each record follows the previous
// one. If one does not, or cannot be read, readers get an error that wraps record.ErrCorrupt: it is
// better to end a completion than to show it wrongly.
//
// # The stream itself
//
// A keeper stores its own record once a second, so the log knows whether it works, which Health reports. If the
// stream is lost or restored from a backup, an era ends. Everything written in that era ends with [chat.ErrLost], and
// so does what was followed, unless another replica has begun it in the new stream. Nothing learned in the old era is
// written to the new stream, or deletes anything there. The new stream is opened with all the checks of the start.
//
// # What is not promised
//
// A replica may stand still while a backup is restored, and keep its connection. If the numbers
// happen to match, it may then append one record to a completion that was taken over meanwhile. That
// completion cannot be read any more, and readers get an error. Without [Config].SyncAlways, and on
// an external server without its equivalent, a power loss may lose the last acknowledged records.
// Damaged files lose records, which the server inside this process logs when it starts. Anybody who
// may publish in the account of an external server can forge records, so no one else may use it.
package jetlog
