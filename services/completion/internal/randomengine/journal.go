package randomengine

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// The steps of an attempt.
const (
	StepBegin = "begin" // the engine was called
	StepEvent = "event" // it is about to yield an event
	StepEnd   = "end"   // it is about to return
)

// A Line of the journal is one step of an attempt, which is one call of the engine.
type Line struct {
	Attempt string    `json:"attempt"` // unique
	Tag     string    `json:"tag"`     // the request's user
	At      time.Time `json:"at"`
	Step    string    `json:"step"`
	// Resumed is the number of events that the attempt continues, with StepBegin.
	Resumed int `json:"resumed,omitempty"`
	// Kind is "open", "text" or "finish", and Text the text or the reason, with StepEvent.
	Kind string `json:"kind,omitempty"`
	Text string `json:"text,omitempty"`
	// Error is why the attempt returns early, with StepEnd.
	Error string `json:"error,omitempty"`
}

func eventLine(e *chat.Event) Line {
	l := Line{Step: StepEvent, Kind: "text", Text: e.Delta.Content}
	switch {
	case e.Kind == chat.KindFinish:
		l.Kind, l.Text = "finish", string(e.Reason)
	case e.Delta.Role != "":
		l.Kind = "open"
	}
	return l
}

// A journal writes each line in one call. It is safe for concurrent use.
type journal struct {
	mu sync.Mutex
	to io.Writer // nil: none
}

func (j *journal) write(l *Line) {
	if j.to == nil {
		return
	}
	text, err := json.Marshal(l)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.to.Write(append(text, '\n')); err != nil {
		panic(err) // an incomplete journal proves nothing
	}
}
