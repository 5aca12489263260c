// Package checker decides, from the history of a run, whether the promises of the
// service were kept: what each client received, what the log holds, what the engine
// produced and which faults there were. It talks to no process and needs no clock.
//
// Each promise, I1 to I14, is a function of its own. All times are of one machine.
package checker

import (
	"encoding/json"
	"io"
	"time"
)

// A History is all that is known of a run that has ended.
type History struct {
	Seed     uint64
	Topology string
	Limits   Limits
	Streams  []Stream
	Cancels  []Cancel
	// Log holds the records of each completion, in the order of its subject, as they are
	// at the end.
	Log map[string][]Record
	// Read is when Log was read.
	Read time.Time
	// Lost holds the logs that were taken away, in order, each as it was at its end.
	Lost []Era
	// Retention is how long a completion is kept after its end that is not to be stored; 0: as long as the others.
	Retention time.Duration
	// Expired are completions that Log and Lost hold as they were last seen, and that were gone in the end.
	Expired  []Expired
	Attempts []Attempt
	Faults   []Fault
	Samples  []Sample
	// Books holds how many usage records there are of each completion; nil: not known.
	Books map[string]int
	// Want holds the answers that are known beforehand, by [Stream.Ask].
	Want map[string]string
}

// An Era is the time of one log, from its start or the era before to its being taken away.
type Era struct {
	Until time.Time
	Log   map[string][]Record // as in [History]
}

// An Expired completion was in a log, and then not any more.
type Expired struct {
	Completion string
	Era        int       // of its log: the number in Lost, or one more
	By         time.Time // when it was gone, at the latest
}

// Limits are the bounds that the promises leave open.
type Limits struct {
	Recover time.Duration // I11: a stream's longest silence after a fault, and the service's
	Close   time.Duration // I9: from the answer to a cancel to the end of the engine's call
	Lag     time.Duration // I10: from a record's being stored to its being received
	Clock   time.Duration // how far two clocks of the machine may differ
	Inherit time.Duration // how much later than its own ended completions a replica deletes those of others
	Memory  int64         // I10: a process's resident bytes
}

// A Stream is a completion as one client follows it, over as many connections as it takes.
type Stream struct {
	Name      string // unique
	Tag       string // the request's user: one for each completion that was asked for
	Ask       string // names the request's answer in [History.Want]; empty: it is not known
	Principal string
	Key       string // the idempotency key; empty: none
	// Left says that the client has not stayed until the end.
	Left        bool
	Connections []Connection
}

// A Connection is one request for a stream and all that came back.
type Connection struct {
	Method     string
	URL        string
	After      string // Last-Event-ID
	Begun      time.Time
	Ended      time.Time
	Status     int    // 0: there was no answer
	Completion string // X-Completion-Id
	Events     []Event
	End        End
	Error      string // what the client saw where End is Cut
	Slow       bool   // the client reads slowly on purpose
	ComeBack   bool   // the client was asked to come back, after the last event
}

// An Event is an event of a stream as it was received.
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

// A Cancel is a request to cancel that was answered with 200, or with the word that nobody knows the
// completion any more: then it may have been cancelled by an earlier try, before its log was taken away.
type Cancel struct {
	Completion string
	At         time.Time // of the answer
	Gone       bool
}

// A Record is a record of the log; of Meta, Claim and Steps one is set.
type Record struct {
	Position uint64 // in the log as a whole
	Stored   time.Time
	Writer   string
	Epoch    uint64
	Meta     *Meta
	Claim    bool
	First    int64 // sequence number of the first step or, of a claim, of the next one
	Steps    []Step
}

// Meta is what a completion's first record tells of it.
type Meta struct {
	ID        string
	Principal string
	Model     string
	Key       string
	Tag       string
	Store     bool // it is to be kept as long as the log keeps anything
}

// An Attempt is one call of the engine.
type Attempt struct {
	ID      string
	Tag     string
	Resumed int // how many events it goes on from
	Begun   time.Time
	Last    time.Time // of the last that is known of it
	Ended   bool      // false: it has not returned, as its process has died
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

// A Promise is what the service does not promise under a fault. The zero value is that it
// promises everything: no token is lost, repeated or foreign, and every stream ends as its
// completion does. Under no fault may a stream end silently, nor a completion be harmed
// that began after it.
type Promise struct {
	// MayFail says that a completion that was going on, or was asked for, between the
	// fault's begin and Felt after its end, may end with an explicit error.
	MayFail bool
	Felt    time.Duration
	// MayForget says that a completion that was begun before the fault's end may be
	// unknown from then on: the log was taken away, or an older one was put in its place.
	MayForget bool
}

// A Sample is how much memory a process had.
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
