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
	// Log holds the records of each completion, in the order of its subject.
	Log      map[string][]Record
	Attempts []Attempt
	Faults   []Fault
	Samples  []Sample
	// Books holds how many usage records there are of each completion; nil: not known.
	Books map[string]int
	// Want holds the answers that are known beforehand, by [Stream.Ask].
	Want map[string]string
	// Breaking names the targets whose kill may end a stream with an error, because what
	// generates it cannot go on from the middle, and how long after they are back that is
	// still felt; nil: none.
	Breaking map[string]time.Duration
}

// Limits are the bounds that the promises leave open.
type Limits struct {
	Recover time.Duration // I11: a stream's longest silence after a kill
	Close   time.Duration // I9: from the answer to a cancel to the end of the engine's call
	Lag     time.Duration // I10: from a record's being stored to its being received
	Clock   time.Duration // how far two clocks of the machine may differ
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

// A Cancel is a request to cancel that was answered with 200.
type Cancel struct {
	Completion string
	At         time.Time // of the answer
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
	Kind   string // "kill", "stop", "term", "cut"
	Target string
	From   time.Time
	To     time.Time // when the target was back
}

// Kill is the kind of a fault that ends a process without warning.
const Kill = "kill"

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
