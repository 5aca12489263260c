package checker

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A Step is an event of a completion, in any source.
type Step struct {
	Kind   Kind
	Choice int
	Text   string // of KindText; the reason of KindFinish
}

// Kind is what happened in a step.
type Kind string

// The kinds of steps.
const (
	KindOpen   Kind = "open"
	KindText   Kind = "text"
	KindFinish Kind = "finish"
	KindUsage  Kind = "usage"
	KindError  Kind = "error" // terminal
	KindDone   Kind = "done"  // terminal
)

// Terminal reports whether nothing follows the step.
func (s Step) Terminal() bool { return s.Kind == KindError || s.Kind == KindDone }

// made reports whether the engine produces such steps.
func (s Step) made() bool { return s.Kind == KindOpen || s.Kind == KindText || s.Kind == KindFinish }

// step decodes the data of an event.
func (e *Event) step() (Step, error) {
	if e.Data == "[DONE]" {
		return Step{Kind: KindDone}, nil
	}
	var chunk struct {
		Error   *struct{}
		Usage   *struct{}
		Choices []struct {
			Index        int
			FinishReason *string `json:"finish_reason"`
			Delta        struct{ Role, Content string }
		}
	}
	if err := json.Unmarshal([]byte(e.Data), &chunk); err != nil {
		return Step{}, fmt.Errorf("event %s: %w", e.ID, err)
	}
	switch {
	case chunk.Error != nil:
		return Step{Kind: KindError}, nil
	case len(chunk.Choices) == 0 && chunk.Usage != nil:
		return Step{Kind: KindUsage}, nil
	case len(chunk.Choices) != 1:
		return Step{}, fmt.Errorf("event %s is no chunk: %s", e.ID, e.Data)
	}
	choice := &chunk.Choices[0]
	switch {
	case choice.FinishReason != nil:
		return Step{Kind: KindFinish, Choice: choice.Index, Text: *choice.FinishReason}, nil
	case choice.Delta.Role != "":
		return Step{Kind: KindOpen, Choice: choice.Index}, nil
	}
	return Step{Kind: KindText, Choice: choice.Index, Text: choice.Delta.Content}, nil
}

// stepOf converts an event of the contract.
func stepOf(e *completionv1.CompletionEvent) Step {
	switch event := e.GetEvent().(type) {
	case *completionv1.CompletionEvent_Delta:
		s := Step{Kind: KindText, Choice: int(event.Delta.GetIndex()), Text: event.Delta.GetContent()}
		if event.Delta.GetRole() != completionv1.Role_ROLE_UNSPECIFIED {
			s.Kind, s.Text = KindOpen, ""
		}
		return s
	case *completionv1.CompletionEvent_Finish:
		reason := strings.TrimPrefix(event.Finish.GetReason().String(), "FINISH_REASON_")
		return Step{Kind: KindFinish, Choice: int(event.Finish.GetIndex()), Text: strings.ToLower(reason)}
	case *completionv1.CompletionEvent_Usage:
		return Step{Kind: KindUsage}
	case *completionv1.CompletionEvent_Error:
		return Step{Kind: KindError}
	case *completionv1.CompletionEvent_Done:
		return Step{Kind: KindDone}
	}
	return Step{}
}

// place returns the completion and the sequence number in an event's id.
func (e *Event) place() (completion string, sequence int64, ok bool) {
	dot := strings.LastIndexByte(e.ID, '.')
	if dot < 0 {
		return "", 0, false
	}
	sequence, err := strconv.ParseInt(e.ID[dot+1:], 10, 64)
	return e.ID[:dot], sequence, err == nil
}

// after returns the sequence number after which a connection resumes; -1: from the start.
func (c *Connection) after() int64 {
	cursor := Event{ID: c.After}
	if _, sequence, ok := cursor.place(); ok {
		return sequence
	}
	return -1
}

// text adds up the text of choice 0.
func text(steps []Step) string {
	var b strings.Builder
	for _, s := range steps {
		if s.Kind == KindText && s.Choice == 0 {
			b.WriteString(s.Text)
		}
	}
	return b.String()
}
