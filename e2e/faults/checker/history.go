// Package checker decides from the history of a run whether the service kept its promises. A history has what each
// client received, what the log holds, what the engine produced, and which faults there were. The package talks to no
// process and needs no clock.
//
// Each promise, I1 to I14, is a function. All times are from one machine.
package checker

import (
	"encoding/json"
	"io"
	"time"
)

// A History is everything known about a finished run.
type History struct {
	Seed     uint64
	Topology string
	Limits   Limits
	Streams  []Stream
	Cancels  []Cancel
	// Log holds each completion's records at the end, in the order of its subject.
	Log map[string][]Record
	// Read is when Log was read.
	Read time.Time
	// Lost holds the logs that were taken away, in order, each in its last state.
	Lost []Era
	// Retention is how long an unstored completion is kept after its end; 0: as long as the others.
	Retention time.Duration
	// Expired are completions that were gone in the end. Log and Lost hold them as they were last seen.
	Expired  []Expired
	Attempts []Attempt
	Faults   []Fault
	Samples  []Sample
	// Books holds when the usage records of each completion were made; nil: unknown.
	Books map[string][]time.Time
	// Want holds the answers that are known beforehand, by [Stream.Ask].
	Want map[string]string
}

// An Era is the time of one log, until it was taken away.
type Era struct {
	Until time.Time
	Log   map[string][]Record // as in [History]
}

// An Expired completion was in a log, and later was not.
type Expired struct {
	Completion string
	Era        int       // of its log: the index in Lost, or its length for Log
	By         time.Time // the latest time at which it was gone
}

// Limits are the bounds that the promises leave open.
type Limits struct {
	Recover time.Duration // I11: longest silence of a stream, and of the service, after a fault
	Close   time.Duration // I9: from the answer to a cancel until the engine's call ends
	Lag     time.Duration // I10: from storing a record to receiving it
	Clock   time.Duration // most difference between two clocks of the machine
	Inherit time.Duration // how much later a replica deletes the completions that others have ended
	Memory  int64         // I10: resident bytes of a process
}

// A Stream is a completion as one client follows it, over any number of connections.
type Stream struct {
	Name      string // unique
	Tag       string // the request's user: one per requested completion
	Ask       string // key of the request's answer in [History.Want]; empty: unknown
	Principal string
	Key       string // the idempotency key; empty: none
	// Left says that the client left before the end.
	Left        bool
	Connections []Connection
}

// A Connection is one request for a stream, and everything received.
type Connection struct {
	Method     string
	URL        string
	After      string // Last-Event-ID
	Begun      time.Time
	Ended      time.Time
	Status     int    // 0: no answer
	Completion string // X-Completion-Id
	Events     []Event
	End        End
	Error      string // what the client saw if End is Cut
	Slow       bool   // the client reads slowly on purpose
	ComeBack   bool   // the client was asked to reconnect, after the last event
}

// An Event is a received event of a stream.
type Event struct {
	ID   string
	Name string
	Data string
	At   time.Time
}

// End is how a connection ended.
type End string

// The ends of a connection.
const (
	Clean End = "clean" // the response was complete
	Cut   End = "cut"   // it broke
	Left  End = "left"  // the client closed it
)

// A Cancel is a request to cancel that was answered with 200, or with the error that the completion is unknown: an
// earlier attempt may have cancelled it before its log was taken away.
type Cancel struct {
	Completion string
	At         time.Time // of the answer
	Gone       bool
}

// A Record is a record of the log. One of Meta, Claim and Steps is set.
type Record struct {
	Position uint64 // in the whole log
	Stored   time.Time
	Writer   string
	Epoch    uint64
	Meta     *Meta
	Claim    bool
	First    int64 // sequence number of the first step; of a claim, that of the next one
	Steps    []Step
}

// Meta is a completion's meta, from its first record.
type Meta struct {
	ID        string
	Principal string
	Model     string
	Key       string
	Tag       string
	Store     bool // keep it as long as the log keeps anything
}

// An Attempt is one call of the engine.
type Attempt struct {
	ID      string
	Tag     string
	Resumed int // number of events that it continues
	Begun   time.Time
	Last    time.Time // last known sign of it
	Ended   bool      // false: its process died before it returned
	Steps   []Step
}

// A Fault is something that was done to the service.
type Fault struct {
	Kind    string
	Target  string
	From    time.Time
	To      time.Time // when the target was back
	Promise Promise
}

// A Promise is what the service does not promise under a fault. The zero value excepts nothing: no token is lost,
// repeated or foreign, and every stream ends as its completion does. No fault excuses a silent end of a stream, or
// harm to a completion that began after the fault.
type Promise struct {
	// MayFail says that a completion which was running or requested between the fault's begin and Felt after its end
	// may end with an explicit error.
	MayFail bool
	Felt    time.Duration
	// MayForget says that a completion begun before the fault's end may be unknown from then on: the log was taken
	// away, or replaced by an older one.
	MayForget bool
}

// A Sample is the memory of a process at a time.
type Sample struct {
	Process  string
	At       time.Time
	Resident int64 // bytes
}

// Write writes a history as JSON.
func (h *History) Write(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", " ")
	return encoder.Encode(h)
}

// Read reads what [History.Write] wrote.
func Read(r io.Reader) (*History, error) {
	h := &History{}
	if err := json.NewDecoder(r).Decode(h); err != nil {
		return nil, err
	}
	return h, nil
}
